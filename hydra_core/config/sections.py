"""The sections of a hall's YAML that are not about plots: database, archive, EPICS, sources and web."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from hydra_core.config.auth import Auth, Roles
from hydra_core.config.naming import CompatEntry, SiteName
from hydra_core.config.pattern import check_pattern
from hydra_core.config.section import Section
from hydra_core.config.site import PutLogServer, RecSync
from hydra_core.config.values import Duration, ForeignPv, HallPath, InputName, Interface, PvPrefix, WebUrl, YamlList
from hydra_core.existing_names import ExistingNames

INBOX_PATTERN = "Run{run:d}/{plot}_{chunk:d}.png"
INBOX_LOOKBACK = 86400.0

Port = Annotated[int, Field(ge=1, le=65535)]


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
    naming: SiteName = Field("generic", description="the site whose rules prefix and pv of a plot type keep")
    compat: CompatEntry | None = Field(
        None, description="clas12, or a mapping: also serve the names of the Hydra before; null: do not"
    )
    pva: bool = Field(False, description="serve all PVs by PVAccess, too; needs hydra-monitoring[pva]")
    pva_port: Port = Field(5075, description="PVAccess TCP port; another free one where it is taken")
    inputs: Inputs = Inputs()
    access_file: HallPath | None = Field(None, description="access security (.acf); null: all read, operators put")
    put_log: Annotated[tuple[PutLogServer, ...], YamlList] = Field(
        (), description="servers that are told who puts what"
    )
    recsync: RecSync | None = Field(None, description="tell ChannelFinder of the PVs; null: do not")
    shell: HallPath | None = Field(None, description="socket of the IOC's shell; default: ioc.sock in data_dir")

    def existing_names(self) -> ExistingNames | None:
        """Return the names of the Hydra before; None: there are none."""
        return self.compat.names() if self.compat is not None else None


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


class HttpSource(Section):
    """The web service takes plots in (`POST /api/v1/plots`); they wait in an inbox for the IOC."""

    kind: Literal["http"] = Field(description='"http"')
    path: HallPath = Field(
        "/var/lib/hydra/inbox", validate_default=True, description="where they wait; default: inbox in data_dir"
    )

    @property
    def pattern(self) -> str:
        """How the files in the inbox are named."""
        return INBOX_PATTERN

    @property
    def polling(self) -> float | None:
        """The inbox is on a local disk and needs none."""
        return None

    @property
    def settle(self) -> float:
        """Files appear whole, so nothing is waited for."""
        return 1.0

    @property
    def lookback(self) -> float:
        """The same time (s) for which the web service takes plots."""
        return INBOX_LOOKBACK


Source = Annotated[DirectorySource | HttpSource, Field(discriminator="kind")]


class Web(Section):
    """The web pages' address and who may do what there."""

    host: Interface = Field("127.0.0.1", description="IPv4 address to listen on")
    port: Port = Field(8080, description="TCP port to listen on")
    base_url: WebUrl = Field("", description="how browsers reach it, e.g. behind a proxy; used in the URL PVs")
    auth: Auth = Auth()
    roles: Roles = Roles()
