"""`/api/v1/views`: what somebody chose on a page, kept under a name, with a short link `/v/…` for others."""

import json
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException
from fastapi import Path as PathArgument
from fastapi.responses import RedirectResponse
from pydantic import AfterValidator, BaseModel, Field, JsonValue

from hydra_core.store.saved_views import SavedView
from hydra_web.admin.bodies import Body, told
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Myself, Reader

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Base 32 without letters that look like others."""

MOST_BYTES = 4096
Slug = Annotated[str, PathArgument(pattern=f"^[{_DIGITS}]{{1,13}}$", description="Name of the view in links.")]
router = APIRouter(tags=["views"])


def _small(settings: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if len(json.dumps(settings)) > MOST_BYTES:
        raise ValueError(f"the settings of a view may have {MOST_BYTES} bytes")
    return settings


class ViewIn(Body):
    """A view to be kept; one of the same name is replaced. The wall keeps its URL's `query`."""

    name: str = Field(min_length=1, max_length=100)
    settings: Annotated[dict[str, JsonValue], AfterValidator(_small)]


class ViewOut(BaseModel):
    """A view; `/v/{slug}` opens it."""

    slug: str
    name: str
    owner: str
    settings: dict[str, JsonValue]
    created_at: datetime


class ViewPage(BaseModel):
    """The views of whoever asks, by name."""

    items: list[ViewOut]


@router.get("/api/v1/views")
def views(parts: PartsOf, person: Reader) -> ViewPage:
    """Return one's own views; somebody who has not signed in has none."""
    found = parts.store.saved_views(person.name) if person.is_somebody else []
    return ViewPage(items=[_view_out(view) for view in found])


@router.get("/api/v1/views/{slug}")
def view(slug: Slug, parts: PartsOf, person: Reader) -> ViewOut:
    """Return a view, whoever made it."""
    return _view_out(_found(slug, parts))


@router.post("/api/v1/views", status_code=201)
def save(new: ViewIn, parts: PartsOf, person: Myself) -> ViewOut:
    """Keep a view."""
    with told():
        return _view_out(parts.store.save_view(person.name, new.name, new.settings, person.where))


@router.delete("/api/v1/views/{slug}", status_code=204)
def remove(slug: Slug, parts: PartsOf, person: Myself) -> None:
    """Forget one's own view."""
    if not parts.store.remove_view(person.name, number(slug), person.where):
        raise HTTPException(404, "You have no such view.")


@router.get("/v/{slug}", include_in_schema=False)
def open_view(slug: Slug, parts: PartsOf, person: Reader) -> RedirectResponse:
    """Lead to the wall as a view keeps it."""
    query = _found(slug, parts).settings.get("query", "")
    wanted = str(query).removeprefix("?")
    return RedirectResponse(f"/?{wanted}" if wanted.isascii() and wanted.isprintable() and wanted else "/", 303)


def slug_of(view_id: int) -> str:
    """Return the name of a view in links."""
    digits = ""
    while view_id:
        view_id, rest = divmod(view_id, len(_DIGITS))
        digits = _DIGITS[rest] + digits
    return digits or "0"


def number(slug: str) -> int:
    """Return the id of a view from its name in links; 0, which no view has, for one that is too large."""
    found = 0
    for digit in slug:
        found = found * len(_DIGITS) + _DIGITS.index(digit)
    return found if found < 2**63 else 0


def _found(slug: str, parts: Parts) -> SavedView:
    view = parts.store.saved_view(number(slug))
    if view is None:
        raise HTTPException(404, "There is no such view; its owner may have removed it.")
    return view


def _view_out(view: SavedView) -> ViewOut:
    settings: dict[str, JsonValue] = json.loads(json.dumps(dict(view.settings)))
    return ViewOut(
        slug=slug_of(view.id), name=view.name, owner=view.owner, settings=settings, created_at=view.created_at
    )
