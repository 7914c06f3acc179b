"""Finds out who sends a request, before any route runs."""

from starlette.types import ASGIApp, Receive, Scope, Send

from hydra_web.people.rights import ANYBODY


class WhoAsks:
    """ASGI middleware that puts a `Person` into every request's state."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its person."""
        if scope["type"] == "http":
            scope.setdefault("state", {})["person"] = ANYBODY
        await self._app(scope, receive, send)
