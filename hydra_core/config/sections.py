"""The sections of a hall's YAML that are not about plots: database, archive, EPICS, sources, web, notices, logbook."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from hydra_core.config.auth import Auth, Roles
from hydra_core.config.pattern import check_pattern
from hydra_core.config.section import Section
from hydra_core.config.site import PutLogServer, RecSync
from hydra_core.config.values import Duration, ForeignPv, HallPath, InputName, Interface, PvPrefix, WebUrl, YamlList

Port = Annotated[int, Field(ge=1, le=65535)]


def _notice_url(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*:\S+", value):
        raise ValueError(f'"{value}" is no address to notify, such as mailto://… or https://…')
    return value


def _database_url(value: str) -> str:
    from hydra_core.config.database import check_url

    return check_url(value)


class Database(Section):
    """Where results are kept; without a url an SQLite file in the data directory."""

    url: Annotated[str, AfterValidator(_database_url)] | None = Field(
        None, description="sqlite:///FILE or mysql+pymysql://USER@HOST/NAME?charset=utf8mb4, without a password"
    )
    password_file: HallPath | None = Field(None, description="file with the password, readable by its owner only")


class KeepDays(Section):
    """How many days pictures are kept; labelled, BAD and WARN ones are never purged."""

    good: Annotated[int, Field(ge=1)] = Field(30, description="days for pictures judged GOOD")
    unconfirmed: Annotated[int, Field(ge=1)] = Field(365, description="days for pictures without a confirmed verdict")


class Archive(Section):
    """Where the pictures' bytes are kept, and which are too large to be a plot."""

    path: HallPath = Field("/var/lib/hydra/images", validate_default=True, description="default: images in data_dir")
    keep_days: KeepDays = KeepDays()
    max_bytes: Annotated[int, Field(ge=1024)] = Field(32 << 20, description="a larger file is refused")
    max_pixels: Annotated[int, Field(ge=1024)] = Field(25_000_000, description="a larger picture is refused")


class Models(Section):
    """Where trained models are kept and how they run."""

    path: HallPath = Field("/var/lib/hydra/models", validate_default=True, description="default: models in data_dir")
    threads: Annotated[int, Field(ge=1, le=256)] = Field(2, description="CPU threads that judge")
    engine: Literal["auto", "float32", "bfloat16", "openvino"] = Field(
        "auto", description="what runs models; all but float32 only where a model's golden verdicts stay the same"
    )


class Inputs(Section):
    """PVs of the machine that Hydra reads; `active_when` compares with them by these names."""

    run: ForeignPv | None = Field(None, description="PV of the run number; when it changes a run has started")
    beam: ForeignPv | None = Field(None, description="PV of the beam current; active_when.beam_above compares with it")
    rate: ForeignPv | None = Field(None, description="PV of the trigger rate; active_when.rate_above compares with it")
    pvs: dict[InputName, ForeignPv] = Field({}, description="name: PV of anything else that active_when.when asks for")

    def names(self) -> dict[str, str]:
        """Return the PV of each input that is given, by the input's name."""
        own = {"run": self.run, "beam": self.beam, "rate": self.rate}
        return {name: pv for name, pv in own.items() if pv} | self.pvs


class Epics(Section):
    """The IOC's names and network."""

    prefix: PvPrefix = Field(description='begins every PV name, e.g. "HYDRA:HALLD:"')
    interfaces: Annotated[tuple[Interface, ...], YamlList, Field(min_length=1)] = Field(
        ("127.0.0.1",), description="IPv4 addresses to serve on; 0.0.0.0 for all"
    )
    port: Port = Field(5064, description="Channel Access port")
    inputs: Inputs = Inputs()
    access_file: HallPath | None = Field(None, description="access security (.acf); null: all read, operators put")
    put_log: Annotated[tuple[PutLogServer, ...], YamlList] = Field(
        (), description="servers that are told who puts what"
    )
    recsync: RecSync | None = Field(None, description="tell ChannelFinder of the PVs; null: do not")
    shell: HallPath | None = Field(None, description="socket of the IOC's shell; default: ioc.sock in data_dir")


class DirectorySource(Section):
    """A directory into which the monitoring writes its plots."""

    kind: Literal["directory"] = Field(description='"directory"')
    path: HallPath = Field(description="the directory to watch")
    pattern: Annotated[str, AfterValidator(check_pattern)] = Field(
        description='below path, e.g. "Run{run:d}/{plot}_{chunk:d}.png"; also {period} and {pad}'
    )
    polling: Duration | None = Field(None, description="look this often (NFS has no inotify); null: inotify")
    settle: Duration = Field(30.0, description="an incomplete file that has not grown for this long is refused")
    lookback: Duration = Field(86400.0, description="at start, older files are left alone")


class Notice(Section):
    """Whom to tell about what."""

    url: Annotated[str, AfterValidator(_notice_url)] | None = Field(None, description="mailto://… or https://…")
    url_file: HallPath | None = Field(None, description="file with the url, for addresses that are secrets")
    on: Annotated[
        tuple[Literal["bad_confirmed", "warn_confirmed", "cleared", "stale", "error", "service"], ...],
        YamlList,
        Field(min_length=1),
    ] = Field(("bad_confirmed",), description="events to tell")
    min_interval: Duration = Field(1800.0, description="never more often than this per plot type")

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if (self.url is None) == (self.url_file is None):
            raise ValueError('needs exactly one of "url" and "url_file"')
        return self


class Web(Section):
    """The web pages' address and who may do what there."""

    host: Interface = Field("127.0.0.1", description="IPv4 address to listen on")
    port: Port = Field(8080, description="TCP port to listen on")
    base_url: WebUrl = Field("", description="how browsers reach it, e.g. behind a proxy; used in the URL PVs")
    auth: Auth = Auth()
    roles: Roles = Roles()


class Logbook(Section):
    """The electronic logbook that entries go to."""

    kind: Literal["olog"] = Field(description='"olog"')
    url: WebUrl = Field(description="address of the logbook service")
    logbooks: Annotated[tuple[str, ...], YamlList, Field(min_length=1)] = Field(description="logbooks to write to")
