"""Figures, temperature and thresholds against values worked out by hand, and the properties that they promise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydra_ml.calibrate import best_thresholds, fit_temperature, soften
from hydra_ml.metrics import class_weights, evaluate_scores, expected_calibration_error

CLASSES = ("Good", "Bad", "NoData")
TRUTH = np.array([0, 0, 0, 1, 1, 2])
SCORES = np.array([[0.9, 0.1, 0], [0.8, 0.2, 0], [0.4, 0.6, 0], [0.3, 0.7, 0], [0.1, 0.9, 0], [0.5, 0.2, 0.3]])


def test_the_figures_are_those_worked_out_by_hand() -> None:
    found = evaluate_scores(CLASSES, SCORES, TRUTH)
    assert found.confusion == ((2, 1, 0), (0, 2, 0), (1, 0, 0))
    assert found.support == (3, 2, 1)
    assert found.accuracy == pytest.approx(4 / 6)
    assert found.recall == pytest.approx((2 / 3, 1.0, 0.0))
    assert found.precision[:2] == pytest.approx((2 / 3, 2 / 3)) and math.isnan(found.precision[2])
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert found.to_dict()["classes"]["NoData"]["precision"] is None  # type: ignore[index]
    assert found.summary()["f1:Bad"] == pytest.approx(0.8)


def test_a_class_without_plots_does_not_count() -> None:
    found = evaluate_scores(CLASSES, SCORES[:2], TRUTH[:2])
    assert found.balanced_accuracy == 1.0 and "f1:NoData" not in found.summary()


def test_nothing_to_evaluate_is_an_error() -> None:
    with pytest.raises(ValueError, match="no plots"):
        evaluate_scores(CLASSES, np.zeros((0, 3)), np.zeros(0, int))


def test_calibration_error_of_a_sure_and_wrong_model_is_one() -> None:
    sure = np.tile([1.0, 0.0], (20, 1))
    assert expected_calibration_error(sure, np.ones(20, int)) == pytest.approx(1.0)
    assert expected_calibration_error(sure, np.zeros(20, int)) == pytest.approx(0.0)


def test_rare_classes_weigh_more_and_absent_ones_nothing() -> None:
    weights = class_weights(np.array([0, 0, 0, 1]), 3)
    assert weights.tolist() == pytest.approx([4 / 6, 2.0, 0.0])
    assert weights[[0, 0, 0, 1]].mean() == pytest.approx(1.0)


def test_the_highest_of_equally_good_thresholds_is_taken() -> None:
    scores = np.array([[0.2, 0.8], [0.25, 0.75], [0.7, 0.3], [0.995, 0.005]])
    assert best_thresholds(("Good", "Bad"), scores, np.array([1, 1, 0, 0])) == {"Good": 0.7, "Bad": 0.75}


def test_a_threshold_is_never_one_and_absent_classes_have_none() -> None:
    assert best_thresholds(CLASSES, np.array([[1.0, 0, 0]]), np.array([0])) == {"Good": 0.99}


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 100)), min_size=1, max_size=40))
def test_no_other_threshold_has_a_better_f1(rows: list[tuple[int, int]]) -> None:
    truth = np.array([t for t, _ in rows])
    first = np.array([s / 100 for _, s in rows])
    scores = np.stack([first, (1 - first) / 2, (1 - first) / 2], axis=1)

    def f1(threshold: float) -> float:
        said, good = first >= threshold, truth == 0
        return 2 * (said & good).sum() / max(1, said.sum() + good.sum())

    found = best_thresholds(CLASSES, scores, truth)
    assert ("Good" in found) == bool((truth == 0).any())
    if "Good" in found:
        assert all(f1(found["Good"]) >= f1(t / 100) - 1e-12 for t in range(100))


def test_an_overconfident_model_is_softened_and_a_few_right_answers_change_little() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 2000)
    right = rng.random(2000) < 0.8
    sure = np.where(right, truth, 1 - truth)
    scores = np.where(np.arange(2)[None] == sure[:, None], 0.99, 0.01)
    temperature = fit_temperature(scores, truth)
    assert expected_calibration_error(soften(scores, temperature), truth) < 0.04
    assert 0.8 < fit_temperature(scores[right][:8], truth[right][:8]) <= 1.0
    assert fit_temperature(scores[:0], truth[:0]) == 1.0


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.floats(0.5, 8))
def test_softening_keeps_order_and_sum(raw: list[float], temperature: float) -> None:
    scores = (np.array([raw]) + 1e-9) / (sum(raw) + 3e-9)
    soft = soften(scores, temperature)
    assert soft.sum() == pytest.approx(1.0)
    order = np.argsort(scores[0])
    assert (np.diff(soft[0][order]) >= -1e-12).all()
