"""An order that shows every kind of plot first."""

import numpy as np
import pytest

from hydra_core.diversity import hash_bits, spread


def test_every_kind_comes_before_any_second_of_a_kind():
    kinds = np.repeat(np.eye(6, dtype=np.float32), [30, 1, 5, 1, 2, 1], axis=0)
    order = spread(kinds + np.random.default_rng(1).normal(0, 0.001, kinds.shape).astype(np.float32))
    assert sorted(order) == list(range(40))
    assert {int(kinds[i].argmax()) for i in order[:6]} == set(range(6))


def test_it_starts_with_the_most_ordinary_one():
    assert spread(np.array([[9.0], [1.0], [1.1], [0.9]], np.float32))[0] == 2


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_points(count):
    assert sorted(spread(np.zeros((count, 3), np.float32))) == list(range(count))


def test_distance_of_hashes_is_the_share_of_bits_that_differ():
    top = (1 << 64) - 1
    bits = hash_bits([0, top, 0xFF, None, -1])
    away = ((bits - bits[0]) ** 2).sum(axis=1)
    assert away.tolist() == pytest.approx([0, 1, 8 / 64, 0.25, 1])
