"""The review queue for the page and for programs: what waits, everything known of one plot, the decision."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi import Path as PathArgument
from pydantic import BaseModel, ConfigDict, Field

from hydra_core.store.pages import Opinion
from hydra_core.store.review import KINDS, OPEN
from hydra_core.store.reviewing import Case, NamedVote, Reference, ReviewRow
from hydra_web.labelling.api import BIG, refusals
from hydra_web.labelling.models import BatchShown, shown_batch
from hydra_web.labelling.wishes import EmptyIsNone, Word
from hydra_web.log.actions import Body, address
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Expert, Person, Reader, Role

PAGE = 50
ItemId = Annotated[int, PathArgument(ge=1, le=BIG)]
Kind = Literal["flag", "disagreement", "false_alarm", "misclassified", "label_error", "drift"]
Chosen = Annotated[Kind | None, EmptyIsNone, Query(description="Why; default: whatever the reason.")]
router = APIRouter(prefix="/api/v1/review", tags=["review"])


class ItemShown(BaseModel):
    """A plot that somebody should look at, and why."""

    id: int
    kind: Kind
    plot: str = Field(description="Name of the plot type.")
    uid: str
    run: int
    chunk: int
    taken_at: datetime
    thumbnail: str
    urgency: float = Field(description="Greater is more urgent, within a kind.")
    state: str = Field(description="open, decided, excluded, asked again, settled (people agree now) or withdrawn.")
    since: datetime
    label: str | None = Field(description="What training reads now.")
    model: str | None = Field(description="The model that led to the question.")
    note: str | None
    asked_by: str | None


class ReviewList(BaseModel):
    """What waits, kind by kind, the most urgent of each first."""

    items: list[ItemShown]
    counts: dict[str, int] = Field(description="How many wait of each kind.")
    next: str | None = Field(description="`after` of the next page; null: this is the last.")


class VoteShown(BaseModel):
    """What one person said; one that does not count was said differently later, or set aside."""

    model_config = ConfigDict(populate_by_name=True)

    by: str
    class_: str = Field(alias="class")
    at: datetime
    source: str
    counts: bool


class OpinionShown(BaseModel):
    """What a model says of the plot."""

    model: str
    scores: dict[str, float]
    novelty: float
    heatmap: str | None


class ReferenceShown(BaseModel):
    """The plot to compare with; pinned by somebody, or the last one labelled good."""

    uid: str
    image: str
    run: int
    chunk: int
    pinned: bool


class CaseShown(BaseModel):
    """Everything that an expert looks at to decide."""

    item: ItemShown
    image: str
    votes: list[VoteShown]
    opinion: OpinionShown | None = Field(description="Of the active model, else of the last one that judged the plot.")
    others: list[OpinionShown]
    reference: ReferenceShown | None


class Decision(Body):
    """`decide` gives the class, `exclude` leaves the plot out of training, `ask_again` sets the votes aside."""

    model_config = ConfigDict(populate_by_name=True, extra="forbid", strict=True)

    action: Literal["decide", "exclude", "ask_again"]
    class_: str | None = Field(None, alias="class", max_length=64)
    note: str = Field("", max_length=500)


@router.get("")
def queue(
    parts: PartsOf,
    person: Reader,
    kind: Chosen = None,
    plot: Word = None,
    after: Annotated[str | None, Query(max_length=400, description="`next` of the page before.")] = None,
    size: Annotated[int, Query(ge=1, le=200)] = PAGE,
) -> ReviewList:
    """Return what waits for review."""
    del person
    with refusals():
        page = parts.store.review_page(plot, kind, after or None, size)
    return ReviewList(
        items=[shown_item(one) for one in page.rows], counts=parts.store.review_counts(plot), next=page.next
    )


@router.get("/{item}")
def case(item: ItemId, parts: PartsOf, person: Reader) -> CaseShown:
    """Return everything that is known of a plot under review."""
    del person
    return shown_case(found_case(parts, item))


@router.post("/{item}/decision", status_code=201)
def decide(item: ItemId, body: Decision, parts: PartsOf, person: Expert, request: Request) -> BatchShown:
    """Decide; it answers every open question about the plot. Undone like any other batch of labels."""
    row = found_case(parts, item, person).row
    if row.state != OPEN:
        raise HTTPException(409, f"This was answered already ({row.state} by {row.resolved_by or 'nobody'}).")
    where, note = address(request), body.note.strip()
    with refusals():
        if body.action == "exclude":
            return shown_batch(parts.store.exclude_plot(row, person.name, note, where))
        if body.action == "ask_again":
            return shown_batch(parts.store.ask_again(row, person.name, note, where))
        if body.class_ is None:
            raise HTTPException(422, "To decide, say which class it is.")
        return shown_batch(parts.store.decide_review(row, body.class_, person.name, where))


@router.post("/{item}/reopen")
def reopen(item: ItemId, parts: PartsOf, person: Expert, request: Request) -> BatchShown:
    """Take a decision back; the question is open again."""
    row = found_case(parts, item, person).row
    if row.batch_id is None:
        raise HTTPException(409, "There is no decision to take back.")
    with refusals():
        undone = parts.store.set_undone(row.plot.plot_type, person.name, row.batch_id, True, address(request))
    return shown_batch(undone)


def found_case(parts: Parts, item: int, person: Person | None = None) -> Case:
    """Return a case. Raises HTTPException: 404 for an unknown one, 401 or 403 for a person without the role."""
    found = parts.store.review_case(item)
    if found is None:
        raise HTTPException(404, f"There is no review {item}.")
    if person is not None:
        person.must(Role.EXPERT, found.row.plot.plot_type)
    return found


def shown_item(row: ReviewRow) -> ItemShown:
    """Return a line of the queue as the API tells it."""
    kind = next(one for one in KINDS if one == row.kind)
    return ItemShown.model_validate(
        {
            "id": row.id,
            "kind": kind,
            "plot": row.plot.plot_type,
            "uid": row.plot.uid,
            "run": row.plot.run,
            "chunk": row.plot.chunk,
            "taken_at": row.plot.taken_at,
            "thumbnail": f"/thumbs/{row.plot.sha256}",
            "urgency": row.score,
            "state": row.state,
            "since": row.created_at,
            "label": row.label,
            "model": row.model,
            "note": row.note,
            "asked_by": row.asked_by,
        }
    )


def shown_case(one: Case) -> CaseShown:
    """Return a case as the API tells it."""
    return CaseShown(
        item=shown_item(one.row),
        image=f"/images/{one.row.plot.sha256}",
        votes=[_vote(vote) for vote in one.votes],
        opinion=None if one.opinion is None else _opinion(one.opinion),
        others=[_opinion(other) for other in one.others],
        reference=None if one.reference is None else _reference(one.reference),
    )


def _vote(vote: NamedVote) -> VoteShown:
    return VoteShown(by=vote.person, class_=vote.class_name, at=vote.at, source=vote.source, counts=vote.counts)


def _opinion(one: Opinion) -> OpinionShown:
    heatmap = f"/heatmaps/{one.inference_id}.png" if one.has_cam else None
    return OpinionShown(model=one.model, scores=dict(one.scores), novelty=one.novelty, heatmap=heatmap)


def _reference(one: Reference) -> ReferenceShown:
    return ReferenceShown(uid=one.uid, image=f"/images/{one.sha256}", run=one.run, chunk=one.chunk, pinned=one.pinned)
