"""Make a trained model's scores mean what they say: one temperature, from plots that the fit has not seen.

Best are out-of-fold scores: each labelled plot judged by a fit without its run. With thirty labels a class that is
ninety plots where a validation side has fifteen. Plots of a run go wrong together, so a run that is misjudged counts
for less than its plots; and the fewer the evidence, the nearer the temperature stays to 1.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hydra_ml.metrics import Scores, Truth

TEMPERATURES = np.geomspace(0.5, 8.0, 193)
PRIOR_WIDTH = 0.3
"""Of log temperature: without it a handful of right answers would ask for the sharpest scores there are."""
FOLDS = 5

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
"""Indexes of plots."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Uncalibrated scores (n, classes) of plots by fits that have not seen them, their truth and runs (n,).

    `origin` says in words where they come from, such as "out of fold"; `rows` which plots of a set they are.
    """

    scores: Scores
    truth: Truth
    runs: tuple[Hashable, ...]
    rows: Rows
    origin: str


def soften(scores: Scores, temperature: float) -> Scores:
    """Apply a temperature to probabilities (n, classes): softmax(log p / T)."""
    logits = np.log(np.clip(scores.astype(np.float64), 1e-30, None)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(scores: Scores, truth: Truth, runs: Sequence[Hashable] | None = None) -> float:
    """Return the temperature that explains the labels best, drawn towards 1 the fewer plots and runs there are.

    `runs` says which run or group each plot is of (None: each is its own).
    """
    if len(truth) == 0:
        return 1.0
    surprise = _surprise(scores, truth)
    prior = 0.5 * (np.log(TEMPERATURES) / PRIOR_WIDTH) ** 2
    first = int(np.argmin(surprise.sum(axis=1) + prior))
    alike = _design_effect(surprise, first, runs if runs is not None else range(len(truth)))
    best = int(np.argmin(surprise.sum(axis=1) / alike + prior))
    return float(round(TEMPERATURES[best], 4))


def out_of_fold(
    truth: Truth,
    runs: Sequence[Hashable],
    fit_and_score: Callable[[Rows, Rows], Scores],
    folds: int = FOLDS,
    seed: int = 0,
) -> HeldOut | None:
    """Judge every plot by a fit that has not seen its run.

    `fit_and_score(fitted, judged)` fits on some rows and returns the scores of others. Folds hold whole runs and
    share the classes out evenly; with fewer than two runs there is no such fold and None is returned.
    """
    fold = fold_of_runs(truth, runs, folds, seed)
    if len(set(fold.tolist())) < 2:
        return None
    sides = [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in np.unique(fold)]
    scores = np.concatenate([fit_and_score(fitted, judged) for fitted, judged in sides])
    rows = np.concatenate([judged for _, judged in sides])
    order = np.argsort(rows)
    return HeldOut(scores[order], truth, tuple(runs), rows[order], "out of fold")


def fold_of_runs(truth: Truth, runs: Sequence[Hashable], folds: int = FOLDS, seed: int = 0) -> Rows:
    """Return each plot's fold: whole runs, largest first, to the fold that lacks their classes most."""
    names = list(dict.fromkeys(runs))
    number = {name: n for n, name in enumerate(names)}
    index = np.array([number[run] for run in runs], int)
    counts = np.zeros((len(names), int(truth.max(initial=0)) + 1))
    np.add.at(counts, (index, truth), 1)
    total = np.maximum(counts.sum(axis=0), 1)
    folds = min(folds, len(names))
    held, chosen = np.zeros((folds, counts.shape[1])), np.zeros(len(names), np.int64)
    noise = np.random.default_rng(seed).permutation(len(names))
    for run in np.lexsort((noise, -(counts / total).sum(axis=1))):
        crowd = (((held + counts[run]) / total) ** 2 - (held / total) ** 2).sum(axis=1)
        chosen[run] = int(np.argmin(crowd + held.sum(axis=1) / held.sum() / len(names) if held.any() else crowd))
        held[chosen[run]] += counts[run]
    return np.asarray(chosen[index])


def _surprise(scores: Scores, truth: Truth) -> Floats:
    """Return each plot's negative log likelihood at each temperature (temperatures, plots)."""
    rows = np.arange(len(truth))
    return np.stack([-np.log(np.clip(soften(scores, t)[rows, truth], 1e-12, None)) for t in TEMPERATURES])


def _design_effect(surprise: Floats, at: int, runs: Sequence[Hashable]) -> float:
    """Return by how much fewer plots count than there are because those of a run are alike (at least 1).

    The spread of the slopes, summed by run, against that of the plots taken one by one.
    """
    at = min(max(at, 1), len(TEMPERATURES) - 2)
    slope = surprise[at + 1] - surprise[at - 1]
    number = {name: n for n, name in enumerate(dict.fromkeys(runs))}
    by_run = np.bincount([number[run] for run in runs], weights=slope)
    single = float((slope**2).sum())
    return max(1.0, float((by_run**2).sum()) / single) if single > 0 else 1.0
