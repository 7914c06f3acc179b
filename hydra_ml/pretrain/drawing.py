"""What the pretraining is shown: plots of all types, each with a healthy one of the same run and looks beside it."""

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from multiprocessing import get_context
from typing import Any

import numpy as np
import numpy.typing as npt

from hydra_ml.light import INPUT_SIZE

FIRST_RUN = 300_000
"""Runs of pretraining are not those of the demo's sets or feed."""
HEALTHY = 0.25
"""Share of plots without a fault."""
FAINTEST = 0.15
"""Faults are as strong as chance has it between this severity and 1."""
CHUNK = 25
FINE = 48
"""Side of the fault maps, in cells."""

Boxes = Sequence[tuple[float, float, float, float]]
PlotClass = tuple[str, str]
"""Plot type and fault ("" healthy)."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Plots uint8 (n, 192, 192, 3), a healthy plot beside each, fault maps bool (n, 48, 48).

    `truth` and `healthy` (n,) are the classes of the two.
    """

    plots: npt.NDArray[np.uint8]
    references: npt.NDArray[np.uint8]
    truth: npt.NDArray[np.int64]
    healthy: npt.NDArray[np.int64]
    maps: npt.NDArray[np.bool_]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all of it by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def plan(plots: int, seed: int, without: Sequence[str]) -> tuple[list[PlotClass], list[PlotClass]]:
    """Return what to draw, mixed, and the classes."""
    from hydra_ml.simulate import faults, plot_types

    names = [n for n in plot_types() if n not in without]
    classes = [(n, f) for n in names for f in ("", *(fault.name for fault in faults(n)))]
    chosen: list[PlotClass] = []
    for name in names:
        kinds = [c for c in classes if c[0] == name]
        share = plots // len(names)
        healthy = round(share * HEALTHY)
        chosen += [kinds[0]] * healthy
        chosen += [kinds[1 + i % (len(kinds) - 1)] for i in range(share - healthy)]
    order = np.random.default_rng(seed).permutation(len(chosen))
    return [chosen[i] for i in order], classes


def draw_pairs(
    wanted: Sequence[PlotClass], classes: Sequence[PlotClass], seed: int, root_share: float, processes: int
) -> Pairs:
    """Draw all pairs; the same seed gives the same ones where the same renderers are installed."""
    chunks = [(wanted[i : i + CHUNK], i, seed, root_share) for i in range(0, len(wanted), CHUNK)]
    plots, references, maps = [], [], []
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for done, (some, beside, where) in enumerate(pool.map(_draw_chunk, chunks), start=1):
            plots.append(some)
            references.append(beside)
            maps.append(where)
            if done % 10 == 0:
                print(f"drawn {done * CHUNK} of {len(wanted)} pairs", file=sys.stderr, flush=True)
    truth = np.array([classes.index(kind) for kind in wanted])
    healthy = np.array([classes.index((name, "")) for name, _ in wanted])
    return Pairs(np.concatenate(plots), np.concatenate(references), truth, healthy, np.concatenate(maps))


def _draw_chunk(
    work: tuple[Sequence[PlotClass], int, int, float],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    import cv2

    cv2.setNumThreads(1)
    wanted, first, seed, root_share = work
    drawn = [_draw_pair(kind, first + i, seed, root_share) for i, kind in enumerate(wanted)]
    plots, references, maps = zip(*drawn, strict=True)
    return np.stack(plots), np.stack(references), np.stack(maps)


def _draw_pair(
    kind: PlotClass, number: int, seed: int, root_share: float
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    from hydra_ml.preprocess import prepare
    from hydra_ml.simulate import RunConditions, Style, draw_any, sample

    name, fault = kind
    rng = np.random.default_rng([seed, number])
    period = FIRST_RUN + 1000 * int(rng.integers(40))
    style, renderer = Style.sample_wide(rng), int(rng.integers(2**31))
    severity = float(rng.uniform(FAINTEST, 1.0)) if fault else None
    size = (INPUT_SIZE, INPUT_SIZE)
    sides = []
    for label, what, how in ((None if fault else "Good", fault or None, severity), ("Good", None, None)):
        run = RunConditions(period + int(rng.integers(1000)), seed + number % 50)
        content = sample(name, rng, run=run, label=label, fault=what, severity=how)
        drawn = draw_any(content, style, np.random.default_rng(renderer), root_share)
        sides.append((prepare(drawn.rgb, size), drawn.fault_boxes))
    return sides[0][0], sides[1][0], _fault_map(sides[0][1])


def _fault_map(boxes: Boxes) -> npt.NDArray[np.bool_]:
    """Return which cells a fault box touches."""
    cells = np.zeros((FINE, FINE), bool)
    for x0, y0, x1, y1 in boxes:
        rows = slice(int(y0 * FINE), int(np.ceil(y1 * FINE)))
        columns = slice(int(x0 * FINE), int(np.ceil(x1 * FINE)))
        cells[rows, columns] = True
    return cells
