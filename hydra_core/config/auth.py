"""The section of a hall's YAML that says how people sign in, and which of the site's groups have which role."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from hydra_core.config.section import Section
from hydra_core.config.values import Duration, HallPath, Interface, YamlList


def _header(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", value):
        raise ValueError(f'"{value}" is no name of an HTTP header, e.g. X-Remote-User')
    return value


def _ldap_url(value: str) -> str:
    if not re.fullmatch(r"ldaps?://[^\s/]+/?", value):
        raise ValueError(f'"{value}" is no LDAP server; it begins with ldaps:// or ldap:// and names a host')
    return value


Header = Annotated[str, AfterValidator(_header)]


class TrustedProxy(Section):
    """A web server in front of Hydra that signs people in; only its own word is taken for it."""

    addresses: Annotated[tuple[Interface, ...], YamlList, Field(min_length=1)] = Field(
        description="IPv4 addresses that the proxy speaks from; from any other the headers are passed over"
    )
    user_header: Header = Field("X-Remote-User", description="header with the name of whoever is signed in")
    groups_header: Header = Field("X-Remote-Groups", description="header with their groups, parted by commas")


class Ldap(Section):
    """The site's directory: people sign in with the password that they have there."""

    url: Annotated[str, AfterValidator(_ldap_url)] = Field(description="ldaps://HOST, or ldap://HOST with start_tls")
    start_tls: bool = Field(True, description="encrypt an ldap:// connection before anything is said on it")
    ca_file: HallPath | None = Field(None, description="certificates that are trusted; null: those of the system")
    base: str = Field(description="where people are looked for, e.g. ou=people,dc=example,dc=org")
    user_filter: str = Field("(uid={name})", description="finds somebody by the name they typed")
    bind_dn: str = Field("", description="who looks; empty: anonymously")
    password_file: HallPath | None = Field(None, description="file with the password of bind_dn")
    group_base: str = Field("", description="where groups are looked for; empty: only memberOf is read")
    group_filter: str = Field("(member={dn})", description="finds the groups of somebody; also {name}")

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if "{name}" not in self.user_filter:
            raise ValueError('user_filter must have {name}, e.g. "(uid={name})"')
        if bool(self.bind_dn) != (self.password_file is not None):
            raise ValueError("bind_dn and password_file go together")
        return self


class Auth(Section):
    """How people sign in. Accounts of Hydra's own database always work."""

    kind: Literal["local", "proxy", "ldap"] = Field(
        "local", description="local: accounts of Hydra's own database; proxy or ldap: the site's people as well"
    )
    anonymous: Literal["viewer", "none"] = Field("viewer", description="what somebody may who has not signed in")
    session: Duration = Field(43200.0, description="an unused session ends after this long")
    proxy: TrustedProxy | None = Field(
        None, description="a web server in front; who is signed in only with kind: proxy"
    )
    ldap: Ldap | None = Field(None, description="for kind: ldap")

    @model_validator(mode="after")
    def _has_its_section(self) -> Self:
        if self.kind == "proxy" and self.proxy is None:
            raise ValueError("kind: proxy needs the section proxy, with the addresses it speaks from")
        if (self.kind == "ldap") != (self.ldap is not None):
            raise ValueError("kind: ldap and the section ldap go together")
        return self


_Groups = Annotated[tuple[str, ...], YamlList]


class Roles(Section):
    """Which of the site's groups have which role, for all plot types."""

    viewer: _Groups = Field((), description="groups that may look")
    labeler: _Groups = Field((), description="groups that may label plots")
    expert: _Groups = Field((), description="groups that may overrule, set thresholds and promote models")
    liaison: _Groups = Field((), description="groups that speak for a detector")
    admin: _Groups = Field((), description="groups that may do everything")
