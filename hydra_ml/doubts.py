"""Say what makes a model's figures doubtful before anybody trusts them, in numbers, and what to label to mend it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hydra_ml.dataset import Dataset

FEW_LABELS = 20
"""A class with fewer labels than this is not to be trusted."""
WANTED_LABELS = 30
"""Labels of each class from which a model for every day can be expected."""
FEW_TESTED = 10
"""A class of which fewer plots are tested has a recall that hardly anything is known of."""
FEWEST_RUNS = 3
"""Runs of each class so that train, validation and test can each have one."""


def doubts(dataset: "Dataset") -> list[str]:
    """Return what makes the figures of a model of these plots doubtful; each sentence says what would help."""
    counts = dataset.counts()
    labels = {c: sum(side[c] for side in counts.values()) for c in dataset.classes}
    name = dataset.plots[0].plot.plot_type if dataset.plots else "PLOT"
    return [*_missing(labels), *_few(labels, name), *_few_runs(dataset), *_untested(counts, labels)]


def _missing(labels: Mapping[str, int]) -> list[str]:
    absent = [c for c, n in labels.items() if n == 0]
    return [f"no labelled plot of {', '.join(absent)}: the model can never say so"] if absent else []


def _few(labels: Mapping[str, int], name: str) -> list[str]:
    few = {c: n for c, n in labels.items() if 0 < n < FEW_LABELS}
    if not few:
        return []
    have = ", ".join(f"{c}: {n}" for c, n in few.items())
    more = ", ".join(f"{WANTED_LABELS - n} of {c}" for c, n in few.items())
    return [
        f"too few labels to trust ({have}); {FEW_LABELS} or more a class are needed, {WANTED_LABELS} wanted: label "
        f"{more} more; `hydra audit drift {name} --queue` picks the plots that teach most"
    ]


def _few_runs(dataset: "Dataset") -> list[str]:
    """Doubt classes that come from few runs, where most of their plots say which; a group counts as a run."""
    sources: dict[str, list[object]] = {c: [] for c in dataset.classes}
    for plot, side in zip(dataset.plots, dataset.splits, strict=True):
        if side is not None:
            sources[plot.class_name].append(plot.group or plot.plot.run or None)
    known = {c: [s for s in found if s is not None] for c, found in sources.items()}
    few = {c: len(set(runs)) for c, runs in known.items() if runs and 2 * len(runs) > len(sources[c])}
    said = ", ".join(f"{c}: {n}" for c, n in few.items() if n < FEWEST_RUNS)
    if not said:
        return []
    return [
        f"too few runs or groups ({said}): what the model learns may be the run instead of the class; "
        f"label plots of {FEWEST_RUNS} or more"
    ]


def _untested(counts: Mapping[str, Mapping[str, int]], labels: Mapping[str, int]) -> list[str]:
    found = []
    for side, use in (("validation", "no threshold of its own"), ("test", "its figures are unknown")):
        without = [c for c, n in labels.items() if n and not counts[side][c]]
        if without:
            found.append(f"no {side} plot of {', '.join(without)}: {use}")
    few = {c: n for c, n in counts["test"].items() if 0 < n < FEW_TESTED}
    if few:
        least = ", ".join(f"{c}: {n}, {least_recall(n):.0%}" for c, n in few.items())
        found.append(f"few test plots (class: plots, recall that is proven if all are judged right): {least}")
    return found


def least_recall(plots: int) -> float:
    """Return the recall that is proven at 95 % when all of so many test plots are judged right."""
    return float(0.05 ** (1 / plots)) if plots else 0.0
