"""clas12_FTOF_adc_occupancy and _tdc_occupancy: counts of the Forward Time-of-Flight, left and right, three panels."""

from functools import partial

import numpy as np

from hydra_ml.simulate.content import Axis, Floats, Pad
from hydra_ml.simulate.model import Boxes, Fault, Measured, PlotModel, Severity
from hydra_ml.simulate.plots.clas12.counters import counter_faults
from hydra_ml.simulate.plots.clas12.look import SECTORS, map_pad, rect, sectors
from hydra_ml.simulate.regions import Map, worn
from hydra_ml.simulate.run import RunConditions

PANELS = (("P1A", 23), ("P1B", 62), ("P2", 5))
SIDES = ("Left", "Right")
NORMAL_EVENTS = 2.0e4

_PLACES = tuple(
    Map(2 * panel + side, 2 * panel + side, (paddles, SECTORS), (0.5, SECTORS + 0.5), (0.5, paddles + 0.5))
    for panel, (_, paddles) in enumerate(PANELS)
    for side in range(len(SIDES))
)


def _rates(name: str, panel: int, side: int, run: RunConditions) -> Floats:
    """Return expected counts (paddles, sectors): the lowest paddles of P1B count little, P2 next to nothing."""
    paddles = PANELS[panel][1]
    paddle = np.arange(paddles) + 1.0
    shape = (
        9000 * np.exp(-paddle / 60),
        6500 * (1 - np.exp(-paddle / 9)) ** 1.6 * np.exp(-paddle / 120),
        70 * np.exp(-paddle / 6),
    )[panel]
    dice = run.of_period(name, PANELS[panel][0], SIDES[side])
    rates = np.outer(shape, dice.normal(1, 0.08, SECTORS)) * dice.normal(1, 0.07, (paddles, SECTORS)).clip(0.6)
    known = run.of_period(name, "known", PANELS[panel][0], SIDES[side])
    return worn(rates, (known, paddles // 20), (run.of_run(name, "new", str(panel), str(side)), paddles // 60))


def healthy(name: str, rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return counts of both sides of three panels; a few paddles are known to be dead at one side."""
    events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
    scale = events / NORMAL_EVENTS * run.level(name)
    rates = [_rates(name, panel, side, run) for panel in range(len(PANELS)) for side in range(len(SIDES))]
    return Measured(events, tuple(rng.poisson(r * scale).astype(float) for r in rates))


def pads(what: str, measured: Measured) -> tuple[Pad, ...]:
    """Return two columns (left, right) of three pads."""
    return tuple(
        map_pad(
            f"FTOF {panel} {side} {what}",
            sectors(),
            Axis(0.5, paddles + 0.5, "paddle", divisions=5),
            measured.counts[2 * p + s],
            rect(s, p, 2, 3),
        )
        for p, (panel, paddles) in enumerate(PANELS)
        for s, side in enumerate(SIDES)
    )


def _striped(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    """Lower every other few paddles of one sector in the two large panels, on both sides."""
    sector, group = int(rng.integers(SECTORS)), int(rng.integers(1, 4))
    factor, boxes = severity.between(rng, 0.08, 0.01, faint=0.5), []
    for place in _PLACES[:4]:
        first, last = (0, 16) if place.shape[0] == PANELS[0][1] else (9, 50)
        where = np.zeros(place.shape, dtype=bool)
        where[first:last, sector] = (np.arange(first, last) // group) % 2 == 0
        before = m.counts[place.index]
        m = m.scaled(place.index, where, factor)
        boxes.append(place.box(where, before, before))
    return m, tuple(boxes)


def _plot(name: str, what: str) -> PlotModel:
    shared = counter_faults(
        _PLACES[:4], 6, board=(16, 1), channel="paddle", dead_channels=(6, 20), whole_pad="one side of a panel"
    )
    striped = Fault(
        "striped_sector", "every other few paddles of a sector count far too little, left and right", _striped
    )
    return PlotModel(name, partial(healthy, name), partial(pads, what), (shared[0], striped, *shared[1:]))


ADC = _plot("clas12_FTOF_adc_occupancy", "ADC")
TDC = _plot("clas12_FTOF_tdc_occupancy", "TDC")
