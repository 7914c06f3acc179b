"""TOF_occupancy: counts of the Time-of-Flight bars, fADC above TDC, four bar ends in four colours."""

import numpy as np

from hydra_ml.simulate.content import Axis, Bars, FaultBox, Floats, Pad
from hydra_ml.simulate.model import Boxes, Fault, Measured, PlotModel, Severity, event_text, everywhere, no_data, top_of
from hydra_ml.simulate.run import RunConditions

NAME = "TOF_occupancy"
BARS = 44
ADC, TDC = 0, 1
ENDS = (("South", (1.0, 0.0, 0.0)), ("North", (0.0, 0.8, 0.0)), ("Up", (0.0, 0.0, 1.0)), ("Down", (1.0, 0.0, 1.0)))
LOW, HIGH = 1.0, 46.0
BIN = (HIGH - LOW) / (2 * BARS)
NORMAL_EVENTS = 5.0e5

_BAR = np.arange(BARS)
_LEFT: Floats = LOW + 2 * BIN * _BAR.astype(np.float64)


def _shape() -> Floats:
    """Return the rate of each bar: a bell (2 % at the edges) with the four short bars at the beam low."""
    away = np.abs(_BAR - (BARS - 1) / 2)
    bell: Floats = np.where(away < 2, 0.42, 1.0) * np.exp(-0.5 * (away / 7.7) ** 2)
    return bell


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return counts (4 ends, 44 bars) of fADC and TDC, the two planes and ends slightly unequal."""
    events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
    scale = events / NORMAL_EVENTS * run.level(NAME)
    dice = run.of_period(NAME, "ends")
    ends = np.repeat(dice.uniform(0.9, 1.05, 2), 2)[:, None] * dice.normal(1, 0.02, (4, 1))
    rates = ends * _shape() * dice.normal(1, 0.02, (4, BARS)).clip(0.9)
    return Measured(events, tuple(rng.poisson(rates * top * scale).astype(float) for top in (42e3, 31e3)))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the pads fADC (above) and TDC (below)."""
    return tuple(_pad(pad, measured) for pad in (ADC, TDC))


def _pad(pad: int, measured: Measured) -> Pad:
    counts = measured.counts[pad]
    ends = enumerate(ENDS)
    return Pad(
        title=("TOF fADC occupancy", "TOF TDC occupancy")[pad],
        subtitle=event_text(measured),
        x=Axis(LOW, HIGH, "bar", divisions=10),
        y=Axis(0.0, 1.1 * top_of(counts), "counts", divisions=5),
        layers=tuple(
            Bars(_LEFT + np.float64(BIN * 0.5 * i), counts[i], BIN * 0.5, colour, name) for i, (name, colour) in ends
        ),
        rect=(0.0, 0.5 - 0.5 * pad, 1.0, 1.0 - 0.5 * pad),
        margins=(0.11, 0.05, 0.17, 0.15),
        legend=ENDS,
    )


def _scaled(m: Measured, pad: int, ends: slice, bars: slice, factor: float) -> tuple[Measured, FaultBox]:
    """Return the counts with some bar ends changed, and the box over those bars."""
    where = np.zeros((4, BARS), dtype=bool)
    where[ends, bars] = True
    after = m.scaled(pad, where, factor)
    height = max(top_of(m.counts[pad][where]), top_of(after.counts[pad][where]))
    first, last = np.flatnonzero(where.any(axis=0))[[0, -1]]
    rows = np.flatnonzero(where.any(axis=1))
    x0, x1 = _LEFT[first] + BIN * 0.5 * rows[0], _LEFT[last] + BIN * 0.5 * (rows[-1] + 1)
    return after, FaultBox(pad, float(x0), -np.inf, float(x1), height)


def _some_pads(rng: np.random.Generator) -> tuple[int, ...]:
    return ((ADC, TDC), (ADC,), (TDC,))[rng.integers(3)]


def _in_pads(m: Measured, which: tuple[int, ...], ends: slice, bars: slice, factor: float) -> tuple[Measured, Boxes]:
    boxes = []
    for pad in which:
        m, box = _scaled(m, pad, ends, bars, factor)
        boxes.append(box)
    return m, tuple(boxes)


def _one_end(rng: np.random.Generator) -> slice:
    end = int(rng.integers(4))
    return slice(end, end + 1)


def _missing_bar(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    bar = int(rng.integers(12, BARS - 12))  # in the tails a missing bar of one end is not seen
    return _in_pads(m, _some_pads(rng), _one_end(rng), slice(bar, bar + 1), severity.left())


def _missing_group(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    pad = int(rng.integers(2))
    count = (16, 32)[pad]
    first = int(rng.integers(3, BARS + 1 - count - 3))
    return _in_pads(m, (pad,), _one_end(rng), slice(first, first + count), severity.left())


def _missing_end(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _in_pads(m, _some_pads(rng), _one_end(rng), slice(0, BARS), severity.left())


def _missing_pad(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    pad = int(rng.integers(2))
    return m.with_counts(pad, np.zeros((4, BARS))), (FaultBox(pad),)


def _hot_bar(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    pad, end, bar = int(rng.integers(2)), _one_end(rng), int(rng.integers(0, BARS))
    wanted = top_of(m.counts[pad]) * severity.between(rng, 1.6, 5.0, faint=1.15)
    factor = wanted / max(1.0, float(m.counts[pad][end, bar][0]))
    return _in_pads(m, (pad,), end, slice(bar, bar + 1), factor)


def _flat(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    level = m.events * rng.uniform(0.002, 0.02)
    return Measured(m.events, tuple(rng.poisson(level, c.shape).astype(float) for c in m.counts)), everywhere(2)


def _low_statistics(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return m.thinned(severity.between(rng, 0.001, 0.0003, faint=0.006), rng), everywhere(2)


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("missing_group", "16 fADC or 32 TDC channels of one end are missing", _missing_group),
        Fault("missing_end", "one colour is missing altogether", _missing_end),
        Fault("missing_pad", "all of fADC or all of TDC is missing", _missing_pad),
        Fault("missing_bar", "one bar is missing at one end", _missing_bar),
        Fault("hot_bar", "one bar end counts far too much", _hot_bar),
        Fault("flat", "no bell, all bars alike: cosmic rays or LED", _flat, special="Cosmic"),
        Fault("low_statistics", "too few events: the bells are ragged", _low_statistics),
        no_data(2),
    ),
)
