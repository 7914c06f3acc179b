"""Transfer: fit the head on the features of a pretrained body, which takes seconds; fine-tuning may follow."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hydra_ml.features import Floats, HeadPlots, head_features
from hydra_ml.metrics import class_weights, log_loss

if TYPE_CHECKING:
    import keras

__all__ = ["HeadFit", "HeadPlots", "fit_head"]

PENALTIES = (3e-3, 3e-2, 3e-1)
"""Weight decay of the head, chosen by the loss on plots that a fit has not seen."""
STEADY = 0.3
"""Share of the median spread that is added to each feature's: one that hardly ever varies is noise."""
STEPS, RATE = 300, 0.05
SMOOTHING = 0.02
"""Label smoothing: separable features would ask for endless weights."""


@dataclass(frozen=True, slots=True)
class HeadFit:
    """What a fit gave: scores (n, classes) of each plot by a fit that had not seen its group, and their loss.

    Both are those of plots that could be held out: `held` (n,) says which.
    """

    scores: npt.NDArray[np.float64]
    held: npt.NDArray[np.bool_]
    loss: float


def fit_head(model: "keras.Model", plots: HeadPlots, cache: Path | None = None) -> HeadFit:
    """Fit the "scores" layer of a model whose "embedding" layer feeds it.

    A multinomial logistic regression on features brought to one spread within classes, class-weighted, with its
    penalty chosen by cross-validation over runs; the scaling is folded into the layer's weights, so the model stays as
    it is. It lets thirty plots a class use what the pretraining found in thousands.
    """
    features = head_features(model, plots, cache)
    classes, folds = model.output_shape[-1], plots.folds()
    found = {penalty: _held_out(features, plots.truth, classes, folds, penalty) for penalty in PENALTIES}
    losses = {penalty: _loss(scores, plots.truth, held, classes) for penalty, (scores, held) in found.items()}
    known = {penalty: loss for penalty, loss in losses.items() if loss == loss}
    best = min(known, key=known.__getitem__) if known else PENALTIES[1]
    kernel, bias = _fit(features, plots.truth, classes, best)
    model.get_layer("scores").set_weights([kernel.astype(np.float32), bias.astype(np.float32)])
    return HeadFit(*found[best], losses[best])


def _held_out(
    features: Floats, truth: npt.NDArray[np.int64], classes: int, folds: npt.NDArray[np.int64], penalty: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return the scores of each plot by a fit to the other folds, and which plots could be held out."""
    scores, held = np.zeros((len(truth), classes)), np.zeros(len(truth), bool)
    for fold in np.unique(folds):
        out = folds == fold
        if len(np.unique(truth[~out])) < 2:
            continue
        kernel, bias = _fit(features[~out], truth[~out], classes, penalty)
        scores[out] = _softmax(features[out, 0] @ kernel + bias)
        # A class that the others do not have cannot be known: such plots say nothing of the fit.
        held |= out & np.isin(truth, truth[~out])
    return scores, held


def _fit(features: Floats, truth: npt.NDArray[np.int64], classes: int, penalty: float) -> tuple[Floats, Floats]:
    """Return kernel (d, classes) and bias of the fit to features (n, variants, d)."""
    copies = features.shape[1]
    rows = features.reshape(-1, features.shape[-1])
    labels = np.repeat(truth, copies)
    mean, spread = rows.mean(axis=0), _spread(rows, labels)
    targets = np.eye(classes, dtype=np.float32)[labels] * (1 - SMOOTHING) + SMOOTHING / classes
    weights = class_weights(labels, classes)[labels]
    kernel, bias = _regression((rows - mean) / spread, targets, weights, penalty)
    kernel = kernel / spread[:, None]
    return kernel, bias - mean @ kernel


def _spread(rows: Floats, labels: npt.NDArray[np.int64]) -> Floats:
    """Return each feature's spread within classes."""
    within = np.sqrt(np.mean([rows[labels == label].var(axis=0) for label in np.unique(labels)], axis=0))
    return np.asarray(np.sqrt(within**2 + (STEADY * np.median(within)) ** 2 + 1e-12), np.float32)


def _regression(x: Floats, targets: Floats, weights: Floats, penalty: float) -> tuple[Floats, Floats]:
    """Return kernel and bias of the penalised regression (Adam on the whole set: it is small and convex)."""
    parameters = np.zeros((x.shape[1] + 1, targets.shape[1]), np.float32)
    ones = np.concatenate([x, np.ones((len(x), 1), np.float32)], axis=1)
    first, second = np.zeros_like(parameters), np.zeros_like(parameters)
    scale = (weights / weights.sum())[:, None]
    for step in range(1, STEPS + 1):
        gradient = ones.T @ (scale * (_softmax(ones @ parameters) - targets))
        gradient[:-1] += penalty * parameters[:-1]
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        rate = RATE * (1 - step / (STEPS + 1))
        parameters -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return parameters[:-1], parameters[-1]


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _loss(
    scores: npt.NDArray[np.float64], truth: npt.NDArray[np.int64], held: npt.NDArray[np.bool_], classes: int
) -> float:
    return log_loss(scores[held], truth[held], class_weights(truth[held], classes)) if held.any() else float("nan")
