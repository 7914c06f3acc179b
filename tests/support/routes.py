"""The application's own table of routes, with the guard that each declares."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from hydra_web.app import ROUTERS
from hydra_web.people.rights import Needs

SAMPLES = {
    "plot_type": "CDC_occupancy",
    "uid": "0" * 32,
    "sha256": "0" * 64,
    "name": "nobody",
    "slug": "7zzzz",
}
"""What a path parameter may be, by its name; any other is a number."""


@dataclass(frozen=True)
class Route:
    """One method of one path; `needs` None: it declares no guard."""

    method: str
    path: str
    needs: Needs | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def url(self, **values: str) -> str:
        """Return the path with something in the place of each parameter."""
        known = {**SAMPLES, **values}
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: known.get(found[1], "987654321"), self.path)


def routes() -> list[Route]:
    """Return every route of every router that the application includes."""
    return [route for router in ROUTERS for route in _of(router, "")]


def other_paths(app: FastAPI) -> set[str]:
    """Return what the application serves besides its routers."""
    included = [getattr(route, "original_router", None) for route in app.routes]
    assert all(router in ROUTERS for router in included if router is not None)
    mine = {route.path for route in routes()}
    return {str(getattr(route, "path", "")) for route in app.routes} - mine - {""}


def _of(router: APIRouter, prefix: str) -> Iterator[Route]:
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _of(inner, prefix + route.include_context.prefix)
            continue
        assert isinstance(route, APIRoute), f"{route}: only plain routes are looked at by the guards' tests"
        needs = next(_guards(route.dependant), None)
        for method in sorted(route.methods - {"HEAD", "OPTIONS"}):
            yield Route(method, prefix + route.path, needs)


def _guards(dependant: Dependant) -> Iterator[Needs]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Needs):
            yield inner.call
        yield from _guards(inner)
