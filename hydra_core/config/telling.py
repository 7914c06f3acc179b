"""The sections of a hall's YAML that say whom Hydra tells: notices, mail, and the electronic log book."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from hydra_core.config.section import Section
from hydra_core.config.values import Duration, HallPath, WebUrl, YamlList


def _notice_url(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*:\S+", value):
        raise ValueError(f'"{value}" is no address to notify, such as mailto://… or https://…')
    return value


def _address(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", value):
        raise ValueError(f'"{value}" is no mail address, e.g. hydra@example.org')
    return value


Address = Annotated[str, AfterValidator(_address)]
Happening = Literal["bad_confirmed", "warn_confirmed", "cleared", "stale", "error", "service"]


class Notice(Section):
    """Whom to tell about what."""

    url: Annotated[str, AfterValidator(_notice_url)] | None = Field(None, description="mailto://… or https://…")
    url_file: HallPath | None = Field(None, description="file with the url, for addresses that are secrets")
    on: Annotated[tuple[Happening, ...], YamlList, Field(min_length=1)] = Field(
        ("bad_confirmed",), description="events to tell"
    )
    min_interval: Duration = Field(1800.0, description="never more often than this per plot type")

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if (self.url is None) == (self.url_file is None):
            raise ValueError('needs exactly one of "url" and "url_file"')
        return self


class Mail(Section):
    """The mail server that shift reports go out by."""

    server: str = Field(description="host name of the SMTP server")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(25, description="25, or 587 with start_tls, or 465 with tls")
    security: Literal["none", "start_tls", "tls"] = Field("none", description="how the connection is encrypted")
    sender: Address = Field(description="address that reports come from")
    user: str = Field("", description="name to sign in with; empty: do not")
    password_file: HallPath | None = Field(None, description="file with the password, readable by its owner only")
    reports_to: Annotated[tuple[Address, ...], YamlList] = Field(
        (), description="who always gets the daily shift report, beside those who asked for it on its page"
    )

    @model_validator(mode="after")
    def _signs_in_safely(self) -> Self:
        if bool(self.user) != (self.password_file is not None):
            raise ValueError("user and password_file go together")
        if self.user and self.security == "none":
            raise ValueError("a password needs security: start_tls or tls")
        return self


class Logbook(Section):
    """The electronic log book that entries go to."""

    kind: Literal["olog", "jlab", "file"] = Field(
        description="olog: Phoebus Olog; jlab: Jefferson Lab's elog; file: a directory that another program empties"
    )
    url: WebUrl = Field("", description="olog: the service, e.g. https://olog.example.org/Olog; jlab: …/incoming")
    path: HallPath | None = Field(None, description="file: the directory to write entries into")
    logbooks: Annotated[tuple[str, ...], YamlList, Field(min_length=1)] = Field(description="logbooks to write to")
    tags: Annotated[tuple[str, ...], YamlList] = Field((), description="tags of every entry; they must exist there")
    level: str = Field("Info", description="olog: level of every entry")
    user: str = Field("", description="olog: who Hydra signs in as")
    password_file: HallPath | None = Field(None, description="olog: file with the password of user")
    certificate_file: HallPath | None = Field(None, description="jlab: PEM with certificate and key (.elogcert)")
    ca_file: HallPath | None = Field(None, description="certificates that are trusted; null: those of the system")
    entry_url: str = Field("", description="page of an entry, with {id}; default: what the log book's own URL suggests")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if (self.kind == "file") != (self.path is not None):
            raise ValueError("path is for kind: file, which needs it")
        if (self.kind == "file") == bool(self.url):
            raise ValueError("url is for the kinds olog and jlab, which need it")
        if bool(self.user) != (self.password_file is not None):
            raise ValueError("user and password_file go together")
        if self.entry_url and "{id}" not in self.entry_url:
            raise ValueError("entry_url must have {id}, e.g. https://logbooks.example.org/entry/{id}")
        return self
