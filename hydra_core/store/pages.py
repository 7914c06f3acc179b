"""Read what the page of one plot shows: the plot, what every model said of it, and what operators were told lately."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, case, select

from db_schema.tables import change, image, inference, model, plot, plot_type
from hydra_core.domain import Plot, Status, Verdict
from hydra_core.store.codec import from_json
from hydra_core.store.rows import PLOT_COLUMNS, AnyRow, to_plot

_TOLD = ("verdict", "failure", "transition")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one model said of a plot. `scores` is in enum order; `status` is None when nobody was told (shadow)."""

    inference_id: int
    model: str
    scores: tuple[tuple[str, float], ...]
    class_name: str
    score: float
    novelty: float
    status: Status | None
    shadow: bool
    took: float
    at: datetime
    has_cam: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One verdict as operators were told it. `uid` is the plot behind it; None for what no plot caused."""

    verdict: Verdict
    uid: str | None
    inference_id: int | None


@dataclass(frozen=True, slots=True)
class PlotPage:
    """One plot with its opinions (newest first) and the last verdicts of its plot type (newest first).

    `media_type` is empty and the size (0, 0) for a picture that could not be read.
    """

    plot: Plot
    media_type: str
    width: int
    height: int
    opinions: tuple[Opinion, ...]
    told: tuple[Told, ...]


def plot_page(connection: Connection, uid: str, last: int) -> PlotPage | None:
    """Return the page of the plot `uid` with the `last` verdicts of its plot type; None when there is no such plot."""
    query = (
        select(
            *PLOT_COLUMNS, plot.c.id, plot.c.plot_type_id, plot_type.c.name, image.c.media_type, image.c.width,
            image.c.height,
        )
        .select_from(plot)
        .join(plot_type, plot_type.c.id == plot.c.plot_type_id)
        .join(image, image.c.id == plot.c.image_id)
        .where(plot.c.uid == uid)
    )  # fmt: skip
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    opinions = _opinions(connection, row.id, row.name)
    told = _told(connection, row.plot_type_id, last)
    return PlotPage(to_plot(row, row.name), row.media_type, row.width, row.height, opinions, told)


def _opinions(connection: Connection, plot_id: int, name: str) -> tuple[Opinion, ...]:
    query = (
        select(inference, model.c.version)
        .join(model, model.c.id == inference.c.model_id)
        .where(inference.c.plot_id == plot_id)
        .order_by(inference.c.id.desc())
    )
    return tuple(_opinion(row, name) for row in connection.execute(query))


def _opinion(row: AnyRow, name: str) -> Opinion:
    return Opinion(
        inference_id=row.id,
        model=f"{name} v{row.version}",
        scores=tuple((str(label), float(score)) for label, score in row.scores),
        class_name=row.top_class,
        score=row.top_score,
        novelty=row.novelty,
        status=None if row.status is None else Status(row.status),
        shadow=row.shadow,
        took=row.took_ms / 1000.0,
        at=row.created_at,
        has_cam=row.cam_height is not None,
    )


def _told(connection: Connection, plot_type_id: int, last: int) -> tuple[Told, ...]:
    judged = and_(change.c.kind == "verdict", inference.c.id == change.c.ref_id)
    plot_id = case((change.c.kind == "failure", change.c.ref_id), else_=inference.c.plot_id)
    query = (
        select(change.c.payload, plot.c.uid, inference.c.id.label("inference_id"))
        .select_from(change)
        .outerjoin(inference, judged)
        .outerjoin(plot, plot.c.id == plot_id)
        .where(change.c.plot_type_id == plot_type_id, change.c.kind.in_(_TOLD))
        .order_by(change.c.id.desc())
        .limit(last)
    )
    rows = [row for row in connection.execute(query) if row.payload.get("verdict") is not None]
    return tuple(Told(from_json(Verdict, row.payload["verdict"]), row.uid, row.inference_id) for row in rows)
