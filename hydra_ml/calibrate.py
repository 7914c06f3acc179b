"""Make a trained model's scores mean what they say: temperature and thresholds, from the validation plots only."""

from collections.abc import Mapping

import numpy as np

from hydra_ml.metrics import Scores, Truth, log_loss

THRESHOLD_METHOD = "max_f1"
HIGHEST_THRESHOLD = 0.99
TEMPERATURES = np.geomspace(0.5, 8.0, 97)
PRIOR_WIDTH = 0.3
"""Of log temperature: without it a handful of right answers would ask for the sharpest scores there are."""


def soften(scores: Scores, temperature: float) -> Scores:
    """Apply a temperature to probabilities (n, classes): softmax(log p / T)."""
    logits = np.log(np.clip(scores.astype(np.float64), 1e-30, None)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(scores: Scores, truth: Truth) -> float:
    """Return the temperature that explains the labels best, drawn towards 1 the fewer plots there are."""
    if len(truth) == 0:
        return 1.0
    even = np.ones(scores.shape[1])
    surprise = [len(truth) * log_loss(soften(scores, t), truth, even) for t in TEMPERATURES]
    prior = 0.5 * (np.log(TEMPERATURES) / PRIOR_WIDTH) ** 2
    return float(round(TEMPERATURES[int(np.argmin(surprise + prior))], 4))


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
