"""Make a trained model's scores mean what they say: temperature and thresholds, from the validation plots only."""

from collections.abc import Mapping

import numpy as np

from hydra_ml.metrics import Scores, Truth, log_loss

THRESHOLD_METHOD = "max_f1"
HIGHEST_THRESHOLD = 0.99
TEMPERATURES = np.geomspace(0.5, 8.0, 97)
FEWEST_TO_CALIBRATE = 10
"""With fewer plots than this the temperature stays 1: a handful of right answers would make any model look sure."""


def soften(scores: Scores, temperature: float) -> Scores:
    """Apply a temperature to probabilities (n, classes): softmax(log p / T)."""
    logits = np.log(np.clip(scores.astype(np.float64), 1e-30, None)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(scores: Scores, truth: Truth) -> float:
    """Return the temperature of the smallest log loss; 1 when there are too few plots to tell."""
    if len(truth) < FEWEST_TO_CALIBRATE:
        return 1.0
    even = np.ones(scores.shape[1])
    # One wrong answer more than was seen (Laplace) keeps a faultless small set from asking for the sharpest.
    doubt = 1.0 / (len(truth) + 2)
    losses = [_doubtful_loss(soften(scores, t), truth, even, doubt) for t in TEMPERATURES]
    return float(round(TEMPERATURES[int(np.argmin(losses))], 4))


def best_thresholds(classes: tuple[str, ...], scores: Scores, truth: Truth) -> Mapping[str, float]:
    """Return for each class that occurs the threshold of the highest one-vs-rest F1 (steps of 0.01).

    On ties the highest one is taken, as operators lose more by false alarms; at most 0.99.
    """
    grid = np.arange(0, 100) / 100
    found: dict[str, float] = {}
    for index, name in enumerate(classes):
        is_class = truth == index
        if not is_class.any():
            continue
        said = scores[:, index][None, :] >= grid[:, None]
        hits = (said & is_class).sum(axis=1)
        f1 = 2 * hits / (said.sum(axis=1) + is_class.sum())
        best = np.flatnonzero(f1 >= f1.max() - 1e-12)[-1]
        found[name] = min(float(grid[best]), HIGHEST_THRESHOLD)
    return found


def _doubtful_loss(scores: Scores, truth: Truth, weights: Scores, doubt: float) -> float:
    right = log_loss(scores, truth, weights)
    rest = np.clip(1.0 - scores[np.arange(len(truth)), truth], 1e-12, None)
    return (1 - doubt) * right - doubt * float(np.log(rest).mean())
