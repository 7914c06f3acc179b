"""Which plots to label first: odd and unsure ones, spread out, no copies."""

from dataclasses import replace

import numpy as np
from support.plots import plot

from hydra_core.domain import LabelledPlot
from hydra_ml.audit.choose import most_of, share_outside, spread_out, standardised
from hydra_ml.audit.reference import block_numbers, spread


def cloud(seed: int, count: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (count, 8)).astype(np.float32)


def test_of_plots_like_the_known_ones_about_one_in_twenty_is_outside() -> None:
    share, _ = share_outside(cloud(1, 400), cloud(2, 400), np.arange(400) // 10)
    assert 0.02 <= share <= 0.1
    share, which = share_outside(cloud(1) + 8, cloud(2), np.arange(60) // 10)
    assert share == 1.0 and which.all()


def test_known_plots_of_one_run_only_can_be_compared_with() -> None:
    assert share_outside(cloud(1), cloud(2), np.zeros(60, np.int64))[0] < 0.3


def test_chosen_plots_are_far_from_each_other_and_never_copies() -> None:
    corners = np.repeat(np.eye(4, dtype=np.float32) * 9, 5, axis=0)
    chosen = spread_out(corners, np.zeros((3, 4), np.float32), np.zeros(20, np.float32), 10)
    assert sorted(i // 5 for i in chosen) == [0, 1, 2, 3]


def test_urgency_decides_among_equally_far_ones() -> None:
    urgency = np.array([0.1, 0.9, 0.3], np.float32)
    assert spread_out(np.eye(3, dtype=np.float32), np.zeros((1, 3), np.float32), urgency, 3) == [1, 2, 0]
    assert spread_out(np.eye(3, dtype=np.float32), np.zeros((0, 3), np.float32), urgency, 1) == [1]


def test_features_that_never_vary_do_not_explode() -> None:
    known = cloud(3)
    known[:, 0] = 5
    recent = known.copy()
    recent[:, 0] = 5.01
    assert np.abs(standardised(recent, known) - standardised(known, known)).max() < 0.1


def test_most_of_takes_the_greatest_allowed() -> None:
    values = np.array([5, 1, 9, 7], np.float32)
    assert most_of(values, np.array([True, True, False, True]), 2) == [3, 0]
    assert most_of(values, np.zeros(4, bool), 2) == []


def test_an_even_sample_takes_every_class_and_run() -> None:
    keys = [(0, n % 10) for n in range(1000)] + [(1, 3)] * 4
    chosen = [keys[i] for i in spread(keys, 24)]
    assert chosen.count((1, 3)) == 4 and all(chosen.count((0, n)) == 2 for n in range(10))
    assert spread(keys[:3], 24) == [0, 1, 2]


def test_plots_of_a_run_share_a_block_others_have_their_own() -> None:
    free = [LabelledPlot(plot(n), "Good") for n in range(2)]
    grouped = [LabelledPlot(plot(n), "Good", group="board") for n in range(2)]
    assert block_numbers([*free, *grouped]).tolist() == [0, 0, 0, 0]  # one run: the group is inside of it
    loose = [replace(p, plot=replace(p.plot, run=0)) for p in [*free, *grouped]]
    assert block_numbers(loose).tolist() == [0, 1, 2, 2]
