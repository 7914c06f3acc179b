"""Learning curves: nested sets that grow run by run, the right number of labels, and advice that follows the curve."""

from itertools import pairwise

import numpy as np
import pytest

from hydra_ml.learning_curve import CurvePoint, LearningCurve, draw_learning_curve, learning_curve

RUNS = [n // 12 for n in range(240)]
TRUTH = np.array([0, 0, 0, 1, 1, 2] * 40)


def test_sets_are_nested_and_have_their_labels() -> None:
    seen: list[np.ndarray] = []

    def fit_and_score(rows: np.ndarray) -> float:
        seen.append(rows)
        return 1 - 1 / len(rows)

    curve = learning_curve(TRUTH, RUNS, fit_and_score, sizes=(5, 10, 20, 50), repeats=1)
    assert [p.labels for p in curve.points] == [5, 10, 20, 40, 50, 120]
    assert [p.plots for p in curve.points] == [15, 30, 60, 120, 140, 240]
    for small, large in pairwise(seen):
        assert set(small) < set(large)
    assert np.bincount(TRUTH[seen[3]]).tolist() == [40, 40, 40]
    assert len({RUNS[i] for i in seen[0]}) <= 3, "five labels a class come from a few runs, as in practice"


def test_repeats_begin_with_other_runs_and_give_the_spread() -> None:
    first = []

    def fit_and_score(rows: np.ndarray) -> float:
        first.append(min(RUNS[i] for i in rows))
        return float(rows.mean())

    curve = learning_curve(TRUTH, RUNS, fit_and_score, sizes=(5,), repeats=4)
    assert len(set(first[:4])) > 1
    point, whole = curve.points[0], curve.points[-1]
    assert point.low < point.mean < point.high and whole.low == whole.high


@pytest.mark.parametrize(("last", "words"), [(0.95, "more labels should help"), (0.901, "help little")])
def test_the_advice_follows_the_last_doubling(last: float, words: str) -> None:
    points = [CurvePoint(n, 3 * n, v, v - 0.02, v + 0.02) for n, v in ((10, 0.8), (20, 0.9), (40, last))]
    curve = LearningCurve(tuple(points))
    assert words in curve.advice() and "From 20 to 40" in curve.advice()
    assert "Too few" in LearningCurve(curve.points[:1]).advice()


def test_it_is_drawn_with_one_point_too() -> None:
    one = draw_learning_curve(LearningCurve((CurvePoint(8, 24, 0.9, 0.9, 0.9),)))
    assert one.png().startswith(b"\x89PNG") and b"balanced accuracy" in one.svg_file()
