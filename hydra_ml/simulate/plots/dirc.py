"""DIRC_occupancy: hits of the DIRC's pixels, north box above south box, pixel row against pixel column."""

import numpy as np

from hydra_ml.simulate.content import Axis, Floats, HeatMap, Pad, stats_of
from hydra_ml.simulate.model import Boxes, Fault, Mask, Measured, PlotModel, Severity, everywhere, no_data, top_of
from hydra_ml.simulate.regions import Map, block, breaking, dead, gone, hot, scattered, times, too_few, whole, worn
from hydra_ml.simulate.run import RunConditions

NAME = "DIRC_occupancy"
ROWS, COLUMNS, PMT = 144, 48, 8
"""Pixel rows (along x) and columns (along y); a photomultiplier has 8 x 8 pixels."""
BOXES = ("North", "South")
NORMAL_EVENTS = 1.0e5

_ROW, _COLUMN = np.meshgrid(np.arange(ROWS), np.arange(COLUMNS))
_PLACES = tuple(Map(box, box, (COLUMNS, ROWS), (0.0, float(ROWS)), (0.0, float(COLUMNS))) for box in (0, 1))


def _equipped() -> Mask:
    """Return which pixels have a photomultiplier: two corners never had one."""
    return ~(((_COLUMN >= 40) & (_ROW < 56)) | ((_COLUMN < 8) & (_ROW >= 88)))


def _rates(box: int, run: RunConditions) -> Floats:
    dice = run.of_period(NAME, "pixels", BOXES[box])
    band = np.exp(-0.5 * ((_COLUMN - 20) / 7.0) ** 2) * np.exp(-_ROW / 90)
    rates = (120 + 900 * band + 160 * np.exp(-_ROW / 60)) * (1.0, 0.9)[box]
    pmts = dice.normal(1, 0.10, (COLUMNS // PMT, ROWS // PMT)).clip(0.7)
    rates = rates * np.kron(pmts, np.ones((PMT, PMT))) * dice.normal(1, 0.08, rates.shape).clip(0.5)
    known = run.of_period(NAME, "known", BOXES[box]), run.of_run(NAME, "new", BOXES[box])
    return worn(np.where(_equipped(), rates, 0), (known[0], 25), (known[1], 3))


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return counts in a bright band that fades with the row; up to 25 pixels a box are known to be dead."""
    events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
    scale = events / NORMAL_EVENTS * run.level(NAME)
    return Measured(events, tuple(rng.poisson(_rates(box, run) * scale).astype(float) for box in (0, 1)))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the pads north (above) and south."""
    return tuple(_pad(box, measured.counts[box]) for box in (0, 1))


def _pad(box: int, counts: Floats) -> Pad:
    rows: Floats = np.arange(ROWS) + np.float64(0.5)
    columns: Floats = np.arange(COLUMNS) + np.float64(0.5)
    return Pad(
        title=f"DIRC {BOXES[box]} box occupancy",
        x=Axis(0, ROWS, "pixel row", divisions=8),
        y=Axis(0, COLUMNS, "pixel column", divisions=5),
        layers=(HeatMap(counts, (0.0, top_of(counts))),),
        rect=(0.0, 0.5 - 0.5 * box, 1.0, 1.0 - 0.5 * box),
        margins=(0.09, 0.12, 0.16, 0.14),
        stats=stats_of(f"dirc_{BOXES[box]}", rows, counts.sum(axis=0), (columns, counts.sum(axis=1))),
        stats_shown=False,
        z_bar=True,
    )


def _led(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    lamp = 60 + 40 * np.cos((_ROW - rng.uniform(40, 100)) / 45) + 15 * np.cos((_COLUMN - 24) / 16)
    counts = tuple(np.where(c > 0, rng.poisson(lamp * rng.uniform(3, 8)), 0).astype(float) for c in m.counts)
    return Measured(m.events, counts), everywhere(2)


_TUBE, _BOARD = (PMT, PMT), (3 * PMT, PMT)
PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("empty_box", "one box sends nothing", breaking(whole(_PLACES), gone)),
        Fault("dead_board", "a board is off: three photomultipliers", breaking(block(_PLACES, _BOARD), dead)),
        Fault("dead_pmt", "a photomultiplier is dead", breaking(block(_PLACES, _TUBE), dead)),
        Fault(
            "weak_board",
            "a board counts too little",
            breaking(block(_PLACES, _BOARD, least=0.8), times(0.35, 0.1, 0.75)),
        ),
        Fault(
            "noisy_pmt",
            "a photomultiplier counts too much",
            breaking(block(_PLACES, _TUBE), times(4.0, 12.0, 1.8, 0.2)),
        ),
        Fault(
            "hot_pixels", "pixels outshine all others", breaking(scattered(_PLACES, 2, 6), hot(3.0, 15.0, faint=1.3))
        ),
        Fault("led", "evenly lit, the band is gone: the LED pulser is on", _led, special="LED"),
        Fault("low_statistics", "too few events: both boxes are speckled", too_few(2, 0.004, 0.001, faint=0.02)),
        no_data(2),
    ),
)
