"""Compare two models on the same plots: whether the new one is really better, and which plots changed sides."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hydra_ml.intervals import FEWEST_RUNS, Limits, confusion_by_run, draw_runs, figures_of, percentiles
from hydra_ml.metrics import Truth

Said = npt.NDArray[np.integer]
"""The class index that a model says of each plot, shape (plots,)."""


@dataclass(frozen=True, slots=True)
class Change:
    """A plot on which the two models disagree in being right."""

    uid: str
    source: str
    label: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A model against another one on plots that neither was trained on.

    `mended` plots only the new one judges rightly, `broken` only the other. `p_value` is McNemar's exact test of
    whether as many would be broken as mended; `difference` is that of the balanced accuracies, new minus other, with
    its 95 % interval by run (None: too few runs). `excluded` plots were left out because the other model had been
    trained on them.
    """

    model: str
    against: str
    plots: int
    excluded: int
    both_right: int
    both_wrong: int
    mended: tuple[Change, ...]
    broken: tuple[Change, ...]
    balanced_accuracy: float
    against_balanced_accuracy: float
    interval: Limits | None
    p_value: float

    @property
    def difference(self) -> float:
        """Return how much better the new one is in balanced accuracy."""
        return self.balanced_accuracy - self.against_balanced_accuracy

    def sentence(self) -> str:
        """Return the outcome in one sentence, without claiming more than the plots prove."""
        if self.plots == 0:
            return f"No plot is left to compare with {self.against}: it was trained on all {self.excluded} of them."
        change = f"{len(self.mended)} plots mended, {len(self.broken)} broken"
        if not self.mended and not self.broken:
            return f"As good as {self.against} on all {self.plots} plots."
        proof = "chance could do that" if self.p_value > 0.05 else "hardly by chance"
        word = "better" if self.difference > 0 else "worse" if self.difference < 0 else "no better"
        return (
            f"Balanced accuracy {self.difference:+.3f}, {word} than {self.against} on {self.plots} plots: {change} "
            f"({proof}, p = {self.p_value:.2g})."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "model": self.model,
            "against": self.against,
            "plots": self.plots,
            "excluded": self.excluded,
            "both_right": self.both_right,
            "both_wrong": self.both_wrong,
            "balanced_accuracy": _plain(self.balanced_accuracy),
            "against_balanced_accuracy": _plain(self.against_balanced_accuracy),
            "difference": _plain(self.difference),
            "difference_interval": None if self.interval is None else list(self.interval),
            "p_value": self.p_value,
            "sentence": self.sentence(),
            "mended": [_change_dict(c) for c in self.mended],
            "broken": [_change_dict(c) for c in self.broken],
        }


@dataclass(frozen=True, slots=True)
class Pairs:
    """What two models say of the same plots: class indexes (n,) and, for each plot, uid, source and run."""

    classes: tuple[str, ...]
    truth: Truth
    now: Said
    before: Said
    uids: Sequence[str]
    sources: Sequence[str]
    runs: Sequence[Hashable]


def compare(model: str, against: str, pairs: Pairs, excluded: int = 0) -> Comparison:
    """Compare what two models say of the same plots; `excluded` says how many were left out before."""
    right, was_right = pairs.now == pairs.truth, pairs.before == pairs.truth
    mended, broken = _changes(pairs, right & ~was_right), _changes(pairs, ~right & was_right)
    confusions = [
        confusion_by_run(pairs.truth, said, pairs.runs, len(pairs.classes)) for said in (pairs.now, pairs.before)
    ]
    accuracy, before = (_balanced(c.sum(axis=0)) for c in confusions)
    return Comparison(
        model=model,
        against=against,
        plots=len(pairs.truth),
        excluded=excluded,
        both_right=int((right & was_right).sum()),
        both_wrong=int((~right & ~was_right).sum()),
        mended=mended,
        broken=broken,
        balanced_accuracy=accuracy,
        against_balanced_accuracy=before,
        interval=_interval(*confusions),
        p_value=mcnemar(len(mended), len(broken)),
    )


def mcnemar(mended: int, broken: int) -> float:
    """Return the exact two-sided p-value of so many changes one way and the other, were both ways as likely."""
    total, fewer = mended + broken, min(mended, broken)
    if total == 0:
        return 1.0
    tail = sum(math.comb(total, k) for k in range(fewer + 1))
    return min(1.0, tail / (1 << (total - 1)))


def _changes(pairs: Pairs, chosen: npt.NDArray[np.bool_]) -> tuple[Change, ...]:
    names = pairs.classes
    return tuple(
        Change(pairs.uids[i], pairs.sources[i], names[pairs.truth[i]], names[pairs.before[i]], names[pairs.now[i]])
        for i in np.flatnonzero(chosen).tolist()
    )


def _balanced(confusion: npt.NDArray[np.integer]) -> float:
    recall = figures_of(confusion)[1]
    known = recall[np.isfinite(recall)]
    return float(known.mean()) if len(known) else math.nan


def _interval(now: npt.NDArray[np.integer], before: npt.NDArray[np.integer]) -> Limits | None:
    runs, classes = len(now), now.shape[-1]
    if runs < FEWEST_RUNS:
        return None
    drawn = draw_runs(runs)
    recalls = [figures_of((drawn @ c.reshape(runs, -1)).reshape(-1, classes, classes))[1] for c in (now, before)]
    held = np.isfinite(recalls[0])
    counts = np.maximum(held.sum(axis=1), 1)
    means = [np.where(held, r, 0).sum(axis=1) / counts for r in recalls]
    return percentiles(means[0] - means[1])


def _change_dict(change: Change) -> dict[str, str]:
    return {
        "uid": change.uid,
        "file": change.source,
        "label": change.label,
        "before": change.before,
        "now": change.now,
    }


def _plain(value: float) -> float | None:
    return None if value != value else value
