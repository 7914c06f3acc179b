"""Drift statistics: right about chance between runs, and able to see a change."""

import numpy as np
import pytest

from hydra_ml.audit.shift import (
    alike_blocks,
    embedding_shift,
    holm,
    rate_excess,
    rate_shift,
    score_shift,
    stability_index,
)


def runs(rng: np.random.Generator, count: int, plots: int = 5, offset: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors whose runs differ from each other more than the plots of one run do."""
    centres = rng.normal(0, 1, (count, 12)) + offset
    vectors = np.repeat(centres, plots, axis=0) + rng.normal(0, 0.3, (count * plots, 12))
    return vectors.astype(np.float32), np.repeat(np.arange(count), plots)


def test_runs_that_differ_as_usual_are_no_drift() -> None:
    rng = np.random.default_rng(1)
    found = [embedding_shift(*runs(rng, 12), *runs(rng, 6)) for _ in range(40)]
    assert np.mean(np.array(found) <= 0.05) <= 0.1  # plots taken for independent would give nearly 1


def test_a_shift_of_all_recent_runs_is_seen() -> None:
    rng = np.random.default_rng(2)
    assert embedding_shift(*runs(rng, 12), *runs(rng, 8, offset=1.5)) <= 0.01


def test_one_recent_run_can_never_be_significant_among_few() -> None:
    rng = np.random.default_rng(3)
    assert embedding_shift(*runs(rng, 5), *runs(rng, 1, offset=9.0)) >= 0.1


def test_the_stability_index_is_zero_for_the_same_shares_and_finite_for_an_empty_bin() -> None:
    before = np.array([[100.0, 300.0], [400.0, 0.0]])
    assert stability_index(before, before * 10) == pytest.approx([0, 0], abs=5e-3)
    moved = stability_index(before, before[:, ::-1])
    assert moved[0] == pytest.approx(2 * 0.5 * np.log(3), rel=0.02) and 5 < moved[1] < 15


def test_scores_that_fall_in_every_run_are_seen_and_in_one_run_are_not() -> None:
    rng = np.random.default_rng(4)
    blocks = np.repeat(np.arange(10), 20)
    high, low = rng.uniform(0.95, 1, 200).astype(np.float32), rng.uniform(0.5, 0.9, 200).astype(np.float32)
    psi, chance = score_shift(high, blocks, low, blocks)
    assert psi > 2 and chance <= 0.01
    once = np.where(blocks == 3, low, high)
    assert score_shift(high, blocks, once, blocks)[1] > 0.1


def test_a_rate_is_compared_by_run() -> None:
    blocks = np.repeat(np.arange(10), 100)
    before, one_bad_run, everywhere = np.zeros(1000, bool), blocks == 4, np.arange(1000) % 5 == 0
    assert rate_shift(before, blocks, one_bad_run, blocks) > 0.2
    assert rate_shift(before, blocks, everywhere, blocks) <= 0.01
    assert rate_excess(one_bad_run, blocks, 0.05) > 0.05
    assert rate_excess(everywhere, blocks, 0.05) <= 0.01
    assert rate_excess(before, blocks, 0.05) == 1.0


def test_holm_keeps_the_order_and_never_lowers() -> None:
    assert holm([0.01, 0.2, 0.02]) == pytest.approx([0.03, 0.2, 0.04])
    assert holm([0.9, 0.6]) == pytest.approx([1.0, 1.0]) and holm([]) == []


def test_runs_of_hundreds_of_plots_are_no_drift_from_runs_with_a_few_labels() -> None:
    rng = np.random.default_rng(5)
    blocks = rng.integers(0, 300, 100_000)
    found = []
    for _ in range(10):
        scores = rng.beta(20, 1, 100_000).astype(np.float32)
        held = rng.beta(20, 1, 40).astype(np.float32)
        found.append(score_shift(held, np.arange(40) // 4, scores, blocks)[1])
    assert min(found) > 0.005 and np.mean(found) > 0.25
    few, many = runs(rng, 12, 2), runs(rng, 12, 40)
    assert embedding_shift(*few, *many) > 0.05


def test_blocks_are_made_alike_by_leaving_plots_out() -> None:
    before, recent = np.array([7, 7, 7, 8, 8, 9, 9]), np.repeat([1, 2], 50)
    old, new = alike_blocks(before, recent)
    assert np.unique(before[old], return_counts=True)[1].tolist() == [2, 2, 2]
    assert np.unique(recent[new], return_counts=True)[1].tolist() == [2, 2]
    assert alike_blocks(np.arange(5), recent)[1].shape == (2,)
