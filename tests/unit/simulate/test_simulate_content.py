"""Every fault of every plot type against the same plot without it."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from hydra_core.errors import UsageError
from hydra_ml.simulate import Content, RunConditions, Style, draw, faults, labels, plot_types, png, sample
from hydra_ml.simulate.content import Bars, Cells, HeatMap, Steps, arrays
from hydra_ml.simulate.plots.cdc import STRAWS
from hydra_ml.simulate.plots.st import KNOWN_HOT, TDC

RUN = RunConditions(121234, seed=5)
CASES = [(plot_type, fault.name) for plot_type in plot_types() for fault in faults(plot_type)]


def one(plot_type: str, seed: int, run: RunConditions = RUN, **how: str) -> Content:
    return sample(plot_type, np.random.default_rng(seed), run=run, **how)


def same(first: Content, second: Content) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(arrays(first), arrays(second), strict=True))


def extents(layer: object, frame_low: tuple[float, float]) -> Iterator[tuple[float, float, float, float]]:
    """Yield the extent of every bin, bar, cell of a layer in data units."""
    match layer:
        case Cells(corners=corners):
            for cell in corners:
                yield (*cell.min(axis=0), *cell.max(axis=0))
        case Bars(lefts=lefts, heights=heights, width=width):
            for left, height in zip(lefts, heights, strict=True):
                yield left, frame_low[1], left + width, height
        case Steps(edges=edges, counts=counts):
            for left, right, count in zip(edges, edges[1:], counts, strict=False):
                yield left, frame_low[1], right, count


def changed_extents(good: Content, bad: Content) -> Iterator[tuple[int, tuple[float, float, float, float]]]:
    """Yield (pad, extent in data units) of everything that the fault changed."""
    for index, (before, after) in enumerate(zip(good.pads, bad.pads, strict=True)):
        low = (after.x.low, after.y.low)
        for old, new in zip(before.layers, after.layers, strict=True):
            match old, new:
                case HeatMap(values=a), HeatMap(values=b):
                    height, width = (after.y.high - low[1]) / a.shape[0], (after.x.high - low[0]) / a.shape[1]
                    for row, column in np.argwhere(a != b):
                        x, y = low[0] + column * width, low[1] + row * height
                        yield index, (x, y, x + width, y + height)
                case _:
                    changed = [np.array([x for c in (old, new) for x in [*_values(c)]]).reshape(2, -1)]
                    where = changed[0][0] != changed[0][1] if changed[0].size else []
                    both = zip(extents(old, low), extents(new, low), strict=True)
                    for different, (a_box, b_box) in zip(where, both, strict=True):
                        if different:
                            yield index, (*a_box[:3], max(a_box[3], b_box[3]))


def _values(layer: object) -> np.ndarray:
    match layer:
        case Cells(values=values) | Bars(heights=values) | Steps(counts=values):
            return values
    return np.zeros(0)


def test_the_eight_plot_types_are_there() -> None:
    wanted = "CDC FCAL BCAL ST TOF".split()
    assert {*plot_types()} >= {*(f"{w}_occupancy" for w in wanted), "RF_TOF_selftiming", "Trigger-Bits", "fa125_itrig"}


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
    for seed in range(6):
        good, bad = one(plot_type, seed, label="Good"), one(plot_type, seed, fault=fault)
        assert bad.fault == fault and bad.label in labels(plot_type) and bad.label != "Good" and bad.boxes
        changes = list(changed_extents(good, bad))
        assert changes
        for pad, (x0, y0, x1, y1) in changes:
            assert any(
                box.pad == pad
                and box.x0 <= x0 + 1e-6
                and box.x1 >= x1 - 1e-6
                and box.y0 <= y0 + 1e-6
                and box.y1 >= y1 - 1e-6
                for box in bad.boxes
            ), (seed, pad, (x0, y0, x1, y1))


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


@pytest.mark.parametrize("plot_type", [p for p in plot_types() if p != "fa125_itrig"])
def test_an_empty_plot_is_no_data(plot_type: str) -> None:
    content = one(plot_type, 0, label="NoData")
    assert content.fault == "no_data" and content.label == "NoData"
    assert all((values == 0).all() for values in arrays(content))
    assert any((values > 0).any() for values in arrays(one(plot_type, 0, label="Good")))


def test_an_empty_fa125_itrig_is_good_and_any_cell_is_bad() -> None:
    assert all((values == 0).all() for seed in range(9) for values in arrays(one("fa125_itrig", seed, label="Good")))
    assert all((values > 0).any() for seed in range(9) for values in arrays(one("fa125_itrig", seed, label="Bad")))
    assert labels("fa125_itrig") == ("Good", "Bad")
    with pytest.raises(UsageError, match="no label 'NoData'"):
        one("fa125_itrig", 0, label="NoData")


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
