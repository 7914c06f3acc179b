"""Finds out who sends a request, before any route runs, and turns away what no route should see."""

import logging
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hydra_core.errors import StoreError
from hydra_web.parts import Parts
from hydra_web.people.identity import BadTokenError, bearer, find_person, nobody
from hydra_web.people.origin import SAFE, is_ours
from hydra_web.people.rights import Person, Role

logger = logging.getLogger(__name__)

IMPERSONAL = ("/static/", "/healthz", "/readyz", "/metrics")
"""Paths that tell everybody the same and cost no look into the database."""

OPEN = ("/login",)
"""Where somebody gets in."""

AWAY = "The database cannot be read just now, so nobody can be let in. The web service's log says why."


class WhoAsks:
    """ASGI middleware that puts a `Person` into every request's state; see `find_person` for who that is.

    Without a token, a request that may change something must come from a page of this server (403). Where reading
    needs a name, whoever has none is sent to the sign-in page, or refused (401) where a program asks.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its person, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        parts: Parts = request.app.state.parts
        found = await _look(request, parts)
        if isinstance(found, Person):
            scope.setdefault("state", {})["person"] = found
            await self._app(scope, receive, send)
        else:
            await found(scope, receive, send)


async def _look(request: Request, parts: Parts) -> Person | Response:
    config, path = parts.config, request.url.path
    if path.startswith(IMPERSONAL):
        return nobody(config)
    if request.method not in SAFE and bearer(request) is None and not is_ours(request.headers, config.web.base_url):
        logger.warning("write from another site refused path=%s origin=%r", path, request.headers.get("origin"))
        return _no(403, "This came from another site, or from a program without a token. Nothing was changed.")
    try:
        person = await _person(request, parts)
    except BadTokenError:
        return _no(401, "This token opens nothing: it is wrong, revoked or has run out.")
    except StoreError as error:
        logger.warning("nobody can be let in path=%s why=%s", path, error)
        return _no(503, AWAY)
    if person.may_somewhere(Role.VIEWER) or path in OPEN or (person.is_known and path == "/logout"):
        return person
    return _turned_away(request, person)


async def _person(request: Request, parts: Parts) -> Person:
    """Return who asks. While the database is away everybody who may look without a name still may."""
    config = parts.config
    if parts.feed.away is not None and request.method in SAFE and config.web.auth.anonymous == "viewer":
        return nobody(config)
    try:
        return await run_in_threadpool(find_person, request, config, parts.store)
    except StoreError:
        if request.method in SAFE and config.web.auth.anonymous == "viewer":
            return nobody(config)
        raise


def _turned_away(request: Request, person: Person) -> Response:
    if person.is_known:
        return _no(403, f"{person.name} has no role here; an admin of Hydra can grant one.")
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(sign_in_url(request), 303)
    return _no(401, "Sign in first, or send a token.")


def sign_in_url(request: Request) -> str:
    """Return the sign-in page that leads back to where somebody wanted to go."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"/login?next={quote(request.url.path + query, safe='/')}"


def _no(code: int, words: str) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if code == 401 else None
    return JSONResponse({"detail": words}, code, headers)
