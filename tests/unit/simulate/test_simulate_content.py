"""Every fault of every plot type against the same plot without it."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from hydra_core.errors import UsageError
from hydra_ml.simulate import Content, RunConditions, Style, draw, faults, labels, plot_types, png, sample
from hydra_ml.simulate.content import Bars, Cells, ErrorBars, HeatMap, Pad, Steps, arrays
from hydra_ml.simulate.plots.cdc import STRAWS
from hydra_ml.simulate.plots.st import KNOWN_HOT, TDC

RUN = RunConditions(121234, seed=5)
CASES = [(plot_type, fault.name) for plot_type in plot_types() for fault in faults(plot_type)]


def one(plot_type: str, seed: int, run: RunConditions = RUN, **how: str) -> Content:
    return sample(plot_type, np.random.default_rng(seed), run=run, **how)


def same(first: Content, second: Content) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(arrays(first), arrays(second), strict=True))


def extents(layer: object, pad: Pad) -> np.ndarray:
    """Return the extent (x0, y0, x1, y1) of every bin, bar or cell of a layer in data units, shape (n, 4)."""
    low = pad.y.low
    match layer:
        case HeatMap(values=values):
            rows, columns = values.shape
            x = np.linspace(pad.x.low, pad.x.high, columns + 1)
            y = np.linspace(pad.y.low, pad.y.high, rows + 1)
            corners = np.broadcast_arrays(x[None, :-1], y[:-1, None], x[None, 1:], y[1:, None])
            return np.stack([c.ravel() for c in corners], axis=1)
        case Cells(corners=corners):
            return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
        case Bars(lefts=lefts, heights=heights, width=width):
            return np.stack([lefts, np.full_like(lefts, low), lefts + width, heights], axis=1)
        case Steps(edges=edges, counts=counts):
            return np.stack([edges[:-1], np.full_like(counts, low), edges[1:], counts], axis=1)
        case ErrorBars(centres=centres, counts=counts):
            half = np.diff(centres).mean() / 2
            return np.stack([centres - half, np.full_like(counts, low), centres + half, counts], axis=1)
    return np.zeros((0, 4))


def changed_extents(good: Content, bad: Content) -> Iterator[tuple[int, np.ndarray]]:
    """Yield pad and extents (n, 4) in data units of everything that the fault changed, layer by layer."""
    for index, (before, after) in enumerate(zip(good.pads, bad.pads, strict=True)):
        for old, new in zip(before.layers, after.layers, strict=True):
            changed = _values(old).ravel() != _values(new).ravel()
            boxes = extents(new, after)
            if not isinstance(new, HeatMap | Cells):
                boxes[:, 3] = np.maximum(boxes[:, 3], extents(old, before)[:, 3])
            if changed.any():
                yield index, boxes[changed]


def _values(layer: object) -> np.ndarray:
    match layer:
        case HeatMap(values=values) | Cells(values=values) | Bars(heights=values):
            return values
        case Steps(counts=values) | ErrorBars(counts=values):
            return values
    return np.zeros(0)


def outside(bad: Content, pad: int, extents: np.ndarray) -> np.ndarray:
    """Return those of the extents that lie in no box of their pad."""
    inside = np.zeros(len(extents), dtype=bool)
    for box in (box for box in bad.boxes if box.pad == pad):
        low = (box.x0 <= extents[:, 0] + 1e-6) & (box.y0 <= extents[:, 1] + 1e-6)
        inside |= low & (box.x1 >= extents[:, 2] - 1e-6) & (box.y1 >= extents[:, 3] - 1e-6)
    return extents[~inside]


def test_the_drift_chamber_has_its_3522_straws() -> None:
    assert sum(STRAWS) == 3522
    (layer,) = (layer for layer in one("CDC_occupancy", 0).pads[0].layers if isinstance(layer, Cells))
    assert layer.values.shape == (3522,)


@pytest.mark.parametrize("plot_type", plot_types())
def test_same_seed_gives_same_bytes_and_another_seed_others(plot_type: str) -> None:
    first, again, other = (png(draw(one(plot_type, seed), size=(400, 300))) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize(("plot_type", "fault"), CASES)
def test_a_fault_changes_the_plot_only_inside_its_boxes(plot_type: str, fault: str) -> None:
    for seed in range(4):
        good, bad = one(plot_type, seed, label="Good"), one(plot_type, seed, fault=fault)
        assert bad.fault == fault and bad.label in labels(plot_type) and bad.label != "Good" and bad.boxes
        changes = list(changed_extents(good, bad))
        assert changes
        for pad, changed in changes:
            assert not len(outside(bad, pad, changed)), (seed, pad)


@pytest.mark.parametrize(("plot_type", "fault"), CASES)
def test_a_person_can_see_every_fault_inside_its_boxes(plot_type: str, fault: str) -> None:
    for seed in range(3):
        good, bad = (draw(one(plot_type, seed, **how), Style()) for how in ({"label": "Good"}, {"fault": fault}))
        visible = np.abs(good.rgb.astype(int) - bad.rgb).max(axis=2) > 40
        inside = _inside(bad.fault_boxes, visible.shape)
        assert (visible & inside).sum() >= 30


LOCAL = [
    ("CDC_occupancy", fault)
    for fault in ("missing_roc", "hv_board", "missing_ring", "hot_straws", "noisy_board", "weak_group")
]
LOCAL += [("RF_TOF_selftiming", "shifted"), ("BCAL_occupancy", "dead_board"), ("ST_occupancy", "missing_adc")]


@pytest.mark.parametrize(("plot_type", "fault"), LOCAL)
def test_where_the_scale_is_not_touched_no_pixel_outside_the_boxes_changes(plot_type: str, fault: str) -> None:
    style = Style(stats=False)
    good, bad = (draw(one(plot_type, 4, **how), style) for how in ({"label": "Good"}, {"fault": fault}))
    different = (good.rgb != bad.rgb).any(axis=2)
    frame_only = different & ~_inside(bad.fault_boxes, different.shape)
    assert frame_only.sum() == 0


def _inside(boxes: tuple[tuple[float, float, float, float], ...], shape: tuple[int, ...]) -> np.ndarray:
    height, width = shape
    mask = np.zeros((height, width), dtype=bool)
    for x0, y0, x1, y1 in boxes:
        assert -0.01 <= x0 < x1 <= 1.01 and -0.01 <= y0 < y1 <= 1.01
        columns = slice(max(0, int(x0 * width)), int(np.ceil(x1 * width)) + 1)
        mask[max(0, int(y0 * height)) : int(np.ceil(y1 * height)) + 1, columns] = True
    return mask


@pytest.mark.parametrize("plot_type", plot_types())
def test_healthy_plots_have_no_fault_and_no_box(plot_type: str) -> None:
    for seed in range(5):
        content = one(plot_type, seed, label="Good")
        assert (content.label, content.fault, content.boxes) == ("Good", "", ())


EMPTY_IS_GOOD = ("fa125_itrig", "bad_hits")


@pytest.mark.parametrize("plot_type", [p for p in plot_types() if p not in EMPTY_IS_GOOD])
def test_an_empty_plot_is_no_data(plot_type: str) -> None:
    content = one(plot_type, 0, label="NoData")
    assert content.fault == "no_data" and content.label == "NoData"
    assert all((values == 0).all() for values in arrays(content))
    assert any((values > 0).any() for values in arrays(one(plot_type, 0, label="Good")))


@pytest.mark.parametrize("plot_type", EMPTY_IS_GOOD)
def test_plots_that_must_be_empty_are_good_when_they_are_and_bad_with_any_cell(plot_type: str) -> None:
    assert all((values == 0).all() for seed in range(9) for values in arrays(one(plot_type, seed, label="Good")))
    assert all((values > 0).any() for seed in range(9) for values in arrays(one(plot_type, seed, label="Bad")))
    assert labels(plot_type) == ("Good", "Bad")
    with pytest.raises(UsageError, match="no label 'NoData'"):
        one(plot_type, 0, label="NoData")


def test_the_start_counters_hot_channel_11_is_good() -> None:
    for seed in range(5):
        bars = one("ST_occupancy", seed, RunConditions(120000 + 1000 * seed, 5), label="Good").pads[0].layers[TDC]
        assert isinstance(bars, Bars)
        assert int(bars.heights.argmax()) == KNOWN_HOT - 1
        assert bars.heights[KNOWN_HOT - 1] > 2 * np.median(bars.heights)


def test_known_dead_channels_are_those_of_the_run_period() -> None:
    def dead(plot_type: str, run: int, seed: int) -> frozenset[int]:
        values = next(arrays(one(plot_type, seed, RunConditions(run, 5), label="Good")))
        return frozenset(np.flatnonzero(values == 0))

    same_period = {dead("CDC_occupancy", run, seed) for run, seed in itertools.product((121001, 121900), (1, 2))}
    assert len(same_period) == 1 and len(next(iter(same_period))) == 2
    assert dead("CDC_occupancy", 122001, 1) not in same_period


def test_a_runs_level_stays_within_20_percent_and_is_the_runs_own() -> None:
    levels = [RunConditions(run, 1).level("CDC_occupancy") for run in range(200)]
    assert 0.8 <= min(levels) < 0.9 and 1.1 < max(levels) <= 1.2
    assert levels[7] == RunConditions(7, 1).level("CDC_occupancy")


def test_one_fault_lasts_in_its_place_while_the_rest_goes_on() -> None:
    first, later = (
        sample("CDC_occupancy", np.random.default_rng(s), run=RUN, fault="hv_board", fault_rng=np.random.default_rng(9))
        for s in (1, 2)
    )
    assert first.boxes == later.boxes and not same(first, later)


def test_extra_classes_take_their_own_faults() -> None:
    classes = ("Good", "Bad", "NoData", "Cosmic")
    assert labels("CDC_occupancy", classes) == ("Good", "Bad", "Cosmic", "NoData")
    content = sample("CDC_occupancy", np.random.default_rng(1), run=RUN, label="Cosmic", classes=classes)
    assert (content.label, content.fault) == ("Cosmic", "cosmics")
    assert one("CDC_occupancy", 1, fault="cosmics").label == "Bad"


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"plot_type": "CDC"}, "cannot simulate plot type 'CDC'; use one of: CDC_occupancy"),
        ({"fault": "hot"}, "no fault 'hot'; use one of: missing_roc"),
        ({"fault": "gain", "label": "Good"}, "fault 'gain' of CDC_occupancy is Bad, not Good"),
        ({"label": "LED"}, "no label 'LED'; use one of: Good, Bad, NoData"),
    ],
)
def test_what_cannot_be_is_refused(how: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        sample(**{"plot_type": "CDC_occupancy", "rng": np.random.default_rng(0), "run": RUN, **how})
