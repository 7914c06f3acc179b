"""The labelling pages: the index of plot types, and the grid of one."""

import json

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from hydra_core.domain import PlotType
from hydra_core.store.label_queue import Order, Show
from hydra_web.labelling.api import PlotTypeName
from hydra_web.labelling.wishes import ORDERS, SHOWN, AskedOf
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Reader, Role

router = APIRouter(include_in_schema=False)


@router.get("/label", response_class=HTMLResponse)
def index(parts: PartsOf, person: Reader) -> HTMLResponse:
    """Show how far each plot type is, and lead to its grid."""
    types = {card.name: card.plot_type for card in parts.feed.cards}
    facts = [one for one in parts.store.label_index() if one.name in types]
    context = {"facts": facts, "here": "label", "types": types}
    return HTMLResponse(parts.views.page("label_index.html", person, context))


@router.get("/label/{plot_type}", response_class=HTMLResponse)
def grid(plot_type: PlotTypeName, asked: AskedOf, parts: PartsOf, person: Reader) -> HTMLResponse:
    """Show the grid; its tiles are fetched by the page's script."""
    kind = found_type(parts, plot_type)
    context = {
        "asked": asked,
        "classes": kind.classes,
        "classes_json": classes_json(kind),
        "here": "label",
        "kind": kind,
        "may_label": person.may(Role.LABELER, plot_type),
        "may_decide": person.may(Role.EXPERT, plot_type),
        "orders": ORDERS,
        "reference": parts.store.reference(plot_type),
        "shown": SHOWN,
        "shown_default": Show.ALL if asked.wish.order is Order.DISAGREEMENT else Show.UNLABELLED,
    }
    return HTMLResponse(parts.views.page("label.html", person, context))


def found_type(parts: Parts, name: str) -> PlotType:
    """Return a plot type of the configuration. Raises HTTPException (404)."""
    card = parts.feed.card(name)
    if card is None:
        raise HTTPException(404, f"There is no plot type {name}.")
    return card.plot_type


def classes_json(kind: PlotType) -> str:
    """Return the classes with their keys and colours for the page's script."""
    classes = [{"name": one.name, "key": one.key, "colour": one.colour} for one in kind.classes]
    return json.dumps(classes, ensure_ascii=False)
