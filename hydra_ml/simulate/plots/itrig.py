"""fa125_itrig: trigger time errors of the fADC125 boards, crate against slot. Empty is Good; any cell is Bad."""

import numpy as np

from hydra_ml.simulate.content import Axis, FaultBox, HeatMap, Pad
from hydra_ml.simulate.model import Boxes, Fault, Measured, PlotModel, Severity, event_text, top_of
from hydra_ml.simulate.run import RunConditions

NAME = "fa125_itrig"
CRATES = ("25", "26", "27", "28", "", "52", "53", "55", "56", "57", "58", "59", "60", "61", "62")
FIRST_SLOT, SLOTS = 3, 17

_REAL = np.array([i for i, crate in enumerate(CRATES) if crate])


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return no error at all."""
    return Measured(int(rng.normal(5.6e5, 4e3) * run.level(NAME)), (np.zeros((SLOTS, len(CRATES))),))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the one pad."""
    errors = measured.counts[0]
    return (
        Pad(
            title="fa125 trigger time errors",
            subtitle=event_text(measured),
            x=Axis(0, len(CRATES), "crate", labels=CRATES, ticks=False),
            y=Axis(FIRST_SLOT - 0.5, FIRST_SLOT + SLOTS - 0.5, "slot", divisions=9),
            layers=(HeatMap(errors, (0.0, top_of(errors)), palette="cool"),),
            margins=(0.09, 0.13, 0.11, 0.12),
            z_bar=True,
            grid=True,
        ),
    )


def _filled(m: Measured, rng: np.random.Generator, cells: list[tuple[int, int]]) -> Measured:
    """Return the plot with errors in cells (row, column), similar in number."""
    errors = m.counts[0].copy()
    level = float(rng.choice([1, 3, 40, 2000]))
    for row, column in cells:
        errors[row, column] = 1 + rng.poisson(level)
    return m.with_counts(0, errors)


def _box(row: int, column: int, rows: int = 1, columns: int = 1) -> FaultBox:
    y = FIRST_SLOT - 0.5 + row
    return FaultBox(0, column, y, column + columns, y + rows)


def _scattered(m: Measured, rng: np.random.Generator, count: int) -> tuple[Measured, Boxes]:
    chosen = rng.choice(SLOTS * len(_REAL), count, replace=False)
    cells = [(int(c) // len(_REAL), int(_REAL[c % len(_REAL)])) for c in chosen]
    return _filled(m, rng, cells), tuple(_box(*cell) for cell in cells)


def _crate(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    column = int(rng.choice(_REAL))
    return _filled(m, rng, [(row, column) for row in range(SLOTS)]), (_box(0, column, SLOTS),)


def _slot(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    row = int(rng.integers(SLOTS))
    return _filled(m, rng, [(row, int(column)) for column in _REAL]), (_box(row, 0, 1, len(CRATES)),)


def _cell(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _scattered(m, rng, severity.count(rng, 1, 3))


def _many(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _scattered(m, rng, severity.count(rng, 6, 39))


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("crate", "all boards of one crate have errors", _crate),
        Fault("cell", "one to three boards have errors", _cell),
        Fault("slot", "the boards in one slot of every crate have errors", _slot),
        Fault("many", "boards all over have errors", _many),
    ),
)
