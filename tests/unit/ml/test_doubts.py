"""Doubts about a training set: numbers that a person can act on."""

from dataclasses import replace

import numpy as np
import pytest
from support.plots import plot

from hydra_core.domain import LabelledPlot
from hydra_ml.dataset import Dataset
from hydra_ml.doubts import doubts, least_recall

CLASSES = ("Good", "Bad", "NoData")


def dataset(counts: dict[tuple[str, str], int], runs: int = 0) -> Dataset:
    """A set with so many plots of each (class, side), taken in turn from so many runs (0: unknown)."""
    plots, sides = [], []
    for (name, side), count in counts.items():
        for number in range(count):
            run = 1 + number % runs if runs else 0
            plots.append(LabelledPlot(replace(plot(len(plots)), run=run), name))
            sides.append(side)
    truth = np.array([CLASSES.index(p.class_name) for p in plots], np.int64)
    return Dataset(CLASSES, tuple(plots), np.zeros((len(plots), 1, 1, 3), np.uint8), truth, tuple(sides), "", ())


def plenty(name: str) -> dict[tuple[str, str], int]:
    return {(name, "train"): 30, (name, "validation"): 10, (name, "test"): 12}


def test_enough_labels_from_enough_runs_raise_no_doubt() -> None:
    assert doubts(dataset({**plenty("Good"), **plenty("Bad"), **plenty("NoData")}, runs=6)) == []
    assert doubts(dataset({**plenty("Good"), **plenty("Bad"), **plenty("NoData")})) == []  # runs are not known at all


def test_too_few_labels_say_how_many_more_and_where_to_get_them() -> None:
    few = {("NoData", "train"): 5, ("NoData", "validation"): 1, ("NoData", "test"): 2}
    (lack, tested) = doubts(dataset({**plenty("Good"), **plenty("Bad"), **few}))
    assert lack == (
        "too few labels to trust (NoData: 8); 20 or more a class are needed, 30 wanted: label 22 of NoData more; "
        "`hydra audit drift CDC_occupancy --queue` picks the plots that teach most"
    )
    assert tested == "few test plots (class: plots, recall that is proven if all are judged right): NoData: 2, 22%"


def test_absent_and_untested_classes_are_named() -> None:
    found = doubts(dataset({**plenty("Good"), ("Bad", "train"): 25}))
    assert found[0] == "no labelled plot of NoData: the model can never say so"
    assert "no validation plot of Bad: no threshold of its own" in found
    assert "no test plot of Bad: its figures are unknown" in found


def test_a_class_from_one_run_is_doubted() -> None:
    whole = dataset({**plenty("Good"), **plenty("Bad"), **plenty("NoData")}, runs=6)
    plots = tuple(p if p.class_name != "Bad" else replace(p, plot=replace(p.plot, run=7)) for p in whole.plots)
    (found,) = doubts(replace(whole, plots=plots))
    assert found.startswith("too few runs or groups (Bad: 1): what the model learns may be the run")


def test_what_perfect_results_prove() -> None:
    assert [least_recall(n) for n in (0, 1, 3, 59)] == pytest.approx([0, 0.05, 0.368, 0.95], abs=1e-3)
