"""ST_occupancy: counts of the Start Counter's 30 paddles, TDC green beside fADC red."""

import numpy as np

from hydra_ml.simulate.content import Axis, Bars, FaultBox, Pad, stats_of
from hydra_ml.simulate.model import (
    Boxes,
    Fault,
    Mask,
    Measured,
    PlotModel,
    Severity,
    event_text,
    everywhere,
    no_data,
    top_of,
)
from hydra_ml.simulate.run import RunConditions

NAME = "ST_occupancy"
CHANNELS, KNOWN_HOT = 30, 11
TDC, ADC = 0, 1
GREEN, RED = (0.0, 0.8, 0.0), (1.0, 0.0, 0.0)
NORMAL_EVENTS = 5.0e5

_CHANNEL = np.arange(1.0, CHANNELS + 1)


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return flat fADC and uneven TDC counts; the TDC of channel 11 is three times the rest, and known."""
    events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
    scale = events / NORMAL_EVENTS * run.level(NAME)
    dice = run.of_period(NAME, "channels")
    tdc = dice.uniform(35e3, 60e3, CHANNELS)
    tdc[KNOWN_HOT - 1] = 47e3 * dice.uniform(2.6, 3.3)
    adc = 14e3 * dice.normal(1, 0.03, CHANNELS)
    return Measured(events, (rng.poisson(tdc * scale).astype(float), rng.poisson(adc * scale).astype(float)))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the one pad."""
    tdc, adc = measured.counts
    return (
        Pad(
            title="ST occupancy",
            subtitle=event_text(measured),
            x=Axis(0.5, CHANNELS + 0.5, "channel", divisions=6),
            y=Axis(0.0, 1.05 * top_of(tdc, adc), "counts"),
            layers=(Bars(_CHANNEL - 0.5, tdc, 0.5, GREEN, "TDC"), Bars(_CHANNEL, adc, 0.5, RED, "fADC")),
            margins=(0.13, 0.05, 0.11, 0.12),
            legend=(("TDC", GREEN), ("fADC", RED)),
            stats=stats_of("st_adc_occ", _CHANNEL, adc),
        ),
    )


def _at(first: int, count: int = 1) -> Mask:
    """Return `count` channels from number `first` (from 1) on."""
    return (first <= _CHANNEL) & (first + count > _CHANNEL)


def _box(before: Measured, after: Measured, first: int, count: int = 1) -> Boxes:
    where = _at(first, count)
    height = max(top_of(*(c[where] for c in m.counts)) for m in (before, after))
    return (FaultBox(0, first - 0.5, -np.inf, first + count - 0.5, height),)


def _scaled(m: Measured, which: tuple[int, ...], first: int, count: int, factor: float) -> tuple[Measured, Boxes]:
    after = m
    for index in which:
        after = after.scaled(index, _at(first, count), factor)
    return after, _box(m, after, first, count)


def _one_or_both(rng: np.random.Generator) -> tuple[int, ...]:
    return ((TDC, ADC), (TDC,), (ADC,))[rng.integers(3)]


def _missing_bar(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _scaled(m, _one_or_both(rng), int(rng.integers(1, CHANNELS + 1)), 1, severity.left())


def _missing_group(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    count = severity.count(rng, 4, 16, faint=2)
    return _scaled(m, _one_or_both(rng), int(rng.integers(1, CHANNELS + 2 - count)), count, severity.left())


def _hot_channel(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    channel = int(rng.choice(np.delete(np.arange(1, CHANNELS + 1), KNOWN_HOT - 1)))
    counts = m.counts[TDC].copy()
    counts[channel - 1] = top_of(counts) * severity.between(rng, 0.75, 4.0, faint=0.5)
    after = m.with_counts(TDC, counts)
    return after, _box(m, after, channel)


def _weak_group(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    count = int(rng.integers(3, 9))
    first, factor = int(rng.integers(1, CHANNELS + 2 - count)), severity.between(rng, 0.35, 0.15, faint=0.75)
    return _scaled(m, (TDC, ADC), first, count, factor)


def _missing_tdc(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return m.with_counts(TDC, np.zeros(CHANNELS)), everywhere()


def _missing_adc(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    top = top_of(m.counts[ADC])
    return m.with_counts(ADC, np.zeros(CHANNELS)), (FaultBox(0, y1=top),)


def _low_statistics(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return m.thinned(severity.between(rng, 0.0008, 0.0002, faint=0.005), rng), everywhere()


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("missing_group", "4-16 neighbouring channels are missing in TDC, fADC or both", _missing_group),
        Fault("missing_bar", "one channel is missing in TDC, fADC or both", _missing_bar),
        Fault("missing_tdc", "all green bars are missing", _missing_tdc),
        Fault("missing_adc", "all red bars are missing", _missing_adc),
        Fault("hot_channel", "a second channel beside the known channel 11 is hot", _hot_channel),
        Fault("weak_group", "a few channels count far too little (threshold or HV)", _weak_group),
        Fault("low_statistics", "too few events: all bars are ragged", _low_statistics),
        no_data(),
    ),
)
