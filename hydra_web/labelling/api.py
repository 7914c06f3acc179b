"""Labelling for the page and for programs: what comes next, votes, undo, flags."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi import Path as PathArgument

from hydra_core.store.label_queue import BadCursorError, NoSuchError
from hydra_core.store.labelling import Batch, ChangedMeanwhileError
from hydra_core.store.standing import REVIEW, WEB
from hydra_web.labelling.models import (
    BatchPage,
    BatchShown,
    Count,
    Flagged,
    Flags,
    ProgressMade,
    Tiles,
    TypeShown,
    Uids,
    Votes,
    WholeQuery,
    shown_batch,
    shown_progress,
    shown_tiles,
    shown_type,
)
from hydra_web.labelling.wishes import AskedOf
from hydra_web.log.actions import address
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Labeler, Person, Reader, Role

BATCHES = 50
BIG = 2**63 - 1
PlotTypeName = Annotated[str, PathArgument(max_length=190, description="Name of a plot type.")]
BatchId = Annotated[int, PathArgument(ge=1, le=BIG)]
router = APIRouter(prefix="/api/v1/label", tags=["labels"])


@contextmanager
def refusals() -> Iterator[None]:
    """Say in HTTP what the store refuses: 404 unknown, 409 changed meanwhile, 422 a cursor of no page."""
    try:
        yield
    except NoSuchError as error:
        raise HTTPException(404, str(error)) from error
    except ChangedMeanwhileError as error:
        raise HTTPException(409, str(error)) from error
    except BadCursorError as error:
        raise HTTPException(422, str(error)) from error


@router.get("")
def index(parts: PartsOf, person: Reader) -> list[TypeShown]:
    """Return how far each plot type is."""
    del person
    types = {card.name: card.plot_type for card in parts.feed.cards}
    facts = [one for one in parts.store.label_index() if one.name in types]
    return [shown_type(one, types[one.name].title, types[one.name].group) for one in facts]


@router.get("/{plot_type}")
def tiles(
    plot_type: PlotTypeName,
    asked: AskedOf,
    parts: PartsOf,
    person: Reader,
    after: Annotated[str | None, Query(max_length=400, description="`next` of the page before.")] = None,
) -> Tiles:
    """Return plots to label, in the wanted order."""
    with refusals():
        return shown_tiles(parts.store.tile_page(plot_type, person.name, asked.wish, after or None))


@router.get("/{plot_type}/count")
def count(plot_type: PlotTypeName, asked: AskedOf, parts: PartsOf, person: Reader) -> Count:
    """Return how many plots the filters let pass."""
    with refusals():
        return Count(count=parts.store.count_matching(plot_type, person.name, asked.wish.filters))


@router.get("/{plot_type}/progress")
def progress(plot_type: PlotTypeName, parts: PartsOf, person: Reader) -> ProgressMade:
    """Return how far labelling is."""
    with refusals():
        return shown_progress(parts.store.label_progress(plot_type, person.name))


@router.post("/{plot_type}/votes", status_code=201)
def vote(plot_type: PlotTypeName, body: Votes, parts: PartsOf, person: Labeler, request: Request) -> BatchShown:
    """Save what somebody says of plots, all or nothing."""
    with refusals():
        return shown_batch(parts.store.save_votes(plot_type, person.name, body.votes, address(request)))


@router.post("/{plot_type}/matching", status_code=201)
def vote_on_all(
    plot_type: PlotTypeName, body: WholeQuery, asked: AskedOf, parts: PartsOf, person: Labeler, request: Request
) -> BatchShown:
    """Give one class to all plots that the filters in the URL let pass; 409 when these are not as many as expected."""
    filters = asked.wish.filters
    with refusals():
        saved = parts.store.save_matching(plot_type, person.name, body.class_, filters, body.expected, address(request))
        return shown_batch(saved)


@router.get("/{plot_type}/batches")
def batches(
    plot_type: PlotTypeName,
    parts: PartsOf,
    person: Labeler,
    everybody: Annotated[bool, Query(description="Not only mine.")] = False,
    before: Annotated[int | None, Query(ge=1, le=BIG, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = BATCHES,
) -> BatchPage:
    """Return what was labelled, batch by batch."""
    with refusals():
        found = parts.store.batches(plot_type, person.name, everybody, before, limit + 1)
    more = found[limit - 1].id if len(found) > limit else None
    return BatchPage(batches=[shown_batch(one) for one in found[:limit]], next=more)


@router.post("/{plot_type}/batches/{batch}/undo")
def undo(plot_type: PlotTypeName, batch: BatchId, parts: PartsOf, person: Labeler, request: Request) -> BatchShown:
    """Take a batch back: one's own, or as an expert anybody's."""
    return _set_undone(plot_type, batch, True, parts, person, request)


@router.post("/{plot_type}/batches/{batch}/redo")
def redo(plot_type: PlotTypeName, batch: BatchId, parts: PartsOf, person: Labeler, request: Request) -> BatchShown:
    """Put a batch that was undone in force again. A decision is not: it is in the review queue again (409)."""
    return _set_undone(plot_type, batch, False, parts, person, request)


@router.post("/{plot_type}/skip", status_code=204)
def skip(plot_type: PlotTypeName, body: Uids, parts: PartsOf, person: Labeler) -> None:
    """Let plots come last for whoever asks."""
    with refusals():
        parts.store.put_off(plot_type, person.name, body.uids)


@router.post("/{plot_type}/flags", status_code=201)
def flag(plot_type: PlotTypeName, body: Flags, parts: PartsOf, person: Labeler, request: Request) -> Flagged:
    """Ask an expert to look at plots."""
    with refusals():
        found = parts.store.flag(plot_type, person.name, body.uids, body.reason.strip(), address(request))
        return Flagged(queued=found)


@router.post("/{plot_type}/unflag", status_code=204)
def unflag(plot_type: PlotTypeName, body: Uids, parts: PartsOf, person: Labeler, request: Request) -> None:
    """Take flags back."""
    with refusals():
        parts.store.unflag(plot_type, person.name, body.uids, address(request))


def _set_undone(
    plot_type: str, batch_id: int, undone: bool, parts: Parts, person: Person, request: Request
) -> BatchShown:
    with refusals():
        known = _known(parts, plot_type, batch_id)
        if known.by != person.name or known.source != WEB:
            person.must(Role.EXPERT, plot_type)
        if known.source == REVIEW and not undone:
            raise HTTPException(409, "A decision that was undone is in the review queue again: decide it there.")
        return shown_batch(parts.store.set_undone(plot_type, person.name, batch_id, undone, address(request)))


def _known(parts: Parts, plot_type: str, batch_id: int) -> Batch:
    found = parts.store.batch(plot_type, batch_id)
    if found is None:
        raise HTTPException(404, f"Plot type {plot_type} has no batch {batch_id} of labels.")
    return found
