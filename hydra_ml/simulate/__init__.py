"""Synthetic detector plots, healthy and faulty, with the truth about each: for demos, tests and first training sets.

`sample` makes a plot's `Content`, `draw` its pixels, `png` its file; `write_training_set` a labelled directory and
`Feed` the live stream of a running experiment. Everything comes from a seed: same seed, same bytes.
"""

from hydra_ml.simulate.choice import draw_any, root_is_installed
from hydra_ml.simulate.content import LABELS, Content, FaultBox
from hydra_ml.simulate.drawing import Renderer, draw, png
from hydra_ml.simulate.feed import Feed, Truth
from hydra_ml.simulate.run import RunConditions
from hydra_ml.simulate.sampling import faults, labels, plot_types, sample
from hydra_ml.simulate.schedule import FaultTimes
from hydra_ml.simulate.style import Drawn, Style
from hydra_ml.simulate.training import write_training_set

__all__ = [
    "LABELS",
    "Content",
    "Drawn",
    "FaultBox",
    "FaultTimes",
    "Feed",
    "Renderer",
    "RunConditions",
    "Style",
    "Truth",
    "draw",
    "draw_any",
    "faults",
    "labels",
    "plot_types",
    "png",
    "root_is_installed",
    "sample",
    "write_training_set",
]
