"""The trend of a plot type: a page that draws, and the numbers that it draws, decimated in the database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as PathArgument
from fastapi.responses import HTMLResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from hydra_core.store.trend import Spot, Step, Trend
from hydra_web.board import Card
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Reader

RANGES = {"6h": timedelta(hours=6), "24h": timedelta(hours=24), "3d": timedelta(days=3), "7d": timedelta(days=7),
          "30d": timedelta(days=30), "all": None}  # fmt: skip
"""What the page offers to look at, up to now; None: everything there is."""

PlotTypeName = Annotated[str, PathArgument(max_length=190, description="Name of the plot type.")]
router = APIRouter(tags=["trend"])


class TrendLine(BaseModel):
    """What was said of one class, in columns: one entry a bucket or a single judgement. Times are POSIX seconds."""

    model_config = ConfigDict(populate_by_name=True)

    class_: str = Field(alias="class", description="The class with the highest score.")
    first: list[float]
    last: list[float]
    count: list[int]
    low: list[float] = Field(description="Lowest score of the class in the bucket.")
    mean: list[float]
    high: list[float]
    novelty: list[float] = Field(description="Mean novelty.")
    novelty_high: list[float]
    uid: list[str | None] = Field(description="The plot, where the entry is a single judgement.")


class TrendStep(BaseModel):
    """The thresholds that hold from a time on."""

    at: float
    thresholds: dict[str, float]


class TrendEpisode(BaseModel):
    """An incident; `end` is null while it is open."""

    model_config = ConfigDict(populate_by_name=True)

    uid: str
    class_: str = Field(alias="class")
    start: float
    confirmed: float
    end: float | None


class TrendOfType(BaseModel):
    """The history of a plot type. `width` is seconds a bucket, 0 when every judgement is told by itself."""

    plot: str
    since: datetime
    until: datetime
    width: float
    count: int = Field(description="How many judgements all entries stand for.")
    lines: list[TrendLine]
    steps: list[TrendStep]
    episodes: list[TrendEpisode]


@router.get("/t/{plot_type}", response_class=HTMLResponse, include_in_schema=False)
def page(plot_type: PlotTypeName, parts: PartsOf, person: Reader) -> HTMLResponse:
    """Show how a plot type did over time; the numbers are fetched by the page for the range that it shows."""
    card = _card(plot_type, parts)
    extent = parts.store.extent(plot_type)
    context = {
        "card": card,
        "colours": {one.name: one.colour for one in card.plot_type.classes},
        "extent": extent,
        "here": "trend",
        "now": datetime.now(UTC),
        "others": [one for one in parts.feed.cards if one.plot_type.group == card.plot_type.group],
        "ranges": list(RANGES),
    }
    return HTMLResponse(parts.views.page("trend.html", person, context))


@router.get("/api/v1/plot-types/{plot_type}/trend")
def numbers(
    plot_type: PlotTypeName,
    parts: PartsOf,
    person: Reader,
    since: Annotated[AwareDatetime | None, Query(description="Start; default: 24 h before the end.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="End; default: now.")] = None,
    buckets: Annotated[int, Query(ge=1, le=2000, description="Most entries a class, such as pixels.")] = 600,
) -> TrendOfType:
    """Return the history of a plot type, at most so many entries a class; few judgements are told one by one."""
    card = _card(plot_type, parts)
    end = until or datetime.now(UTC)
    start = since or end - timedelta(hours=24)
    if start >= end:
        raise HTTPException(422, "`since` has to be before `until`.")
    found = parts.store.trend(plot_type, start, end, buckets)
    if not found.steps:  # no change of rules was ever written down: the configuration has held all along
        found = replace(found, steps=(Step(start, dict(card.plot_type.policy.thresholds)),))
    return _told(plot_type, found)


def _card(plot_type: str, parts: Parts) -> Card:
    card = parts.feed.card(plot_type)
    if card is None:
        raise HTTPException(404, f"There is no plot type {plot_type}.")
    return card


def _told(name: str, trend: Trend) -> TrendOfType:
    by_class = sorted(trend.spots, key=attrgetter("class_name"))
    return TrendOfType(
        plot=name,
        since=trend.since,
        until=trend.until,
        width=trend.width,
        count=trend.count,
        lines=[_line(label, list(spots)) for label, spots in groupby(by_class, key=attrgetter("class_name"))],
        steps=[TrendStep(at=step.at.timestamp(), thresholds=step.thresholds) for step in trend.steps],
        episodes=[
            TrendEpisode(
                uid=one.uid,
                class_=one.class_name,
                start=one.started_at.timestamp(),
                confirmed=one.confirmed_at.timestamp(),
                end=one.ended_at.timestamp() if one.ended_at else None,
            )
            for one in trend.incidents
        ],
    )


def _line(label: str, spots: list[Spot]) -> TrendLine:
    return TrendLine(
        class_=label,
        first=[spot.first.timestamp() for spot in spots],
        last=[spot.last.timestamp() for spot in spots],
        count=[spot.count for spot in spots],
        low=[round(spot.low, 6) for spot in spots],
        mean=[round(spot.mean, 6) for spot in spots],
        high=[round(spot.high, 6) for spot in spots],
        novelty=[round(spot.novelty_mean, 6) for spot in spots],
        novelty_high=[round(spot.novelty_high, 6) for spot in spots],
        uid=[spot.uid for spot in spots],
    )
