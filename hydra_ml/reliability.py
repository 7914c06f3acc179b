"""Whether scores mean what they say: confidence against how often it is right, and what chance alone would show."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BINS = 15
FEWEST_IN_BIN = 10
"""Plots of a bin, so that small sets have fewer bins: a bin of one plot is wrong by its whole confidence."""
DRAWS = 400

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Bin:
    """Plots of about the same confidence: how many, their mean confidence, and the share judged rightly."""

    plots: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far confidence and accuracy are apart.

    `ece` is the expected calibration error, `chance` what a perfectly calibrated model with the same confidences
    would show on so few plots (mean), `chance_most` what it exceeds once in twenty times. `brier` and `log_loss` are
    proper scores: lower is better.
    """

    bins: tuple[Bin, ...]
    ece: float
    chance: float
    chance_most: float
    brier: float
    log_loss: float

    @property
    def excess(self) -> float:
        """Return what of the error chance does not explain, at least 0."""
        return max(0.0, self.ece - self.chance)

    @property
    def is_within_chance(self) -> bool:
        """Whether a perfectly calibrated model could well have shown this error."""
        return self.ece <= self.chance_most


def calibration_of(scores: Floats, truth: npt.NDArray[np.integer], bins: int = BINS, seed: int = 0) -> Calibration:
    """Measure probabilities (n, classes) against class indexes (n,), in at most `bins` bins of equally many plots."""
    top, right = scores.max(axis=1).astype(np.float64), scores.argmax(axis=1) == truth
    parts = _parts(top, bins)
    found = tuple(Bin(len(p), float(top[p].mean()), float(right[p].mean())) for p in parts)
    luck = np.random.default_rng(seed).random((DRAWS, len(top))) < np.minimum(top, 1.0)
    by_chance = sum(abs((luck[:, p] - top[p]).sum(axis=1)) for p in parts) / len(top)
    picked = np.clip(scores[np.arange(len(truth)), truth].astype(np.float64), 1e-12, None)
    target = np.eye(scores.shape[1])[truth]
    return Calibration(
        bins=found,
        ece=float(sum(b.plots * abs(b.confidence - b.accuracy) for b in found) / len(top)),
        chance=float(np.mean(by_chance)),
        chance_most=float(np.percentile(by_chance, 95)),
        brier=float(((scores - target) ** 2).sum(axis=1).mean()),
        log_loss=float(-np.log(picked).mean()),
    )


def _parts(top: Floats, bins: int) -> list[npt.NDArray[np.integer]]:
    """Return the plots of each bin, by rising confidence."""
    order = np.argsort(top, kind="stable")
    return [part for part in np.array_split(order, min(bins, max(1, len(order) // FEWEST_IN_BIN))) if len(part)]
