"""How good a model is: figures from scores and the truth, pure NumPy."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.floating]
"""Probabilities, shape (plots, classes)."""
Truth = npt.NDArray[np.integer]
"""Class indexes, shape (plots,)."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's figures on a set of plots; tuples are in class order, `confusion[true][said]` counts plots.

    Precision, recall and F1 of a class that never occurs (nor is ever said) are NaN.
    """

    classes: tuple[str, ...]
    support: tuple[int, ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    f1: tuple[float, ...]
    confusion: tuple[tuple[int, ...], ...]
    accuracy: float
    balanced_accuracy: float
    ece: float

    def summary(self) -> dict[str, float]:
        """Return the flat figures that the library keeps: whole-set ones, and `f1:<class>` where defined."""
        per_class = {f"f1:{name}": value for name, value in zip(self.classes, self.f1, strict=True) if value == value}
        whole = {"accuracy": self.accuracy, "balanced_accuracy": self.balanced_accuracy, "ece": self.ece}
        return {**whole, "plots": float(sum(self.support)), **per_class}

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON types; NaN becomes None."""
        rows = zip(self.classes, self.support, self.precision, self.recall, self.f1, strict=True)
        return {
            "accuracy": self.accuracy,
            "balanced_accuracy": self.balanced_accuracy,
            "ece": self.ece,
            "classes": {
                name: {"support": n, "precision": _plain(p), "recall": _plain(r), "f1": _plain(f)}
                for name, n, p, r, f in rows
            },
            "confusion": [list(row) for row in self.confusion],
        }


def evaluate_scores(classes: tuple[str, ...], scores: Scores, truth: Truth) -> Evaluation:
    """Compare scores with the truth. Raises ValueError when there is nothing to compare."""
    if len(truth) == 0:
        raise ValueError("no plots to evaluate on")
    confusion = np.zeros((len(classes), len(classes)), int)
    np.add.at(confusion, (truth, scores.argmax(axis=1)), 1)
    hits, support, said = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    recall, precision = _ratio(hits, support), _ratio(hits, said)
    return Evaluation(
        classes=classes,
        support=tuple(int(n) for n in support),
        precision=tuple(float(v) for v in precision),
        recall=tuple(float(v) for v in recall),
        f1=tuple(float(v) for v in _ratio(2 * hits, support + said)),
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        accuracy=float(hits.sum() / len(truth)),
        balanced_accuracy=float(np.nanmean(recall)),
        ece=expected_calibration_error(scores, truth),
    )


def expected_calibration_error(scores: Scores, truth: Truth, bins: int = 15) -> float:
    """Return the mean gap between confidence and accuracy over `bins` bins of equally many plots."""
    top = scores.max(axis=1)
    right = scores.argmax(axis=1) == truth
    order = np.argsort(top, kind="stable")
    parts = [part for part in np.array_split(order, min(bins, len(order))) if len(part)]
    return float(sum(len(part) * abs(top[part].mean() - right[part].mean()) for part in parts) / len(order))


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


def _ratio(part: npt.NDArray[np.integer], whole: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _plain(value: float) -> float | None:
    return None if value != value else value
