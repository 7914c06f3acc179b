"""The page of one plot, its JSON twin, the plots that look alike, and the plot that others are compared with."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from fastapi import Path as PathArgument
from fastapi.responses import HTMLResponse

from hydra_core.errors import StoreDownError, StoreError
from hydra_core.store.pages import Opinion, PlotPage
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Expert, Reader, Role
from hydra_web.plot.models import Alike, PlotDetails, ReferenceWish, alike, plot_details

HISTORY = 50
"""How many of the last verdicts the page of a plot shows."""

MOST_ALIKE = 8
"""How many of the plots that look alike it shows."""

PlotUid = Annotated[str, PathArgument(pattern="^[0-9a-f]{32}$", description="The plot's uid, 32 hex digits.")]
router = APIRouter(tags=["plots"])


@router.get("/p/{uid}", response_class=HTMLResponse, include_in_schema=False)
def page(uid: PlotUid, parts: PartsOf, person: Reader) -> HTMLResponse:
    """Show one plot: what was said of it, what it may be compared with, the last verdicts of its plot type."""
    found, side = found_page(uid, parts), parts.store.beside(uid)
    card = parts.feed.card(found.plot.plot_type)
    opinion = _told(found)
    context = {
        "beside": side,
        "card": card,
        "here": "plot",
        "may_label": person.may(Role.LABELER, found.plot.plot_type),
        "may_pin": person.may(Role.EXPERT, found.plot.plot_type),
        "name": card.plot_type.title if card else found.plot.plot_type,
        "neighbours": parts.store.neighbours(opinion.inference_id, MOST_ALIKE) if opinion else [],
        "now": datetime.now(UTC),
        "opinion": opinion,
        "others": [one for one in found.opinions if one is not opinion],
        "page": found,
        "plot": found.plot,
        "thresholds": card.plot_type.policy.thresholds if card else {},
        "told": next((one for one in found.told if one.uid == found.plot.uid), None),
    }
    return HTMLResponse(parts.views.page("plot.html", person, context))


@router.get("/api/v1/plots/{uid}")
def details(uid: PlotUid, parts: PartsOf, person: Reader) -> PlotDetails:
    """Return one plot with what models, people and PVs said of it."""
    return plot_details(found_page(uid, parts), parts.store.beside(uid))


@router.get("/api/v1/plots/{uid}/neighbours")
def neighbours(uid: PlotUid, parts: PartsOf, person: Reader) -> list[Alike]:
    """Return the plots that the model sees most like this one; empty where it is not remembered any more."""
    opinion = _told(found_page(uid, parts))
    found = parts.store.neighbours(opinion.inference_id, MOST_ALIKE) if opinion else []
    return [alike(one) for one in found]


@router.put("/api/v1/plot-types/{plot_type}/reference", status_code=204)
def pin(plot_type: str, wish: ReferenceWish, parts: PartsOf, person: Expert, request: Request) -> None:
    """Make a plot the one that others of its type are compared with."""
    try:
        parts.store.pin_reference(plot_type, wish.uid, person.name, request.client.host if request.client else "")
    except StoreDownError:
        raise
    except StoreError as error:
        raise HTTPException(404, str(error)) from error


def found_page(uid: str, parts: Parts) -> PlotPage:
    """Return the plot's page from the database. Raises HTTPException (404) when there is no such plot."""
    found = parts.store.plot_page(uid, HISTORY)
    if found is None:
        raise HTTPException(404, f"There is no plot {uid}.")
    return found


def _told(found: PlotPage) -> Opinion | None:
    """Return the opinion that operators were told, None for a plot that was not judged."""
    return next((one for one in found.opinions if not one.shadow), None)
