"""The enhanced confusion matrix: each cell knows its plots and how sure the model was of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hydra_ml.metrics import Scores, Truth

CONFUSION_FILE = "confusion.json"
"""The matrices of a bundle: side → `ConfusionMatrix.to_dict()`."""
BINS = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """Plots labelled `label` that the model called `said`: a histogram of its confidence over 0…1, and each one.

    `plots` are (uid, confidence), the surest first.
    """

    label: str
    said: str
    histogram: tuple[int, ...]
    plots: tuple[tuple[str, float], ...]

    @property
    def count(self) -> int:
        """Return how many plots there are."""
        return len(self.plots)


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Cells by class order: `cells[true][said]`."""

    classes: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; cells without plots are left out."""
        filled = [cell for row in self.cells for cell in row if cell.plots]
        return {
            "classes": list(self.classes),
            "bins": BINS,
            "cells": [
                {
                    "label": cell.label,
                    "said": cell.said,
                    "count": cell.count,
                    "histogram": list(cell.histogram),
                    "plots": [[uid, confidence] for uid, confidence in cell.plots],
                }
                for cell in filled
            ],
        }


def confusion_matrix(classes: tuple[str, ...], scores: Scores, truth: Truth, uids: Sequence[str]) -> ConfusionMatrix:
    """Sort judged plots into cells; scores (n, classes), truth and uids (n,) in the same order."""
    said, top = scores.argmax(axis=1), scores.max(axis=1)
    rows = [
        tuple(
            _cell(classes[t], classes[s], np.flatnonzero((truth == t) & (said == s)), top, uids)
            for s in range(len(classes))
        )
        for t in range(len(classes))
    ]
    return ConfusionMatrix(classes, tuple(rows))


def _cell(
    label: str, said: str, chosen: npt.NDArray[np.integer], top: npt.NDArray[np.floating], uids: Sequence[str]
) -> Cell:
    counts, _ = np.histogram(np.clip(top[chosen], 0, 1), BINS, (0, 1))
    order = chosen[np.argsort(-top[chosen], kind="stable")]
    plots = tuple((uids[i], round(float(top[i]), 6)) for i in order)
    return Cell(label, said, tuple(int(n) for n in counts), plots)
