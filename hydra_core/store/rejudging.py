"""What judging an archive again reads and writes: plots in the order of runs, and predictions that nobody was told.

A page is read by the index (plot_type_id, run, chunk) from where the last one ended, so a million plots are read in
the time of a million rows, and the memory of one page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from db_schema.tables import image, inference, model, plot, plot_type
from hydra_core.domain import Image, ModelRef, Plot, Prediction
from hydra_core.store.engine import Database
from hydra_core.store.restore import to_prediction
from hydra_core.store.rows import (
    CHUNK,
    PLOT_COLUMNS,
    ensure_model,
    ensure_plot,
    ensure_plot_type,
    insert_or_keep,
    plot_type_id,
    prediction_values,
    to_plot,
)

PAGE = 500


@dataclass(frozen=True, slots=True)
class StoredPlot:
    """A plot with the database's own id."""

    id: int
    plot: Plot


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the run, chunk and id of its last plot."""

    run: int
    chunk: int
    id: int


def stored_plots(
    database: Database, name: str, since: datetime | None = None, until: datetime | None = None
) -> Iterator[StoredPlot]:
    """Yield every plot of a type by run, chunk and id, `since` ≤ taken < `until`; a transaction a page.

    Raises StoreError.
    """
    place: Place | None = None
    while True:
        rows = database.read(lambda connection, after=place: _page(connection, name, after))  # type: ignore[misc]
        for row in rows:
            if (since is None or row.taken_at >= since) and (until is None or row.taken_at < until):
                yield StoredPlot(row.id, to_plot(row, name))
        if len(rows) < PAGE:
            return
        place = Place(rows[-1].run, rows[-1].chunk, rows[-1].id)


def page_queries(type_id: int, after: Place | None, limit: int) -> tuple[Select[Any], ...]:
    """Return the queries that give the next page, one after the other: each is one range of the index.

    One query with OR would make SQLite read a whole run, and without runs the whole table, again for every page.
    """
    if after is None:
        return (_query(type_id, limit),)
    run, chunk = plot.c.run == after.run, plot.c.chunk == after.chunk
    return (
        _query(type_id, limit, run, chunk, plot.c.id > after.id),
        _query(type_id, limit, run, plot.c.chunk > after.chunk),
        _query(type_id, limit, plot.c.run > after.run),
    )


def judged(connection: Connection, ref: ModelRef, plot_ids: Sequence[int]) -> set[int]:
    """Return those of the plots that the model has judged."""
    model_id = _model_id(connection, ref)
    query = select(inference.c.plot_id).where(inference.c.model_id == model_id)
    parts = (plot_ids[start : start + CHUNK] for start in range(0, len(plot_ids), CHUNK))
    return {found for part in parts for found in connection.scalars(query.where(inference.c.plot_id.in_(part)))}


def add_shadow(connection: Connection, said: Sequence[tuple[int, Prediction]]) -> None:
    """Store what one model says of plots by id, as shadow; what it has said of a plot before stays.

    The time is the plot's own, as if the model had been in service then.
    """
    if not said:
        return
    first = said[0][1]
    type_id = ensure_plot_type(connection, first.plot.plot_type)
    model_id = ensure_model(connection, first.model, type_id, first.classes, first.plot.received_at)
    silent = {"status": None, "condition": None, "confirmed": None, "shadow": True}
    rows = [
        {
            "plot_id": plot_id,
            "model_id": model_id,
            "plot_type_id": type_id,
            **prediction_values(prediction),
            **silent,
            "created_at": prediction.plot.received_at,
        }
        for plot_id, prediction in said
    ]
    connection.execute(insert_or_keep(connection, inference), rows)


def add_live_shadow(connection: Connection, item: Plot, picture: Image | None, said: Prediction) -> None:
    """Store what a candidate says of a plot that was just judged; the plot's own record may still be on its way."""
    type_id = ensure_plot_type(connection, item.plot_type)
    add_shadow(connection, [(ensure_plot(connection, item, type_id, picture, item.received_at), said)])


def predictions_of(connection: Connection, ref: ModelRef, plots: Sequence[Plot]) -> dict[str, Prediction]:
    """Return plot uid → what the model said of it, without heat map, for those that it has judged."""
    model_id = _model_id(connection, ref)
    by_uid = {item.uid: item for item in plots}
    query = (
        select(plot.c.uid, inference.c.scores, inference.c.novelty, inference.c.took_ms, model.c.version)
        .add_columns(model.c.sha256.label("model_sha256"))
        .join(plot, plot.c.id == inference.c.plot_id)
        .join(model, model.c.id == inference.c.model_id)
        .where(inference.c.model_id == model_id)
    )
    found: dict[str, Prediction] = {}
    uids = list(by_uid)
    for start in range(0, len(uids), CHUNK):
        rows = connection.execute(query.where(plot.c.uid.in_(uids[start : start + CHUNK])))
        found.update((row.uid, to_prediction(row, by_uid[row.uid])) for row in rows)
    return found


def _page(connection: Connection, name: str, after: Place | None) -> list[Any]:
    type_id = plot_type_id(connection, name)
    rows: list[Any] = []
    if type_id is None:
        return rows
    for query in page_queries(type_id, after, PAGE):
        rows += connection.execute(query.limit(PAGE - len(rows)))
        if len(rows) == PAGE:
            break
    return rows


def _query(type_id: int, limit: int, *conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(*PLOT_COLUMNS, plot.c.id)
        .join(image, image.c.id == plot.c.image_id)
        .where(plot.c.plot_type_id == type_id, *conditions)
        .order_by(plot.c.run, plot.c.chunk, plot.c.id)
        .limit(limit)
    )


def _model_id(connection: Connection, ref: ModelRef) -> int | None:
    query = select(model.c.id).join(plot_type, plot_type.c.id == model.c.plot_type_id)
    query = query.where(plot_type.c.name == ref.plot_type, model.c.version == ref.version)
    found: int | None = connection.scalar(query.where(model.c.sha256 == ref.sha256))
    return found


class RejudgingStore:
    """The part of the store that judging an archive again uses; every method but the first is one transaction."""

    _db: Database

    def stored_plots(
        self, plot_type: str, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[StoredPlot]:
        """Yield every plot of a type by run, chunk and id, `since` ≤ taken < `until`."""
        return stored_plots(self._db, plot_type, since, until)

    def judged(self, ref: ModelRef, plot_ids: Sequence[int]) -> set[int]:
        """Return those of the plots (by the database's ids) that a model has judged, live or in shadow."""
        return self._db.read(lambda connection: judged(connection, ref, plot_ids))

    def add_shadow(self, said: Sequence[tuple[int, Prediction]]) -> None:
        """Store what one model says of plots (by the database's ids), as shadow; a second time changes nothing."""
        self._db.write(lambda connection: add_shadow(connection, said))

    def add_live_shadow(self, plot: Plot, image: Image | None, said: Prediction) -> None:
        """Store what a candidate says of a plot that was just judged; a second time changes nothing."""
        self._db.write(lambda connection: add_live_shadow(connection, plot, image, said))

    def predictions_of(self, ref: ModelRef, plots: Sequence[Plot]) -> dict[str, Prediction]:
        """Return plot uid → what a model said, live or in shadow, of those that it has judged (no heat map)."""
        return self._db.read(lambda connection: predictions_of(connection, ref, plots))
