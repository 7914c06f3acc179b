"""Trainings that somebody started from a page: one at a time for a plot type, with what the process says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from db_schema.tables import model, plot_type, training_run
from hydra_core.errors import StoreError
from hydra_core.store.audit import audit
from hydra_core.store.codec import to_json
from hydra_core.store.engine import Database
from hydra_core.store.rows import AnyRow, ensure_plot_type, new_id

WAITING, RUNNING, CANCELLING = "waiting", "running", "cancelling"
UNDER_WAY = (WAITING, RUNNING, CANCELLING)
"""One that is waiting is to be started by the trainer service."""
FINISHED, FAILED, CANCELLED = "finished", "failed", "cancelled"
SILENT_AFTER = timedelta(seconds=60)
"""A training that said nothing for so long has died: it says something every few seconds."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """One training. `history` has the curves by name and, of one started from a page, `stage`, `total`, `error`.

    `version` is the model that came of it; `heard_at` when the process last said something.
    """

    id: int
    plot_type: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    settings: Json
    history: Json
    by: str
    version: int | None

    @property
    def is_under_way(self) -> bool:
        """Whether it is still running."""
        return self.state in UNDER_WAY

    @property
    def heard_at(self) -> datetime:
        """When the process last said something."""
        heard = self.history.get("heard_at")
        return datetime.fromisoformat(heard) if isinstance(heard, str) else self.started_at


def training_runs(connection: Connection, name: str, before: int | None, limit: int) -> list[TrainingRun]:
    """Return the trainings of a plot type, the newest first."""
    query = _RUNS.where(plot_type.c.name == name).order_by(training_run.c.id.desc()).limit(limit)
    rows = connection.execute(query if before is None else query.where(training_run.c.id < before))
    return [_to_run(row) for row in rows]


def trainings_under_way(connection: Connection) -> list[TrainingRun]:
    """Return what is being trained now, of all plot types; one that fell silent is not."""
    query = _RUNS.where(training_run.c.state.in_(UNDER_WAY)).order_by(training_run.c.id)
    now = datetime.now(UTC)
    return [run for row in connection.execute(query) if now - (run := _to_run(row)).heard_at <= SILENT_AFTER]


def find_training(connection: Connection, run_id: int) -> TrainingRun:
    """Return a training. Raises StoreError for an unknown id."""
    row = connection.execute(_RUNS.where(training_run.c.id == run_id)).one_or_none()
    if row is None:
        raise StoreError(f"there is no training {run_id}")
    return _to_run(row)


def training_of(connection: Connection, name: str, version: int) -> TrainingRun | None:
    """Return the training that a model came from, None where it is not known."""
    query = _RUNS.where(plot_type.c.name == name, model.c.version == version).order_by(training_run.c.id.desc())
    row = connection.execute(query.limit(1)).one_or_none()
    return None if row is None else _to_run(row)


def start_training(
    connection: Connection, name: str, settings: Json, by: str, where: str = "", waiting: bool = False
) -> int:
    """Write down that a training begins, or (`waiting`) is to be begun by a trainer service; return its id.

    Raises StoreError while one of the type is under way.
    """
    type_id = ensure_plot_type(connection, name)
    # The lock makes two that start at once wait for each other; SQLite has one writer in any case.
    connection.execute(select(plot_type.c.id).where(plot_type.c.id == type_id).with_for_update())
    going = (training_run.c.plot_type_id == type_id) & training_run.c.state.in_(UNDER_WAY)
    if connection.scalar(select(training_run.c.id).where(going).limit(1)) is not None:
        raise StoreError(f"{name} is being trained already; wait for that training or cancel it")
    state = WAITING if waiting else RUNNING
    values = {"plot_type_id": type_id, "state": state, "started_at": datetime.now(UTC), "created_by": by}
    document = {"settings": to_json(settings), "history": {"stage": "starting"}}
    run_id = new_id(connection.execute(training_run.insert().values(**values, **document)))
    audit(connection, by, "start training", name, None, {"training": run_id, **settings}, where)
    return run_id


def take_waiting(connection: Connection) -> list[int]:
    """Make what is waiting running, and return the ids; of two trainers that ask at once one gets each."""
    waiting = connection.scalars(select(training_run.c.id).where(training_run.c.state == WAITING)).all()
    return [run_id for run_id in waiting if _change_state(connection, run_id, WAITING, RUNNING)]


def hear_training(connection: Connection, run_id: int, history: Json) -> str:
    """Write down what a training that is under way says of itself, and return its state (it may be cancelling)."""
    going = (training_run.c.id == run_id) & training_run.c.state.in_(UNDER_WAY)
    said = {**to_json(history), "heard_at": datetime.now(UTC).isoformat()}
    connection.execute(update(training_run).where(going).values(history=said))
    return str(connection.execute(select(training_run.c.state).where(training_run.c.id == run_id)).scalar_one())


def end_training(connection: Connection, run_id: int, state: str, error: str = "") -> None:
    """Write down that a training that was under way ended without a model, and why; nothing if it had ended before."""
    run = find_training(connection, run_id)
    going = (training_run.c.id == run_id) & training_run.c.state.in_(UNDER_WAY)
    values = {"state": state, "finished_at": datetime.now(UTC), "history": {**run.history, "error": error}}
    connection.execute(update(training_run).where(going).values(values))


def finish_training(
    connection: Connection, run_id: int, dataset_id: int | None, version: int, settings: Json, history: Json
) -> int:
    """Write down what came of a training, and return its id."""
    run = find_training(connection, run_id)
    query = select(model.c.id).join(plot_type, plot_type.c.id == model.c.plot_type_id)
    query = query.where(plot_type.c.name == run.plot_type, model.c.version == version, model.c.path != "")
    values = {
        "state": FINISHED,
        "finished_at": datetime.now(UTC),
        "dataset_id": dataset_id,
        "model_id": connection.scalar(query),
        "settings": {**run.settings, **to_json(settings)},
        "history": {**run.history, **to_json(history), "stage": "finished"},
    }
    connection.execute(update(training_run).where(training_run.c.id == run_id).values(values))
    return run_id


def cancel_training(connection: Connection, run_id: int, by: str, where: str = "") -> bool:
    """Ask a training to stop; False when it is not running (any more)."""
    run = find_training(connection, run_id)
    if _change_state(connection, run_id, WAITING, CANCELLING):
        end_training(connection, run_id, CANCELLED)
    elif not _change_state(connection, run_id, RUNNING, CANCELLING):
        return False
    audit(connection, by, "cancel training", run.plot_type, None, {"training": run_id}, where)
    return True


def bury_silent(connection: Connection, name: str) -> None:
    """Say of a plot type's trainings that fell silent that they failed, so that another may start."""
    query = _RUNS.where(plot_type.c.name == name, training_run.c.state.in_(UNDER_WAY))
    for run in [_to_run(row) for row in connection.execute(query)]:
        if datetime.now(UTC) - run.heard_at > SILENT_AFTER:
            stopped = run.state == CANCELLING
            gone = "the training process is gone; it was killed or the machine restarted"
            words = "" if stopped else "no trainer has taken it up" if run.state == WAITING else gone
            end_training(connection, run.id, CANCELLED if stopped else FAILED, words)


def has_waiting(connection: Connection) -> bool:
    """Return whether a training waits for a trainer."""
    return connection.scalar(select(training_run.c.id).where(training_run.c.state == WAITING).limit(1)) is not None


def _change_state(connection: Connection, run_id: int, before: str, after: str) -> bool:
    """Return whether a training was in one state and is in another now."""
    mine = (training_run.c.id == run_id) & (training_run.c.state == before)
    return connection.execute(update(training_run).where(mine).values(state=after)).rowcount == 1


class TrainingStore:
    """The part of the store that knows trainings under way; every method is one transaction."""

    _db: Database

    def training_runs(self, plot_type: str, before: int | None = None, limit: int = 20) -> list[TrainingRun]:
        """Return the trainings of a plot type, the newest first; those that fell silent have failed."""
        self._db.write(lambda connection: bury_silent(connection, plot_type))
        return self._db.read(lambda connection: training_runs(connection, plot_type, before, limit))

    def trainings_under_way(self) -> list[TrainingRun]:
        """Return what is being trained now, of all plot types."""
        return self._db.read(trainings_under_way)

    def training(self, run_id: int) -> TrainingRun:
        """Return one training."""
        return self._db.read(lambda connection: find_training(connection, run_id))

    def training_of(self, plot_type: str, version: int) -> TrainingRun | None:
        """Return the training that a model came from, None where it is not known."""
        return self._db.read(lambda connection: training_of(connection, plot_type, version))

    def start_training(self, plot_type: str, settings: Json, by: str, where: str = "", waiting: bool = False) -> int:
        """Write down that a training begins or waits; raises StoreError while another of the type is under way."""
        return self._db.write(lambda connection: start_training(connection, plot_type, settings, by, where, waiting))

    def take_waiting(self) -> list[int]:
        """Make the trainings that wait for a trainer running, and return their ids."""
        if not self._db.read(has_waiting):
            return []
        return self._db.write(take_waiting)

    def hear_training(self, run_id: int, history: Json) -> str:
        """Write down what a training says of itself and return its state."""
        return self._db.write(lambda connection: hear_training(connection, run_id, history))

    def end_training(self, run_id: int, state: str, error: str = "") -> None:
        """Write down that a training ended without a model."""
        self._db.write(lambda connection: end_training(connection, run_id, state, error))

    def finish_training(
        self, run_id: int, *, dataset_id: int | None, version: int, settings: Json, history: Json
    ) -> int:
        """Write down what came of a training that was started from a page."""
        return self._db.write(
            lambda connection: finish_training(connection, run_id, dataset_id, version, settings, history)
        )

    def cancel_training(self, run_id: int, by: str, where: str = "") -> bool:
        """Ask a training to stop; False when it is not running."""
        return self._db.write(lambda connection: cancel_training(connection, run_id, by, where))


_RUNS = (
    select(training_run, plot_type.c.name, model.c.version)
    .join(plot_type, plot_type.c.id == training_run.c.plot_type_id)
    .outerjoin(model, model.c.id == training_run.c.model_id)
)


def _to_run(row: AnyRow) -> TrainingRun:
    times = (row.started_at, row.finished_at)
    return TrainingRun(row.id, row.name, row.state, *times, row.settings, row.history, row.created_by, row.version)
