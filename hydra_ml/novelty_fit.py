"""Fit a model's novelty to the plots it was trained on, and calibrate it on plots that each fit has not seen."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hydra_core.domain import LabelledPlot
from hydra_ml.novelty import TOP, Floats, Kin, Look, Novelty, Tail, Views, nearest, score, views_of

if TYPE_CHECKING:
    import keras

    from hydra_ml.card import Card
    from hydra_ml.dataset import Dataset

FEWEST = 10
"""Plots of a class from which on its novelty is told."""
MOST = 300
"""Plots of a class that are looked at, spread evenly over all; more change nothing but time and memory."""
FOLDS = 5
FLOOR = 0.2
"""Share of a view's usual spread that is added everywhere: a place that never varied in tens of plots may yet."""
FEW_RUNS = 3.0
"""The tail is longer by this over the number of runs: one that is yet to come may differ more than those known."""
PASS = 32

Groups = npt.NDArray[np.int64]
"""The run or group of each plot, as a number (n,)."""


def fit_novelty(model: "keras.Model", card: "Card", dataset: "Dataset", good: Sequence[str]) -> Novelty | None:
    """Return the novelty of a fitted model's plots, None where fewer than ten good plots are known.

    `good` are the names of the classes without alarm. Test plots are left out, as everywhere.
    """
    rows = {name: _rows(dataset, [name]) for name in dataset.classes if name not in good}
    healthy = _rows(dataset, good)
    if len(healthy) < FEWEST:
        return None
    seer = _Seer(model, card)
    groups = group_numbers(dataset.plots)
    fresh = np.array([side == "validation" for side in dataset.splits])
    views, embeddings = seer.look(dataset.pictures[healthy])
    faults = {name: (seer.look(dataset.pictures[r])[1], groups[r]) for name, r in rows.items() if len(r)}
    return assemble(good, views, groups[healthy], fresh[healthy], embeddings, faults)


def novelty_doubts(dataset: "Dataset", good: Sequence[str]) -> list[str]:
    """Say what is wrong with the novelty that these plots will give."""
    count = len(_rows(dataset, good))
    if count >= FEWEST:
        return []
    return [f"only {count} good plots to compare with: novelty stays 0 until {FEWEST} are labelled"]


def assemble(
    good: Sequence[str],
    views: Views,
    groups: Groups,
    fresh: npt.NDArray[np.bool_],
    embeddings: Floats,
    faults: dict[str, tuple[Floats, Groups]],
) -> Novelty:
    """Fit to plots of the classes `good` (`views`, `embeddings`, both of n) and to embeddings of faults by class name.

    `fresh` (n,) says which good plots the body was not trained on.
    """
    held = {name: held_out(seen, groups, TOP[name]) for name, seen in views.items()}
    looks = {name: _look(seen, held[name]) for name, seen in views.items()}
    surprise = np.max([(held[name] - look.centre) / look.width for name, look in looks.items()], axis=0)
    scores = np.where(fresh, surprise, surprise + _learnt_by_heart(surprise, fresh))
    tail = Tail(np.sort(scores).astype(np.float32), 1 + FEW_RUNS / len(np.unique(groups)))
    everything = np.concatenate([embeddings, *(e for e, _ in faults.values())])
    scale = np.maximum(everything.std(axis=0), 1e-3 * max(float(everything.std()), 1e-3)).astype(np.float32)
    return Novelty(tuple(good), looks, tail, _kin(faults, _apart(embeddings / scale, groups), scale), scale)


def held_out(seen: npt.NDArray[np.floating], groups: Groups, top: float) -> Floats:
    """Return the score of each plot (n, h, w, c) against the plots of other groups."""
    found = np.empty(len(seen), np.float32)
    for out in folds(groups):
        found[out] = score(_describe(seen[~out]).oddness(seen[out]), top)
    return found


def folds(groups: Groups) -> list[npt.NDArray[np.bool_]]:
    """Divide plots into five by group; plot by plot where there are fewer than two groups."""
    names = np.unique(groups)
    places = np.searchsorted(names, groups) if len(names) > 1 else np.arange(len(groups))
    numbers = places % min(FOLDS, int(places.max()) + 1)
    return [numbers == fold for fold in np.unique(numbers)]


def group_numbers(plots: Sequence[LabelledPlot]) -> Groups:
    """Number the plots by what must not be torn apart: group, else run, else each plot is one of its own."""
    names: dict[object, int] = {}
    keys = (p.group or (p.plot.run if p.plot.run else p.plot.uid) for p in plots)
    return np.array([names.setdefault(key, len(names)) for key in keys], np.int64)


def _describe(seen: npt.NDArray[np.floating]) -> Look:
    """Return mean and spread of good plots, such that plots that were not among them have an oddness of 1."""
    values = seen.astype(np.float32)
    few = len(values)
    # Mean and variance of few plots lie too near to these plots: by so much, if what varies is normal.
    variance = values.var(axis=0) * np.float32((few + 1) / max(few - 3, 1))
    spread = np.sqrt(variance + FLOOR**2 * variance.mean() + 1e-8)
    return Look(values.mean(axis=0), spread, 0.0, 1.0)


def _look(seen: npt.NDArray[np.floating], held: Floats) -> Look:
    """Return what good plots look like, with the centre and width of their held-out scores: views become comparable."""
    centre = float(np.median(held))
    return replace(_describe(seen), centre=centre, width=max(float(np.quantile(held, 0.9)) - centre, 0.05))


def _learnt_by_heart(surprise: Floats, fresh: npt.NDArray[np.bool_]) -> float:
    """Return how much more plots surprise that the body was not trained on; where it was trained, features fit."""
    if fresh.sum() < FEWEST // 2 or fresh.all():
        return 0.0
    return max(0.0, float(np.median(surprise[fresh]) - np.median(surprise[~fresh])))


def _kin(faults: dict[str, tuple[Floats, Groups]], good: Floats, scale: Floats) -> dict[str, Kin]:
    """Return the kin of each fault, given the distances of good plots from each other (n,).

    A fault with few plots is measured by how all faults keep their distance. None is measured more strictly than good
    plots: empty plots of one run period are all alike, and yet the next period's may differ, as its good plots do.
    """
    apart = {name: _apart(embeddings / scale, groups) for name, (embeddings, groups) in faults.items()}
    together = np.concatenate([*apart.values(), np.zeros(0, np.float32)])
    found = {}
    for name, (embeddings, groups) in faults.items():
        own = apart[name] if len(apart[name]) >= FEWEST else together
        if len(own) >= FEWEST:
            wider = max(own, good, key=lambda distances: float(np.quantile(distances, 0.9)))
            tail = Tail(np.sort(wider), 1 + FEW_RUNS / len(np.unique(groups)))
            found[name] = Kin((embeddings / scale).astype(np.float32), tail)
    return found


def _apart(embeddings: Floats, groups: Groups) -> Floats:
    """Return the distance of each plot to the nearest one of another group (n,); none where there is no other."""
    if len(embeddings) < 2:
        return np.zeros(0, np.float32)
    own = groups if len(np.unique(groups)) > 1 else np.arange(len(groups))
    found = [nearest(embeddings[i : i + 1], embeddings[own != own[i]])[0] for i in range(len(embeddings))]
    return np.array(found, np.float32)


def _rows(dataset: "Dataset", classes: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return where plots of these classes stand that may be learnt from, at most 300 of them."""
    used = zip(dataset.plots, dataset.splits, strict=True)
    rows = [i for i, (p, side) in enumerate(used) if side in ("train", "validation") and p.class_name in classes]
    if len(rows) <= MOST:
        return np.array(rows, np.int64)
    return np.array(rows, np.int64)[np.linspace(0, len(rows) - 1, MOST).astype(np.int64)]


class _Seer:
    """A fitted model as it will be served: what is compared and embedded is what service will compare and embed."""

    def __init__(self, model: "keras.Model", card: "Card") -> None:
        from hydra_ml.engines.shelf import Shelf
        from hydra_ml.engines.split import split

        body, self._head = split(model, card)
        self._engine = Shelf().engine(body)

    def look(self, pictures: npt.NDArray[np.uint8]) -> tuple[dict[str, npt.NDArray[np.float16]], Floats]:
        """Return views (in half precision: there may be many) and embeddings of prepared pictures (n ≥ 1)."""
        views: list[dict[str, npt.NDArray[np.float16]]] = []
        embeddings = []
        for start in range(0, len(pictures), PASS):
            some = pictures[start : start + PASS]
            maps = self._engine(some)
            views.append({k: v.astype(np.float16) for k, v in views_of(some, maps).items()})
            embeddings.append(self._head(maps)[2])
        return {name: np.concatenate([v[name] for v in views]) for name in views[0]}, np.concatenate(embeddings)
