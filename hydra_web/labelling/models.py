"""What the labelling API takes and tells."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from hydra_core.store.label_facts import Progress, TypeFacts
from hydra_core.store.label_pages import Tile, TilePage
from hydra_core.store.labelling import Batch
from hydra_web.log.actions import Body

MANY = 5000
"""Most plots that one request names; for more there is the whole query."""


class TileShown(BaseModel):
    """A plot to label, for itself and those that look the same."""

    uid: str
    run: int
    chunk: int
    taken_at: datetime
    thumbnail: str
    image: str
    heatmap: str | None
    suggestion: str | None = Field(description="What the active model says; null where it has not judged the plot.")
    score: float | None
    label: str | None = Field(description="What people agreed on.")
    dissent: float = Field(description="Share of people who said something else than the most did.")
    flagged: bool
    folded: list["TileShown"] = Field(description="Near-duplicates that are judged alike; labelled with this one.")


class Tiles(BaseModel):
    """A page of plots to label. A page may be short although there is a next one."""

    tiles: list[TileShown]
    next: str | None = Field(description="`after` of the next page; null: this is the last.")


class Count(BaseModel):
    """How many plots the filters let pass."""

    count: int


class ProgressMade(BaseModel):
    """How far labelling is, and how well others agree with whoever asks."""

    run: int | None = Field(description="The newest run.")
    in_run: int
    labelled_in_run: int
    labelled: int
    disputed: int
    agreement: float | None = Field(description="Share of others' votes on my plots that say the same as mine.")


class BatchShown(BaseModel):
    """Labels given in one go; undone as a whole."""

    id: int
    by: str
    source: str = Field(description="web, review (an expert's decision) or an import.")
    at: datetime
    labels: dict[str, int] = Field(description="Class to how many plots.")
    undone_at: datetime | None


class BatchPage(BaseModel):
    """Batches, the newest first."""

    batches: list[BatchShown]
    next: int | None = Field(description="`before` of the next page.")


class Votes(Body):
    """What somebody says of plots: uid to class, saved as one batch."""

    votes: dict[str, str] = Field(min_length=1, max_length=MANY)


class WholeQuery(Body):
    """One class for all plots that the filters in the URL let pass, if they are as many as were shown."""

    model_config = ConfigDict(populate_by_name=True, extra="forbid", strict=True)

    class_: str = Field(alias="class", max_length=64)
    expected: int = Field(ge=1)


class Uids(Body):
    """Some plots."""

    uids: list[str] = Field(min_length=1, max_length=MANY)


class Flags(Uids):
    """Plots that an expert should look at, and why."""

    reason: str = Field(min_length=1, max_length=500)


class Flagged(BaseModel):
    """How many plots are new in the review queue."""

    queued: int


class TypeShown(BaseModel):
    """How far a plot type is."""

    plot: str
    title: str
    group: str
    labels: dict[str, int] = Field(description="Class to plots that have it as their label.")
    disputed: int
    in_review: int
    last_labelled_at: datetime | None


def shown_tiles(page: TilePage) -> Tiles:
    """Return a page as the API tells it."""
    return Tiles(tiles=[_tile(one) for one in page.tiles], next=page.next)


def _tile(one: Tile) -> TileShown:
    return TileShown(
        uid=one.uid,
        run=one.run,
        chunk=one.chunk,
        taken_at=one.taken_at,
        thumbnail=f"/thumbs/{one.sha256}",
        image=f"/images/{one.sha256}",
        heatmap=f"/heatmaps/{one.inference_id}.png" if one.has_cam else None,
        suggestion=one.suggestion,
        score=one.score,
        label=one.label,
        dissent=one.dissent,
        flagged=one.flagged,
        folded=[_tile(other) for other in one.folded],
    )


def shown_batch(one: Batch) -> BatchShown:
    """Return a batch as the API tells it."""
    return BatchShown(
        id=one.id, by=one.by, source=one.source, at=one.at, labels=dict(one.summary), undone_at=one.undone_at
    )


def shown_progress(one: Progress) -> ProgressMade:
    """Return the progress as the API tells it."""
    return ProgressMade(
        run=one.run,
        in_run=one.in_run,
        labelled_in_run=one.labelled_in_run,
        labelled=one.labelled,
        disputed=one.disputed,
        agreement=one.agreed / one.mine if one.mine else None,
    )


def shown_type(one: TypeFacts, title: str, group: str) -> TypeShown:
    """Return a plot type of the index as the API tells it."""
    return TypeShown(
        plot=one.name,
        title=title,
        group=group,
        labels=dict(one.labels),
        disputed=one.disputed,
        in_review=one.in_review,
        last_labelled_at=one.last,
    )
