"""The review queue: plots that an expert should look at, each once for each reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from db_schema.tables import image, model, plot, plot_type, review_item, truth
from hydra_core.domain import ModelRef, Plot
from hydra_core.errors import StoreError
from hydra_core.store.rows import CHUNK, PLOT_COLUMNS, AnyRow, plot_ids, to_plot

OPEN = "open"
"""State of an item that nobody has decided yet."""
LABEL_ERROR, DRIFT, MISCLASSIFIED = "label_error", "drift", "misclassified"
"""Kinds that programs queue: the label is likely wrong; the plot should be labelled next; a new model takes it for
something else than people do."""
DISAGREEMENT, FALSE_ALARM, FLAG = "disagreement", "false_alarm", "flag"
"""Kinds that people cause: their votes differ; the alarm was false; somebody asked an expert. They come back whenever
people say so again, also after a decision."""
KINDS = (FLAG, DISAGREEMENT, FALSE_ALARM, MISCLASSIFIED, LABEL_ERROR, DRIFT)
SETTLED = "settled"
"""State of an item that nobody needs to decide any more: people agree now."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A plot to look at: why (`kind`), how urgent (`score`, greater is more so) and since when."""

    id: int
    kind: str
    plot: Plot
    score: float
    state: str
    created_at: datetime


def queue_review(
    connection: Connection, name: str, kind: str, scores: Mapping[str, float], ref: ModelRef | None
) -> int:
    """Queue plots (uid → score) of a plot type; return how many are new in the queue.

    One that is open for the same reason only gets the new score. One that was decided comes back only when its label
    has changed since. Raises StoreError for a uid that is no plot of this type.
    """
    plots = plot_ids(connection, name, list(scores))
    missing = sorted(set(scores) - set(plots))
    if missing:
        raise StoreError(f"plot type {name} has no plot {missing[0]}; cannot queue it for review")
    return queue_plots(connection, kind, {plots[uid]: score for uid, score in scores.items()}, ref)


def queue_plots(
    connection: Connection,
    kind: str,
    scores: Mapping[int, float],
    ref: ModelRef | None = None,
    note: str | None = None,
    by: str | None = None,
) -> int:
    """Queue plots by the database's ids (id → urgency); return how many are new in the queue."""
    if not scores:
        return 0
    ids, now, model_id = list(scores), datetime.now(UTC), _model_id(connection, ref)
    known = _latest(connection, kind, ids)
    by_people, changed = kind in (DISAGREEMENT, FALSE_ALARM, FLAG), _labelled_at(connection, ids)
    said = {key: value for key, value in (("note", note), ("asked_by", by)) if value is not None}
    fresh: list[dict[str, Any]] = []
    for plot_id, score in scores.items():
        row = known.get(plot_id)
        if row is not None and row.state == OPEN:
            values = {"score": score, "model_id": model_id, **said}
            connection.execute(update(review_item).where(review_item.c.id == row.id).values(values))
        elif row is None or by_people or changed.get(plot_id, row.created_at) > (row.resolved_at or row.created_at):
            common = {"kind": kind, "model_id": model_id, "state": OPEN, "created_at": now, **said}
            fresh.append({"plot_id": plot_id, "score": score, **common})
    if fresh:
        connection.execute(insert(review_item), fresh)
    return len(fresh)


def close_reviews(
    connection: Connection,
    kind: str | None,
    plot_ids: Sequence[int],
    state: str = SETTLED,
    by: str = "",
    batch_id: int | None = None,
) -> None:
    """Take plots out of the queue, for one reason or (None) whatever the reason."""
    values = {"state": state, "resolved_by": by, "resolved_at": datetime.now(UTC), "batch_id": batch_id}
    change = update(review_item).where(review_item.c.state == OPEN).values(values)
    if kind is not None:
        change = change.where(review_item.c.kind == kind)
    for start in range(0, len(plot_ids), CHUNK):
        connection.execute(change.where(review_item.c.plot_id.in_(plot_ids[start : start + CHUNK])))


def reopen_reviews(connection: Connection, batch_id: int) -> None:
    """Put back into the queue what a decision, now undone, had taken out of it and nobody has asked anew since."""
    values = {"state": OPEN, "resolved_by": None, "resolved_at": None, "batch_id": None}
    asked = review_item.alias("asked")
    same = (asked.c.plot_id == review_item.c.plot_id) & (asked.c.kind == review_item.c.kind) & (asked.c.state == OPEN)
    mine = select(review_item.c.id).where(review_item.c.batch_id == batch_id, ~select(asked.c.id).where(same).exists())
    ids = list(connection.scalars(mine))
    connection.execute(update(review_item).where(review_item.c.id.in_(ids)).values(values))


def open_reviews(connection: Connection, name: str | None = None, kind: str | None = None) -> list[ReviewItem]:
    """Return the open items of a plot type (None: of all) and a kind (None: of all), the most urgent first."""
    query = (
        select(*PLOT_COLUMNS, plot_type.c.name, review_item)
        .select_from(review_item)
        .join(plot, plot.c.id == review_item.c.plot_id)
        .join(image, image.c.id == plot.c.image_id)
        .join(plot_type, plot_type.c.id == plot.c.plot_type_id)
        .where(review_item.c.state == OPEN)
        .order_by(review_item.c.kind, review_item.c.score.desc(), review_item.c.id)
    )
    if name is not None:
        query = query.where(plot_type.c.name == name)
    if kind is not None:
        query = query.where(review_item.c.kind == kind)
    return [
        ReviewItem(row.id, row.kind, to_plot(row, row.name), row.score, row.state, row.created_at)
        for row in connection.execute(query)
    ]


def _model_id(connection: Connection, ref: ModelRef | None) -> int | None:
    if ref is None:
        return None
    query = select(model.c.id).join(plot_type, plot_type.c.id == model.c.plot_type_id)
    query = query.where(plot_type.c.name == ref.plot_type, model.c.version == ref.version)
    found: int | None = connection.scalar(query.where(model.c.sha256 == ref.sha256))
    return found


def _latest(connection: Connection, kind: str, plot_ids: Sequence[int]) -> dict[int, AnyRow]:
    """Return the newest item of a kind for each plot that has one."""
    query = select(review_item).where(review_item.c.kind == kind).order_by(review_item.c.id)
    found: dict[int, AnyRow] = {}
    for start in range(0, len(plot_ids), CHUNK):
        rows = connection.execute(query.where(review_item.c.plot_id.in_(plot_ids[start : start + CHUNK])))
        found.update((row.plot_id, row) for row in rows)
    return found


def _labelled_at(connection: Connection, plot_ids: Sequence[int]) -> dict[int, datetime]:
    query = select(truth.c.plot_id, truth.c.updated_at)
    found: dict[int, datetime] = {}
    for start in range(0, len(plot_ids), CHUNK):
        rows = connection.execute(query.where(truth.c.plot_id.in_(plot_ids[start : start + CHUNK])))
        found.update((row.plot_id, row.updated_at) for row in rows)
    return found
