"""What the library's pages ask for: thresholds through time, a candidate beside the active model, the past."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, func, select, update

from db_schema.tables import image, inference, label_class, model, plot, plot_type, threshold, truth
from hydra_core.domain import Episode, ModelRecord, Plot
from hydra_core.errors import StoreError
from hydra_core.simulator import Row
from hydra_core.store import models as library
from hydra_core.store.audit import audit
from hydra_core.store.engine import Database
from hydra_core.store.rows import CHUNK, PLOT_COLUMNS, AnyRow, add_change, to_plot
from hydra_core.store.tapes import past_incidents, tape_rows, truths


@dataclass(frozen=True, slots=True)
class ThresholdRecord:
    """One threshold that was ever set; `method` says how it was chosen."""

    class_name: str
    value: float
    method: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Pairing:
    """So many plots of which the model in service said `active` and the candidate `shadow`.

    `truth` is the class that people agreed on, None where nobody said.
    """

    active: str
    shadow: str
    truth: str | None
    plots: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One plot that the two models call differently; `id` is where the next page starts."""

    id: int
    plot: Plot
    active: str
    active_score: float
    shadow: str
    shadow_score: float
    truth: str | None


def threshold_history(connection: Connection, name: str, version: int, limit: int) -> list[ThresholdRecord]:
    """Return the last thresholds set for a model, newest first. Raises StoreError for an unknown version."""
    row = _get(connection, name, version)
    query = select(threshold).where(threshold.c.model_id == row.id)
    rows = connection.execute(query.order_by(threshold.c.set_at.desc(), threshold.c.id.desc()).limit(limit))
    return [ThresholdRecord(r.class_name, r.value, r.method, r.set_at, r.set_by) for r in rows]


def shadow_models(connection: Connection) -> dict[str, ModelRecord]:
    """Return the candidate that is judged beside the active model, by plot type."""
    query = select(plot_type.c.name, model.c.version).join(plot_type, plot_type.c.id == model.c.plot_type_id)
    rows = connection.execute(query.where(model.c.state == "shadow", model.c.path != "")).all()
    found = {row.name: row.version for row in rows}
    every = {(r.ref.plot_type, r.ref.version): r for name in found for r in library.models(connection, name)}
    return {name: every[name, version] for name, version in found.items()}


def set_shadow(connection: Connection, name: str, version: int | None, by: str, where: str = "") -> None:
    """Let a model judge beside the active one from now on; None: none any more. Audited.

    Raises StoreError for an unknown version and for the active one.
    """
    row = None if version is None else _get(connection, name, version)
    if row is not None and row.state == "active":
        raise StoreError(f"{name} v{version} is active: it cannot be its own shadow")
    mine = select(plot_type.c.id).where(plot_type.c.name == name).scalar_subquery()
    shadows = (model.c.plot_type_id == mine) & (model.c.state == "shadow")
    before = connection.scalar(select(model.c.version).where(shadows))
    if before == version:
        return
    connection.execute(update(model).where(shadows).values(state="candidate"))
    if row is not None:
        connection.execute(update(model).where(model.c.id == row.id).values(state="shadow"))
    audit(connection, by, "shadow model", name, {"version": before}, {"version": version}, where)
    payload = {"shadow": version, "before": before, "by": by}
    now = datetime.now(UTC)
    type_id = connection.scalar(select(plot_type.c.id).where(plot_type.c.name == name))
    add_change(connection, uuid4().hex, "model", type_id, row.id if row is not None else None, payload, now, now)


def promote(connection: Connection, name: str, version: int, by: str, carry: bool) -> ModelRecord:
    """Make a model the active one; `carry`: with the thresholds that people set for the one before.

    Raises StoreError for an unknown version.
    """
    before = library.active_model(connection, name)
    record = library.promote(connection, name, version, by)
    if not carry or before is None or before.ref == record.ref:
        return record
    kept = {label: value for label, value in before.manual.items() if label in record.classes}
    if not kept:
        return record
    return library.set_thresholds(connection, name, version, kept, by, f"carried over from v{before.ref.version}")


def pairings(connection: Connection, name: str, version: int, since: datetime) -> list[Pairing]:
    """Count what the models in service and a candidate said of the same plots, judged since a time."""
    active, kinds = _active(), (inference.c.top_class, label_class.c.name)
    query = _both(name, version, active, active.c.top_class.label("active"), *kinds, func.count().label("plots"))
    rows = connection.execute(query.where(inference.c.created_at >= since).group_by(active.c.top_class, *kinds))
    return [Pairing(row.active, row.top_class, row.name, row.plots) for row in rows]


def disagreements(
    connection: Connection, name: str, version: int, before: int | None, limit: int
) -> list[Disagreement]:
    """Return plots that the models in service and a candidate call differently, the newest first."""
    active = _active()
    said = (active.c.top_class.label("active"), active.c.top_score.label("active_score"))
    own = (inference.c.top_class, inference.c.top_score, label_class.c.name.label("truth"), inference.c.id)
    query = _both(name, version, active, *PLOT_COLUMNS, *said, *own).where(active.c.top_class != inference.c.top_class)
    if before is not None:
        query = query.where(inference.c.id < before)
    rows = connection.execute(query.order_by(inference.c.id.desc()).limit(limit))
    return [
        Disagreement(r.id, to_plot(r, name), r.active, r.active_score, r.top_class, r.top_score, r.truth) for r in rows
    ]


def plots_by_uid(connection: Connection, uids: list[str]) -> dict[str, Plot]:
    """Return plots by uid; those that the database does not have are missing."""
    query = select(*PLOT_COLUMNS, plot_type.c.name).join(image, image.c.id == plot.c.image_id)
    query = query.join(plot_type, plot_type.c.id == plot.c.plot_type_id)
    found: dict[str, Plot] = {}
    for start in range(0, len(uids), CHUNK):
        rows = connection.execute(query.where(plot.c.uid.in_(uids[start : start + CHUNK])))
        found.update((row.uid, to_plot(row, row.name)) for row in rows)
    return found


def label_counts(connection: Connection, name: str) -> dict[str, int]:
    """Return how many plots of a type people labelled, by class."""
    query = (
        select(label_class.c.name, func.count().label("plots"))
        .join(truth, truth.c.label_class_id == label_class.c.id)
        .join(plot_type, plot_type.c.id == label_class.c.plot_type_id)
        .where(plot_type.c.name == name)
        .group_by(label_class.c.name)
    )
    return {row.name: row.plots for row in connection.execute(query)}


class LibraryStore:
    """The part of the store behind the library's pages; every method is one transaction."""

    _db: Database

    def model(self, plot_type: str, version: int) -> ModelRecord | None:
        """Return one model of the library; None for an unknown version."""
        records = self._db.read(lambda connection: library.models(connection, plot_type))
        return next((record for record in records if record.ref.version == version), None)

    def threshold_history(self, plot_type: str, version: int, limit: int = 100) -> list[ThresholdRecord]:
        """Return the last thresholds set for a model, newest first."""
        return self._db.read(lambda connection: threshold_history(connection, plot_type, version, limit))

    def shadow_models(self) -> dict[str, ModelRecord]:
        """Return the candidate that is judged beside the active model, by plot type."""
        return self._db.read(shadow_models)

    def set_shadow(self, plot_type: str, version: int | None, by: str, where: str = "") -> None:
        """Let a model judge beside the active one (None: none any more)."""
        self._db.write(lambda connection: set_shadow(connection, plot_type, version, by, where))

    def promote_with(self, plot_type: str, version: int, by: str, carry: bool) -> ModelRecord:
        """Make a model the active one, with (`carry`) or without the thresholds set by hand for the one before."""
        return self._db.write(lambda connection: promote(connection, plot_type, version, by, carry))

    def pairings(self, plot_type: str, version: int, since: datetime) -> list[Pairing]:
        """Count what the models in service and a candidate said of the same plots."""
        return self._db.read(lambda connection: pairings(connection, plot_type, version, since))

    def disagreements(
        self, plot_type: str, version: int, before: int | None = None, limit: int = 50
    ) -> list[Disagreement]:
        """Return plots that the models in service and a candidate call differently, the newest first."""
        return self._db.read(lambda connection: disagreements(connection, plot_type, version, before, limit))

    def plots_by_uid(self, uids: list[str]) -> dict[str, Plot]:
        """Return many plots by uid."""
        return self._db.read(lambda connection: plots_by_uid(connection, uids))

    def label_counts(self, plot_type: str) -> dict[str, int]:
        """Return how many plots of a type people labelled, by class."""
        return self._db.read(lambda connection: label_counts(connection, plot_type))

    def tape_rows(self, plot_type: str, most: int, after: int = 0) -> list[Row]:
        """Return the last `most` things that happened to a plot type, oldest first, with an id above `after`."""
        return tape_rows(self._db, plot_type, most, after)

    def truths(self, plot_type: str) -> dict[int, str]:
        """Return plot id → the class that people agreed on."""
        return self._db.read(lambda connection: truths(connection, plot_type))

    def past_incidents(self, plot_type: str, since: datetime) -> list[tuple[Episode, str]]:
        """Return a plot type's incidents open at or after a time, each with "true", "false" or "" as people said."""
        return self._db.read(lambda connection: past_incidents(connection, plot_type, since))


def _get(connection: Connection, name: str, version: int) -> AnyRow:
    query = select(model).join(plot_type, plot_type.c.id == model.c.plot_type_id)
    query = query.where(plot_type.c.name == name, model.c.version == version, model.c.path != "")
    row = connection.execute(query).one_or_none()
    if row is None:
        raise StoreError(f"{name} v{version} is not in the library; `hydra model list` shows what is")
    return row


def _active() -> FromClause:
    return inference.alias("active")


def _both(name: str, version: int, active: FromClause, *columns: ColumnElement[Any]) -> Select[Any]:
    """Select from the judgements of a candidate (`inference`) joined with what operators were told of the same plot."""
    return (
        select(*columns)
        .select_from(inference)
        .join(model, model.c.id == inference.c.model_id)
        .join(plot_type, plot_type.c.id == model.c.plot_type_id)
        .join(active, and_(active.c.plot_id == inference.c.plot_id, active.c.id != inference.c.id))
        .join(plot, plot.c.id == inference.c.plot_id)
        .join(image, image.c.id == plot.c.image_id)
        .outerjoin(truth, truth.c.plot_id == plot.c.id)
        .outerjoin(label_class, label_class.c.id == truth.c.label_class_id)
        .where(plot_type.c.name == name, model.c.version == version, inference.c.shadow, ~active.c.shadow)
    )
