"""Which renderer draws a picture: Matplotlib, or now and then ROOT where it is installed."""

import importlib.util
from functools import lru_cache

import numpy as np

from hydra_ml.simulate.content import Content
from hydra_ml.simulate.drawing import Renderer, draw
from hydra_ml.simulate.style import Drawn, Style


def root_is_installed() -> bool:
    """Tell whether the extra ``[render]`` is installed, without loading it."""
    return importlib.util.find_spec("ROOT") is not None


def draw_any(content: Content, style: Style, rng: np.random.Generator, root_share: float = 0.0) -> Drawn:
    """Draw with ROOT by the chance `root_share` where it is installed, else with Matplotlib.

    One random number is taken in any case, so what follows does not depend on what is installed. ROOT is not for
    threads: one picture at a time in a process.
    """
    if rng.random() < root_share and root_is_installed():
        return _root().draw(content, style, style.size)
    return draw(content, style)


@lru_cache(maxsize=1)
def _root() -> Renderer:
    from hydra_ml.simulate.root_renderer import RootRenderer

    return RootRenderer()
