"""clas12_CTOF_occupancy and clas12_CND_occupancy: counts of the two barrels of scintillators in the centre."""

import numpy as np

from hydra_ml.simulate.content import Axis, Floats, Pad
from hydra_ml.simulate.model import Fault, Measured, PlotModel, no_data, top_of
from hydra_ml.simulate.plots.clas12.counters import counter_faults
from hydra_ml.simulate.plots.clas12.look import BLUE, GREEN, map_pad, rect, step_pad
from hydra_ml.simulate.regions import Map, Row, block, breaking, dead, flat, gone, hot, times, too_few, whole, worn
from hydra_ml.simulate.run import RunConditions

CTOF, CND = "clas12_CTOF_occupancy", "clas12_CND_occupancy"
PADDLES = 48
ENDS = ("ADC upstream", "ADC downstream", "TDC upstream", "TDC downstream")
CND_SECTORS, CND_LAYERS = 24, 3
SIDES = ("Left", "Right")
NORMAL_EVENTS = 2.0e4

_ENDS = tuple(Row(end, end, PADDLES, 0.5) for end in range(len(ENDS)))
_CND = tuple(Map(s, s, (CND_LAYERS, CND_SECTORS), (0.5, CND_SECTORS + 0.5), (0.5, CND_LAYERS + 0.5)) for s in (0, 1))


def ctof(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return counts of 48 paddles in four readouts: a gentle wave around the barrel."""
    events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
    phi = 2 * np.pi * np.arange(PADDLES) / PADDLES
    dice = run.of_period(CTOF, "paddles")
    wave = 1 + 0.18 * np.cos(phi - dice.uniform(0, 2 * np.pi)) * dice.uniform(0.5, 1.0)
    scale = events / NORMAL_EVENTS * run.level(CTOF)
    rates = [top * wave * dice.normal(1, 0.06, PADDLES).clip(0.7) * scale for top in (3000, 2700, 2400, 2300)]
    return Measured(events, tuple(rng.poisson(r).astype(float) for r in rates))


def ctof_pads(measured: Measured) -> tuple[Pad, ...]:
    """Return ADC above TDC, upstream beside downstream."""
    edges: Floats = np.arange(PADDLES + 1) + np.float64(0.5)
    return tuple(
        step_pad(
            f"CTOF {name}",
            Axis(0.5, PADDLES + 0.5, "paddle", divisions=8),
            Axis(0.0, 1.15 * top_of(counts), "counts", divisions=5),
            edges,
            counts,
            BLUE if end < 2 else GREEN,
            rect(end % 2, end // 2, 2, 2),
            text_scale=0.9,
        )
        for end, (name, counts) in enumerate(zip(ENDS, measured.counts, strict=True))
    )


def cnd(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return counts (3 layers, 24 sectors) of the left and the right counters; the inner layer counts most."""
    events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
    scale = events / NORMAL_EVENTS * run.level(CND)
    counts = []
    for side in SIDES:
        dice = run.of_period(CND, side)
        rates = np.outer((2600.0, 1700.0, 1150.0), dice.normal(1, 0.07, CND_SECTORS))
        rates *= dice.normal(1, 0.10, rates.shape).clip(0.6) * scale
        rates = worn(rates, (run.of_period(CND, "known", side), 2), (run.of_run(CND, "new", side), 0))
        counts.append(rng.poisson(rates).astype(float))
    return Measured(events, tuple(counts))


def cnd_pads(measured: Measured) -> tuple[Pad, ...]:
    """Return left above right."""
    x, y = Axis(0.5, CND_SECTORS + 0.5, "sector", divisions=12), Axis(0.5, CND_LAYERS + 0.5, "layer", divisions=3)
    return tuple(
        map_pad(f"CND {side} occupancy", x, y, measured.counts[s], rect(0, s, 1, 2), text_scale=1.0)
        for s, side in enumerate(SIDES)
    )


CTOF_PLOT = PlotModel(
    CTOF,
    ctof,
    ctof_pads,
    (
        Fault("missing_pad", "one readout of an end sends nothing", breaking(whole(_ENDS), gone)),
        Fault("dead_board", "a board is off: 16 paddles", breaking(block(_ENDS, (None, 16)), dead)),
        Fault("dead_paddle", "a paddle is dead in one readout", breaking(block(_ENDS, (None, 1)), dead)),
        Fault(
            "hot_paddle", "one paddle outshines all others", breaking(block(_ENDS, (None, 1)), hot(1.8, 8, faint=1.2))
        ),
        Fault("weak_board", "a board counts too little", breaking(block(_ENDS, (None, 8)), times(0.5, 0.1, faint=0.8))),
        Fault("flat", "all alike and few: cosmic rays", flat(4, 0.001, 0.004, 0.0, of_events=True), special="Cosmic"),
        Fault("low_statistics", "too few events: all is ragged", too_few(4, 0.006, 0.001, faint=0.03)),
        no_data(4),
    ),
)
CND_PLOT = PlotModel(
    CND,
    cnd,
    cnd_pads,
    counter_faults(
        _CND, 2, board=(3, 4), channel="counter", dead_channels=(4, 12), whole_pad="one side", sector=(None, 1)
    ),
)
