"""Novelty from arrays alone: what its number means, where it points, what it refuses."""

import io

import numpy as np
import pytest

from hydra_core.errors import ModelError
from hydra_ml.novelty import LAST, MIDDLE, PIXELS, Novelty, Tail, Views
from hydra_ml.novelty_fit import assemble, folds, held_out

SHAPES = {PIXELS: (48, 48, 3), MIDDLE: (12, 12, 10), LAST: (6, 6, 16)}
LEVELS = {name: np.random.default_rng(7).normal(size=shape) for name, shape in SHAPES.items()}
WIDTH = 8


def healthy(count: int, seed: int, level: float = 0.3) -> tuple[Views, np.ndarray]:
    """Return plots of so many different runs: each run has a level of its own, each place its noise."""
    rng = np.random.default_rng(seed)
    runs = rng.normal(0, level, (count, 1, 1, 1))
    views = {n: (LEVELS[n] + runs + rng.normal(0, 1, (count, *s))).astype(np.float32) for n, s in SHAPES.items()}
    return views, rng.normal(0, 1, (count, WIDTH)).astype(np.float32)


def broken(count: int, seed: int, size: float) -> Views:
    """Return plots with a fault in one cell of the last map, and in what lies under it."""
    views, _ = healthy(count, seed)
    views[LAST][:, 2, 4] += size
    views[MIDDLE][:, 4:6, 8:10] += size
    views[PIXELS][:, 16:24, 32:40] += size
    return views


def fitted(count: int = 120, seed: int = 1, **faults: np.ndarray) -> Novelty:
    views, embeddings = healthy(count, seed)
    groups = np.arange(count)
    kinds = {name: (found, np.arange(len(found))) for name, found in faults.items()}
    return assemble(["Good"], views, groups, np.zeros(count, bool), embeddings, kinds)


@pytest.mark.parametrize("count", [30, 120])
def test_novelty_means_the_share_of_good_plots_that_are_less_odd(count: int) -> None:
    # Each fit meets 300 good plots that it has not seen; the mean over fits is what the calibration promises.
    shares = np.mean(
        [
            [(values >= level).mean() for level in (0.5, 0.8, 0.95, 0.99)]
            for values in (fitted(count, seed).of_good(healthy(300, 100 + seed)[0])[0] for seed in range(8))
        ],
        axis=0,
    )
    assert shares == pytest.approx([0.5, 0.2, 0.05, 0.01], abs=0.08)
    assert shares[3] < 0.035


def test_the_worse_the_fault_the_higher_the_novelty() -> None:
    novelty = fitted()
    means = [novelty.of_good(broken(40, 5, size))[0].mean() for size in (0, 1, 2, 4, 8)]
    assert means == sorted(means)
    assert means[-1] > 0.999


def test_thirty_good_plots_are_enough_for_a_plain_fault() -> None:
    assert (fitted(30).of_good(broken(40, 5, 8.0))[0] >= 0.99).all()


def test_the_map_is_hottest_where_the_fault_is() -> None:
    _, where = fitted().of_good(broken(20, 5, 6.0))
    assert where.shape == (20, 12, 12) and where.dtype == np.uint8
    for heat in where:
        row, column = divmod(int(heat.argmax()), 12)
        assert row in (4, 5) and column in (8, 9)
        assert heat.max() == 255 and np.median(heat) < 20


def test_without_middle_maps_the_others_count() -> None:
    views, embeddings = healthy(60, 1)
    without = {name: seen for name, seen in views.items() if name != MIDDLE}
    novelty = assemble(["Good"], without, np.arange(60), np.zeros(60, bool), embeddings, {})
    values, where = novelty.of_good({n: v for n, v in broken(10, 3, 8.0).items() if n != MIDDLE})
    assert (values > 0.99).all() and where.shape == (10, 6, 6)


def test_plots_of_a_known_fault_are_known_and_others_are_not() -> None:
    rng = np.random.default_rng(3)
    novelty = fitted(Bad=rng.normal(6, 1, (40, WIDTH)).astype(np.float32))
    alike, strange = rng.normal(6, 1, (200, WIDTH)), rng.normal(-9, 1, (50, WIDTH))
    known = novelty.of_fault("Bad", alike.astype(np.float32))
    assert (known >= 0.95).mean() < 0.12 and np.median(known) < 0.7
    assert (novelty.of_fault("Bad", strange.astype(np.float32)) > 0.999).all()


def test_a_fault_with_few_plots_is_measured_by_all_faults_and_with_none_to_go_by_not_at_all() -> None:
    rng = np.random.default_rng(3)
    many, few = rng.normal(6, 1, (40, WIDTH)), rng.normal(-6, 1, (3, WIDTH))
    novelty = fitted(Bad=many.astype(np.float32), NoData=few.astype(np.float32))
    assert (novelty.of_fault("NoData", few.astype(np.float32)) < 0.5).all()
    assert (novelty.of_fault("NoData", many.astype(np.float32)) > 0.99).all()
    alone = fitted(NoData=few.astype(np.float32))
    assert (alone.of_fault("NoData", many.astype(np.float32)) == 0).all()
    assert (alone.of_fault("Bad", many.astype(np.float32)) == 0).all()


def test_the_class_that_is_said_decides_what_a_plot_is_compared_with() -> None:
    rng = np.random.default_rng(3)
    novelty = fitted(Bad=rng.normal(6, 1, (40, WIDTH)).astype(np.float32))
    views = {name: np.concatenate([healthy(2, 9)[0][name], broken(4, 5, 8.0)[name]]) for name in SHAPES}
    embeddings = np.concatenate([rng.normal(0, 1, (4, WIDTH)), np.full((1, WIDTH), 6.0), np.full((1, WIDTH), -9.0)])
    said = ["Good", "Good", "Good", "Good", "Bad", "Bad"]
    values, where = novelty.judge(said, views, embeddings.astype(np.float32))
    assert (values[:2] < 0.99).all() and (values[2:4] > 0.99).all() and values[4] < 0.9 and values[5] > 0.99
    assert where[2] is not None and where[3] is not None and where[4] is None and where[5] is None


def test_plots_are_held_out_by_run() -> None:
    groups = np.repeat(np.arange(7), 5)
    for out in folds(groups):
        assert not set(groups[out]) & set(groups[~out])
    assert np.sum(folds(groups), axis=0).tolist() == [1] * 35
    assert np.sum(folds(np.zeros(20, np.int64)), axis=0).tolist() == [1] * 20


def test_a_run_that_differs_counts_as_odd_when_it_is_held_out() -> None:
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(6), 10)
    runs = rng.normal(0, 3, (6, 4, 4, 8))[groups]
    seen = (runs + rng.normal(0, 1, (60, 4, 4, 8))).astype(np.float32)
    by_run, by_plot = held_out(seen, groups, 0.1), held_out(seen, np.arange(60), 0.1)
    assert np.median(by_run) > np.median(by_plot) + 0.3


def test_what_the_body_has_learnt_by_heart_is_allowed_for() -> None:
    views, embeddings = healthy(100, 1)
    fresh = np.arange(100) % 5 == 0
    for name, seen in views.items():
        seen[fresh] = LEVELS[name] + 1.6 * (seen[fresh] - LEVELS[name])
    unaware = assemble(["Good"], views, np.arange(100), np.zeros(100, bool), embeddings, {})
    aware = assemble(["Good"], views, np.arange(100), fresh, embeddings, {})
    new = dict(healthy(200, 9)[0])
    for name in new:
        new[name] = (LEVELS[name] + 1.6 * (new[name] - LEVELS[name])).astype(np.float32)
    assert np.median(unaware.of_good(new)[0]) > 0.8 > np.median(aware.of_good(new)[0])


def test_the_share_beyond_falls_without_end() -> None:
    tail = Tail(np.sort(np.random.default_rng(1).normal(size=50)).astype(np.float32))
    shares = tail.beyond(np.linspace(-5, 12, 500).astype(np.float32))
    assert (np.diff(shares) <= 1e-7).all() and 0.97 < shares[0] <= 1 and 0 < shares[-1] < 1e-6


def test_one_odd_run_does_not_hide_what_is_odder_still() -> None:
    usual = np.random.default_rng(1).normal(size=54)
    tail = Tail(np.sort([*usual, *np.full(6, 8.0)]).astype(np.float32), 1.4)
    as_odd, odder = tail.beyond(np.array([7.9, 14.0], np.float32))
    assert 0.05 < as_odd < 0.15 and odder < 0.001


def test_the_file_gives_the_same_answers() -> None:
    rng = np.random.default_rng(3)
    novelty = fitted(**{"No data": rng.normal(6, 1, (40, WIDTH)).astype(np.float32)})
    read = Novelty.from_bytes(novelty.to_bytes(), "novelty.npz")
    views, embeddings = healthy(20, 4)
    np.testing.assert_array_equal(read.of_good(views)[0], novelty.of_good(views)[0])
    np.testing.assert_array_equal(read.of_fault("No data", embeddings), novelty.of_fault("No data", embeddings))
    assert read.fits(views, embeddings)
    assert not read.fits(views, embeddings[:, 1:]) and not read.fits({PIXELS: views[PIXELS]}, embeddings)


def damaged(**changes: np.ndarray | None) -> bytes:
    rng = np.random.default_rng(3)
    data = fitted(30, Bad=rng.normal(6, 1, (40, WIDTH)).astype(np.float32)).to_bytes()
    arrays = dict(np.load(io.BytesIO(data)))
    for key, value in changes.items():
        if value is None:
            arrays.pop(key)
        else:
            arrays[key] = value
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK no archive",
        damaged()[:-400],
        damaged(tail=None),
        damaged(good=None),
        damaged(stretch=None),
        damaged(tail=np.array([2.0, 1.0, 3.0])),
        damaged(tail=np.array([1.0, np.nan, 3.0])),
        damaged(scale=np.zeros(WIDTH)),
        damaged(**{"look/last/mean": None}),
        damaged(**{"look/last/spread": np.zeros(SHAPES[LAST])}),
        damaged(**{"look/last/mean": np.zeros((2, 2, 2))}),
        damaged(**{"look/middle/score": np.array([0.0, -1.0])}),
        damaged(**{"look/elsewhere/mean": np.zeros((2, 2, 2))}),
        damaged(**{"kin/Bad/embeddings": np.zeros((40, 3))}),
        damaged(**{"kin/Bad/embeddings": np.full((40, WIDTH), np.inf)}),
        damaged(scale=np.array([{"an": "object"}], dtype=object)),
    ],
)
def test_a_damaged_file_is_refused(data: bytes) -> None:
    with pytest.raises(ModelError, match=r"novelty\.npz .*train the model again"):
        Novelty.from_bytes(data, "novelty.npz")
