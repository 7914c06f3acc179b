"""`POST /api/v1/plots`: takes a plot from whoever has a token, for halls that feed Hydra with one curl."""

import logging
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from hydra_core.errors import StoreError
from hydra_core.inbox import Pushed
from hydra_web.intake.body import NoPlotError, TooBigError, read_plot
from hydra_web.intake.intake import FullError, Intake, RefusedError
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Labeler, Role

logger = logging.getLogger(__name__)
LARGEST = 2**31 - 1

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "plot_type": {"type": "string"},
        "run": {"type": "integer"},
        "chunk": {"type": "integer"},
        "taken_at": {"type": "string", "format": "date-time"},
    },
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"image/png": _BINARY, "image/jpeg": _BINARY, "multipart/form-data": {"schema": _FORM}},
    }
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such plot type, or this hall takes no plots by HTTP."},
    413: {"description": "The picture is larger than `archive.max_bytes`."},
    503: {"description": "The inbox is full or cannot be written."},
}
_Text = Annotated[str | None, Query(description="Here or in the form.")]
router = APIRouter(tags=["plots"])


class Facts(BaseModel):
    """What a sender says of a plot."""

    model_config = ConfigDict(extra="forbid")

    plot_type: Annotated[str, Field(max_length=64)]
    run: Annotated[int, Field(ge=0, le=LARGEST)]
    chunk: Annotated[int, Field(ge=0, le=LARGEST)]
    taken_at: AwareDatetime | None = None


class Taken(BaseModel):
    """A plot that the IOC will judge; its page is there as soon as it has."""

    uid: str
    url: str = Field(description="Page of the plot.", examples=["https://hydra.example.org/p/0123"])
    is_new: bool = Field(description="False when the same plot was waiting already; nothing was done then.")


@router.post("/api/v1/plots", status_code=202, openapi_extra=_BODY, responses=_ANSWERS)
async def push(
    request: Request,
    parts: PartsOf,
    person: Labeler,
    plot_type: _Text = None,
    run: _Text = None,
    chunk: _Text = None,
    taken_at: Annotated[str | None, Query(description="ISO 8601 with a zone; without it: now.")] = None,
) -> Taken:
    """Take a plot: the body, or the part `file` of a form. Needs the role labeler for its plot type.

    The same picture for the same run and chunk is the same plot, so that a sender may repeat what got no answer.
    """
    intake = parts.intake
    if intake is None:
        raise HTTPException(404, "This hall takes no plots by HTTP: `sources` has none of kind http.")
    asked = {"plot_type": plot_type, "run": run, "chunk": chunk, "taken_at": taken_at}
    data, form = await _read(request, intake)
    facts = _facts({name: value for name, value in asked.items() if value is not None} | form)
    if facts.plot_type not in parts.config.plots:
        close = get_close_matches(facts.plot_type, parts.config.plots, 1)
        raise HTTPException(404, f"No such plot type{f'; did you mean {close[0]}?' if close else '.'}")
    person.must(Role.LABELER, facts.plot_type)
    pushed = await run_in_threadpool(_take, intake, facts, data)
    logger.info("plot pushed in by=%s path=%s uid=%s new=%s", person.name, pushed.name, pushed.uid, pushed.is_new)
    return Taken(uid=pushed.uid, url=f"{_base(request, parts)}/p/{pushed.uid}", is_new=pushed.is_new)


async def _read(request: Request, intake: Intake) -> tuple[bytes, dict[str, str]]:
    try:
        data, form = await read_plot(request, intake.limits.max_bytes)
    except TooBigError:
        words = f"The picture is larger than the {intake.limits.max_bytes} bytes allowed."
        raise HTTPException(413, words) from None
    except NoPlotError as error:
        raise HTTPException(422, str(error)) from error
    return data, dict(form)


def _facts(said: dict[str, str]) -> Facts:
    try:
        return Facts.model_validate(said)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_context=False)) from error


def _take(intake: Intake, facts: Facts, data: bytes) -> Pushed:
    moment: datetime | None = facts.taken_at
    try:
        return intake.take(facts.plot_type, facts.run, facts.chunk, data, moment)
    except RefusedError as error:
        raise HTTPException(422, str(error)) from error
    except FullError:
        raise HTTPException(503, "The inbox is full: the IOC takes nothing. Try again later.") from None
    except StoreError as error:
        logger.error("inbox cannot be written why=%s", error)
        raise HTTPException(503, "The inbox cannot be written; the web service's log says why.") from error


def _base(request: Request, parts: Parts) -> str:
    return parts.config.web.base_url.rstrip("/") or str(request.base_url).rstrip("/")
