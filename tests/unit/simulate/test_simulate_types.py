"""What the plots of GlueX and CLAS12 show: geometry, normal imperfections, the shapes of faults."""

from itertools import pairwise

import numpy as np
import pytest

from hydra_ml.simulate import Content, RunConditions, draw, labels, plot_types, sample
from hydra_ml.simulate.content import Cells, ErrorBars, HeatMap, Note, Outlines, arrays
from hydra_ml.simulate.plots import dirc, energy, fdc, tagger
from hydra_ml.simulate.plots.clas12 import dc, ftcal, ftof, helicity, rich, trigger
from hydra_ml.simulate.style import GROOT_FRAME, palette_levels

RUN = RunConditions(121234, seed=5)
GLUEX = """
    CDC_occupancy FCAL_occupancy ECAL_occupancy CCAL_occupancy BCAL_occupancy FDC_occupancy TOF_occupancy ST_occupancy
    PS_occupancy TAGGER_occupancy RF_TPOL_occupancy RF_TOF_selftiming Trigger-Bits Kinematics-PSEnergy fa125_itrig
    bad_hits DIRC_occupancy DigiHits_occupancy
""".split()
CLAS12 = [f"clas12_{name}" for name in (
    "DC_occupancy", "FTOF_adc_occupancy", "FTOF_tdc_occupancy", "ECAL_occupancy", "HTCC_occupancy", "LTCC_occupancy",
    "CTOF_occupancy", "CND_occupancy", "BST_occupancy", "FTCAL_occupancy", "RICH_occupancy", "helicity",
    "trigger_bits", "RF_difference",
)]  # fmt: skip


def one(plot_type: str, seed: int = 1, run: RunConditions = RUN, **how: object) -> Content:
    return sample(plot_type, np.random.default_rng(seed), run=run, **({"label": "Good"} | how))  # type: ignore[arg-type]


def bad(plot_type: str, fault: str, seed: int = 1, **how: object) -> Content:
    return one(plot_type, seed, label=None, fault=fault, **how)


def maps(content: Content) -> list[np.ndarray]:
    return [layer.values for pad in content.pads for layer in pad.layers if isinstance(layer, HeatMap | Cells)]


def test_all_plot_types_are_there_and_the_demos_come_first() -> None:
    from hydra_cli.demo.hall import PLOTS

    assert sorted(plot_types()) == sorted(GLUEX + CLAS12)
    assert plot_types()[:8] == tuple(PLOTS)


SHAPES = {
    "ECAL_occupancy": [(42, 42)],
    "CCAL_occupancy": [(14, 14)],
    "FDC_occupancy": [(216, 48), (96, 24)],
    "DIRC_occupancy": [(48, 144)] * 2,
    "DigiHits_occupancy": [(151, 23)] * 2,
    "clas12_DC_occupancy": [(36, 112)] * 6,
    "clas12_FTOF_adc_occupancy": [(23, 6)] * 2 + [(62, 6)] * 2 + [(5, 6)] * 2,
    "clas12_ECAL_occupancy": [(68, 6), (62, 6), (62, 6)] + [(36, 6)] * 6,
    "clas12_HTCC_occupancy": [(8, 6)],
    "clas12_LTCC_occupancy": [(18, 12)],
    "clas12_CND_occupancy": [(3, 24)] * 2,
    "clas12_BST_occupancy": [(10, 256), (14, 256), (18, 256)] * 2,
    "clas12_FTCAL_occupancy": [(22, 22)],
    "clas12_RICH_occupancy": [(207, 261)] * 2,
}


@pytest.mark.parametrize("plot_type", SHAPES)
def test_maps_have_the_detectors_channels(plot_type: str) -> None:
    assert [values.shape for values in maps(one(plot_type))] == SHAPES[plot_type]


@pytest.mark.parametrize(("plot_type", "side"), [("ECAL_occupancy", 40), ("CCAL_occupancy", 12)])
def test_crystals_surround_a_hole_and_the_hottest_are_beside_it(plot_type: str, side: int) -> None:
    (values,) = maps(one(plot_type))
    assert not values[0].any() and not values[:, -1].any()
    middle = side // 2
    assert not values[middle : middle + 2, middle : middle + 2].any()
    assert side * side - 4 - 8 <= np.count_nonzero(values) <= side * side - 4
    row, column = np.unravel_index(values.argmax(), values.shape)
    assert max(abs(row - middle - 0.5), abs(column - middle - 0.5)) <= 1.5


def test_wires_of_a_known_dead_group_are_those_of_the_run_period() -> None:
    def group(run: int) -> tuple[int, ...]:
        longest = (maps(one("FDC_occupancy", run=RunConditions(run, 5)))[1] == 0).sum(axis=0)
        return tuple(np.flatnonzero(longest >= 24))

    found = [group(1000 * period) for period in range(12)]
    assert 1 <= sum(bool(planes) for planes in found) <= 11
    assert all(group(1000 * period + 321) == planes for period, planes in enumerate(found))


def test_a_missing_package_is_twelve_cathode_planes_and_six_of_wires() -> None:
    cathodes, wires = (np.flatnonzero(~v.any(axis=0)) for v in maps(bad("FDC_occupancy", "missing_package")))
    assert len(cathodes) == 12 and len(wires) == 6
    assert cathodes[0] / fdc.CATHODE_PLANES == wires[0] / fdc.WIRE_PLANES


def test_two_corners_of_a_dirc_box_never_had_tubes() -> None:
    for values in maps(one("DIRC_occupancy")):
        assert not values[40:, :56].any() and not values[:8, 88:].any()
        assert values[:40, :88].any() and (values > 0).sum() > 0.98 * (dirc.ROWS * dirc.COLUMNS - 2 * 56 * 8)


def test_the_amorphous_radiators_columns_are_high_and_good_in_some_runs() -> None:
    ratios = []
    for run in range(30):
        fadc = next(arrays(one("TAGGER_occupancy", run=RunConditions(run, 5))))
        special = np.array(tagger.AMORPHOUS) - 1
        ratios.append(fadc[special].mean() / fadc[70:80].mean())
    high = [ratio for ratio in ratios if ratio > 1.7]
    assert 3 <= len(high) <= 18 and all(ratio < 1.5 or ratio > 1.7 for ratio in ratios)


def test_upper_slots_of_the_hodoscope_are_mostly_off() -> None:
    last = [
        np.flatnonzero(list(arrays(one("TAGGER_occupancy", run=RunConditions(1000 * p, 5))))[2])[-1] for p in range(20)
    ]
    off = [slot for slot in last if slot < 140]
    assert 8 <= len(off) < 20 and min(off) >= 120 and all(slot >= 270 for slot in last if slot >= 140)


def slope_of(content: Content) -> tuple[np.ndarray, np.ndarray]:
    """Return energies (GeV) and how the smoothed spectrum rises there, as a share of its peak."""
    (layer,) = (layer for layer in content.pads[0].layers if isinstance(layer, ErrorBars))
    smooth = np.convolve(layer.counts, np.ones(9) / 9, "same")
    inside = (layer.centres > 7.2) & (layer.centres < 10.8)
    return layer.centres, np.where(inside, np.gradient(smooth), 0) / smooth.max()


def edge_of(content: Content) -> float:
    energies, slope = slope_of(content)
    return float(energies[slope.argmin()])


def steepest_fall(content: Content) -> float:
    return -float(slope_of(content)[1].min())


def test_a_diamond_has_its_edge_near_8_8_gev_and_the_peak_is_printed() -> None:
    for seed in range(6):
        content = one(energy.NAME, seed, RunConditions(120000 + 700 * seed, 5))
        assert abs(edge_of(content) - 8.83) < 0.25
        (note,) = (layer for layer in content.pads[0].layers if isinstance(layer, Note))
        assert 8.4 < float(note.text.split()[1]) < 9.0
        assert abs(edge_of(bad(energy.NAME, "edge_moved", seed)) - 8.8) > 0.3


def test_amorphous_is_a_class_of_its_own_where_a_hall_has_it() -> None:
    classes = ("Good", "Bad", "NoData", "Amorphous")
    assert labels(energy.NAME, classes) == ("Good", "Amorphous", "Bad", "NoData")
    assert one(energy.NAME, label="Amorphous", classes=classes).fault == "amorphous"
    assert labels(energy.NAME) == ("Good", "Bad", "NoData")
    assert steepest_fall(one(energy.NAME)) > 3 * steepest_fall(bad(energy.NAME, "amorphous"))


@pytest.mark.parametrize("shape", range(3))
def test_connectors_tile_the_wires_of_every_layer_in_eights(shape: int) -> None:
    for layer in range(6):
        spans = [kind[layer] for kind in dc.CONNECTORS]
        assert spans[0][0] == 1 and spans[-1][1] == 8
        assert all(after[0] == before[1] + 1 for before, after in pairwise(spans))
    assert dc.CONNECTOR_POSITIONS * dc.CONNECTOR_PERIOD == dc.WIRES == dc.FUSE_POSITIONS * dc.FUSE_PERIOD
    assert all(span[1] - span[0] in (1, 2) for span in dc.CONNECTORS[shape])


@pytest.mark.parametrize(
    ("fault", "wires", "layers"),
    [("hv_channel", {8, 16, 32}, {6}), ("hv_pin", {8, 16}, {1}), ("connector", {3, 4}, {6}), ("fuse", {6}, {6})],
)
def test_faults_of_the_drift_chambers_have_their_sizes(fault: str, wires: set[int], layers: set[int]) -> None:
    for seed in range(12):
        content = bad(dc.NAME, fault, seed)
        (box,) = content.boxes
        assert round(box.x1 - box.x0) in wires
        assert round(box.y1 - box.y0) in layers
        assert int(box.y0 - 0.5) // 6 == int(box.y1 - 0.6) // 6, "it stays in its superlayer"


def test_the_drift_chambers_have_three_bands_that_fade() -> None:
    for values in maps(one(dc.NAME)):
        first, second, third = (values[rows, :50].mean() for rows in (slice(0, 12), slice(12, 24), slice(24, 36)))
        assert first > third > second
        assert values[:, 100:].mean() < 0.15 * values[:, :50].mean()


def test_tiles_and_crystals_are_as_many_as_built() -> None:
    assert ftcal.CRYSTALS.sum() == 332
    assert len(rich.TILES) == 138 and sum(tubes for _, _, tubes in rich.TILES) == sum(rich.ROW_TUBES) == 391
    assert {tubes for _, _, tubes in rich.TILES} == {2, 3}
    dead = [(values > 0).sum() for values in maps(one(rich.NAME))]
    assert all(391 * 64 - 192 <= count <= 391 * 64 for count in dead)
    (outlines,) = (layer for layer in one(rich.NAME).pads[0].layers if isinstance(layer, Outlines))
    assert outlines.corners.shape == (138, 4, 2)


def test_a_striped_sector_is_low_left_and_right() -> None:
    content = bad("clas12_FTOF_adc_occupancy", "striped_sector")
    assert {box.pad for box in content.boxes} == {0, 1, 2, 3}
    assert len({(box.x0, box.x1) for box in content.boxes}) == 1
    assert len(ftof.PANELS) * 2 == len(content.pads)


def test_helicity_states_are_equal_and_patterns_one_in_four() -> None:
    state, *_ = measured = list(arrays(one(helicity.NAME)))
    assert state[0] == pytest.approx(state[2], rel=0.05) and state[1] < 0.02 * state[0]
    assert measured[helicity.PATTERN][0] == pytest.approx(3 * measured[helicity.PATTERN][1], rel=0.05)
    lopsided = next(arrays(bad(helicity.NAME, "asymmetry")))
    assert abs(lopsided[0] / lopsided[2] - 1) > 0.2


def test_unused_trigger_bits_are_empty() -> None:
    counts = next(arrays(one(trigger.NAME)))
    assert len(counts) == 32 and tuple(np.flatnonzero(counts == 0)) == trigger.OFF
    off = next(arrays(bad(trigger.NAME, "no_beam")))
    assert off[trigger.BEAM :].sum() > 10 * off[: trigger.BEAM].sum()


@pytest.mark.parametrize("plot_type", CLAS12)
def test_clas12_looks_like_groot(plot_type: str) -> None:
    content = bad(plot_type, "no_data")
    rgb = draw(content, size=(800, 600)).rgb
    for pad in content.pads:
        assert pad.look == "groot" and pad.grid
        x0, y0, x1, y1 = pad.frame()
        inside = rgb[int((1 - y1) * 600) + 3 : int((1 - y0) * 600) - 3, int(x0 * 800) + 3 : int(x1 * 800) - 3]
        grey = (inside == round(255 * GROOT_FRAME[0])).all(axis=2)
        white = (inside == 255).all(axis=2)
        assert grey.mean() > 0.7 and 0.001 < white.mean() < 0.2
    assert (rgb[1, 1] == 255).all()


def test_gluex_keeps_the_look_of_root() -> None:
    assert {pad.look for plot_type in GLUEX for pad in one(plot_type).pads} == {"root"}


def test_each_look_has_palettes_of_its_own_and_a_style_changes_them() -> None:
    from hydra_ml.simulate import Style

    assert [Style(palette=p).palette_for("groot") for p in ("bird", "rainbow", "viridis")] == [
        "groot",
        "jet",
        "viridis",
    ]
    assert Style(palette="rainbow").palette_for("root") == "rainbow"
    assert Style(palette="rainbow").palette_for("root", "cool") == "cool"
    first, last = (draw(one("clas12_HTCC_occupancy"), Style(palette=p)).rgb for p in ("bird", "rainbow"))
    groot = {tuple(colour) for colour in palette_levels("groot")}
    assert len({tuple(p) for p in first.reshape(-1, 3)} & groot) >= 5 and (first != last).any()


EVENTS_ONLY = ("fa125_itrig", "bad_hits", "DigiHits_occupancy")


@pytest.mark.parametrize("plot_type", [p for p in GLUEX + CLAS12 if p not in EVENTS_ONLY])
def test_levels_drift_from_run_to_run_within_bounds(plot_type: str) -> None:
    runs = [RunConditions(121000 + number, 5) for number in range(12)]
    totals = [sum(float(values.sum()) for values in arrays(one(plot_type, run=run))) for run in runs]
    assert 1.01 < max(totals) / min(totals) < 2.2


def test_the_mean_number_of_hits_drifts_from_run_to_run() -> None:
    runs = [RunConditions(121000 + number, 5) for number in range(12)]
    means = [float((maps(one("DigiHits_occupancy", run=run))[0][:, 0] * np.arange(151)).sum()) for run in runs]
    assert 1.05 < max(means) / min(means) < 2.2
