"""How hard faults strike: from subtle to obvious, in one place, and never changed where nobody asks."""

import hashlib

import numpy as np
import pytest

from hydra_core.errors import UsageError
from hydra_ml.simulate import Content, RunConditions, Style, draw, faults, plot_types, sample
from hydra_ml.simulate.content import arrays
from hydra_ml.simulate.model import Severity

RUN = RunConditions(121234, seed=5)
CASES = [(plot_type, fault.name) for plot_type in plot_types() for fault in faults(plot_type)]
ALL_OR_NOTHING = {
    "no_data", "cosmics", "led", "flat", "missing_tdc", "missing_adc", "missing_pad", "no_beam", "no_pulsers",
    "missing_bits", "missing_sector", "missing_module", "missing_layer", "missing_tagm", "missing_tagh", "empty_box",
    "missing_channel", "arms_swapped", "missing_tpol", "crate", "slot", "detector", "reason", "missing_bit",
}  # fmt: skip
"""Faults that have no degrees in one type of plot at least."""
NO_DEGREES = {("ECAL_occupancy", "dead_crate"), ("ECAL_occupancy", "dead_board")}

# Contents of version 0.1.0. Models and the backbone are trained on these plots: a change here makes them strangers.
FROZEN = {
    "CDC_occupancy": "82e88d8b8db2543c",
    "FCAL_occupancy": "e76d3e2ff53ce5d3",
    "BCAL_occupancy": "59c4f354ccdd96fc",
    "ST_occupancy": "cc20900679f206f6",
    "TOF_occupancy": "09aeaa5745633620",
    "RF_TOF_selftiming": "72f8620e1b3c1784",
    "Trigger-Bits": "6065453dbec8e439",
    "fa125_itrig": "36ceb86c5d59fa85",
}


def frozen(plot_type: str) -> str:
    """Return a hash of what is measured, of labels and of boxes: healthy and with every fault, twice each."""
    digest = hashlib.sha256()
    for number, fault in enumerate(("", *(fault.name for fault in faults(plot_type)))):
        for seed in (0, 1):
            run, rng = RunConditions(121234 + 1000 * seed, 5), np.random.default_rng([number, seed])
            how = {"fault": fault} if fault else {"label": "Good"}
            content = sample(plot_type, rng, run=run, **how)  # type: ignore[arg-type]
            for values in arrays(content):
                digest.update(",".join(f"{value:.4g}" for value in values.ravel()).encode())
            boxes = [f"{b.pad} {b.x0:.4g} {b.y0:.4g} {b.x1:.4g} {b.y1:.4g}" for b in content.boxes]
            digest.update(f"{content.label} {content.fault} {boxes}".encode())
    return digest.hexdigest()[:16]


@pytest.mark.parametrize("plot_type", FROZEN)
def test_the_first_eight_types_are_drawn_as_ever(plot_type: str) -> None:
    assert frozen(plot_type) == FROZEN[plot_type]


def one(plot_type: str, fault: str, severity: float | None, seed: int = 3) -> Content:
    return sample(plot_type, np.random.default_rng(seed), run=RUN, fault=fault, severity=severity)


def effect(plot_type: str, fault: str, severity: float) -> float:
    """Return how far a fault takes the plot from the healthy one: the sum of the differences of logarithms."""
    good = sample(plot_type, np.random.default_rng(3), run=RUN, label="Good")
    total = 0.0
    for before, after in zip(arrays(good), arrays(one(plot_type, fault, severity)), strict=True):
        floor = 1e-4 * max(1e-6, float(before.max()))
        total += float(np.abs(np.log((after + floor) / (before + floor))).sum())
    return total


@pytest.mark.parametrize(("plot_type", "fault"), CASES)
def test_a_subtle_fault_is_there_and_an_obvious_one_is_worse(plot_type: str, fault: str) -> None:
    subtle, obvious = effect(plot_type, fault, 0.0), effect(plot_type, fault, 1.0)
    assert subtle > 0
    assert obvious >= 0.97 * subtle
    if fault not in ALL_OR_NOTHING and (plot_type, fault) not in NO_DEGREES:
        assert obvious > 1.02 * subtle


@pytest.mark.parametrize(("plot_type", "fault"), CASES)
def test_severity_changes_neither_label_nor_what_is_healthy(plot_type: str, fault: str) -> None:
    contents = [one(plot_type, fault, severity) for severity in (None, 0.0, 0.5, 1.0)]
    assert len({content.label for content in contents}) == 1
    assert [content.severity for content in contents] == [None, 0.0, 0.5, 1.0]
    assert all(content.boxes for content in contents)


IN_PLACE = [
    ("CDC_occupancy", "hv_board"),
    ("FCAL_occupancy", "weak_group"),
    ("FDC_occupancy", "dead_card"),
    ("DIRC_occupancy", "dead_board"),
    ("clas12_DC_occupancy", "fuse"),
    ("clas12_ECAL_occupancy", "noisy_board"),
]


@pytest.mark.parametrize(("plot_type", "fault"), IN_PLACE)
def test_a_fault_stays_in_its_place_whatever_its_severity(plot_type: str, fault: str) -> None:
    assert len({one(plot_type, fault, severity).boxes for severity in (None, 0.0, 0.4, 1.0)}) == 1


def test_an_empty_detector_is_empty_at_any_severity() -> None:
    for plot_type in plot_types():
        if any(fault.name == "no_data" for fault in faults(plot_type)):
            content = one(plot_type, "no_data", 0.0)
            assert content.label == "NoData" and not any(values.any() for values in arrays(content))


def test_a_subtle_dead_board_is_dimmed_and_an_obvious_one_white() -> None:
    def inside(severity: float) -> np.ndarray:
        drawn = draw(one("FDC_occupancy", "dead_module", severity), size=(800, 600))
        x0, y0, x1, y1 = drawn.fault_boxes[0]
        return drawn.rgb[int(y0 * 600) + 3 : int(y1 * 600) - 3, int(x0 * 800) + 3 : int(x1 * 800) - 2]

    assert (inside(1.0) > 250).all(axis=2).mean() > 0.95
    assert (inside(0.0) > 250).all(axis=2).mean() < 0.05


@pytest.mark.parametrize(("plot_type", "fault"), CASES)
def test_even_the_most_subtle_fault_can_be_seen_inside_its_boxes(plot_type: str, fault: str) -> None:
    good = sample(plot_type, np.random.default_rng(0), run=RUN, label="Good")
    before, after = (draw(content, Style(stats=False)) for content in (good, one(plot_type, fault, 0.0, seed=0)))
    changed = np.abs(before.rgb.astype(int) - after.rgb).max(axis=2) > 12
    inside = np.zeros_like(changed)
    for x0, y0, x1, y1 in after.fault_boxes:
        inside[max(0, int(y0 * 600)) : int(y1 * 600) + 2, max(0, int(x0 * 800)) : int(x1 * 800) + 2] = True
    assert (changed & inside).sum() >= 12


def test_sizes_run_from_faint_to_strong_and_chance_takes_the_same_number_either_way() -> None:
    rng, again = np.random.default_rng(1), np.random.default_rng(1)
    drawn = Severity().between(rng, 2.0, 8.0, faint=1.1)
    assert 2 <= drawn <= 8
    assert Severity(0.0).between(again, 2.0, 8.0, faint=1.1) == pytest.approx(1.1)
    assert rng.random() == again.random()
    assert Severity(1.0).between(rng, 0.4, 0.1, faint=0.8) == pytest.approx(0.1)
    assert Severity(0.5).between(rng, 1.0, 0.0) == pytest.approx(0.5)
    assert [Severity(s).count(rng, 5, 20, faint=1) for s in (0.0, 1.0)] == [1, 20]
    assert [Severity(s).left() for s in (None, 0.0, 0.6, 1.0)] == [0.0, 0.5, 0.0, 0.0]


@pytest.mark.parametrize("severity", [-0.1, 1.1, float("nan")])
def test_a_severity_beyond_0_and_1_is_refused(severity: float) -> None:
    with pytest.raises(UsageError, match="from 0 \\(subtle\\) to 1"):
        one("CDC_occupancy", "hv_board", severity)
