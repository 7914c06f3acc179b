"""Choose each class's threshold: scan all of them, then take the best F1, the least cost, or what a shift can bear.

A class counts as said the way it does in service: it has the highest score, and that reaches the threshold.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from hydra_core.errors import ModelError
from hydra_ml.intervals import wilson
from hydra_ml.metrics import Scores, Truth

THRESHOLDS_FILE = "thresholds.json"
"""The scans of a bundle: where they were made ("from") and class → `Scan.to_dict()`."""
GRID = np.arange(100) / 100
"""Thresholds that are tried; 1.00 would refuse a score of 0.999."""
SHIFT_HOURS = 8.0

MAX_F1, COST, BUDGET = "max_f1", "cost", "budget"
METHODS = (MAX_F1, COST, BUDGET)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scan:
    """One class against the rest at every threshold of `GRID`.

    `support` plots of `plots` are labelled with the class; `said` counts those that the model calls so at each
    threshold, `hits` the right ones among them.
    """

    class_name: str
    support: int
    plots: int
    said: tuple[int, ...]
    hits: tuple[int, ...]

    def precision(self) -> Floats:
        """Return the share of right ones among those said; NaN where nothing is said."""
        said = np.array(self.said)
        return np.where(said > 0, np.array(self.hits) / np.maximum(said, 1), np.nan)

    def recall(self) -> Floats:
        """Return the share of the class that is said; NaN without plots of it."""
        return np.asarray(np.array(self.hits) / (self.support or np.nan))

    def f1(self) -> Floats:
        """Return the F1 score; 0 where nothing is said."""
        return np.asarray(2 * np.array(self.hits) / np.maximum(np.array(self.said) + self.support, 1))

    def false_alarms(self) -> Floats:
        """Return the share of the other classes' plots that are called so; 0 when there are none."""
        return np.asarray((np.array(self.said) - np.array(self.hits)) / max(self.plots - self.support, 1))

    def most_false_alarms(self, index: int) -> float:
        """Return the upper 95 % limit of `false_alarms` at a threshold of the grid: few plots prove little."""
        return wilson(self.said[index] - self.hits[index], self.plots - self.support)[1]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types: counts, from which all else follows, and the three curves for who draws them."""
        curves = {"precision": self.precision(), "recall": self.recall(), "f1": self.f1()}
        return {
            "support": self.support,
            "plots": self.plots,
            "said": list(self.said),
            "hits": list(self.hits),
            "threshold": GRID.tolist(),
            **{name: [None if v != v else round(float(v), 6) for v in curve] for name, curve in curves.items()},
        }

    @classmethod
    def from_dict(cls, class_name: str, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        said, hits = (tuple(int(n) for n in data[key]) for key in ("said", "hits"))
        if len(said) != len(GRID) or len(hits) != len(GRID):
            raise ValueError(f"{class_name}: a scan has {len(GRID)} thresholds")
        return cls(class_name, int(data["support"]), int(data["plots"]), said, hits)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a threshold shall be good for.

    `method` "max_f1" needs nothing more. "cost" weighs a missed plot of the class (`missed`) against a false alarm
    (`false_alarm`), where a `share` of live plots is of the class (None: as among the labelled ones). "budget" allows
    `per_shift` false alarms in 8 hours at `plots_per_hour` plots of this plot type.
    """

    method: str = MAX_F1
    missed: float = 10.0
    false_alarm: float = 1.0
    share: float | None = None
    per_shift: float = 1.0
    plots_per_hour: float = 60.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The threshold chosen for a class with what it gives; `doubt` says in words what the plots cannot prove.

    `per_shift` is the expected number of false alarms in 8 hours before confirmation k of n, `per_shift_most` its
    upper 95 % limit.
    """

    class_name: str
    threshold: float
    method: str
    precision: float
    recall: float
    f1: float
    per_shift: float
    per_shift_most: float
    doubt: str = ""


def scan(classes: Sequence[str], scores: Scores, truth: Truth) -> tuple[Scan, ...]:
    """Scan every class: probabilities (n, classes), class indexes (n,)."""
    top = scores.argmax(axis=1) if len(scores) else np.zeros(0, int)
    found = []
    for index, name in enumerate(classes):
        mine = truth == index
        reached = (top == index) & (scores[:, index] >= GRID[:, None] - 1e-9)
        said, hits = reached.sum(axis=1), (reached & mine).sum(axis=1)
        counts = (tuple(int(n) for n in side) for side in (said, hits))
        found.append(Scan(name, int(mine.sum()), len(truth), *counts))
    return tuple(found)


def choose(scanned: Scan, wish: Wish) -> Choice | None:
    """Return the threshold that fulfils a wish best; None for a class without plots.

    Where several are as good the highest is taken, as operators lose more by false alarms. Raises ValueError for an
    unknown method or impossible numbers.
    """
    check_wish(wish)
    if scanned.support == 0:
        return None
    at = {MAX_F1: _best_f1, COST: _least_cost, BUDGET: _within_budget}[wish.method](scanned, wish)
    alarms = wish.plots_per_hour * SHIFT_HOURS
    expected, most = scanned.false_alarms()[at] * alarms, scanned.most_false_alarms(at) * alarms
    return Choice(
        class_name=scanned.class_name,
        threshold=float(GRID[at]),
        method=wish.method,
        precision=float(scanned.precision()[at]),
        recall=float(scanned.recall()[at]),
        f1=float(scanned.f1()[at]),
        per_shift=float(expected),
        per_shift_most=float(most),
        doubt=_doubt(scanned, wish, float(expected), float(most)),
    )


def choose_all(scans: Sequence[Scan], wish: Wish) -> dict[str, float]:
    """Return class → threshold for every class that has plots."""
    chosen = [choose(one, wish) for one in scans]
    return {c.class_name: c.threshold for c in chosen if c is not None}


def read_scans(bundle: Path) -> tuple[str, list[Scan]]:
    """Return what a bundle's scans were made from, and the scans. Raises ModelError when it has none."""
    file = bundle / THRESHOLDS_FILE
    try:
        data = json.loads(file.read_bytes())
        return str(data["from"]), [Scan.from_dict(name, one) for name, one in data["classes"].items()]
    except FileNotFoundError as error:
        raise ModelError(f"{file} is missing: the model is older than threshold scans; train it again") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{file} holds no threshold scans ({error}); copy the bundle again") from error


def _best_f1(scanned: Scan, _: Wish) -> int:
    return _last_best(scanned.f1())


def _least_cost(scanned: Scan, wish: Wish) -> int:
    share = scanned.support / scanned.plots if wish.share is None else wish.share
    missed = wish.missed * share * (1 - scanned.recall())
    return _last_best(-(missed + wish.false_alarm * (1 - share) * scanned.false_alarms()))


def _within_budget(scanned: Scan, wish: Wish) -> int:
    """Return the threshold of the largest recall within the budget; the highest there is when none is within."""
    allowed = scanned.false_alarms() * wish.plots_per_hour * SHIFT_HOURS <= wish.per_shift + 1e-12
    if not allowed.any():
        return len(GRID) - 1
    return _last_best(np.where(allowed, scanned.recall(), -1.0))


def _last_best(values: Floats) -> int:
    return int(np.flatnonzero(values >= values.max() - 1e-12)[-1])


def check_wish(wish: Wish) -> None:
    """Raise ValueError for an unknown method or impossible numbers."""
    if wish.method not in METHODS:
        raise ValueError(f"unknown method {wish.method!r}; use {', '.join(METHODS)}")
    if min(wish.missed, wish.false_alarm, wish.per_shift) < 0 or wish.plots_per_hour <= 0:
        raise ValueError("costs and budgets are 0 or more, plots an hour more than 0")
    if wish.share is not None and not 0 < wish.share < 1:
        raise ValueError("the share of plots of a class is between 0 and 1")


def _doubt(scanned: Scan, wish: Wish, expected: float, most: float) -> str:
    if wish.method != BUDGET or most <= wish.per_shift:
        return ""
    others = scanned.plots - scanned.support
    if expected > wish.per_shift:
        return f"no threshold is within the budget: at the highest one {expected:.2g} false alarms a shift are left"
    return f"{others} plots of other classes cannot prove it: up to {most:.2g} false alarms a shift are possible"
