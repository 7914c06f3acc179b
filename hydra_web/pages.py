"""The wall, and the stream that keeps it alive."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import HTMLResponse, StreamingResponse

from hydra_web.parts import PartsOf
from hydra_web.people.rights import Reader

_ID = Query(ge=0, le=2**63 - 1, description="Newest change that the page shows; what came later is sent at once.")
router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
async def wall(parts: PartsOf, person: Reader) -> HTMLResponse:
    """Show every plot type; the last known state, with a banner, while the database is away."""
    return HTMLResponse(parts.views.wall(parts.feed, person))


@router.get("/events")
async def events(
    parts: PartsOf,
    person: Reader,
    after: Annotated[int | None, _ID] = None,
    last_event_id: Annotated[str, Header()] = "",
) -> StreamingResponse:
    """Stream changes of the wall. A browser that lost the line resumes where it was, by Last-Event-ID."""
    seen = int(last_event_id) if last_event_id.isdecimal() else None if after is None else after + 1

    async def body() -> AsyncIterator[bytes]:
        with parts.feed.subscribe(seen) as subscriber:
            async for message in subscriber.messages():
                yield message

    return StreamingResponse(body(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
