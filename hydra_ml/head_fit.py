"""Fit a network's head to a dataset, and say what the fit is worth on plots that it had not seen."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hydra_ml.calibrate import HeldOut
from hydra_ml.dataset import Dataset
from hydra_ml.evaluate import run_of
from hydra_ml.fitting import inference, scores_of
from hydra_ml.metrics import class_weights, log_loss
from hydra_ml.transfer import HeadPlots, fit_head

if TYPE_CHECKING:
    import keras

FEATURES_FILE = ".features.npz"


def fit_head_of(
    model: "keras.Model", dataset: Dataset, *, fine_tuned: bool, kept: Path | None
) -> tuple[float, HeldOut | None]:
    """Fit the head on a dataset and return a loss, and scores of plots by fits that had not seen them.

    A head that stays as it is learns from the validation side too, as it is chosen and calibrated by cross-validation
    over runs. Where the net is `fine_tuned` after it, the validation side is left for that: the loss is on it (infinite
    without any), there are no scores. `kept` is the file that keeps features.
    """
    sides = ("train",) if fine_tuned else ("train", "validation")
    rows = np.array([i for i, side in enumerate(dataset.splits) if side in sides], np.int64)
    runs = tuple(run_of(dataset.plots[i]) for i in rows)
    good = frozenset(i for i, name in enumerate(dataset.classes) if name in dataset.good)
    fit = fit_head(model, HeadPlots(dataset.pictures[rows], dataset.truth[rows], runs, good), kept)
    if not fine_tuned:
        held = np.flatnonzero(fit.held)
        if len(held) == 0:
            return fit.loss, None
        named = tuple(runs[i] for i in held)
        return fit.loss, HeldOut(fit.scores[held], dataset.truth[rows[held]], named, rows[held], "held out by run")
    part = dataset.part("validation")
    if len(part.truth) == 0:
        return float("inf"), None
    scores = scores_of(inference(model), part.images, len(dataset.classes))
    return log_loss(scores, part.truth, class_weights(part.truth, len(dataset.classes))), None
