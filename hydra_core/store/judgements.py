"""Read what one model said lately, in columns: 100,000 judgements are a few megabytes, and no picture is touched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Select, and_, distinct, func, or_, select

from db_schema.tables import image, inference, model, plot, plot_type, truth
from hydra_core.domain import ModelRef, Plot
from hydra_core.store.engine import Database
from hydra_core.store.rows import CHUNK, PLOT_COLUMNS, AnyRow, to_plot

PAGE = 5000
"""Rows read in one transaction, so that a long read holds none open."""


@dataclass(frozen=True, slots=True)
class Judgements:
    """What a model said of n plots, in the order it said so.

    `plot_ids` int64 (n,), the database's own; `blocks` int64 (n,): plots of one run share a number (the run's own),
    those without a run share one (negative) if they were judged in the same hour; `scores` float32 (n, classes) in
    the order of `classes`; `novelty` float32 (n,); `labelled` bool (n,): somebody has labelled the plot.
    """

    classes: tuple[str, ...]
    plot_ids: npt.NDArray[np.int64]
    blocks: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    novelty: npt.NDArray[np.float32]
    labelled: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.plot_ids)


def judgements(
    database: Database, ref: ModelRef, classes: Sequence[str], since: datetime, until: datetime | None = None
) -> Judgements:
    """Return what the model said from `since` up to `until` (None: now), live and in shadow. Raises StoreError."""
    pages = [_columns(tuple(classes), page) for page in _pages(database, _query(ref, since, until))]
    parts = pages or [_columns(tuple(classes), [])]
    arrays = ("plot_ids", "blocks", "scores", "novelty", "labelled")
    return Judgements(tuple(classes), *(np.concatenate([getattr(p, name) for p in parts]) for name in arrays))


def plots_by_id(connection: Connection, ids: Sequence[int]) -> dict[int, Plot]:
    """Return plots by the database's ids; those that it does not have are missing."""
    query = select(*PLOT_COLUMNS, plot.c.id, plot_type.c.name).join(image, image.c.id == plot.c.image_id)
    query = query.join(plot_type, plot_type.c.id == plot.c.plot_type_id)
    found: dict[int, Plot] = {}
    for start in range(0, len(ids), CHUNK):
        rows = connection.execute(query.where(plot.c.id.in_([int(i) for i in ids[start : start + CHUNK]])))
        found.update((row.id, to_plot(row, row.name)) for row in rows)
    return found


def stored_hashes(connection: Connection, name: str) -> Mapping[str, int]:
    """Return picture sha256 → difference hash of a plot type's labelled plots, where the hash is known."""
    query = (
        select(image.c.sha256, image.c.dhash)
        .join(plot, plot.c.image_id == image.c.id)
        .join(truth, truth.c.plot_id == plot.c.id)
        .join(plot_type, plot_type.c.id == plot.c.plot_type_id)
        .where(plot_type.c.name == name, image.c.dhash.is_not(None))
    )
    return {row.sha256: row.dhash for row in connection.execute(query)}


def count_pictures(connection: Connection, name: str) -> tuple[int, int]:
    """Return how many plots of a type there are, labelled or not, and how many different pictures they have."""
    query = select(func.count(), func.count(distinct(plot.c.image_id))).select_from(plot)
    query = query.join(plot_type, plot_type.c.id == plot.c.plot_type_id).where(plot_type.c.name == name)
    plots, pictures = connection.execute(query).one()
    return plots, pictures


def _query(ref: ModelRef, since: datetime, until: datetime | None) -> Select[tuple[object, ...]]:
    this = and_(plot_type.c.name == ref.plot_type, model.c.version == ref.version, model.c.sha256 == ref.sha256)
    query = (
        select(
            inference.c.id,
            inference.c.plot_id,
            inference.c.scores,
            inference.c.novelty,
            inference.c.created_at,
            plot.c.run,
            truth.c.plot_id.label("labelled"),
        )
        .join(model, model.c.id == inference.c.model_id)
        .join(plot_type, plot_type.c.id == model.c.plot_type_id)
        .join(plot, plot.c.id == inference.c.plot_id)
        .outerjoin(truth, truth.c.plot_id == plot.c.id)
        .where(this, inference.c.created_at >= since)
        .order_by(inference.c.created_at, inference.c.id)
        .limit(PAGE)
    )
    return query if until is None else query.where(inference.c.created_at < until)


def _pages(database: Database, query: Select[tuple[object, ...]]) -> Iterator[list[AnyRow]]:
    last: AnyRow | None = None
    while True:
        page = database.read(lambda connection, after=last: _page(connection, query, after))  # type: ignore[misc]
        if page:
            yield page
        if len(page) < PAGE:
            return
        last = page[-1]


def _page(connection: Connection, query: Select[tuple[object, ...]], after: AnyRow | None) -> list[AnyRow]:
    if after is not None:
        same = and_(inference.c.created_at == after.created_at, inference.c.id > after.id)
        query = query.where(or_(inference.c.created_at > after.created_at, same))
    return list(connection.execute(query))


def _columns(classes: tuple[str, ...], rows: Sequence[AnyRow]) -> Judgements:
    position = {name: i for i, name in enumerate(classes)}
    scores = np.zeros((len(rows), len(classes)), np.float32)
    for values, row in zip(scores, rows, strict=True):
        for name, score in row.scores:
            if name in position:
                values[position[name]] = score
    blocks = [row.run or -1 - int(row.created_at.timestamp() // 3600) for row in rows]
    return Judgements(
        classes,
        np.array([row.plot_id for row in rows], np.int64),
        np.array(blocks, np.int64),
        scores,
        np.array([row.novelty for row in rows], np.float32),
        np.array([row.labelled is not None for row in rows], np.bool_),
    )
