"""FCAL_occupancy: hits per block and event of the Forward Calorimeter, column against row."""

import numpy as np

from hydra_ml.simulate.content import Axis, FaultBox, Floats, HeatMap, Pad
from hydra_ml.simulate.model import Boxes, Fault, Mask, Measured, PlotModel, Severity, event_text, everywhere, no_data
from hydra_ml.simulate.run import RunConditions

NAME = "FCAL_occupancy"
BINS, LOW, CENTRE = 61, -1.5, 29.0
BLOCK, RADIUS = 4.0157, 120.47
BLOCKS = 2360

_INDEX = np.arange(BINS) + LOW + 0.5
_COLUMN, _ROW = np.meshgrid(_INDEX, _INDEX)
_DISTANCE = np.hypot(_COLUMN - CENTRE, _ROW - CENTRE)


def _active(run: RunConditions) -> tuple[Mask, float]:
    """Return the blocks that exist and the hole's half-width in blocks: 1.5, since the PbWO4 insert 10.5."""
    hole = 10.5 if run.of_period(NAME, "insert").random() < 0.7 else 1.5
    inside = np.maximum(np.abs(_COLUMN - CENTRE), np.abs(_ROW - CENTRE)) < hole
    return (_DISTANCE * BLOCK < RADIUS) & ~inside, hole


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return rates that fall from the hole outwards; up to 20 scattered blocks are dead, and a few new ones."""
    active, hole = _active(run)
    steepness, height = (1.7, 0.05) if hole > 2 else (1.35, 0.11)
    rates = height * (hole / np.maximum(_DISTANCE, hole)) ** steepness * run.level(NAME) * rng.uniform(0.97, 1.03)
    rates *= run.of_period(NAME, "blocks").normal(1, 0.06, rates.shape) * rng.normal(1, 0.02, rates.shape)
    rates = np.where(active, np.maximum(rates, 1e-4), 0)
    for dice, most in ((run.of_period(NAME, "known"), 17), (run.of_run(NAME, "new"), 3)):
        dead = dice.choice(np.flatnonzero(active), int(dice.integers(0, most + 1)), replace=False)
        rates.flat[dead] = 0
    return Measured(int(rng.normal(2.1e5, 3e3)), (rates,))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the one pad, square in the middle of the canvas."""
    rates = measured.counts[0]
    top = max(0.01, 4 * float(rates.sum()) / BLOCKS)
    high = LOW + BINS
    return (
        Pad(
            title="FCAL occupancy (hits/block/event)",
            subtitle=event_text(measured),
            x=Axis(LOW, high, "column", divisions=7),
            y=Axis(LOW, high, "row", divisions=7),
            layers=(HeatMap(rates, (1e-5, top)),),
            margins=(0.21, 0.25, 0.12, 0.14),
            z_bar=True,
            grid=True,
        ),
    )


def _patch(
    measured: Measured, rng: np.random.Generator, columns: int, rows: int, between: tuple[float, float] = (0, 99)
) -> Mask:
    """Return a rectangle of blocks, at least two thirds of it alive, its corner `between` two distances in blocks."""
    alive = measured.counts[0] > 0
    near, far = between
    for spot in rng.permutation(np.flatnonzero(alive & (near < _DISTANCE) & (far > _DISTANCE))):
        row, column = divmod(int(spot), BINS)
        mask = np.zeros_like(alive)
        mask[row : row + rows, column : column + columns] = True
        if (mask & alive).sum() >= columns * rows * 2 / 3:
            break
    return mask & alive


def _box(where: Mask) -> Boxes:
    rows, columns = np.nonzero(where)
    return (
        FaultBox(
            0,
            float(LOW + columns.min()),
            float(LOW + rows.min()),
            float(LOW + columns.max() + 1),
            float(LOW + rows.max() + 1),
        ),
    )


def _dead(measured: Measured, where: Mask, severity: Severity) -> tuple[Measured, Boxes]:
    return measured.scaled(0, where, severity.left()), _box(where)


def _dead_board(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    columns, rows = ((4, 4), (8, 2), (2, 8))[rng.integers(3)]
    return _dead(measured, _patch(measured, rng, columns, rows), severity)


def _dead_crate(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    columns = int(rng.integers(10, 15))
    return _dead(measured, _patch(measured, rng, columns, 190 // columns), severity)


def _missing_quadrant(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    right, upper = rng.random(2) < 0.5
    where = ((_COLUMN >= CENTRE) == right) & ((_ROW >= CENTRE) == upper) & (measured.counts[0] > 0)
    return _dead(measured, where, severity)


def _hot_block(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    cool = np.flatnonzero((measured.counts[0] > 0) & (_DISTANCE > 16))
    hot = np.isin(np.arange(BINS * BINS), rng.choice(cool, 1)).reshape(BINS, BINS)
    return measured.scaled(0, hot, severity.between(rng, 8, 30, faint=3)), _box(hot)


def _noisy_board(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    where = _patch(measured, rng, 4, 4, between=(17, 99))
    factor = severity.between(rng, 2.5, 4.5, faint=1.5)
    return measured.scaled(0, where, factor * rng.normal(1, 0.2, where.shape).clip(0.5)), _box(where)


def _weak_group(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    where = _patch(measured, rng, 8, 8, between=(0, 22))
    return measured.scaled(0, where, severity.between(rng, 0.25, 0.05, faint=0.7)), _box(where)


def _led(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    quadrant = 1 + 0.25 * rng.normal(size=4)[2 * (_COLUMN >= CENTRE) + (_ROW >= CENTRE)]
    flat = 0.35 * quadrant * (1 + 0.15 * np.cos(_DISTANCE * 0.6)) * rng.normal(1, 0.03, quadrant.shape)
    return measured.with_counts(0, np.where(measured.counts[0] > 0, flat.clip(0.05), 0)), everywhere()


def _low_statistics(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    events = severity.count(rng, 299, 60, faint=1500)
    thin: Floats = rng.poisson(measured.counts[0] * events) / events
    return Measured(events, (thin,)), everywhere()


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("dead_crate", "a crate is missing: a large patch is white", _dead_crate),
        Fault("dead_board", "an HV or fADC board is off: 16 neighbouring blocks are dead", _dead_board),
        Fault("missing_quadrant", "a quarter of the disc is dead", _missing_quadrant),
        Fault("hot_block", "one block far from the beam counts as much as the inner ones", _hot_block),
        Fault("noisy_board", "a board counts far too much", _noisy_board),
        Fault("weak_group", "a group of 64 blocks counts far too little (threshold or HV)", _weak_group),
        Fault("led", "flat and bright with a quadrant pattern: the LED pulser is on", _led, special="LED"),
        Fault("low_statistics", "too few events: the disc is speckled", _low_statistics),
        no_data(),
    ),
)
