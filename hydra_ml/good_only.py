"""A model of a plot type of which only good plots are known yet: it always says good, and its novelty decides."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hydra_core.domain import LabelledPlot, PlotType, Severity
from hydra_ml.architectures import find
from hydra_ml.packing import TrainingOptions
from hydra_ml.progress import Progress

if TYPE_CHECKING:
    import keras

ENOUGH = 20
"""Good plots from which on a model of nothing else is made."""
PRETRAINED = "light"
CERTAIN = 20.0
"""Logit of the one class; all others have 0, so that its score rounds to 1."""
WARNING = "knows only good plots; it can say SUSPECT, never BAD"


def good_classes(plot_type: PlotType) -> tuple[str, ...]:
    """Return the names of the classes that raise no alarm."""
    return tuple(c.name for c in plot_type.classes if c.severity is Severity.NO_ALARM)


def is_good_only(plot_type: PlotType, plots: Sequence[LabelledPlot]) -> bool:
    """Return whether all labelled plots, and at least twenty, are of one class without alarm."""
    known = [p.class_name for p in plots if p.class_name in plot_type.class_names()]
    return len(known) >= ENOUGH and len(set(known)) == 1 and known[0] in good_classes(plot_type)


def options_for(options: TrainingOptions, progress: Progress) -> TrainingOptions:
    """Return the options with a pretrained network: one from nothing would have nothing to learn from."""
    if find(options.architecture).pretrained or options.weights is not None:
        return options
    progress.warning(f"{options.architecture} cannot learn from good plots alone: {PRETRAINED} is used")
    return replace(options, architecture=PRETRAINED)


def say_always(model: "keras.Model", truth: npt.NDArray[np.int64]) -> None:
    """Make the model's head say the one class that there is, whatever it sees."""
    head = model.layers[-1]
    kernel, bias = (np.zeros_like(weight) for weight in head.get_weights())
    bias[truth[0]] = CERTAIN
    head.set_weights([kernel, bias])
