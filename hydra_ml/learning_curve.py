"""How good a model becomes with more labels: fits on growing sets of runs, measured on the same held-out plots."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hydra_ml.charts import Axes
from hydra_ml.drawing import Drawing
from hydra_ml.metrics import Truth

Rows = npt.NDArray[np.int64]
SIZES = (5, 10, 20, 30, 50, 100, 200, 500, 1000)
"""Labels a class that are tried, as far as there are so many."""
REPEATS = 5
WORTH = 0.005
"""Balanced accuracy that a doubling must still bring for more labels to be advised."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Balanced accuracies of several fits on about `labels` plots of each class, from different runs.

    `plots` is the mean number of plots in a fit, `low` and `high` the worst and the best of the fits.
    """

    labels: int
    plots: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Points by rising number of labels; `measured_on` says in words on which plots."""

    points: tuple[CurvePoint, ...]
    measured_on: str = "held-out plots"

    def advice(self) -> str:
        """Say whether more labels promise to help, judged by what the last doubling brought."""
        if len(self.points) < 2:
            return "Too few labels or runs to see how the model improves with more."
        last = self.points[-1]
        half = min(self.points[:-1], key=lambda p: abs(np.log(p.labels * 2 / last.labels)))
        gain = last.mean - half.mean
        if gain > WORTH:
            return f"From {half.labels} to {last.labels} labels a class it gained {gain:+.3f}: more labels should help."
        return (
            f"From {half.labels} to {last.labels} labels a class it gained {gain:+.3f}: more of the same labels help "
            "little; label what it misjudges or has never seen."
        )


def learning_curve(
    truth: Truth,
    runs: Sequence[Hashable],
    fit_and_score: Callable[[Rows], float],
    measured_on: str = "held-out plots",
    sizes: Sequence[int] = SIZES,
    repeats: int = REPEATS,
    seed: int = 0,
) -> LearningCurve:
    """Fit on growing sets and return how well they do.

    `fit_and_score(rows)` fits on these training plots and returns a balanced accuracy on held-out ones. In each
    repeat the runs come in another order; a set takes of each class the first plots in that order, so a smaller set
    is part of every larger one and comes from fewer runs, as labels do in practice.
    """
    rarest = int(np.bincount(truth)[np.unique(truth)].min())
    most = int(np.bincount(truth).max())
    tried = [n for n in sizes if n < rarest]
    tried = [*tried, rarest] + [n for n in sizes if rarest < n < most]
    tried = [*tried, most] if most > rarest else tried
    orders = [_order(runs, seed + repeat) for repeat in range(repeats)]
    points = []
    for labels in tried:
        whole = labels >= most
        sets = [_first(truth, order, labels) for order in (orders[:1] if whole else orders)]
        scores = [fit_and_score(rows) for rows in sets]
        plots = float(np.mean([len(rows) for rows in sets]))
        points.append(CurvePoint(labels, plots, float(np.mean(scores)), min(scores), max(scores)))
    return LearningCurve(tuple(points), measured_on)


def draw_learning_curve(curve: LearningCurve) -> Drawing:
    """Draw balanced accuracy against labels a class, these on a log scale; the band holds all fits."""
    drawing = Drawing(560, 300, "Balanced accuracy on held-out plots against the number of labels a class")
    at = [float(np.log2(p.labels)) for p in curve.points]
    low = 0.1 * np.floor(10 * min(p.low for p in curve.points))
    low = float(min(low, 0.9))
    axes = Axes(drawing, 52, 34, 546, 250, (at[0], max(at[-1], at[0] + 1)), (low, 1.0))
    axes.draw((), [round(low + (1 - low) * i / 4, 3) for i in range(5)], "labels a class", "balanced accuracy")
    upper = [axes.at(x, p.high) for x, p in zip(at, curve.points, strict=True)]
    lower = [axes.at(x, p.low) for x, p in zip(at, curve.points, strict=True)]
    if len(curve.points) > 1:
        drawing.area([*upper, *reversed(lower)], "band")
    axes.curve([(x, p.mean) for x, p in zip(at, curve.points, strict=True)], "first", 2)
    for x, point in zip(at, curve.points, strict=True):
        drawing.dot(axes.at(x, point.mean), "first", 4)
        drawing.write((axes.at(x, low)[0], 267), str(point.labels), "soft", 12, "middle")
    return drawing


def _order(runs: Sequence[Hashable], seed: int) -> Rows:
    """Return all rows, run by run, the runs in a random order and the plots of a run too."""
    names = list(dict.fromkeys(runs))
    rng = np.random.default_rng(seed)
    place = {names[n]: p for p, n in enumerate(rng.permutation(len(names)))}
    return np.asarray(np.lexsort((rng.random(len(runs)), np.array([place[run] for run in runs]))), np.int64)


def _first(truth: Truth, order: Rows, labels: int) -> Rows:
    """Return the first `labels` rows of each class."""
    return np.sort(np.concatenate([order[truth[order] == c][:labels] for c in np.unique(truth)]))
