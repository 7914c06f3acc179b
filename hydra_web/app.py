"""Puts the web service together: feed, templates and routes around one store and one archive."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from hydra_core.config import HallConfig
from hydra_core.errors import HydraError
from hydra_core.ports import Archive
from hydra_core.store import SqlStore
from hydra_web import api, health, media, pages
from hydra_web.admin import routers as people_routers
from hydra_web.described import DescribedApp
from hydra_web.events import WallFeed
from hydra_web.intake import routes as intake_routes
from hydra_web.intake.intake import make_intake
from hydra_web.labelling import routers as teaching_routers
from hydra_web.library import routes as library_routes
from hydra_web.library.past import Pasts
from hydra_web.log import actions, entries, shift
from hydra_web.log import pages as log_pages
from hydra_web.parts import Parts
from hydra_web.people.asking import WhoAsks, sign_in_url
from hydra_web.plot import routes as plot_routes
from hydra_web.security import SecurityHeaders
from hydra_web.status import metrics
from hydra_web.status import routes as status_routes
from hydra_web.trend import routes as trend_routes
from hydra_web.views import Views

logger = logging.getLogger(__name__)
STATIC = Path(__file__).with_name("static")
ROUTERS = (
    pages.router,
    api.router,
    media.router,
    health.router,
    actions.router,
    entries.router,
    log_pages.router,
    shift.router,
    *people_routers.ROUTERS,
    intake_routes.router,
    plot_routes.router,
    trend_routes.router,
    status_routes.router,
    metrics.router,
    library_routes.router,
    *teaching_routers.ROUTERS,
)
"""One a subject; a page and its JSON twin are in the same package."""


def create_app(config: HallConfig, store: SqlStore, archive: Archive) -> FastAPI:
    """Return the application of one hall. It reads the database only while its lifespan runs."""
    release = version("hydra-monitoring")
    views = Views(config.deployment, config.zone, release)
    feed = WallFeed(store, config.plot_types(), config.epics.prefix, views)
    app = DescribedApp(
        title="Hydra",
        version=release,
        description="What Hydra thinks of the plots of one experimental hall.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page would load scripts from another host
        redoc_url=None,
        lifespan=_lifespan,
    )
    intake = make_intake(config, store.known_plots)
    app.state.parts = Parts(config, feed, store, archive, views, intake=intake)
    app.state.pasts = Pasts(store)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(WhoAsks)
    app.add_middleware(SecurityHeaders)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(HydraError, _unavailable)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Read the wall once, then follow it until the server stops."""
    feed: WallFeed = app.state.parts.feed
    await feed.poll()
    task = asyncio.create_task(feed.run(), name="wall feed")
    try:
        yield
    finally:
        feed.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _refused(request: Request, error: Exception) -> Response:
    """Answer a person with a page, a program with JSON."""
    if not isinstance(error, HTTPException):
        raise error
    if not _wants_page(request):
        return await http_exception_handler(request, error)
    if error.status_code == 401 and request.method == "GET":
        return RedirectResponse(sign_in_url(request), 303)
    views = request.app.state.parts.views
    heading = "Not found" if error.status_code == 404 else "That did not work"
    return HTMLResponse(views.message(heading, str(error.detail)), error.status_code)


async def _unavailable(request: Request, error: Exception) -> Response:
    """Say that the database or the archive cannot be read just now; hosts and paths are for the log alone."""
    logger.warning("request failed path=%s why=%s", request.url.path, error)
    words = "The database or the archive cannot be read just now. The web service's log says why."
    if _wants_page(request):
        return HTMLResponse(request.app.state.parts.views.message("Not available just now", words), 503)
    return JSONResponse({"detail": words}, 503)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
