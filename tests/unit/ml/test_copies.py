"""Copies are found by bytes and by look, and never where two plots merely share their frame."""

from datetime import UTC, datetime

import numpy as np

from hydra_core.domain import Plot
from hydra_ml.dataset import find_copies

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def plot(sha256: str, run: int = 0) -> Plot:
    return Plot(sha256, "CDC_occupancy", run, 0, NOW, NOW, "", sha256)


def pictures(*levels: int) -> np.ndarray:
    return np.stack([np.full((64, 64, 3), level, np.uint8) for level in levels])


def test_the_same_bytes_are_copies_in_any_run() -> None:
    assert find_copies([plot("a", 1), plot("b", 2), plot("a", 3)], [0, 0, 0], pictures(0, 200, 0)) == [0, None, 0]


def test_a_recompressed_picture_is_a_copy_and_another_plot_is_not() -> None:
    small = pictures(100, 110, 100)
    small[2, 30:34, 30:34] = 0
    assert find_copies([plot("a"), plot("b"), plot("c")], [5, 4, 5], small) == [0, 0, None]


def test_hashes_far_apart_are_not_compared() -> None:
    assert find_copies([plot("a"), plot("b")], [0, 0b111], pictures(100, 100)) == [None, None]


def test_empty_plots_of_two_known_runs_are_not_copies() -> None:
    assert find_copies([plot("a", 1), plot("b", 2), plot("c", 2)], [0, 0, -1 << 63], pictures(9, 9, 9)) == [None, 1, 1]


def test_copies_of_copies_are_one_set() -> None:
    assert find_copies([plot(s) for s in "abc"], [0b1, 0b11, 0b1111], pictures(100, 110, 120)) == [0, 0, 0]
