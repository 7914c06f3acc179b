"""PS_occupancy: counts of the Pair Spectrometer, coarse counters above fine columns, left arm beside right arm."""

import numpy as np

from hydra_ml.simulate.content import Axis, Bars, Floats, Pad
from hydra_ml.simulate.model import Boxes, Fault, Measured, PlotModel, Severity, everywhere, no_data, top_of
from hydra_ml.simulate.regions import Row, block, breaking, dead, gone, hot, scattered, times, too_few, whole
from hydra_ml.simulate.run import RunConditions

NAME = "PS_occupancy"
MODULES, COLUMNS = 8, 145
ARMS = ("left", "right")
GREEN, RED = (0.0, 0.8, 0.0), (1.0, 0.0, 0.0)
NORMAL_EVENTS = 2.0e5

_MODULE = np.arange(1.0, MODULES + 1)
_COLUMN = np.arange(1.0, COLUMNS + 1)
_TDC = tuple(Row(arm, arm, MODULES, 0.5, width=0.5) for arm in (0, 1))
_ADC = tuple(Row(2 + arm, arm, MODULES, 1.0, width=0.5) for arm in (0, 1))
_FINE = tuple(Row(4 + arm, 2 + arm, COLUMNS, 0.5) for arm in (0, 1))


def _fine(arm: int, dice: np.random.Generator) -> Floats:
    """Return the counts of one arm's columns: ragged, higher at one edge; up to two are known to be empty."""
    shape = 1 + 0.8 * np.exp(-_COLUMN / 12) - 0.25 * _COLUMN / COLUMNS if arm == 0 else 0.65 + 0.6 * _COLUMN / COLUMNS
    counts: Floats = 900 * shape * dice.normal(1, 0.14, COLUMNS).clip(0.6)
    counts[dice.choice(COLUMNS, int(dice.integers(0, 3)), replace=False)] = 0
    return counts


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return TDC and fADC counts of the coarse counters, which fall tenfold, and counts of the fine columns."""
    events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
    scale = events / NORMAL_EVENTS * run.level(NAME)
    dice = run.of_period(NAME, "channels")
    fall = 10.0 ** (-(_MODULE - 1) / (MODULES - 1))
    coarse = [top * fall * dice.normal(1, 0.06, MODULES) for top in (30e3, 27e3, 24e3, 22e3)]
    rates = (*coarse, *(_fine(arm, dice) for arm in (0, 1)))
    return Measured(events, tuple(rng.poisson(r * scale).astype(float) for r in rates))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return four pads: coarse left and right above, fine left and right below."""
    return (*(_coarse_pad(arm, measured) for arm in (0, 1)), *(_fine_pad(arm, measured) for arm in (0, 1)))


def _coarse_pad(arm: int, measured: Measured) -> Pad:
    tdc, adc = measured.counts[arm], measured.counts[2 + arm]
    return Pad(
        title=f"PSC {ARMS[arm]} arm",
        x=Axis(0.5, MODULES + 0.5, "module", divisions=8),
        y=Axis(0.0, 1.1 * top_of(tdc, adc), "counts", divisions=5),
        layers=(Bars(_MODULE - 0.5, tdc, 0.5, GREEN, "TDC"), Bars(_MODULE, adc, 0.5, RED, "fADC")),
        rect=(0.5 * arm, 0.5, 0.5 * arm + 0.5, 1.0),
        margins=(0.15, 0.05, 0.16, 0.16),
        legend=(("TDC", GREEN), ("fADC", RED)),
    )


def _fine_pad(arm: int, measured: Measured) -> Pad:
    counts = measured.counts[4 + arm]
    return Pad(
        title=f"PS {ARMS[arm]} arm",
        x=Axis(0.5, COLUMNS + 0.5, "column", divisions=8),
        y=Axis(0.0, 1.1 * top_of(counts), "counts", divisions=5),
        layers=(Bars(_COLUMN - 0.5, counts, 1.0, RED),),
        rect=(0.5 * arm, 0.0, 0.5 * arm + 0.5, 0.5),
        margins=(0.15, 0.05, 0.16, 0.12),
    )


def _swapped(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    counts = tuple(m.counts[i] for i in (1, 0, 3, 2, 5, 4))
    return Measured(m.events, counts), everywhere(4)


def _flat(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    level = m.events * float(rng.uniform(5e-4, 2e-3))
    return Measured(m.events, tuple(rng.poisson(level, c.shape).astype(float) for c in m.counts)), everywhere(4)


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("dead_board", "16 neighbouring fine columns are missing", breaking(block(_FINE, (None, 16)), dead)),
        Fault("dead_counter", "a coarse counter is missing", breaking(block((*_TDC, *_ADC), (None, 1)), dead)),
        Fault(
            "dead_columns", "many fine columns are missing, all over", breaking(scattered(_FINE, 8, 25, faint=4), dead)
        ),
        Fault("missing_tdc", "all green bars of an arm are missing", breaking(whole(_TDC), gone)),
        Fault("missing_pad", "the fine columns of an arm are missing", breaking(whole(_FINE), gone)),
        Fault(
            "hot_column",
            "one fine column counts far too much",
            breaking(scattered(_FINE, 1, 1), hot(1.8, 8, faint=1.1)),
        ),
        Fault(
            "weak_board", "a board counts too little", breaking(block(_FINE, (None, 16)), times(0.4, 0.1, faint=0.75))
        ),
        Fault("arms_swapped", "left and right are exchanged: cables or map", _swapped),
        Fault("flat", "no fall from module 1 to 8, all channels alike", _flat, special="Cosmic"),
        Fault("low_statistics", "too few events: all bars are ragged", too_few(4, 0.01, 0.002, faint=0.05)),
        no_data(4),
    ),
)
