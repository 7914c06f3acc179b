"""An incident and a judged plot as the API tells them."""

from datetime import datetime
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from hydra_core.domain import Severity
from hydra_core.store.episodes import LoggedEpisode, Shown


class ShownPlot(BaseModel):
    """One judged plot. `image` and `heatmap` are paths on this server."""

    model_config = ConfigDict(populate_by_name=True)

    uid: str
    plot: str = Field(description="Name of the plot type.")
    run: int
    chunk: int
    taken_at: datetime
    at: datetime = Field(description="When it was judged.")
    class_: str = Field(alias="class")
    confidence: float
    status: str | None
    page: str
    image: str
    thumbnail: str
    heatmap: str | None


class Incident(BaseModel):
    """One incident, from the first plot that looked wrong until the plot type was confirmed right again."""

    model_config = ConfigDict(populate_by_name=True)

    uid: str
    plot: str = Field(description="Name of the plot type.")
    title: str
    group: str
    class_: str = Field(alias="class")
    severity: str | None = Field(json_schema_extra={"enum": [*(s.name for s in Severity), None]})
    started_at: datetime
    confirmed_at: datetime
    ended_at: datetime | None = Field(description="Null: it goes on.")
    worst_score: float
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    feedback: Literal["true", "false"] | None = Field(description="Whether the alarm was true; null: nobody has said.")
    feedback_by: str | None
    note: str
    logbook_url: str | None
    page: str
    first: ShownPlot | None
    worst: ShownPlot | None


def incident(one: LoggedEpisode) -> Incident:
    """Return an incident as the API tells it."""
    return Incident(
        uid=one.uid,
        plot=one.plot_type,
        title=one.title,
        group=one.group,
        class_=one.class_name,
        severity=one.severity.name if one.severity is not None else None,
        started_at=one.started_at,
        confirmed_at=one.confirmed_at,
        ended_at=one.ended_at,
        worst_score=one.worst_score,
        acknowledged_by=one.acked_by,
        acknowledged_at=one.acked_at,
        feedback=None if one.true_alarm is None else "true" if one.true_alarm else "false",
        feedback_by=one.feedback_by,
        note=one.note,
        logbook_url=one.logbook_url,
        page=page_of(one.uid),
        first=None if one.first is None else shown_plot(one.first),
        worst=None if one.worst is None else shown_plot(one.worst),
    )


def shown_plot(one: Shown) -> ShownPlot:
    """Return a judged plot as the API tells it."""
    return ShownPlot(
        uid=one.plot.uid,
        plot=one.plot.plot_type,
        run=one.plot.run,
        chunk=one.plot.chunk,
        taken_at=one.plot.taken_at,
        at=one.at,
        class_=one.class_name,
        confidence=one.score,
        status=one.status.name if one.status is not None else None,
        page=f"/p/{one.plot.uid}",
        image=f"/images/{one.plot.sha256}",
        thumbnail=f"/thumbs/{one.plot.sha256}",
        heatmap=f"/heatmaps/{one.inference_id}.png" if one.has_cam else None,
    )


def page_of(uid: str) -> str:
    """Return the path of an incident's page: its uid has a colon and a plus sign."""
    return f"/episodes/{quote(uid, safe='')}"
