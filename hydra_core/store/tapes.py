"""Read the past of a plot type for the simulator: in columns it needs, newest pages first, and only what is new."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, Select, String, and_, case, null, or_, select, type_coerce

from db_schema.tables import change, episode, inference, label_class, plot, plot_type, truth
from hydra_core.domain import Episode, Failure, Mute, Plot, Ruled, Tick
from hydra_core.simulator import Row
from hydra_core.store.codec import from_json
from hydra_core.store.engine import Database
from hydra_core.store.rows import AnyRow, plot_type_id

PAGE = 5000
_KINDS = ("verdict", "failure", "transition")
_EVENTS: dict[str, type[Failure | Tick | Mute | Ruled]] = {
    "Failure": Failure,
    "Mute": Mute,
    "Ruled": Ruled,
    "Tick": Tick,
}


def tape_rows(database: Database, name: str, most: int, after: int = 0) -> list[Row]:
    """Return the last `most` things that happened to a plot type, those with a greater id than `after`, oldest first.

    Raises StoreError.
    """
    type_id = database.read(lambda connection: plot_type_id(connection, name))
    found: list[Row] = []
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    before: int | None = None
    while type_id is not None and len(found) < most:
        query = _page(type_id, after, before, min(PAGE, most - len(found)))
        page = database.read(lambda connection, query=query: list(connection.execute(query)))  # type: ignore[misc]
        found += _rows(page, name, known)
        if len(page) < PAGE:
            break
        before = page[-1].id
    return found[::-1]


def truths(connection: Connection, name: str) -> dict[int, str]:
    """Return plot id → the class that people agreed on, of a plot type."""
    query = (
        select(truth.c.plot_id, label_class.c.name)
        .join(label_class, label_class.c.id == truth.c.label_class_id)
        .join(plot_type, plot_type.c.id == label_class.c.plot_type_id)
        .where(plot_type.c.name == name)
    )
    return {row.plot_id: row.name for row in connection.execute(query)}


def past_incidents(connection: Connection, name: str, since: datetime) -> list[tuple[Episode, str]]:
    """Return a plot type's incidents that were open at or after a time, with what was said of the alarm."""
    query = (
        select(episode, plot.c.uid.label("first_plot"))
        .join(plot_type, plot_type.c.id == episode.c.plot_type_id)
        .outerjoin(inference, inference.c.id == episode.c.first_inference_id)
        .outerjoin(plot, plot.c.id == inference.c.plot_id)
        .where(plot_type.c.name == name, or_(episode.c.ended_at.is_(None), episode.c.ended_at >= since))
        .order_by(episode.c.started_at)
    )
    return [(_episode(row, name), row.feedback or "") for row in connection.execute(query)]


def _page(type_id: int, after: int, before: int | None, limit: int) -> Select[tuple[object, ...]]:
    judged = change.c.kind == "verdict"
    subject = case((change.c.kind == "failure", change.c.ref_id), else_=inference.c.plot_id)
    query = (
        select(
            change.c.id,
            change.c.at,
            case((judged, null()), else_=change.c.payload).label("payload"),
            type_coerce(inference.c.scores, String).label("scores"),
            inference.c.novelty,
            plot.c.id.label("plot_id"),
            plot.c.uid,
            plot.c.run,
        )
        .select_from(change)
        .outerjoin(inference, and_(judged, inference.c.id == change.c.ref_id))
        .outerjoin(plot, plot.c.id == subject)
        .where(change.c.plot_type_id == type_id, change.c.id > after, change.c.kind.in_(_KINDS))
        .order_by(change.c.id.desc())
        .limit(limit)
    )
    return query if before is None else query.where(change.c.id < before)


def _rows(page: Sequence[AnyRow], name: str, known: dict[tuple[str, ...], tuple[str, ...]]) -> Iterator[Row]:
    """Yield a page's rows. Its scores are decoded as one text, and class names are kept once (`known`), not per row."""
    scores = iter(json.loads(f"[{','.join(row.scores for row in page if row.scores is not None)}]"))
    for row in page:
        if row.scores is None:
            yield _other(row, name)
            continue
        names, values = zip(*next(scores), strict=True)
        classes = known.setdefault(names, names)
        yield Row(row.id, row.at, row.plot_id, row.uid, row.run, classes, tuple(map(float, values)), row.novelty)


def _other(row: AnyRow, name: str) -> Row:
    event = from_json(_EVENTS[row.payload["event"]["type"]], row.payload["event"])
    if isinstance(event, Failure) and row.uid is not None:
        item = Plot(row.uid, name, row.run, 0, row.at, row.at, "", "")
        event = Failure(event.plot_type, event.condition, event.reason, item)
    return Row(row.id, row.at, event=event)


def _episode(row: AnyRow, name: str) -> Episode:
    times = (row.started_at, row.confirmed_at, row.worst_score, row.first_plot, row.ended_at)
    return Episode(row.uid, name, row.class_name, *times)
