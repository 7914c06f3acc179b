"""BCAL_occupancy: raw counts of the Barrel Calorimeter, ADC and TDC, module against sector and layer."""

import numpy as np

from hydra_ml.simulate.content import Axis, FaultBox, Floats, HeatMap, Pad
from hydra_ml.simulate.model import Boxes, Fault, Measured, PlotModel, Severity, event_text, everywhere, no_data, top_of
from hydra_ml.simulate.run import RunConditions

NAME = "BCAL_occupancy"
MODULES, SECTORS = 48, 4
ADC, TDC = 0, 1
LAYER_COUNTS = ((16000.0, 10500.0, 6800.0, 4300.0), (12500.0, 7600.0, 4400.0))
NORMAL_EVENTS = 2.0e5


def _end_rows(pad: int) -> int:
    """Return the rows of one end (upstream or downstream): sectors times layers."""
    return SECTORS * len(LAYER_COUNTS[pad])


def _rates(pad: int, run: RunConditions) -> Floats:
    """Return the expected counts (rows, modules): downstream, one empty row, upstream; layer 1 highest."""
    dice = run.of_period(NAME, "cells", str(pad))
    end = np.tile(LAYER_COUNTS[pad], SECTORS)
    rows = np.concatenate([end * 1.04, [0.0], end * 0.96])
    rates = np.outer(rows, dice.normal(1, 0.035, MODULES))
    rates *= dice.normal(1, 0.03, (len(rows), 1)) * dice.normal(1, 0.04, rates.shape)
    rates.flat[dice.choice(rates.size, int(dice.integers(0, 3)), replace=False)] = 0
    return rates.clip(0)


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return counts in horizontal bands by layer; up to two cells of a pad are known to be dead."""
    events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
    scale = events / NORMAL_EVENTS * run.level(NAME)
    return Measured(events, tuple(rng.poisson(_rates(pad, run) * scale).astype(float) for pad in (ADC, TDC)))


def _labels(layers: int) -> tuple[str, ...]:
    ends = [[f"{end}  S{s + 1}  L{n + 1}" for s in range(SECTORS) for n in range(layers)] for end in "DU"]
    return (*ends[0], "", *ends[1])


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the pads ADC and TDC, side by side, each with its own colour scale."""
    return tuple(_pad(pad, measured) for pad in (ADC, TDC))


def _pad(pad: int, measured: Measured) -> Pad:
    counts = measured.counts[pad]
    return Pad(
        title=("BCAL ADC hits", "BCAL TDC hits")[pad],
        subtitle=event_text(measured),
        x=Axis(0.5, MODULES + 0.5, "module", divisions=5),
        y=Axis(0, len(counts), labels=_labels(len(LAYER_COUNTS[pad])), ticks=False, text_scale=0.62),
        layers=(HeatMap(counts, (0.0, top_of(counts))),),
        rect=(0.5 * pad, 0.0, 0.5 * pad + 0.5, 1.0),
        margins=(0.17, 0.19, 0.10, 0.12),
        z_bar=True,
    )


def _block(pad: int, rows: tuple[int, int], modules: tuple[int, int], m: Measured, factor: float) -> Measured:
    where = np.zeros(m.counts[pad].shape, dtype=bool)
    where[slice(*rows), slice(*modules)] = True
    return m.scaled(pad, where, factor)


def _box(pad: int, rows: tuple[int, int], modules: tuple[int, int]) -> FaultBox:
    return FaultBox(pad, modules[0] + 0.5, rows[0], modules[1] + 0.5, rows[1])


def _any_cell(m: Measured, rng: np.random.Generator) -> tuple[int, int, int]:
    pad = int(rng.integers(2))
    row, module = divmod(int(rng.choice(np.flatnonzero(m.counts[pad]))), MODULES)
    return pad, row, module


def _hot_cell(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    pad, row, module = _any_cell(m, rng)
    counts = m.counts[pad].copy()
    counts[row, module] = severity.between(rng, 2.5, 20, faint=1.4) * top_of(counts)
    return m.with_counts(pad, counts), (_box(pad, (row, row + 1), (module, module + 1)),)


def _dead_modules(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    first = int(rng.integers(0, MODULES - 1))
    boxes = []
    for pad in (ADC, TDC):
        rows, modules = (0, len(m.counts[pad])), (first, first + 2)
        m = _block(pad, rows, modules, m, severity.left())
        boxes.append(_box(pad, rows, modules))
    return m, tuple(boxes)


def _dead_end(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    upstream, both = rng.random(2) < 0.5
    boxes = []
    for pad in (ADC, TDC) if both else (int(rng.integers(2)),):
        start = (_end_rows(pad) + 1) * upstream
        rows = (start, start + _end_rows(pad))
        m = _block(pad, rows, (0, MODULES), m, severity.left())
        boxes.append(_box(pad, rows, (0, MODULES)))
    return m, tuple(boxes)


def _dead_board(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    pad = int(rng.integers(2))
    start = int(rng.integers(2)) * (_end_rows(pad) + 1)
    first = int(rng.integers(0, MODULES))
    rows, modules = (start, start + _end_rows(pad)), (first, first + 1)
    return _block(pad, rows, modules, m, severity.left()), (_box(pad, rows, modules),)


def _threshold(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    pad, row, module = _any_cell(m, rng)
    high = rng.random() < 0.6
    factor = severity.between(rng, 1.8, 3.0, faint=1.25) if high else severity.between(rng, 0.4, 0.2, faint=0.8)
    if rng.random() < 0.5:
        rows, modules = (row, row + 1), (0, MODULES)
    else:
        rows, modules = (0, len(m.counts[pad])), (module, module + 1)
    return _block(pad, rows, modules, m, factor), (_box(pad, rows, modules),)


def _cosmics(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    phi = 2 * np.pi * (np.arange(MODULES) + 0.5) / MODULES
    wave = 300 * (0.25 + np.cos(phi + rng.normal(0, 0.05)) ** 2)
    counts = tuple(np.where(c > 0, rng.poisson(wave, c.shape), 0).astype(float) for c in m.counts)
    return Measured(m.events, counts), everywhere(2)


def _led(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    level = m.events * rng.uniform(0.2, 0.5)
    counts = tuple(np.where(c > 0, rng.poisson(level, c.shape) * rng.normal(1, 0.1, c.shape), 0.0) for c in m.counts)
    return Measured(m.events, counts), everywhere(2)


def _low_statistics(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return m.thinned(severity.between(rng, 0.0008, 0.0002, faint=0.005), rng), everywhere(2)


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("dead_modules", "a crate or low voltage is off: a pair of modules is dead", _dead_modules),
        Fault("dead_end", "one end of all modules is dead", _dead_end),
        Fault("dead_board", "one end of one module is dead", _dead_board),
        Fault("hot_cell", "one cell outshines all others (baseline drift)", _hot_cell),
        Fault("threshold", "a row or a module counts too much or too little", _threshold),
        Fault("cosmics", "bands are gone, top and bottom are brighter: cosmic rays", _cosmics, special="Cosmic"),
        Fault("led", "bands are gone, all cells alike: the LED pulser is on", _led, special="LED"),
        Fault("low_statistics", "too few events: the bands are speckled", _low_statistics),
        no_data(2),
    ),
)
