"""DigiHits_occupancy: how many hits of each kind an event has, for two triggers, log scale."""

import numpy as np

from hydra_ml.simulate.content import Axis, FaultBox, Floats, HeatMap, Note, Pad
from hydra_ml.simulate.model import Boxes, Fault, Measured, PlotModel, Severity, event_text, everywhere, no_data, top_of
from hydra_ml.simulate.regions import too_few
from hydra_ml.simulate.run import RunConditions

NAME = "DigiHits_occupancy"
KINDS = (
    "CDC", "FDC cathode", "FDC wire", "BCAL ADC", "BCAL TDC", "FCAL", "ECAL", "CCAL", "SC ADC", "SC TDC", "TOF ADC",
    "TOF TDC", "PS", "PSC ADC", "PSC TDC", "TAGM ADC", "TAGM TDC", "TAGH ADC", "TAGH TDC", "TPOL", "RF", "DIRC", "CTOF",
)  # fmt: skip
MEANS = (60, 120, 45, 70, 40, 55, 40, 12, 9, 12, 22, 26, 14, 5, 5, 35, 40, 30, 34, 20, 8, 50, 4)
"""Hits per event of each kind before it is scaled to the axis."""
SCALES = (1, 2, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
BINS = 151
TRIGGERS = ("FCAL+BCAL triggers", "PS triggers")
TRIGGER_FACTORS = np.array([[1.0] * 23, [0.35] * 12 + [1.6] * 3 + [1.3] * 4 + [1.0] * 2 + [0.3, 0.5]])
NORMAL_EVENTS = (1.0e5, 8.0e3)

_HITS = np.arange(BINS)


def _spread(mean: float, events: float, width: float) -> Floats:
    """Return expected events for each number of hits: a skewed bell that ends at 0 hits."""
    hits = _HITS + 0.5
    k = 1 / width**2
    shape: Floats = (hits / mean) ** (k - 1) * np.exp(-k * hits / mean)
    return events * shape / float(shape.sum())


def _means(run: RunConditions, trigger: int) -> Floats:
    dice = run.of_period(NAME, "means")
    means = np.array(MEANS) / np.array(SCALES) * dice.uniform(0.8, 1.2, len(KINDS))
    level: Floats = means * TRIGGER_FACTORS[trigger] * run.level(NAME)
    return level.clip(1.2, 95)


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return events (151 hits, 23 kinds) for both triggers."""
    counts = []
    for trigger, normal in enumerate(NORMAL_EVENTS):
        events = normal * rng.uniform(0.95, 1.05)
        widths = run.of_period(NAME, "widths").uniform(0.35, 0.6, len(KINDS))
        columns = [_spread(m, events, w) for m, w in zip(_means(run, trigger), widths, strict=True)]
        counts.append(rng.poisson(np.stack(columns, axis=1)).astype(float))
    return Measured(int(counts[0][:, 0].sum()), tuple(counts))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return one pad for each trigger."""
    return tuple(_pad(trigger, measured) for trigger in (0, 1))


def _pad(trigger: int, measured: Measured) -> Pad:
    counts = measured.counts[trigger]
    totals = counts.sum(axis=0)
    means = (counts * _HITS[:, None]).sum(axis=0) / np.maximum(totals, 1) * np.array(SCALES)
    middle = (np.arange(len(KINDS)) + 0.5) / len(KINDS)
    notes = [
        Note(float(x), 0.95, f"{mean:.3g}", boxed=True, text_scale=0.55) for x, mean in zip(middle, means, strict=True)
    ]
    scaled = [Note(float(middle[i]), 0.86, f"/{s}", boxed=True, text_scale=0.55) for i, s in enumerate(SCALES) if s > 1]
    return Pad(
        title=f"Digihits per event, {TRIGGERS[trigger]}",
        subtitle=event_text(measured) if trigger == 0 else "",
        x=Axis(0, len(KINDS), labels=KINDS, vertical_labels=True, ticks=False, text_scale=0.7),
        y=Axis(0, BINS, "hits / event", divisions=6),
        layers=(HeatMap(counts, (0.5, top_of(counts, at_least=10.0)), log=True), *notes, *scaled),
        rect=(0.0, 0.5 - 0.5 * trigger, 1.0, 1.0 - 0.5 * trigger),
        margins=(0.08, 0.09, 0.24, 0.13),
        z_bar=True,
    )


def _moved(counts: Floats, kind: int, factor: float) -> Floats:
    """Return the map with one kind's numbers of hits stretched by a factor."""
    out, before = counts.copy(), counts[:, kind]
    if factor == 0:
        out[:, kind] = np.where(_HITS == 0, before.sum(), 0)
    else:
        out[:, kind] = np.round(np.interp(_HITS / factor, _HITS, before, right=0) / factor)
    return out


def _in_both(m: Measured, kinds: list[int], factor: float) -> tuple[Measured, Boxes]:
    boxes = []
    for kind in sorted(kinds):
        for pad in (0, 1):
            m = m.with_counts(pad, _moved(m.counts[pad], kind, factor))
            boxes.append(FaultBox(pad, kind, -np.inf, kind + 1, np.inf))
    return m, tuple(boxes)


def _missing(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _in_both(m, [int(rng.integers(len(KINDS)))], severity.left())


def _missing_crate(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    first, count = int(rng.integers(len(KINDS) - 5)), severity.count(rng, 3, 5)
    return _in_both(m, list(range(first, first + count)), severity.left())


def _noisy(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _in_both(m, [int(rng.integers(len(KINDS)))], severity.between(rng, 2.5, 6.0, faint=1.4))


def _weak(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    kind = int(rng.choice(np.flatnonzero(np.array(MEANS) >= 12)))
    return _in_both(m, [kind], severity.between(rng, 0.4, 0.15, faint=0.75))


def _high(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    high, _ = _in_both(m, list(range(len(KINDS))), severity.between(rng, 2.0, 3.5, faint=1.4))
    return high, everywhere(2)


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("missing_kind", "one kind has no hits in any event", _missing),
        Fault("missing_crate", "several neighbouring kinds have no hits", _missing_crate),
        Fault("noisy_kind", "one kind has far too many hits", _noisy),
        Fault("weak_kind", "one kind has far too few hits", _weak),
        Fault("all_high", "all kinds have too many hits: rate or thresholds", _high),
        Fault("low_statistics", "too few events: the columns are thin", too_few(2, 0.004, 0.001, faint=0.02)),
        no_data(2),
    ),
)
