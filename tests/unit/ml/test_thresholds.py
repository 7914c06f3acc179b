"""Thresholds: best F1, least cost, the largest recall that a shift can bear; and what few plots cannot prove."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydra_ml.thresholds import GRID, Scan, Wish, choose, choose_all, scan

CLASSES = ("Good", "Bad", "NoData")


def many(seed: int = 0, good: int = 900, bad: int = 100) -> Scan:
    """Bad plots score high, good ones low, and they overlap."""
    rng = np.random.default_rng(seed)
    score = np.concatenate([rng.beta(2, 8, good), rng.beta(8, 2, bad)])
    return scan(("Good", "Bad"), np.stack([1 - score, score], axis=1), np.repeat([0, 1], [good, bad]))[1]


def test_the_highest_of_equally_good_thresholds_is_taken() -> None:
    scores = np.array([[0.2, 0.8], [0.25, 0.75], [0.7, 0.3], [0.995, 0.005]])
    assert choose_all(scan(("Good", "Bad"), scores, np.array([1, 1, 0, 0])), Wish()) == {"Good": 0.7, "Bad": 0.75}


def test_a_threshold_is_never_one_and_absent_classes_have_none() -> None:
    assert choose_all(scan(CLASSES, np.array([[1.0, 0, 0]]), np.array([0])), Wish()) == {"Good": 0.99}
    assert choose_all(scan(CLASSES, np.zeros((0, 3)), np.zeros(0, int)), Wish()) == {}


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 100)), min_size=1, max_size=40))
def test_no_other_threshold_has_a_better_f1(rows: list[tuple[int, int]]) -> None:
    truth = np.array([t for t, _ in rows])
    first = np.array([s / 100 for _, s in rows])
    scores = np.stack([first, (1 - first) / 2, (1 - first) / 2], axis=1)

    def f1(threshold: float) -> float:
        said, good = (first >= threshold - 1e-9) & (scores.argmax(axis=1) == 0), truth == 0
        return 2 * (said & good).sum() / max(1, said.sum() + good.sum())

    found = choose_all(scan(CLASSES, scores, truth), Wish())
    assert ("Good" in found) == bool((truth == 0).any())
    if "Good" in found:
        assert all(f1(found["Good"]) >= f1(t / 100) - 1e-12 for t in range(100))


def test_the_curves_are_those_of_service() -> None:
    scores = np.array([[0.45, 0.4, 0.15], [0.2, 0.75, 0.05], [0.1, 0.9, 0.0]])
    bad = scan(CLASSES, scores, np.array([1, 1, 0]))[1]
    assert bad.recall()[0] == 0.5, "a score of 0.40 is not said when another class has more"
    assert (bad.said[75], bad.hits[75], bad.said[76]) == (2, 1, 1)
    assert bad.precision()[75] == 0.5 and np.isnan(bad.precision()[95])
    assert bad.false_alarms()[75] == 1.0 and bad.f1()[99] == 0.0


def test_a_missed_plot_that_costs_more_lowers_the_threshold() -> None:
    one = many()
    chosen = [choose(one, Wish("cost", missed=cost, share=0.05)) for cost in (0.1, 1, 10, 1000)]
    thresholds = [c.threshold for c in chosen if c is not None]
    assert thresholds == sorted(thresholds, reverse=True) and thresholds[0] > thresholds[-1]


def test_the_cost_is_least() -> None:
    one, wish = many(1), Wish("cost", missed=20, false_alarm=3, share=0.02)
    chosen = choose(one, wish)
    assert chosen is not None
    costs = 20 * 0.02 * (1 - one.recall()) + 3 * 0.98 * one.false_alarms()
    assert costs[round(chosen.threshold * 100)] == pytest.approx(costs.min())


def test_the_budget_is_kept_with_the_largest_recall() -> None:
    one = many(2, good=20_000)
    for per_shift in (0.5, 2, 20):
        wish = Wish("budget", per_shift=per_shift, plots_per_hour=60)
        chosen = choose(one, wish)
        assert chosen is not None and chosen.per_shift <= per_shift
        better = one.recall() > chosen.recall + 1e-12
        assert (one.false_alarms()[better] * 480 > per_shift).all()


def test_few_plots_cannot_prove_a_budget_and_that_is_said() -> None:
    chosen = choose(many(3, good=30, bad=30), Wish("budget", per_shift=1))
    assert chosen is not None and "30 plots of other classes cannot prove it" in chosen.doubt
    assert chosen.per_shift_most > 1
    scores = np.tile([0.0, 1.0], (40, 1))
    hopeless = choose(scan(("Good", "Bad"), scores, np.repeat([0, 1], 20))[1], Wish("budget", per_shift=1))
    assert hopeless is not None and hopeless.threshold == 0.99 and "no threshold is within the budget" in hopeless.doubt


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish("best"), "unknown method"),
        (Wish("cost", missed=-1), "0 or more"),
        (Wish("cost", share=1), "between 0 and 1"),
    ],
)
def test_impossible_wishes_are_refused(wish: Wish, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        choose(many(), wish)


def test_a_scan_survives_json() -> None:
    one = many()
    data = json.loads(json.dumps(one.to_dict()))
    assert Scan.from_dict("Bad", data) == one
    assert (
        data["threshold"] == GRID.tolist()
        and len(data["recall"]) == 100
        and None in many(4, bad=3).to_dict()["precision"]
    )
    with pytest.raises(ValueError, match="100 thresholds"):
        Scan.from_dict("Bad", {**data, "said": [1]})
