"""How good a model is: figures from scores and the truth, pure NumPy."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hydra_ml.intervals import Intervals, Limits, confusion_by_run, figures_of, intervals_of
from hydra_ml.reliability import Calibration, calibration_of

Scores = npt.NDArray[np.floating]
"""Probabilities, shape (plots, classes)."""
Truth = npt.NDArray[np.integer]
"""Class indexes, shape (plots,)."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's figures on a set of plots; tuples are in class order, `confusion[true][said]` counts plots.

    Precision, recall and F1 of a class that never occurs (nor is ever said) are NaN. `intervals` are 95 % ones by run.
    """

    classes: tuple[str, ...]
    support: tuple[int, ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    f1: tuple[float, ...]
    confusion: tuple[tuple[int, ...], ...]
    accuracy: float
    balanced_accuracy: float
    intervals: Intervals
    calibration: Calibration

    @property
    def ece(self) -> float:
        """Return the expected calibration error."""
        return self.calibration.ece

    def summary(self) -> dict[str, float]:
        """Return the flat figures that the library keeps: whole-set ones, and `f1:<class>` where defined."""
        per_class = {f"f1:{name}": value for name, value in zip(self.classes, self.f1, strict=True) if value == value}
        whole = {"accuracy": self.accuracy, "balanced_accuracy": self.balanced_accuracy, "ece": self.ece}
        return {**whole, "plots": float(sum(self.support)), **per_class}

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON types; NaN becomes None."""
        low, high = self.intervals.balanced_accuracy
        return {
            "accuracy": self.accuracy,
            "balanced_accuracy": self.balanced_accuracy,
            "balanced_accuracy_interval": [low, high],
            "ece": self.ece,
            "ece_of_chance": self.calibration.chance,
            "ece_within_chance": self.calibration.is_within_chance,
            "brier": self.calibration.brier,
            "log_loss": self.calibration.log_loss,
            "runs": self.intervals.runs,
            "interval_note": self.intervals.note,
            "classes": {name: self._class_dict(index) for index, name in enumerate(self.classes)},
            "confusion": [list(row) for row in self.confusion],
        }

    def _class_dict(self, index: int) -> dict[str, object]:
        limits = self.intervals
        return {
            "support": self.support[index],
            "precision": _plain(self.precision[index]),
            "recall": _plain(self.recall[index]),
            "f1": _plain(self.f1[index]),
            "precision_interval": _pair(limits.precision[index]),
            "recall_interval": _pair(limits.recall[index]),
            "f1_interval": _pair(limits.f1[index]),
        }


def evaluate_scores(
    classes: tuple[str, ...], scores: Scores, truth: Truth, runs: Sequence[Hashable] | None = None
) -> Evaluation:
    """Compare scores with the truth; `runs` says which run or group each plot is of (None: each is its own).

    Raises ValueError when there is nothing to compare.
    """
    if len(truth) == 0:
        raise ValueError("no plots to evaluate on")
    by_run = confusion_by_run(truth, scores.argmax(axis=1), runs or range(len(truth)), len(classes))
    confusion = by_run.sum(axis=0)
    precision, recall, f1 = figures_of(confusion)
    return Evaluation(
        classes=classes,
        support=tuple(int(n) for n in confusion.sum(axis=1)),
        precision=tuple(float(v) for v in precision),
        recall=tuple(float(v) for v in recall),
        f1=tuple(float(v) for v in f1),
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        accuracy=float(confusion.trace() / len(truth)),
        balanced_accuracy=float(np.nanmean(recall)),
        intervals=intervals_of(by_run),
        calibration=calibration_of(scores, truth),
    )


def class_weights(truth: Truth, classes: int) -> npt.NDArray[np.float32]:
    """Weight each class by its rarity, mean 1 over the plots; a class without plots weighs 0."""
    counts = np.bincount(truth, minlength=classes)
    present = counts > 0
    weights = np.zeros(classes, np.float32)
    weights[present] = len(truth) / (present.sum() * counts[present])
    return weights


def log_loss(scores: Scores, truth: Truth, weights: npt.NDArray[np.floating]) -> float:
    """Return the class-weighted mean negative log likelihood."""
    picked = np.clip(scores[np.arange(len(truth)), truth].astype(np.float64), 1e-12, None)
    weight = weights[truth].astype(np.float64)
    return float(-(weight * np.log(picked)).sum() / max(weight.sum(), 1e-12))


def _plain(value: float) -> float | None:
    return None if value != value else value


def _pair(limits: Limits | None) -> list[float] | None:
    return None if limits is None else list(limits)
