"""TAGGER_occupancy: counts of the tagger microscope's columns and of the hodoscope's counters, fADC and TDC."""

import numpy as np

from hydra_ml.simulate.content import Axis, Bars, Pad
from hydra_ml.simulate.model import Fault, Measured, PlotModel, event_text, no_data, top_of
from hydra_ml.simulate.regions import Row, block, breaking, dead, gone, hot, same_in, times, too_few, whole
from hydra_ml.simulate.run import RunConditions

NAME = "TAGGER_occupancy"
COLUMNS, SLOTS = 102, 274
INDIVIDUAL = (9, 27, 81, 99)
"""Columns of the microscope whose fibres are read out one by one."""
AMORPHOUS = (81, 82, 83)
"""Columns that count twice as much while the amorphous radiator is in: normal."""
BLUE, MAGENTA, GREEN, BLACK = (0.0, 0.0, 1.0), (1.0, 0.0, 1.0), (0.0, 0.8, 0.0), (0.15, 0.15, 0.15)
NORMAL_EVENTS = 2.0e5

_COLUMN = np.arange(1.0, COLUMNS + 1)
_SLOT = np.arange(1.0, SLOTS + 1)
_TAGM = (Row(0, 0, COLUMNS, 0.5, width=0.5), Row(1, 0, COLUMNS, 1.0, width=0.5))
_TAGH = (Row(2, 1, SLOTS, 0.5, width=0.5), Row(3, 1, SLOTS, 1.0, width=0.5))


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return counts that rise slowly in the microscope and like a saw in the hodoscope, whose upper slots are off."""
    events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
    scale = events / NORMAL_EVENTS * run.level(NAME)
    dice = run.of_period(NAME, "channels")
    tagm = 2400 * (1 + 0.55 * _COLUMN / COLUMNS) * dice.normal(1, 0.06, COLUMNS)
    tagm[np.array(INDIVIDUAL) - 1] *= dice.uniform(1.15, 1.4, len(INDIVIDUAL))
    if run.of_run(NAME, "radiator").random() < 0.3:
        tagm[np.array(AMORPHOUS) - 1] *= 2
    on = int(dice.integers(126, 136)) if dice.random() < 0.75 else SLOTS
    saw = 0.45 + 0.4 * _SLOT / SLOTS + 0.45 * ((_SLOT - 1) % 21) / 21
    tagh = np.where(_SLOT <= on, 3800 * saw * dice.normal(1, 0.05, SLOTS), 0)
    rates = (tagm, 0.78 * tagm * dice.normal(1, 0.04, COLUMNS), tagh, 0.7 * tagh * dice.normal(1, 0.03, SLOTS))
    return Measured(events, tuple(rng.poisson(r * scale).astype(float) for r in rates))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the pads microscope (above) and hodoscope (below)."""
    m = measured.counts
    return (
        Pad(
            title="TAGM occupancy",
            subtitle=event_text(measured),
            x=Axis(0.5, COLUMNS + 0.5, "column", divisions=10),
            y=Axis(0.0, 1.05 * top_of(m[0], m[1]), "counts", divisions=5),
            layers=(Bars(_COLUMN - 0.5, m[0], 0.5, BLUE, "fADC"), Bars(_COLUMN, m[1], 0.5, MAGENTA, "TDC")),
            rect=(0.0, 0.5, 1.0, 1.0),
            margins=(0.11, 0.05, 0.17, 0.15),
            legend=(("fADC", BLUE), ("TDC", MAGENTA)),
        ),
        Pad(
            title="TAGH occupancy",
            x=Axis(0.5, SLOTS + 0.5, "counter", divisions=10),
            y=Axis(0.0, 1.05 * top_of(m[2], m[3]), "counts", divisions=5),
            layers=(Bars(_SLOT - 0.5, m[2], 0.5, GREEN, "fADC"), Bars(_SLOT, m[3], 0.5, BLACK, "TDC")),
            rect=(0.0, 0.0, 1.0, 0.5),
            margins=(0.11, 0.05, 0.17, 0.15),
            legend=(("fADC", GREEN), ("TDC", BLACK)),
        ),
    )


_FIVE = block(_TAGM, (None, 5))
_SIXTEEN = block(_TAGH, (None, 16))
PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("dead_board", "16 counters of the hodoscope are missing", breaking(same_in(_TAGH, _SIXTEEN), dead)),
        Fault("dead_bundle", "five columns of the microscope are missing", breaking(same_in(_TAGM, _FIVE), dead)),
        Fault("missing_tdc", "the TDC of a detector is missing", breaking(whole((_TAGM[1], _TAGH[1])), gone)),
        Fault("missing_tagm", "the microscope is missing", breaking(same_in(_TAGM, whole(_TAGM)), gone)),
        Fault("missing_tagh", "the hodoscope is missing", breaking(same_in(_TAGH, whole(_TAGH)), gone)),
        Fault(
            "hot_channel",
            "one channel outshines all others",
            breaking(block((_TAGM[0], _TAGH[0]), (None, 1)), hot(2.0, 8.0, faint=1.1)),
        ),
        Fault(
            "step",
            "a board counts too little or too much: a step",
            breaking(same_in(_TAGM, block(_TAGM, (None, 15))), times(0.45, 0.2, faint=0.8)),
        ),
        Fault("beam_trip", "the beam was off nearly all the time: all bars are ragged", too_few(2, 0.006, 0.001, 0.04)),
        no_data(2),
    ),
)
