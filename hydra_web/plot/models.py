"""What the API tells of one plot."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from hydra_core.store.beside import Beside
from hydra_core.store.embeddings import Neighbour
from hydra_core.store.pages import Opinion, PlotPage, Told


class Score(BaseModel):
    """What a model gave one class."""

    model_config = ConfigDict(populate_by_name=True)

    class_: str = Field(alias="class")
    score: float


class Judgement(BaseModel):
    """What one model said of a plot."""

    model: str
    status: str | None = Field(description="What operators were told; null for a shadow model.")
    scores: list[Score]
    novelty: float
    took_ms: float
    at: datetime
    heatmap: str | None


class Vote(BaseModel):
    """What one person said that the plot is; `counts` is false for what was said differently later."""

    model_config = ConfigDict(populate_by_name=True)

    by: str
    class_: str = Field(alias="class")
    at: datetime
    counts: bool


class SaidByPvs(BaseModel):
    """One verdict as the PVs told it."""

    at: datetime
    status: str
    severity: str
    reason: str
    uid: str | None = Field(description="The plot behind it; null for what no plot caused.")


class Alike(BaseModel):
    """A plot that the model sees like this one."""

    model_config = ConfigDict(populate_by_name=True)

    uid: str
    run: int
    chunk: int
    class_: str = Field(alias="class")
    score: float
    likeness: float = Field(description="Cosine of the two embeddings, 1 for the same.")
    truth: str | None
    thumbnail: str


class PlotDetails(BaseModel):
    """One plot and everything that models and people said of it, newest first."""

    uid: str
    plot: str = Field(description="Name of the plot type.")
    run: int
    chunk: int
    taken_at: datetime
    received_at: datetime
    source: str
    image: str
    judgements: list[Judgement]
    truth: str | None = Field(description="The class that training reads; null while nobody has labelled it.")
    votes: list[Vote]
    reference: str | None = Field(description="uid of the plot to compare with.")
    before: str | None = Field(description="uid of the plot before this one, by run and chunk.")
    after: str | None
    told: list[SaidByPvs] = Field(description="The last verdicts of the plot type, newest first.")


class ReferenceWish(BaseModel):
    """The plot that others of its type are to be compared with; null: none is pinned."""

    model_config = ConfigDict(extra="forbid", strict=True)

    uid: str | None = Field(pattern="^[0-9a-f]{32}$")


def plot_details(page: PlotPage, side: Beside) -> PlotDetails:
    """Return a plot's page as the API tells it."""
    one = page.plot
    return PlotDetails(
        uid=one.uid,
        plot=one.plot_type,
        run=one.run,
        chunk=one.chunk,
        taken_at=one.taken_at,
        received_at=one.received_at,
        source=one.source,
        image=f"/images/{one.sha256}",
        judgements=[_judgement(opinion) for opinion in page.opinions],
        truth=side.truth,
        votes=[Vote(by=vote.person, class_=vote.class_name, at=vote.at, counts=vote.counts) for vote in side.votes],
        reference=side.reference.uid if side.reference else None,
        before=side.before,
        after=side.after,
        told=[_said(told) for told in page.told],
    )


def alike(one: Neighbour) -> Alike:
    """Return a neighbour as the API tells it."""
    return Alike(
        uid=one.plot.uid,
        run=one.plot.run,
        chunk=one.plot.chunk,
        class_=one.class_name,
        score=one.score,
        likeness=one.likeness,
        truth=one.truth,
        thumbnail=f"/thumbs/{one.plot.sha256}",
    )


def _judgement(opinion: Opinion) -> Judgement:
    return Judgement(
        model=opinion.model,
        status=opinion.status.name if opinion.status is not None else None,
        scores=[Score(class_=name, score=score) for name, score in opinion.scores],
        novelty=opinion.novelty,
        took_ms=opinion.took * 1000.0,
        at=opinion.at,
        heatmap=f"/heatmaps/{opinion.inference_id}.png" if opinion.has_cam else None,
    )


def _said(told: Told) -> SaidByPvs:
    said = told.verdict
    return SaidByPvs(at=said.at, status=said.status.name, severity=said.severity.name, reason=said.reason, uid=told.uid)
