"""One hall's configuration, checked: the object that every service is built from."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PrivateAttr, SecretStr, model_validator

from hydra_core.config.database import PASSWORD_VARIABLE, complete_url, read_password
from hydra_core.config.document import Document
from hydra_core.config.plots import Judging, PlotEntry
from hydra_core.config.resolve import plot_types
from hydra_core.config.section import Section
from hydra_core.config.sections import (
    Archive,
    Database,
    Epics,
    Models,
    Source,
    Web,
)
from hydra_core.config.telling import Logbook, Mail, Notice
from hydra_core.config.values import HallPath, PlotName, Timezone, YamlList
from hydra_core.domain import PlotType

DATA_DIR = "/var/lib/hydra"
_DERIVED = {"archive": "images", "models": "models"}


def _deployment(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", value):
        raise ValueError(f'"{value}" must be 1 to 32 letters, digits, "-" or "_", e.g. "hall-d"')
    return value


def _placed_inbox(source: Any, data_dir: Path) -> Any:
    if isinstance(source, Mapping) and source.get("kind") == "http" and "path" not in source:
        return {**source, "path": str(data_dir / "inbox")}
    return source


class HallConfig(Section):
    """One hall. Made by `load_config`; immutable. Paths are absolute, durations seconds."""

    deployment: Annotated[str, AfterValidator(_deployment)] = Field(description='the hall\'s short name, e.g. "hall-d"')
    timezone: Timezone = Field("UTC", description="IANA name of the hall's wall clock, e.g. America/New_York")
    data_dir: HallPath = Field(DATA_DIR, validate_default=True, description="where everything is kept by default")
    database: Database = Database()
    archive: Archive = Archive()
    models: Models = Models()
    epics: Epics = Field(description="the IOC's names and network; it needs at least a prefix")
    defaults: Judging = Judging()
    sources: Annotated[tuple[Source, ...], YamlList] = Field((), description="where plots come from")
    plots: Annotated[dict[PlotName, PlotEntry], Field(json_schema_extra={"minProperties": 1})] = Field(
        description="the plot types, e.g. CDC_occupancy: {pv: CDC_OCC}"
    )
    notify: Annotated[tuple[Notice, ...], YamlList] = Field((), description="whom to tell about what")
    mail: Mail | None = Field(None, description="the mail server for shift reports; null: none are mailed")
    web: Web = Web()
    logbook: Logbook | None = Field(None, description="the electronic logbook; null: none")

    _document: Document | None = PrivateAttr(None)
    _base: Path = PrivateAttr(default_factory=Path.cwd)
    _password: SecretStr | None = PrivateAttr(None)
    _credential: Path | None = PrivateAttr(None)
    _warnings: tuple[str, ...] = PrivateAttr(())

    @model_validator(mode="before")
    @classmethod
    def _place_in_data_dir(cls, data: Any) -> Any:
        """Put the paths that are not given below the data directory that is."""
        data_dir = data.get("data_dir", DATA_DIR) if isinstance(data, Mapping) else None
        if not isinstance(data_dir, str | Path):
            return data
        placed = dict(data)
        for section, name in _DERIVED.items():
            given = data.get(section, {})
            if isinstance(given, Mapping) and "path" not in given:
                placed[section] = {**given, "path": str(Path(data_dir) / name)}
        sources = data.get("sources")
        if isinstance(sources, list):
            placed["sources"] = [_placed_inbox(one, Path(data_dir)) for one in sources]
        return placed

    def attach(
        self,
        document: Document,
        base: Path,
        password: str | None = None,
        warnings: tuple[str, ...] = (),
        credential: Path | None = None,
    ) -> None:
        """Remember where the configuration came from; called once, by `load_config`."""
        self._document = document
        self._base = base
        self._password = SecretStr(password) if password else None
        self._warnings = warnings
        self._credential = credential

    @property
    def document(self) -> Document | None:
        """The file it was read from, with lines; None when it was built in Python."""
        return self._document

    @property
    def zone(self) -> ZoneInfo:
        """The hall's wall clock."""
        return ZoneInfo(self.timezone)

    @property
    def spool_dir(self) -> Path:
        """Where results wait while the database is away."""
        return self.data_dir / "spool"

    @property
    def inbox(self) -> Path | None:
        """Where plots wait that were pushed in by HTTP; None: this hall takes none."""
        return next((source.path for source in self.sources if source.kind == "http"), None)

    @property
    def shell_socket(self) -> Path:
        """The unix socket on which the IOC's shell answers."""
        return self.epics.shell or self.data_dir / "ioc.sock"

    def plot_types(self) -> tuple[PlotType, ...]:
        """Return every plot type, in the file's order, with all that it inherits."""
        return plot_types(self.defaults, self.plots)

    def warnings(self) -> tuple[str, ...]:
        """Return what is allowed but probably not meant, each with file, line and path."""
        return self._warnings

    def database_url(self) -> str:
        """Return SQLAlchemy's url, with the password when there is one.

        The password is $HYDRA_DB_PASSWORD, else systemd's credential db.password, else in `database.password_file`.
        Raises ConfigError when the file is missing, unreadable or open to everybody.
        """
        address = self.database_address()
        if address.startswith("sqlite"):
            return address
        password: str | None = None
        if self._password is not None:
            password = self._password.get_secret_value()
        elif self._credential is not None:
            password = read_password(self._credential)
        elif self.database.password_file is not None:
            password = read_password(self.database.password_file)
        return complete_url(address, self._base, password)

    def database_address(self) -> str:
        """Return the database's url without a password, for people to read."""
        url = self.database.url or f"sqlite:///{self.data_dir / 'hydra.sqlite3'}"
        return complete_url(url, self._base, None)

    def password_origin(self) -> str | None:
        """Say where the database password comes from (None: there is none, or it is in `database.password_file`)."""
        if self._password is not None:
            return f"${PASSWORD_VARIABLE}"
        return str(self._credential) if self._credential is not None else None
