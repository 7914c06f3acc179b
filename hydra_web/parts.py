"""What the routes work with: built once in `app.py`, handed to every route by FastAPI."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from hydra_core.config import HallConfig
from hydra_core.ports import Archive
from hydra_core.store import SqlStore
from hydra_web.events import WallFeed
from hydra_web.intake.intake import Intake
from hydra_web.people.limits import LoginLimits
from hydra_web.views import Views


@dataclass(frozen=True, slots=True)
class Parts:
    """The hall, the feed of its wall, the database, the picture archive, the templates and who tried to sign in."""

    config: HallConfig
    feed: WallFeed
    store: SqlStore
    archive: Archive
    views: Views
    logins: LoginLimits = field(default_factory=LoginLimits)
    intake: Intake | None = None


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsOf = Annotated[Parts, Depends(_parts)]
"""Annotation of a route's argument that receives the application's parts."""
