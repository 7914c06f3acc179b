"""The review queue: plots that an expert should look at, each once for each reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from db_schema.tables import image, model, plot, plot_type, review_item, truth
from hydra_core.domain import ModelRef, Plot
from hydra_core.errors import StoreError
from hydra_core.store.rows import PLOT_COLUMNS, AnyRow, to_plot

OPEN = "open"
"""State of an item that nobody has decided yet."""
LABEL_ERROR, DRIFT = "label_error", "drift"
"""Kinds that the audits queue: the label is likely wrong; the plot should be labelled next."""
CHUNK = 500


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
    plots = _plot_ids(connection, name, list(scores))
    missing = sorted(set(scores) - set(plots))
    if missing:
        raise StoreError(f"plot type {name} has no plot {missing[0]}; cannot queue it for review")
    now = datetime.now(UTC)
    model_id = _model_id(connection, ref)
    known = _latest(connection, kind, list(plots.values()))
    changed = _labelled_at(connection, list(plots.values()))
    fresh: list[dict[str, Any]] = []
    for uid, plot_id in plots.items():
        row = known.get(plot_id)
        if row is not None and row.state == OPEN:
            values = {"score": scores[uid], "model_id": model_id}
            connection.execute(update(review_item).where(review_item.c.id == row.id).values(values))
        elif row is None or changed.get(plot_id, row.created_at) > (row.resolved_at or row.created_at):
            common = {"kind": kind, "model_id": model_id, "state": OPEN, "created_at": now}
            fresh.append({"plot_id": plot_id, "score": scores[uid], **common})
    if fresh:
        connection.execute(insert(review_item), fresh)
    return len(fresh)


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


def _plot_ids(connection: Connection, name: str, uids: Sequence[str]) -> dict[str, int]:
    query = select(plot.c.uid, plot.c.id).join(plot_type, plot_type.c.id == plot.c.plot_type_id)
    query = query.where(plot_type.c.name == name)
    found: dict[str, int] = {}
    for start in range(0, len(uids), CHUNK):
        rows = connection.execute(query.where(plot.c.uid.in_(uids[start : start + CHUNK])))
        found.update((row.uid, row.id) for row in rows)
    return found


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
