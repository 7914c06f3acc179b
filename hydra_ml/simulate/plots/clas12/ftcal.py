"""clas12_FTCAL_occupancy: counts of the 332 crystals of the Forward Tagger's calorimeter, column against row."""

import numpy as np

from hydra_ml.simulate.content import Axis, Pad
from hydra_ml.simulate.model import Fault, Measured, PlotModel, no_data
from hydra_ml.simulate.plots.clas12.look import map_pad
from hydra_ml.simulate.regions import Map, block, breaking, dead, flat, hot, scattered, times, too_few, worn
from hydra_ml.simulate.run import RunConditions

NAME = "clas12_FTCAL_occupancy"
BINS = 22
INNER, OUTER = 4.25, 11.0
"""Radii in crystals between which there are crystals."""
NORMAL_EVENTS = 2.0e4

_OFFSET = np.arange(BINS) - (BINS - 1) / 2
_DISTANCE = np.hypot(_OFFSET[None, :], _OFFSET[:, None])
CRYSTALS = (_DISTANCE > INNER) & (_DISTANCE < OUTER)
_PLACES = (Map(0, 0, (BINS, BINS), (0.0, float(BINS)), (0.0, float(BINS))),)


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return counts that fall from the hole outwards; up to four crystals are known to be dead."""
    events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
    dice = run.of_period(NAME, "crystals")
    rates = 4200 * (INNER / np.maximum(_DISTANCE, INNER)) ** 2.6 * dice.normal(1, 0.09, (BINS, BINS)).clip(0.6)
    rates *= events / NORMAL_EVENTS * run.level(NAME)
    rates = worn(np.where(CRYSTALS, rates, 0), (run.of_period(NAME, "known"), 4), (run.of_run(NAME, "new"), 1))
    return Measured(events, (rng.poisson(rates).astype(float),))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the one pad, square in the middle of the canvas."""
    x, y = Axis(0, BINS, "column", divisions=6), Axis(0, BINS, "row", divisions=6)
    return (map_pad("FTCAL occupancy", x, y, measured.counts[0], (0.1, 0.0, 0.9, 1.0), text_scale=1.0),)


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("dead_board", "a board is off: 16 neighbouring crystals", breaking(block(_PLACES, (4, 4)), dead)),
        Fault("dead_quadrant", "a quarter of the disc is dead", breaking(block(_PLACES, (11, 11), least=0.0), dead)),
        Fault("dead_crystals", "crystals are dead, all over", breaking(scattered(_PLACES, 10, 30, faint=6), dead)),
        Fault(
            "hot_crystal", "one crystal outshines all others", breaking(scattered(_PLACES, 1, 1), hot(4, 30, faint=1.6))
        ),
        Fault("weak_board", "a board counts too little", breaking(block(_PLACES, (4, 4)), times(0.3, 0.05, faint=0.7))),
        Fault("noisy_board", "a board counts too much", breaking(block(_PLACES, (4, 4)), times(4, 15, 1.8, rough=0.3))),
        Fault(
            "led",
            "no fall, all crystals alike: the LED pulser",
            flat(1, 0.05, 0.3, 0.06, of_events=True),
            special="LED",
        ),
        Fault("low_statistics", "too few events: the disc is speckled", too_few(1, 0.004, 0.001, faint=0.02)),
        no_data(),
    ),
)
