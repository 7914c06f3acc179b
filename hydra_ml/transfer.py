"""Transfer: fit the head on the features of a pretrained body, which takes seconds; fine-tuning may follow."""

from collections.abc import Sequence
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
    found = _held_out(features, plots.truth, classes, folds)
    losses = {penalty: _loss(scores, plots.truth, held, classes) for penalty, (scores, held) in found.items()}
    known = {penalty: loss for penalty, loss in losses.items() if loss == loss}
    best = min(known, key=known.__getitem__) if known else PENALTIES[1]
    ((kernel, bias),) = _fits(features, plots.truth, classes, (best,))
    model.get_layer("scores").set_weights([kernel.astype(np.float32), bias.astype(np.float32)])
    return HeadFit(*found[best], losses[best])


def _held_out(
    features: Floats, truth: npt.NDArray[np.int64], classes: int, folds: npt.NDArray[np.int64]
) -> dict[float, tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]]:
    """Return for each penalty the scores of each plot by a fit to the other folds, and which plots were held out."""
    held = np.zeros(len(truth), bool)
    scores = {penalty: np.zeros((len(truth), classes)) for penalty in PENALTIES}
    for fold in np.unique(folds):
        out = folds == fold
        if len(np.unique(truth[~out])) < 2:
            continue
        fits = _fits(features[~out], truth[~out], classes, PENALTIES)
        for penalty, (kernel, bias) in zip(PENALTIES, fits, strict=True):
            scores[penalty][out] = _softmax(features[out, 0] @ kernel + bias)
        # A class that the others do not have cannot be known: such plots say nothing of the fit.
        held |= out & np.isin(truth, truth[~out])
    return {penalty: (scores[penalty], held) for penalty in PENALTIES}


def _fits(
    features: Floats, truth: npt.NDArray[np.int64], classes: int, penalties: Sequence[float]
) -> list[tuple[Floats, Floats]]:
    """Return kernel (d, classes) and bias of the fit to features (n, variants, d) with each penalty."""
    copies = features.shape[1]
    rows = features.reshape(-1, features.shape[-1])
    labels = np.repeat(truth, copies)
    mean, spread = rows.mean(axis=0), _spread(rows, labels)
    targets = np.eye(classes, dtype=np.float32)[labels] * (1 - SMOOTHING) + SMOOTHING / classes
    weights = class_weights(labels, classes)[labels]
    found = []
    for kernel, bias in _regressions((rows - mean) / spread, targets, weights, penalties):
        kernel = kernel / spread[:, None]
        found.append((kernel, bias - mean @ kernel))
    return found


def _spread(rows: Floats, labels: npt.NDArray[np.int64]) -> Floats:
    """Return each feature's spread within classes."""
    within = np.sqrt(np.mean([rows[labels == label].var(axis=0) for label in np.unique(labels)], axis=0))
    return np.asarray(np.sqrt(within**2 + (STEADY * np.median(within)) ** 2 + 1e-12), np.float32)


def _regressions(
    x: Floats, targets: Floats, weights: Floats, penalties: Sequence[float]
) -> list[tuple[Floats, Floats]]:
    """Return kernel and bias of the regression with each penalty (Adam on the whole set: it is small and convex).

    All penalties are worked on at once, for the time goes into reading `x`.
    """
    count, classes = len(penalties), targets.shape[1]
    parameters = np.zeros((x.shape[1] + 1, count, classes), np.float32)
    decay = np.asarray(penalties, np.float32)[:, None]
    ones = np.concatenate([x, np.ones((len(x), 1), np.float32)], axis=1)
    turned = np.ascontiguousarray(ones.T)
    first, second = np.zeros_like(parameters), np.zeros_like(parameters)
    scale = (weights / weights.sum()).astype(np.float32)[:, None, None]
    for step in range(1, STEPS + 1):
        said = _softmax((ones @ parameters.reshape(len(parameters), -1)).reshape(-1, count, classes))
        error = (scale * (said - targets[:, None])).reshape(len(x), -1)
        gradient = (turned @ error).reshape(parameters.shape)
        gradient[:-1] += decay * parameters[:-1]
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        rate = RATE * (1 - step / (STEPS + 1))
        parameters -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return [(parameters[:-1, i], parameters[-1, i]) for i in range(count)]


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _loss(
    scores: npt.NDArray[np.float64], truth: npt.NDArray[np.int64], held: npt.NDArray[np.bool_], classes: int
) -> float:
    return log_loss(scores[held], truth[held], class_weights(truth[held], classes)) if held.any() else float("nan")
