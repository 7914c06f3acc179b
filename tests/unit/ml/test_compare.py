"""Two models on the same plots: paired test, interval by run, what was mended and what was broken."""

import json

import numpy as np
import pytest

from hydra_ml.compare import Comparison, Pairs, compare, mcnemar

CLASSES = ("Good", "Bad")


def pairs(truth: list[int], now: list[int], before: list[int], runs: list[int] | None = None) -> Pairs:
    count = len(truth)
    uids, sources = [f"{i:032x}" for i in range(count)], [f"plot_{i}.png" for i in range(count)]
    return Pairs(
        CLASSES,
        np.array(truth, int),
        np.array(now, int),
        np.array(before, int),
        uids,
        sources,
        runs or list(range(count)),
    )


def many(mended: int, broken: int, same: int = 200) -> Comparison:
    truth = [0, 1] * (same // 2) + [1] * (mended + broken)
    now = [0, 1] * (same // 2) + [1] * mended + [0] * broken
    before = [0, 1] * (same // 2) + [0] * mended + [1] * broken
    return compare("v2", "v1", pairs(truth, now, before))


@pytest.mark.parametrize(
    ("mended", "broken", "p"), [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 0.0625), (8, 1, 0.0390625), (3, 3, 1.0)]
)
def test_mcnemar_is_exact(mended: int, broken: int, p: float) -> None:
    assert mcnemar(mended, broken) == mcnemar(broken, mended) == pytest.approx(p)


def test_what_changed_is_named() -> None:
    found = compare("v2", "v1", pairs([0, 0, 1, 1], [0, 1, 1, 0], [0, 0, 0, 0]))
    assert [(c.source, c.label, c.before, c.now) for c in found.broken] == [("plot_1.png", "Good", "Good", "Bad")]
    assert [(c.source, c.label, c.before, c.now) for c in found.mended] == [("plot_2.png", "Bad", "Good", "Bad")]
    assert (found.both_right, found.both_wrong) == (1, 1)
    assert found.balanced_accuracy == found.against_balanced_accuracy == 0.5
    assert found.interval is None, "four runs say nothing of how runs differ"


def test_it_claims_no_more_than_the_plots_prove() -> None:
    assert "better than v1" in many(20, 1).sentence() and "hardly by chance" in many(20, 1).sentence()
    assert "worse than v1" in many(1, 20).sentence()
    assert "chance could do that" in many(3, 1).sentence()
    assert many(0, 0).sentence() == "As good as v1 on all 200 plots."
    nothing = compare("v2", "v1", pairs([], [], []), excluded=7)
    assert "trained on all 7 of them" in nothing.sentence() and nothing.to_dict()["difference"] is None


def test_a_difference_that_one_run_makes_has_a_wide_interval() -> None:
    truth = [0, 1] * 100
    before = list(truth)
    spread, bunched = list(truth), list(truth)
    for i in range(0, 200, 10):
        spread[i] = 1 - spread[i]
    for i in range(20):
        bunched[i] = 1 - bunched[i]
    runs = [i // 20 for i in range(200)]
    narrow = compare("v2", "v1", pairs(truth, spread, before, runs)).interval
    wide = compare("v2", "v1", pairs(truth, bunched, before, runs)).interval
    assert narrow is not None and wide is not None
    assert narrow[1] < 0, "worse in every run"
    assert wide[1] == 0 and wide[0] < narrow[0] - 0.1


def test_it_is_plain_json() -> None:
    data = json.loads(json.dumps(many(5, 1).to_dict()))
    assert len(data["mended"]) == 5 and data["p_value"] == pytest.approx(0.21875)
    assert data["difference_interval"][0] <= data["difference"] <= data["difference_interval"][1]
