"""clas12_DC_occupancy: share of events with a hit on each wire of the Drift Chambers, wire against layer."""

from collections.abc import Callable

import numpy as np

from hydra_ml.simulate.content import Axis, Floats, Pad
from hydra_ml.simulate.model import Boxes, Damage, Fault, Mask, Measured, PlotModel, Severity, everywhere, no_data
from hydra_ml.simulate.plots.clas12.look import SECTORS, map_pad, rect
from hydra_ml.simulate.regions import (
    Chosen,
    Map,
    at_level,
    block,
    breaking,
    dead,
    few_events,
    gone,
    scattered,
    times,
    whole,
    worn,
)
from hydra_ml.simulate.run import RunConditions

NAME = "clas12_DC_occupancy"
WIRES, LAYERS, SUPERLAYERS = 112, 36, 6
Z = (0.0, 10.0)
"""Per cent."""
BANDS = (6.5, 6.0, 1.5, 1.4, 4.2, 3.8)
"""Occupancy of each superlayer at small wire numbers, per cent."""

# Wires (first, last, from 1) that one element of the voltage supply or readout serves.
HV_CHANNELS = ((1, 8), (9, 16), (17, 24), (25, 32), (33, 48), (49, 64), (65, 80), (81, 112))
HV_PINS = (*((first, first + 7) for first in range(1, 80, 8)), (81, 96), (97, 112))
CONNECTORS = (
    ((1, 3), (1, 3), (1, 2), (1, 3), (1, 2), (1, 3)),
    ((4, 5), (4, 6), (3, 5), (4, 6), (3, 5), (4, 5)),
    ((6, 8), (7, 8), (6, 8), (7, 8), (6, 8), (6, 8)),
)
"""Wires of each of the three kinds of connector, layer 1 to 6; all of them again every 8 wires."""
CONNECTOR_PERIOD, CONNECTOR_POSITIONS = 8, 14
FUSE_PERIOD, FUSE_POSITIONS = 16, 7

_PLACES = tuple(Map(s, s, (LAYERS, WIRES), (0.5, WIRES + 0.5), (0.5, LAYERS + 0.5)) for s in range(SECTORS))
Shape = Callable[[np.random.Generator], Mask]
"""From chance to a mask (6 layers, 112 wires) of one superlayer."""


def _empty() -> Mask:
    return np.zeros((LAYERS // SUPERLAYERS, WIRES), dtype=bool)


def _channel(rng: np.random.Generator) -> Mask:
    mask = _empty()
    first, last = HV_CHANNELS[int(rng.integers(len(HV_CHANNELS)))]
    mask[:, first - 1 : last] = True
    return mask


def _pin(rng: np.random.Generator) -> Mask:
    mask = _empty()
    first, last = HV_PINS[int(rng.integers(len(HV_PINS)))]
    mask[int(rng.integers(len(mask))), first - 1 : last] = True
    return mask


def _connectors(start: int, *kinds: int) -> Mask:
    mask = _empty()
    for kind in kinds:
        for layer, (first, last) in enumerate(CONNECTORS[kind]):
            mask[layer, start + first - 1 : start + last] = True
    return mask


def _connector(rng: np.random.Generator) -> Mask:
    return _connectors(CONNECTOR_PERIOD * int(rng.integers(CONNECTOR_POSITIONS)), int(rng.integers(len(CONNECTORS))))


def _fuse(rng: np.random.Generator) -> Mask:
    start, first = FUSE_PERIOD * int(rng.integers(FUSE_POSITIONS)), int(rng.integers(2))
    return _connectors(start + CONNECTOR_PERIOD * int(rng.integers(2)), first, first + 1)


SHAPES: tuple[Shape, ...] = (_channel, _pin, _connector, _fuse)


def _in_superlayer(superlayer: int, shape: Mask) -> Mask:
    mask = np.zeros((LAYERS, WIRES), dtype=bool)
    rows = len(shape)
    mask[superlayer * rows : (superlayer + 1) * rows] = shape
    return mask


def _rates(sector: int, run: RunConditions) -> Floats:
    dice = run.of_period(NAME, "wires", str(sector))
    wire = np.arange(WIRES) + 1.0
    fade = 1 / (1 + np.exp((wire - 76) / 9)) * (1 - 0.003 * wire) + 0.012
    layers = np.repeat(np.array(BANDS) * dice.normal(1, 0.04, SUPERLAYERS), LAYERS // SUPERLAYERS)
    rates: Floats = np.outer(layers * dice.normal(1, 0.04, LAYERS), fade) * dice.normal(1, 0.05, (LAYERS, WIRES)).clip(
        0.6
    )
    return rates


def _known_faults(sector: int, run: RunConditions) -> Mask:
    """Return what is known to be broken in a sector in this run period: a few pins or connectors."""
    dice = run.of_period(NAME, "known", str(sector))
    mask = np.zeros((LAYERS, WIRES), dtype=bool)
    for _ in range(int(dice.integers(0, 3))):
        mask |= _in_superlayer(int(dice.integers(SUPERLAYERS)), SHAPES[1 + int(dice.integers(2))](dice))
    return mask


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return occupancies in per cent, three bands that fade with the wire; each sector has its known faults."""
    events = int(rng.normal(2.0e4, 300))
    level = run.level(NAME) * rng.uniform(0.97, 1.03)
    counts = []
    for sector in range(SECTORS):
        rates = np.where(_known_faults(sector, run), 0, _rates(sector, run))
        wires = run.of_period(NAME, "dead wires", str(sector)), run.of_run(NAME, "new", str(sector))
        rates = worn(rates, (wires[0], 10), (wires[1], 1))
        counts.append(rng.poisson(rates * level * events / 100) * 100.0 / events)
    return Measured(events, tuple(counts))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the six sectors, two columns of three."""
    x, y = Axis(0.5, WIRES + 0.5, "wire", divisions=8), Axis(0.5, LAYERS + 0.5, "layer", divisions=6)
    return tuple(
        map_pad(f"DC sector {s + 1}", x, y, measured.counts[s], rect(s % 2, s // 2, 2, 3), Z) for s in range(SECTORS)
    )


def shaped(*shapes: Shape, together: int = 1) -> Damage:
    """Return the damage of one of the shapes in a superlayer, or of so many that overlap."""

    def choose(m: Measured, rng: np.random.Generator, severity: Severity) -> Chosen:
        place = _PLACES[int(rng.integers(SECTORS))]
        for _ in range(20):  # where hardly a wire fires, nobody would see it
            superlayer, mask = int(rng.integers(SUPERLAYERS)), _empty()
            for _ in range(together):
                mask |= shapes[int(rng.integers(len(shapes)))](rng)
            where = _in_superlayer(superlayer, mask)
            if float((m.counts[place.index][where] > 0.1).mean()) > 0.8:
                break
        return [(place, where)]

    return breaking(choose, dead)


def _hv_trip(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    """Lower a whole region (two superlayers) of one sector."""
    region = block(_PLACES, (LAYERS // 3, None))
    return breaking(region, times(0.4, 0.02, faint=0.8))(m, rng, severity)


def _gain(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    low = rng.random() < 0.5
    factor = severity.between(rng, 0.4, 0.15, faint=0.7) if low else severity.between(rng, 1.8, 3.0, faint=1.4)
    return Measured(m.events, tuple(c * factor for c in m.counts)), everywhere(SECTORS)


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("missing_sector", "a sector sends nothing", breaking(whole(_PLACES), gone)),
        Fault("hv_channel", "an HV channel is off: 8 to 32 wires in all six layers", shaped(_channel)),
        Fault("hv_pin", "an HV pin is off: 8 or 16 wires in one layer", shaped(_pin)),
        Fault("connector", "a connector is off: 2-3 wires in six layers, ragged", shaped(_connector)),
        Fault("fuse", "a fuse is blown: 5-6 wires in six layers, ragged", shaped(_fuse)),
        Fault("overlapping", "several of these in one superlayer, one over another", shaped(*SHAPES, together=3)),
        Fault("dead_wires", "single wires are dead, all over", breaking(scattered(_PLACES, 12, 40, faint=5), dead)),
        Fault(
            "hot_wires",
            "single wires fire all the time",
            breaking(scattered(_PLACES, 5, 15, faint=2), at_level(9, 30, 7)),
        ),
        Fault("hv_trip", "a region of a sector counts far too little", _hv_trip),
        Fault("gain", "all sectors count far too little or too much", _gain),
        Fault(
            "low_statistics",
            "too few events: all sectors are speckled",
            few_events(SECTORS, 150, 40, faint=800, unit=100),
        ),
        no_data(SECTORS),
    ),
)
