"""Which board failed: in a training set each place on a plot fails in one run only, as a board that is then mended.

So plots that are divided by run are divided by failed board too, and a model is tested on boards that it never saw.
"""

import copy
import hashlib
from collections.abc import Sequence

import numpy as np

from hydra_ml.simulate.content import Axis, Content
from hydra_ml.simulate.run import RunConditions
from hydra_ml.simulate.sampling import sample

GRID = 8
"""Places along each side of a pad."""
LARGEST = 0.25
"""A fault that covers more of its pad than this is no board's: a crate, or everything."""
TRIES = 100

Board = tuple[int, int, int]
"""Pad, column and row of the place in which the middle of a fault lies."""


def failed_board(content: Content) -> Board | None:
    """Return where a fault of one place struck; None for a healthy plot, several places, or most of a pad."""
    if len(content.boxes) != 1:
        return None
    (box,) = content.boxes
    pad = content.pads[box.pad]
    (left, right), (low, high) = _part(pad.x, box.x0, box.x1), _part(pad.y, box.y0, box.y1)
    if (right - left) * (high - low) > LARGEST:
        return None
    return box.pad, _place((left + right) / 2), _place((low + high) / 2)


def run_of(board: Board, plot_type: str, fault: str, runs: Sequence[int], seed: int) -> int:
    """Return the run in which a board fails."""
    text = f"{seed} {plot_type} {fault} {board}"
    return runs[int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % len(runs)]


def sample_with_own_board(
    plot_type: str,
    rng: np.random.Generator,
    run: RunConditions,
    runs: Sequence[int],
    mates: Sequence[int],
    label: str,
    fault: str | None,
    classes: tuple[str, ...],
    severity: float | None,
) -> Content:
    """Return the content of one plot whose failed board, if any, fails in no run but this one.

    A fault that has fewer places than there are `runs` may have none for this one: then it strikes one of a run in
    `mates` (those on the same side of the split), and else one that is another run's.
    """
    others = copy.deepcopy(rng)
    others.spawn(3)  # those that the healthy part and the first place come from
    second: Content | None = None
    first: Content | None = None
    for number in range(TRIES):
        place = others.spawn(1)[0] if number else None
        content = sample(
            plot_type, copy.deepcopy(rng), run=run, label=label, fault=fault, fault_rng=place, classes=classes,
            severity=severity,
        )  # fmt: skip
        board = failed_board(content)
        owner = run.run if board is None else run_of(board, plot_type, content.fault, runs, run.seed)
        if owner == run.run:
            return content
        first = first or content
        second = second or (content if owner in mates else None)
    found = second or first
    if found is None:
        raise AssertionError("unreachable: there is at least one try")
    return found


def _part(axis: Axis, low: float, high: float) -> tuple[float, float]:
    """Return a range of an axis as fractions of it, cut off at its ends."""
    width = axis.high - axis.low
    first, last = sorted(np.clip((value - axis.low) / width, 0.0, 1.0) for value in (low, high))
    return float(first), float(last)


def _place(fraction: float) -> int:
    return min(GRID - 1, int(fraction * GRID))
