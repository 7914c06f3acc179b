"""How far to trust a figure: 95 % confidence intervals by run, because the plots of one run are alike.

Two intervals are made and the wider limits are taken. The bootstrap draws whole runs: it knows that the plots of a
run go wrong together, but nothing of mistakes that no run has shown yet. Wilson's takes plots as independent, and so
never claims that twelve right answers out of twelve mean always right.
"""

import warnings
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FEWEST_RUNS = 5
"""With fewer runs than this a bootstrap by run says nothing."""
DRAWS = 2000
TAILS = (2.5, 97.5)
_Z = 1.959964
"""So many standard deviations hold 95 % of a normal distribution."""

Limits = tuple[float, float]
"""Lower and upper limit of a figure."""
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class Intervals:
    """95 % intervals of a set's figures, in class order (None: the class has no such figure).

    `runs` counts the runs or groups behind them; `note` says in words what makes them doubtful, if anything does.
    """

    precision: tuple[Limits | None, ...]
    recall: tuple[Limits | None, ...]
    f1: tuple[Limits | None, ...]
    balanced_accuracy: Limits
    runs: int
    note: str = ""


def wilson(right: float, plots: float) -> Limits:
    """Return Wilson's interval of a fraction of independent plots; (0, 1) when there is none."""
    if plots <= 0:
        return 0.0, 1.0
    share, z2 = right / plots, _Z**2 / plots
    centre = (share + z2 / 2) / (1 + z2)
    half = _Z / (1 + z2) * float(np.sqrt(share * (1 - share) / plots + z2 / (4 * plots)))
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def confusion_by_run(truth: Counts, said: Counts, runs: Sequence[Hashable], classes: int) -> Counts:
    """Return counts (runs, classes, classes), `[run][true][said]`, in the order in which the runs first occur."""
    numbers: dict[Hashable, int] = {}
    index = np.array([numbers.setdefault(run, len(numbers)) for run in runs], int)
    counts = np.zeros((len(numbers), classes, classes), int)
    np.add.at(counts, (index, truth, said), 1)
    return counts


def intervals_of(confusions: Counts) -> Intervals:
    """Return the intervals of the figures of a set that is given as each run's confusion (runs, classes, classes)."""
    whole, runs = confusions.sum(axis=0), len(confusions)
    drawn = _drawn_figures(confusions) if runs >= FEWEST_RUNS else None
    hits, support, said = whole.diagonal(), whole.sum(axis=1), whole.sum(axis=0)
    precision = [wilson(h, n) if n else None for h, n in zip(hits, said, strict=True)]
    recall = [wilson(h, n) if n else None for h, n in zip(hits, support, strict=True)]
    union = support + said - hits
    f1 = [_f1_limits(wilson(h, n)) if n else None for h, n in zip(hits, union, strict=True)]
    mean = _mean_limits([(float(h / n), wilson(h, n)) for h, n in zip(hits, support, strict=True) if n])
    if drawn is not None:
        precision, recall, f1 = (
            [limits and _wider(limits, draws[:, c]) for c, limits in enumerate(side)]
            for side, draws in zip((precision, recall, f1), drawn, strict=True)
        )
        mean = _wider(mean, _row_means(drawn[1]))
    return Intervals(tuple(precision), tuple(recall), tuple(f1), mean, runs, _note(confusions))


def figures_of(confusion: Counts) -> tuple[Floats, Floats, Floats]:
    """Return precision, recall and F1 of each class from counts (…, classes, classes); NaN where undefined."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    support, said = confusion.sum(axis=-1), confusion.sum(axis=-2)
    return _ratio(hits, said), _ratio(hits, support), _ratio(2 * hits, support + said)


def draw_runs(runs: int, draws: int = DRAWS, seed: int = 0) -> Counts:
    """Return how often each run is drawn in each bootstrap sample, (draws, runs)."""
    return np.random.default_rng(seed).multinomial(runs, np.full(runs, 1 / runs), size=draws)


def percentiles(values: Floats) -> Limits | None:
    """Return the 95 % limits of bootstrap values, NaN left out; None when there is no number among them."""
    numbers = values[np.isfinite(values)]
    if not len(numbers):
        return None
    low, high = np.percentile(numbers, TAILS)
    return float(low), float(high)


def _drawn_figures(confusions: Counts) -> tuple[Floats, Floats, Floats]:
    runs, classes, _ = confusions.shape
    drawn = draw_runs(runs) @ confusions.reshape(runs, -1)
    return figures_of(drawn.reshape(-1, classes, classes))


def _row_means(recall: Floats) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a sample may hold no class that the set has
        return np.asarray(np.nanmean(recall, axis=1))


def _wider(limits: Limits, draws: Floats) -> Limits:
    by_run = percentiles(draws)
    return limits if by_run is None else (min(limits[0], by_run[0]), max(limits[1], by_run[1]))


def _f1_limits(overlap: Limits) -> Limits:
    """Turn the limits of hits / (labelled so or said so) into those of F1, which grows with it."""
    low, high = (2 * q / (1 + q) for q in overlap)
    return low, high


def _mean_limits(parts: Sequence[tuple[float, Limits]]) -> Limits:
    """Return the limits of a mean of independent figures from theirs: distances add in squares (MOVER)."""
    mean = sum(value for value, _ in parts) / len(parts)
    down = sum((value - low) ** 2 for value, (low, _) in parts) ** 0.5 / len(parts)
    up = sum((high - value) ** 2 for value, (_, high) in parts) ** 0.5 / len(parts)
    return max(0.0, mean - down), min(1.0, mean + up)


def _note(confusions: Counts) -> str:
    runs, plots = len(confusions), int(confusions.sum())
    if runs < FEWEST_RUNS:
        what = "1 run or group" if runs == 1 else f"{runs} runs or groups"
        return f"too few runs to say how runs differ ({what}): the intervals take plots as independent, so are narrow"
    if runs == plots:
        return "each plot stands for itself: runs are not known, or one plot a run was measured"
    return ""


def _ratio(part: Counts, whole: Counts) -> Floats:
    return np.asarray(np.where(whole > 0, part / np.maximum(whole, 1), np.nan))
