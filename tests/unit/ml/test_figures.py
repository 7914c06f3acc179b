"""Figures and temperature against values worked out by hand, and the properties that they promise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydra_ml.calibrate import fit_temperature, fold_of_runs, out_of_fold, soften
from hydra_ml.metrics import class_weights, evaluate_scores
from hydra_ml.reliability import calibration_of

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
    assert calibration_of(sure, np.ones(20, int)).ece == pytest.approx(1.0)
    assert calibration_of(sure, np.zeros(20, int)).ece == pytest.approx(0.0)


def test_the_error_that_chance_alone_shows_is_said_beside_it() -> None:
    rng = np.random.default_rng(1)
    for plots, most in ((30, 0.3), (3000, 0.04)):
        sure = rng.uniform(0.5, 1, plots)
        scores = np.stack([sure, 1 - sure], axis=1)
        honest = calibration_of(scores, (rng.random(plots) > sure).astype(int))
        assert 0 < honest.chance < honest.chance_most < most
        assert honest.is_within_chance and honest.excess < honest.chance
        assert sum(b.plots for b in honest.bins) == plots
    boastful = calibration_of(scores, rng.integers(0, 2, 3000))
    assert not boastful.is_within_chance and boastful.excess > 0.2
    assert boastful.brier == pytest.approx(2 * ((1 - scores[:, 0]) ** 2 + scores[:, 0] ** 2).mean() / 2, abs=0.05)


def test_rare_classes_weigh_more_and_absent_ones_nothing() -> None:
    weights = class_weights(np.array([0, 0, 0, 1]), 3)
    assert weights.tolist() == pytest.approx([4 / 6, 2.0, 0.0])
    assert weights[[0, 0, 0, 1]].mean() == pytest.approx(1.0)


def test_an_overconfident_model_is_softened_and_a_few_right_answers_change_little() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 2000)
    right = rng.random(2000) < 0.8
    sure = np.where(right, truth, 1 - truth)
    scores = np.where(np.arange(2)[None] == sure[:, None], 0.99, 0.01)
    temperature = fit_temperature(scores, truth)
    assert calibration_of(soften(scores, temperature), truth).ece < 0.04
    assert 0.8 < fit_temperature(scores[right][:8], truth[right][:8]) <= 1.0
    assert fit_temperature(scores[:0], truth[:0]) == 1.0


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.floats(0.5, 8))
def test_softening_keeps_order_and_sum(raw: list[float], temperature: float) -> None:
    scores = (np.array([raw]) + 1e-9) / (sum(raw) + 3e-9)
    soft = soften(scores, temperature)
    assert soft.sum() == pytest.approx(1.0)
    order = np.argsort(scores[0])
    assert (np.diff(soft[0][order]) >= -1e-12).all()


def test_a_run_that_is_misjudged_counts_for_less_than_its_plots() -> None:
    rng = np.random.default_rng(2)
    truth = np.zeros(60, int)
    scores = np.tile([0.97, 0.03], (60, 1)) + rng.normal(0, 1e-3, (60, 1)) * [1, -1]
    scores[:15] = scores[:15, ::-1]
    apart = fit_temperature(scores, truth)
    one_run = fit_temperature(scores, truth, ["bad"] * 15 + [f"run {n}" for n in range(45)])
    assert 1.0 < one_run < apart


def test_every_plot_is_judged_by_a_fit_without_its_run() -> None:
    rng = np.random.default_rng(3)
    runs = rng.integers(0, 9, 70).tolist()
    truth = rng.integers(0, 3, 70)
    seen: list[int] = []

    def fit_and_score(fitted: np.ndarray, judged: np.ndarray) -> np.ndarray:
        assert not {runs[i] for i in fitted} & {runs[i] for i in judged}
        assert len(fitted) + len(judged) == 70
        seen.extend(judged.tolist())
        return np.stack([judged, judged, judged], axis=1).astype(float)

    held = out_of_fold(truth, runs, fit_and_score)
    assert held is not None and sorted(seen) == list(range(70))
    assert held.scores[:, 0].tolist() == held.rows.tolist() == list(range(70))
    assert out_of_fold(truth, ["one"] * 70, fit_and_score) is None


def test_folds_share_out_the_classes() -> None:
    runs = [f"run {n % 20}" for n in range(200)]
    truth = np.array([n % 20 % 3 for n in range(200)])
    fold = fold_of_runs(truth, runs, folds=5)
    assert np.bincount(fold).tolist() == [40] * 5
    assert all(set(truth[fold == f]) == {0, 1, 2} for f in range(5))
