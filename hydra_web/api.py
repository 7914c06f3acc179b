"""`/api/v1/status`: the wall for programs."""

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from hydra_core.domain import Severity, Status
from hydra_web.board import Card
from hydra_web.parts import PartsOf
from hydra_web.people.rights import Reader


class PlotStatus(BaseModel):
    """How one plot type is now. Times are ISO 8601 UTC; fields are null before the first plot."""

    model_config = ConfigDict(populate_by_name=True)

    plot: str = Field(description="Name of the plot type.", examples=["CDC_occupancy"])
    title: str
    group: str
    pv: str = Field(description="Whole PV name without suffix.", examples=["HYDRA:HALLD:CDC_OCC"])
    status: str = Field(description="State of the STATUS PV.", json_schema_extra={"enum": [s.name for s in Status]})
    severity: str = Field(description="EPICS severity.", json_schema_extra={"enum": [s.name for s in Severity]})
    class_: str | None = Field(alias="class", description="The class with the highest score.")
    confidence: float | None = Field(description="Score of that class, 0 to 1.")
    age: float | None = Field(description="Seconds since the plot arrived.")
    run: int | None
    chunk: int | None
    model: str | None = Field(examples=["CDC_occupancy v12"])
    since: datetime | None = Field(description="When the status began.")
    reason: str
    muted_until: datetime | None
    uid: str | None = Field(description="The plot: `/p/{uid}` is its page.")
    taken_at: datetime | None
    received_at: datetime | None
    image: str | None = Field(description="Path of the picture.")
    thumbnail: str | None
    heatmap: str | None = Field(description="Path of the transparent heat map, drawn over the picture.")


def plot_status(card: Card, now: datetime) -> PlotStatus:
    """Return a card as the API tells it."""
    return PlotStatus(
        plot=card.name,
        title=card.plot_type.title,
        group=card.plot_type.group,
        pv=card.pv,
        status=card.status.name,
        severity=card.severity.name,
        class_=card.class_name or None,
        confidence=card.score if card.class_name else None,
        age=max(0.0, (now - card.received_at).total_seconds()) if card.received_at else None,
        run=card.run,
        chunk=card.chunk,
        model=card.model or None,
        since=card.since,
        reason=card.reason,
        muted_until=card.muted_until,
        uid=card.uid,
        taken_at=card.taken_at,
        received_at=card.received_at,
        image=f"/images/{card.sha256}" if card.sha256 else None,
        thumbnail=f"/thumbs/{card.sha256}" if card.sha256 else None,
        heatmap=f"/heatmaps/{card.heatmap}.png" if card.heatmap is not None else None,
    )


router = APIRouter(prefix="/api/v1", tags=["status"])


@router.get("/status")
async def status(parts: PartsOf, person: Reader) -> list[PlotStatus]:
    """Return the state of every plot type, in the order of the wall."""
    now = datetime.now(UTC)
    return [plot_status(card, now) for card in parts.feed.cards]
