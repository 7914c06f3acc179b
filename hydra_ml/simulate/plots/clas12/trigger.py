"""clas12_trigger_bits: how often each of the 32 trigger bits fired, log scale."""

import numpy as np

from hydra_ml.simulate.content import Axis, Bars, Floats, Pad
from hydra_ml.simulate.model import Boxes, Fault, Mask, Measured, PlotModel, Severity, no_data, top_of
from hydra_ml.simulate.plots.clas12.look import BLUE
from hydra_ml.simulate.regions import Chosen, Effect, Row, breaking, dead, times, too_few
from hydra_ml.simulate.run import RunConditions

NAME = "clas12_trigger_bits"
BITS, BEAM = 32, 28
"""Bits from 28 on come from pulsers and need no beam."""
OFF = (13, 14, 15, 16, 17, 18, 26, 27, 29, 30)
"""Bits that are not used."""
GROUP = 6
"""Bits 1-6 and 7-12 stand for the six sectors of two triggers."""
SECTOR_GROUPS = (1, 7, 19)
EVENTS = 1.0e5

_LEFTS: Floats = np.arange(BITS) - np.float64(0.4)
_PLACE = Row(0, 0, BITS, -0.4, width=0.8)


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return counts: sector bits alike, others as their thresholds are, ten bits not in use."""
    dice = run.of_period(NAME, "bits")
    rates = 10 ** dice.uniform(2.3, 4.2, BITS)
    for first, level in zip(SECTOR_GROUPS, (9e3, 2.5e3, 700.0), strict=True):
        rates[first : first + GROUP] = level * dice.normal(1, 0.08, GROUP)
    rates[0], rates[31] = 2.2e4, 900.0
    beam = np.where(np.arange(BITS) < BEAM, run.level(NAME), 1.0)
    rates = rates * beam * rng.uniform(0.95, 1.05)
    rates[list(OFF)] = 0
    return Measured(int(EVENTS), (rng.poisson(rates).astype(float),))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the one pad."""
    counts = measured.counts[0]
    return (
        Pad(
            title="Trigger bits",
            x=Axis(-0.5, BITS - 0.5, "trigger bit", divisions=16),
            y=Axis(0.8, 3 * top_of(counts, at_least=10.0), "counts", log=True),
            layers=(Bars(_LEFTS, counts, 0.8, BLUE, edge=1.0),),
            margins=(0.11, 0.04, 0.12, 0.10),
            grid=True,
            look="groot",
        ),
    )


def _bits(m: Measured, bits: list[int]) -> Chosen:
    where = [np.arange(BITS) == bit for bit in bits if m.counts[0][bit] > 0]
    return [(_PLACE, mask) for mask in where]


def _used(rng: np.random.Generator, most: int = BITS) -> int:
    return int(rng.choice([bit for bit in range(most) if bit not in OFF]))


def _one(m: Measured, rng: np.random.Generator, severity: Severity) -> Chosen:
    return _bits(m, [_used(rng)])


def _sector(m: Measured, rng: np.random.Generator, severity: Severity) -> Chosen:
    sector = int(rng.integers(GROUP))
    return _bits(m, [first + sector for first in SECTOR_GROUPS])


def _group(m: Measured, rng: np.random.Generator, severity: Severity) -> Chosen:
    first = int(rng.choice(SECTOR_GROUPS))
    return _bits(m, list(range(first, first + GROUP)))


def _beam(m: Measured, rng: np.random.Generator, severity: Severity) -> Chosen:
    return _bits(m, list(range(BEAM)))


def _whole_counts(effect: Effect) -> Effect:
    def rounded(counts: Floats, where: Mask, rng: np.random.Generator, severity: Severity) -> Floats:
        return np.round(effect(counts, where, rng, severity))

    return rounded


def _unused(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    bit = int(rng.choice(OFF))
    counts = m.counts[0].copy()
    counts[bit] = round(severity.between(rng, 200, 2e4, faint=10))
    after = m.with_counts(0, counts)
    return after, (_PLACE.box(np.arange(BITS) == bit, m.counts[0], counts),)


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("missing_bit", "a bit that is used is empty", breaking(_one, dead)),
        Fault("missing_sector", "the bits of one sector are empty", breaking(_sector, dead)),
        Fault("missing_trigger", "the six sector bits of one trigger are empty", breaking(_group, dead)),
        Fault(
            "no_beam", "only pulser bits: the beam is off", breaking(_beam, _whole_counts(times(0.002, 0.0, faint=0.2)))
        ),
        Fault("rate_high", "a bit fires far too often", breaking(_one, times(8, 60, faint=2.5))),
        Fault("rate_low", "a bit fires far too seldom", breaking(_one, _whole_counts(times(0.12, 0.02, faint=0.4)))),
        Fault("unused_bit", "a bit that is not used fires", _unused),
        Fault("low_statistics", "too few triggers: rare bits are ragged", too_few(1, 0.01, 0.001, faint=0.03)),
        no_data(),
    ),
)
