"""What the routes work with: built once in `app.py`, handed to every route by FastAPI."""

from dataclasses import dataclass
from typing import Annotated, Protocol

import numpy as np
import numpy.typing as npt
from fastapi import Depends, Request

from hydra_core.ports import Archive
from hydra_core.store.pages import PlotPage
from hydra_web.events import WallFeed, WallStore
from hydra_web.views import Views


class PictureStore(WallStore, Protocol):
    """What the pages ask of the database besides the wall. Every call may raise StoreError."""

    def cam(self, inference_id: int) -> npt.NDArray[np.uint8] | None:
        """Return the Grad-CAM map of an inference, uint8 (h, w); None when there is no such or it has none."""
        ...

    def plot_page(self, uid: str, last: int = 20) -> PlotPage | None:
        """Return a plot with what was said of it and its type's `last` verdicts; None when there is no such plot."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The feed of the wall, the database, the picture archive and the templates."""

    feed: WallFeed
    store: PictureStore
    archive: Archive
    views: Views


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsOf = Annotated[Parts, Depends(_parts)]
"""Annotation of a route's argument that receives the application's parts."""
