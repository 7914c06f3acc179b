"""`SqlStore`: the database as the rest of Hydra sees it. Every method is one transaction and speaks domain types."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import db_schema
from hydra_core.domain import (
    Change,
    Episode,
    Image,
    LabelledPlot,
    ModelRecord,
    ModelRef,
    Outcome,
    Plot,
    PlotState,
    PlotType,
    WallRow,
)
from hydra_core.store import (
    audit,
    backup,
    catalog,
    health,
    history,
    labels,
    live,
    models,
    pages,
    restore,
    training,
    wall,
)
from hydra_core.store.actions import ActionStore
from hydra_core.store.audit_pages import AuditStore
from hydra_core.store.audited import AuditedStore
from hydra_core.store.beside import BesideStore
from hydra_core.store.embeddings import EmbeddingStore
from hydra_core.store.engine import Database
from hydra_core.store.episodes import EpisodeStore
from hydra_core.store.library import LibraryStore
from hydra_core.store.models import MANUAL
from hydra_core.store.news import NewsStore
from hydra_core.store.people import PeopleStore
from hydra_core.store.purging import PurgingStore
from hydra_core.store.rejudging import RejudgingStore
from hydra_core.store.reports import ReportStore
from hydra_core.store.rule_history import RuleHistory
from hydra_core.store.rules import RuleStore
from hydra_core.store.saved_views import SavedViewStore
from hydra_core.store.services import ServiceStore
from hydra_core.store.sessions import SessionStore
from hydra_core.store.teaching import TeachingStore
from hydra_core.store.tokens import TokenStore
from hydra_core.store.trainings import TrainingStore
from hydra_core.store.trend import TrendStore
from hydra_core.store.wall import Unseen


class SqlStore(
    AuditedStore,
    ActionStore,
    EpisodeStore,
    ReportStore,
    PurgingStore,
    RejudgingStore,
    RuleStore,
    TeachingStore,
    TrendStore,
    EmbeddingStore,
    BesideStore,
    ServiceStore,
    PeopleStore,
    SessionStore,
    TokenStore,
    LibraryStore,
    RuleHistory,
    TrainingStore,
    NewsStore,
    SavedViewStore,
    AuditStore,
):
    """A database of Hydra, SQLite or MariaDB; may be used from several threads.

    Every method may raise StoreError: StoreDownError when the same call may succeed later, SchemaError when the
    database wants `hydra db upgrade`, plain StoreError when this call can never succeed. None hangs longer than the
    time-outs (seconds).
    """

    def __init__(self, url: str, connect_timeout: float = 5.0, io_timeout: float = 10.0) -> None:
        """Prepare the connections, opening none. Raises StoreError for a URL of no use."""
        self._db = Database(url, connect_timeout, io_timeout)

    @property
    def where(self) -> str:
        """The database's URL without its password."""
        return self._db.where

    def close(self) -> None:
        """Close every connection."""
        self._db.close()

    # --- schema -------------------------------------------------------------------------------------------------

    def check_schema(self) -> None:
        """Raise SchemaError, with the command that mends it, unless the schema is the one of this version."""
        self._db.guard(lambda engine: health.check_schema(engine, self.where))

    def upgrade(self) -> None:
        """Bring the database to the schema of this version; a run that was cut short may be repeated."""
        self._db.make_room()
        self._db.guard(db_schema.upgrade)

    def revision(self) -> str | None:
        """Return the schema revision; None for an empty database."""
        return self._db.guard(db_schema.current_revision)

    def status(self) -> dict[str, Any]:
        """Return url, revision, the revision needed, server version, size_bytes and rows per table."""
        return {"url": self.where, "revision": self.revision(), **self._db.read(health.status)}

    def backup(self, out: Path) -> int:
        """Copy the database, while it is in use, to the new file `out` and return its size in bytes."""
        return backup.backup(self._db.engine.url, out)

    # --- the live path ------------------------------------------------------------------------------------------

    def sync_plot_types(self, plot_types: Sequence[PlotType]) -> None:
        """Make the plot types those of the configuration. Raises StoreError when classes were reordered."""
        self._db.write(lambda connection: catalog.sync_plot_types(connection, plot_types))

    def record(self, outcome: Outcome) -> None:
        """Write one outcome in one transaction; a second time changes nothing."""
        self._db.write(lambda connection: live.record(connection, outcome))

    def restore(self, plot_type: PlotType, window: int) -> tuple[PlotState | None, Outcome | None]:
        """Return the last state, with its last `window` judgements, and the last outcome (no embedding)."""
        return self._db.read(lambda connection: restore.restore(connection, plot_type, window))

    def known_plots(self, since: datetime) -> set[str]:
        """Return the uids of the plots received or taken since a time."""
        return self._db.read(lambda connection: restore.known_plots(connection, since))

    def history(
        self, plot_type: PlotType, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[history.Past]:
        """Yield (when, event, verdict then given) in the order recorded, `since` ≤ when < `until`."""
        return history.history(self._db, plot_type.name, since, until)

    # --- pages --------------------------------------------------------------------------------------------------

    def wall(self) -> list[WallRow]:
        """Return every configured plot type with its current status."""
        return self._db.read(wall.wall)

    def unseen(self, since: datetime) -> list[Unseen]:
        """Return the last incident of each plot type since a time, if it is over and nobody has acknowledged it."""
        return self._db.read(lambda connection: wall.unseen(connection, since))

    def cam(self, inference_id: int) -> npt.NDArray[np.uint8] | None:
        """Return the heat map of an inference, uint8 (h, w); None when there is none."""
        return self._db.read(lambda connection: restore.find_cam(connection, inference_id))

    def plot(self, key: int | str) -> Plot | None:
        """Return the plot with this id or uid."""
        return self._db.read(lambda connection: restore.find_plot(connection, key))

    def plot_page(self, uid: str, last: int = 20) -> pages.PlotPage | None:
        """Return a plot, what models said of it and the `last` verdicts of its type; None for an unknown uid."""
        return self._db.read(lambda connection: pages.plot_page(connection, uid, last))

    def episode(self, uid: str) -> Episode | None:
        """Return the episode with this uid."""
        return self._db.read(lambda connection: restore.find_episode(connection, uid))

    def is_acknowledged(self, episode_uid: str) -> bool:
        """Return whether somebody has acknowledged the episode; False for an unknown one."""
        return self._db.read(lambda connection: restore.is_acknowledged(connection, episode_uid))

    def changes_after(self, change_id: int, limit: int = 500) -> list[Change]:
        """Return the changes with a greater id, oldest first."""
        return self._db.read(lambda connection: wall.changes_after(connection, change_id, limit))

    def last_change_id(self) -> int:
        """Return the id of the newest change, 0 when there is none."""
        return self._db.read(wall.last_change_id)

    # --- models -------------------------------------------------------------------------------------------------

    def add_model(
        self,
        plot_type: str,
        ref: ModelRef,
        path: str,
        classes: Sequence[str],
        metrics: Mapping[str, float],
        thresholds: Mapping[str, float],
        created_by: str,
        parent: int | None = None,
    ) -> ModelRecord:
        """Enter a model in the library as a candidate; `parent` is the version that it was trained from."""
        ref = ModelRef(plot_type, ref.version, ref.sha256)
        new = models.NewModel(ref, path, classes, metrics, thresholds, created_by, parent)
        return self._db.write(lambda connection: models.add_model(connection, new))

    def models(self, plot_type: str | None = None) -> list[ModelRecord]:
        """Return the models of one plot type or of all."""
        return self._db.read(lambda connection: models.models(connection, plot_type))

    def active_model(self, plot_type: str) -> ModelRecord | None:
        """Return the model that judges this plot type."""
        return self._db.read(lambda connection: models.active_model(connection, plot_type))

    def next_version(self, plot_type: str) -> int:
        """Return the first version number that is free."""
        return self._db.read(lambda connection: models.next_version(connection, plot_type))

    def promote(self, plot_type: str, version: int, by: str) -> ModelRecord:
        """Make a model the active one. Raises StoreError for an unknown version."""
        return self._db.write(lambda connection: models.promote(connection, plot_type, version, by))

    def rollback(self, plot_type: str, by: str) -> ModelRecord:
        """Make the previously active model active again. Raises StoreError when there was none."""
        return self._db.write(lambda connection: models.rollback(connection, plot_type, by))

    def set_thresholds(
        self, plot_type: str, version: int, values: Mapping[str, float], by: str, method: str = MANUAL
    ) -> ModelRecord:
        """Put new thresholds of a model in force; the old ones stay as history."""
        return self._db.write(
            lambda connection: models.set_thresholds(connection, plot_type, version, values, by, method)
        )

    # --- labels and training ------------------------------------------------------------------------------------

    def add_labels(self, rows: Sequence[LabelledPlot], images: Mapping[str, Image], by: str, source: str) -> int:
        """Store labelled plots (`images` by sha256); return how many are new or changed."""
        return self._db.write(lambda connection: labels.add_labels(connection, rows, images, by, source))

    def labelled(self, plot_type: str | PlotType) -> list[LabelledPlot]:
        """Return every plot of a plot type that has a true class."""
        name = plot_type if isinstance(plot_type, str) else plot_type.name
        return self._db.read(lambda connection: labels.labelled(connection, name))

    def freeze_dataset(self, plot_type: str, items: Mapping[str, str], digest: str) -> int:
        """Freeze labelled plots (uid → split) and return the set's id."""
        return self._db.write(lambda connection: training.freeze_dataset(connection, plot_type, items, digest))

    def add_training_run(
        self,
        plot_type: str,
        *,
        dataset_id: int | None,
        version: int | None,
        state: str,
        started_at: datetime,
        finished_at: datetime | None,
        settings: Mapping[str, object],
        history: Mapping[str, object],
        by: str,
    ) -> int:
        """Write down a training, with the model `version` that came of it, and return its id."""
        run = (plot_type, dataset_id, version, state, started_at, finished_at, settings, history, by)
        return self._db.write(lambda connection: training.add_training_run(connection, *run))

    # --- people and services ------------------------------------------------------------------------------------

    def audit(
        self,
        who: str,
        what: str,
        target: str,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        where: str = "",
    ) -> None:
        """Add a line to the audit log."""
        self._db.write(lambda connection: audit.audit(connection, who, what, target, before, after, where))

    def heartbeat(self, service: str, host: str, pid: int, state: str, detail: Mapping[str, object]) -> None:
        """Say that a service on a host is alive and how it is."""
        self._db.write(lambda connection: audit.heartbeat(connection, service, host, pid, state, detail))


def open_store(url: str, connect_timeout: float = 5.0, io_timeout: float = 10.0) -> SqlStore:
    """Return the store at a database URL; no connection is made yet. Raises StoreError for a URL of no use."""
    return SqlStore(url, connect_timeout, io_timeout)
