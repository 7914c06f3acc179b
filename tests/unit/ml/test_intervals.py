"""Intervals: wide for few plots, wider for plots of few runs, never certain, and honest about how often they hold."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hydra_ml.intervals import confusion_by_run, intervals_of, wilson
from hydra_ml.metrics import evaluate_scores


def by_run(right: list[int], plots: int, classes: int = 2) -> np.ndarray:
    """Each run has `plots` plots of each class, of which it gets so many right."""
    counts = np.zeros((len(right), classes, classes), int)
    for run, hits in enumerate(right):
        for c in range(classes):
            counts[run, c, c] = hits
            counts[run, c, (c + 1) % classes] = plots - hits
    return counts


def test_wilson_is_the_textbook_s() -> None:
    assert wilson(8, 10) == pytest.approx((0.490, 0.943), abs=1e-3)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10, 10)[0] == pytest.approx(0.722, abs=1e-3) and wilson(10, 10)[1] == pytest.approx(1.0)


def test_all_right_is_not_certain() -> None:
    found = intervals_of(by_run([4] * 8, 4))
    assert found.recall[0] is not None and found.recall[0][0] < 0.95 and found.recall[0][1] == pytest.approx(1.0)
    assert found.balanced_accuracy[0] < 0.97 and found.note == ""


def test_mistakes_that_come_run_by_run_make_it_wider() -> None:
    spread = intervals_of(by_run([18] * 10, 20))
    bunched = intervals_of(by_run([20] * 9 + [0], 20))
    assert spread.recall[0] is not None and bunched.recall[0] is not None
    assert bunched.recall[0][0] < spread.recall[0][0] - 0.1
    assert bunched.balanced_accuracy[0] < spread.balanced_accuracy[0] - 0.1


@pytest.mark.parametrize(("runs", "words"), [(1, "1 run or group"), (4, "4 runs or groups")])
def test_too_few_runs_are_said(runs: int, words: str) -> None:
    found = intervals_of(by_run([9] * runs, 10))
    assert "too few runs" in found.note and words in found.note and found.runs == runs


def test_plots_whose_runs_are_not_known_are_said_to_stand_for_themselves() -> None:
    scores = np.tile([0.9, 0.1], (12, 1))
    assert "stands for itself" in evaluate_scores(("a", "b"), scores, np.zeros(12, int)).intervals.note


def test_a_class_without_plots_has_no_interval() -> None:
    counts = by_run([5] * 6, 5, classes=3)
    counts[:, 2] = 0
    found = intervals_of(counts)
    assert found.recall[2] is None and found.f1[2] is None and found.precision[2] is None
    assert found.recall[0] is not None


def test_confusions_are_sorted_by_run() -> None:
    found = confusion_by_run(np.array([0, 0, 1]), np.array([0, 1, 1]), ["b", "a", "b"], 2)
    assert found.tolist() == [[[1, 0], [0, 1]], [[0, 1], [0, 0]]]


@given(st.lists(st.lists(st.integers(0, 6), min_size=9, max_size=9), min_size=1, max_size=12))
def test_every_interval_holds_its_figure(rows: list[list[int]]) -> None:
    counts = np.array(rows).reshape(-1, 3, 3)
    assume(counts.any())
    found = intervals_of(counts)
    whole = counts.sum(axis=0)
    for c in range(3):
        for limits, part in ((found.recall[c], whole[c].sum()), (found.precision[c], whole[:, c].sum())):
            assert (limits is None) == (part == 0)
            if limits is not None:
                assert 0 <= limits[0] <= whole[c, c] / part + 1e-9 <= limits[1] + 2e-9 <= 1 + 3e-9
        f1 = found.f1[c]
        if f1 is not None:
            assert f1[0] - 1e-9 <= 2 * whole[c, c] / (whole[c].sum() + whole[:, c].sum()) <= f1[1] + 1e-9


def test_19_of_20_intervals_hold_the_truth_when_runs_differ() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        rate = rng.beta(9, 1, 20)  # a mean of 0.9 that differs from run to run
        limits = intervals_of(by_run(rng.binomial(15, rate).tolist(), 15)).recall[0]
        assert limits is not None
        held += limits[0] <= 0.9 <= limits[1]
    assert held >= 180
