"""A candidate beside the active model: how often they agree, who is right where people said, and where they differ."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from hydra_core.store.library import Disagreement
from hydra_web.library.common import After, PlotTypeName, Version, cursor, found_model, number_after
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Reader

PAGE = 24
router = APIRouter(prefix="/api/v1", tags=["models"])
Days = Annotated[float, Query(gt=0, le=3650, description="Plots of so many of the last days are counted.")]


class Pair(BaseModel):
    """So many plots of which the models said these."""

    active: str
    shadow: str
    plots: int


class Difference(BaseModel):
    """A plot that the two call differently."""

    uid: str
    run: int
    chunk: int
    received_at: datetime
    thumbnail: str
    active: str
    active_score: float
    shadow: str
    shadow_score: float
    truth: str | None = Field(description="The class that people agreed on, null: nobody said.")


class Compared(BaseModel):
    """What a candidate says of plots that the model in service judged too."""

    plots: int
    agree: int
    labelled: int = Field(description="Plots of which people said what they are.")
    active_right: int
    shadow_right: int
    pairs: list[Pair]
    differences: list[Difference] = Field(description="The newest first.")
    next: str | None = Field(description="`after` of the next page of differences; null: this is the last.")


@router.get("/models/{plot_type}:{version}/comparison")
def compared(
    plot_type: PlotTypeName, version: Version, parts: PartsOf, person: Reader, days: Days = 30.0, after: After = ""
) -> Compared:
    """Compare what a candidate says of live (or re-judged) plots with what operators were told."""
    found_model(plot_type, version, parts)
    return comparison(plot_type, version, datetime.now(UTC) - timedelta(days=days), parts, after)


def comparison(plot_type: str, version: int, since: datetime, parts: Parts, after: str = "") -> Compared:
    """Return the comparison. Raises HTTPException (422) for a wrong cursor."""
    found = parts.store.pairings(plot_type, version, since)
    pairs = Counter[tuple[str, str]]()
    for one in found:
        pairs[one.active, one.shadow] += one.plots
    labelled = [one for one in found if one.truth is not None]
    rows = parts.store.disagreements(plot_type, version, number_after(after), PAGE + 1)
    return Compared(
        plots=sum(pairs.values()),
        agree=sum(count for (active, shadow), count in pairs.items() if active == shadow),
        labelled=sum(one.plots for one in labelled),
        active_right=sum(one.plots for one in labelled if one.active == one.truth),
        shadow_right=sum(one.plots for one in labelled if one.shadow == one.truth),
        pairs=[Pair(active=active, shadow=shadow, plots=n) for (active, shadow), n in pairs.most_common()],
        differences=[_difference(row) for row in rows[:PAGE]],
        next=cursor(rows[PAGE - 1].id) if len(rows) > PAGE else None,
    )


def _difference(row: Disagreement) -> Difference:
    return Difference(
        uid=row.plot.uid,
        run=row.plot.run,
        chunk=row.plot.chunk,
        received_at=row.plot.received_at,
        thumbnail=f"/thumbs/{row.plot.sha256}",
        active=row.active,
        active_score=row.active_score,
        shadow=row.shadow,
        shadow_score=row.shadow_score,
        truth=row.truth,
    )
