"""Read the history of a plot type as `decide` saw it: every event in the order in which it was recorded."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, and_, case, select

from db_schema.tables import change, image, inference, model, plot, plot_type
from hydra_core.domain import Event, Failure, Mute, Plot, Ruled, Tick, Verdict
from hydra_core.store.codec import from_json
from hydra_core.store.engine import Database
from hydra_core.store.restore import to_prediction
from hydra_core.store.rows import PLOT_COLUMNS, AnyRow, to_plot

PAGE = 1000
"""Rows read in one transaction, so that a long replay holds none open."""

_KINDS = ("verdict", "failure", "transition")

Past = tuple[datetime, Event, Verdict | None]


def history(
    database: Database, name: str, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Past]:
    """Yield (when, event, verdict then given) of plot type `name`; `since` ≤ when < `until`. Raises StoreError.

    Predictions come without heat map and embedding.
    """
    cursor = 0
    while True:
        page = database.read(lambda connection, after=cursor: _page(connection, name, after, since, until))  # type: ignore[misc]
        for row in page:
            yield _past(row, name)
        if len(page) < PAGE:
            return
        cursor = page[-1].id


def _page(
    connection: Connection, name: str, after: int, since: datetime | None, until: datetime | None
) -> list[AnyRow]:
    judged = and_(change.c.kind == "verdict", inference.c.id == change.c.ref_id)
    plot_id = case((change.c.kind == "failure", change.c.ref_id), else_=inference.c.plot_id)
    query = (
        select(
            *PLOT_COLUMNS,
            change.c.id,
            change.c.payload,
            change.c.at,
            inference.c.id.label("inference_id"),
            inference.c.scores,
            inference.c.novelty,
            inference.c.took_ms,
            model.c.version,
            model.c.sha256.label("model_sha256"),
        )
        .select_from(change)
        .join(plot_type, plot_type.c.id == change.c.plot_type_id)
        .outerjoin(inference, judged)
        .outerjoin(plot, plot.c.id == plot_id)
        .outerjoin(image, image.c.id == plot.c.image_id)
        .outerjoin(model, model.c.id == inference.c.model_id)
        .where(plot_type.c.name == name, change.c.kind.in_(_KINDS), change.c.id > after)
        .order_by(change.c.id)
        .limit(PAGE)
    )
    if since is not None:
        query = query.where(change.c.at >= since)
    if until is not None:
        query = query.where(change.c.at < until)
    return list(connection.execute(query))


def _past(row: AnyRow, name: str) -> Past:
    item = to_plot(row, name) if row.uid is not None else None
    verdict = from_json(Verdict, row.payload["verdict"]) if row.payload["verdict"] is not None else None
    if verdict is not None and item is not None and verdict.plot is None:
        verdict = replace(verdict, plot=item)
    return (verdict.at if verdict is not None else row.at), _event(row, item, name), verdict


def _event(row: AnyRow, item: Plot | None, name: str) -> Event:
    if row.inference_id is not None and item is not None:
        return to_prediction(row, item)
    kind = {"Failure": Failure, "Mute": Mute, "Ruled": Ruled, "Tick": Tick}[row.payload["event"]["type"]]
    event: Event = from_json(kind, row.payload["event"])
    return replace(event, plot=item) if isinstance(event, Failure) and event.plot is None else event
