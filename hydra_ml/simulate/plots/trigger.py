"""Trigger-Bits: how often each trigger fired, global trigger processor orange and front panel red, log scale."""

import numpy as np

from hydra_ml.simulate.content import Axis, Bars, FaultBox, Pad, stats_of
from hydra_ml.simulate.model import Boxes, Fault, Measured, PlotModel, Severity, event_text, everywhere, no_data, top_of
from hydra_ml.simulate.run import RunConditions

NAME = "Trigger-Bits"
BITS = ("Main", "BCal", "PS", "FCal LED", "ECal LED", "ECal alpha", "Random", "DIRC LED")
RATES = (4.0e4, 1.3e5, 3.0e3, 30.0, 22.0, 190.0, 200.0, 205.0)
GTP = 3
"""The first bits come from the global trigger processor and need beam; the others from pulsers."""
ORANGE, RED = (1.0, 0.8, 0.0), (1.0, 0.0, 0.0)

_BIT = np.arange(len(BITS), dtype=float)


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return counts of the eight bits; beam bits follow the run's level, pulsers do not."""
    beam = np.where(_BIT < GTP, run.level(NAME), 1.0) * run.of_period(NAME, "bits").uniform(0.85, 1.15, len(BITS))
    counts = rng.poisson(np.array(RATES) * beam * rng.uniform(0.95, 1.05)).clip(4).astype(float)
    return Measured(int(counts.sum()), (counts,))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the one pad."""
    counts = measured.counts[0]
    return (
        Pad(
            title="Trigger bits",
            subtitle=event_text(measured),
            x=Axis(0, len(BITS), labels=BITS, vertical_labels=True, ticks=False),
            y=Axis(1.0, 2 * top_of(counts, at_least=5.0), "triggers", log=True),
            layers=(
                Bars(_BIT[:GTP] + 0.1, counts[:GTP], 0.8, ORANGE, "GTP"),
                Bars(_BIT[GTP:] + 0.1, counts[GTP:], 0.8, RED, "FP"),
            ),
            margins=(0.11, 0.05, 0.22, 0.12),
            legend=(("GTP", ORANGE), ("FP", RED)),
            stats=stats_of("trig_bits", _BIT + 1, counts),
        ),
    )


def _changed(m: Measured, bits: np.ndarray, factor: float) -> tuple[Measured, Boxes]:
    after = m.scaled(0, np.isin(np.arange(len(BITS)), bits), factor)
    after = after.with_counts(0, np.round(after.counts[0]))
    tops = np.maximum(m.counts[0], after.counts[0])
    return after, tuple(FaultBox(0, float(b), -np.inf, float(b) + 1, float(tops[b])) for b in np.sort(bits))


def _missing_bit(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _changed(m, rng.choice(len(BITS), 1), 0.0)


def _missing_bits(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _changed(m, rng.choice(len(BITS), int(rng.integers(2, 5)), replace=False), 0.0)


def _no_beam(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _changed(m, np.arange(GTP), 0.0)


def _no_pulsers(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _changed(m, np.arange(GTP, len(BITS)), 0.0)


def _rate_high(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _changed(m, rng.choice(np.arange(2, len(BITS)), 1), severity.between(rng, 12, 60, faint=3))


def _rate_low(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _changed(m, rng.choice([0, 1, 2, 5, 6, 7], 1), severity.between(rng, 0.08, 0.015, faint=0.4))


def _low_statistics(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return m.thinned(severity.between(rng, 0.003, 0.0005, faint=0.01), rng), everywhere()


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("no_beam", "only pulsers and random triggers: the beam bits are empty", _no_beam),
        Fault("missing_bit", "one bit is empty", _missing_bit),
        Fault("missing_bits", "two to four bits are empty", _missing_bits),
        Fault("no_pulsers", "all front panel bits are empty", _no_pulsers),
        Fault("rate_high", "one bit fires more than ten times too often", _rate_high),
        Fault("rate_low", "one bit fires more than ten times too seldom", _rate_low),
        Fault("low_statistics", "too few triggers: pulser bits hardly fire", _low_statistics),
        no_data(),
    ),
)
