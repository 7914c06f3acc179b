"""FDC_occupancy: hits per channel and event of the Forward Drift Chambers, cathode strips beside wires, log scale."""

import numpy as np

from hydra_ml.simulate.content import Axis, Floats, HeatMap, Pad
from hydra_ml.simulate.model import Boxes, Fault, Measured, PlotModel, Severity, event_text, everywhere, no_data
from hydra_ml.simulate.regions import Map, block, breaking, dead, few_events, times, worn
from hydra_ml.simulate.run import RunConditions

NAME = "FDC_occupancy"
CATHODES, WIRES = 0, 1
STRIPS, CATHODE_PLANES, WIRE_COUNT, WIRE_PLANES = 216, 48, 96, 24
PACKAGES = 4
Z = (1e-3, 1.0)
GREY = (0.87, 0.87, 0.87)

_CATHODES = Map(CATHODES, 0, (STRIPS, CATHODE_PLANES), (0.5, 48.5), (0.5, 216.5))
_WIRES = Map(WIRES, 1, (WIRE_COUNT, WIRE_PLANES), (0.5, 24.5), (0.5, 96.5))


def _planes(count: int, dice: np.random.Generator) -> Floats:
    """Return the level of each plane: a step from package to package, and planes unlike each other."""
    steps = np.repeat(np.array([1.0, 0.82, 0.68, 0.58]), count // PACKAGES)
    level: Floats = steps * dice.normal(1, 0.10, count)
    return level


def _cathode_rates(run: RunConditions) -> Floats:
    dice = run.of_period(NAME, "strips")
    strip = np.arange(STRIPS) + 1.0
    profile = 0.014 + 0.07 * np.exp(-0.5 * ((strip - 104) / 42) ** 2)
    profile = np.where(strip > 192, 0.4 * profile, profile) * dice.normal(1, 0.10, STRIPS)
    rates = np.outer(profile, _planes(CATHODE_PLANES, dice)) * dice.normal(1, 0.06, (STRIPS, CATHODE_PLANES))
    known = run.of_period(NAME, "dead strips"), run.of_run(NAME, "new")
    return worn(rates.clip(1e-3), (known[0], 60), (known[1], 4))


def _wire_rates(run: RunConditions) -> Floats:
    dice = run.of_period(NAME, "wires")
    wire = np.arange(WIRE_COUNT) + 1.0
    profile = (0.008 + 0.16 * np.exp(-0.5 * ((wire - 48.5) / 11) ** 2)) * dice.normal(1, 0.05, WIRE_COUNT)
    rates = np.outer(profile, _planes(WIRE_PLANES, dice)) * dice.normal(1, 0.06, (WIRE_COUNT, WIRE_PLANES))
    known = run.of_period(NAME, "dead wires")
    rates = worn(rates.clip(1e-3), (known, 8), (run.of_run(NAME, "new wires"), 1))
    if known.random() < 0.5:  # seen in plots that experts call Good
        first, count = int(known.integers(0, 56)), int(known.integers(24, 41))
        rates[first : first + count, int(known.integers(WIRE_PLANES))] = 0
    return rates


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return rates in bands by plane, highest in the middle; known are dead strips and perhaps a group of wires."""
    level = run.level(NAME) * rng.uniform(0.97, 1.03)
    rates = (_cathode_rates(run), _wire_rates(run))
    return Measured(
        int(rng.normal(5.6e5, 4e3)), tuple(r * level * rng.normal(1, 0.03, r.shape).clip(0.5) for r in rates)
    )


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the cathodes on two thirds of the canvas and the wires on one."""
    return (
        Pad(
            title="FDC cathode occupancy (hits/strip/event)",
            subtitle=event_text(measured),
            x=Axis(0.5, 48.5, "plane", divisions=8),
            y=Axis(0.5, 216.5, "strip", divisions=10),
            layers=(HeatMap(measured.counts[CATHODES], Z, log=True),),
            rect=(0.0, 0.0, 0.66, 1.0),
            margins=(0.145, 0.15, 0.10, 0.12),
            z_bar=True,
            fill=GREY,
        ),
        Pad(
            title="FDC wire occupancy",
            x=Axis(0.5, 24.5, "plane", divisions=5),
            y=Axis(0.5, 96.5, "wire", divisions=10),
            layers=(HeatMap(measured.counts[WIRES], Z, log=True),),
            rect=(0.66, 0.0, 1.0, 1.0),
            margins=(0.20, 0.24, 0.10, 0.12),
            z_bar=True,
            fill=GREY,
        ),
    )


def _missing_package(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    package, boxes = int(rng.integers(PACKAGES)), []
    for place in (_CATHODES, _WIRES):
        each = place.shape[1] // PACKAGES
        where = np.zeros(place.shape, dtype=bool)
        where[:, package * each : (package + 1) * each] = True
        before = m.counts[place.index]
        m = m.with_counts(place.index, dead(before, where, rng, severity))
        boxes.append(place.box(where, before, before))
    return m, tuple(boxes)


def _gain(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    low = rng.random() < 0.6
    factor = severity.between(rng, 0.25, 0.1, faint=0.6) if low else severity.between(rng, 3.0, 6.0, faint=1.6)
    return Measured(m.events, tuple(c * factor for c in m.counts)), everywhere(2)


_BOTH = (_CATHODES, _WIRES)
PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("missing_package", "a package of six chambers is missing in both pads", _missing_package),
        Fault("missing_plane", "a plane is missing", breaking(block(_BOTH, (None, 1)), dead)),
        Fault("hv_sector", "an HV sector is off: a group of wires is dead", breaking(block((_WIRES,), (24, 1)), dead)),
        Fault("dead_card", "a preamplifier is off: 24 strips of a plane", breaking(block((_CATHODES,), (24, 1)), dead)),
        Fault("dead_module", "an fADC125 is off: 72 strips of a plane", breaking(block((_CATHODES,), (72, 1)), dead)),
        Fault("hot_group", "24 channels fire far too often", breaking(block(_BOTH, (24, 1)), times(6, 25, faint=2.0))),
        Fault("weak_plane", "a plane counts too little", breaking(block(_BOTH, (None, 1)), times(0.3, 0.1, faint=0.7))),
        Fault("gain", "all channels count far too little or too much", _gain),
        Fault("low_statistics", "too few events: both maps are speckled", few_events(2)),
        no_data(2),
    ),
)
