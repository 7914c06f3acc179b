"""Choose which plots to label first: unsure or unlike the labelled ones, and not all alike. Pure."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

NEIGHBOURS = 3
INSIDE = 0.95
"""Share of known plots that count as inside of what is known."""
BASE_URGENCY = 0.2


def standardised(vectors: Floats, known: Floats) -> Floats:
    """Return features (n, d) in units of the known ones' spread; features that hardly vary do not weigh more."""
    width = known.std(axis=0)
    return np.asarray((vectors - known.mean(axis=0)) / (width + 0.25 * np.median(width) + 1e-6), np.float32)


def distances(a: Floats, b: Floats) -> Floats:
    """Return the distances (n, m) between two sets of vectors."""
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squares, 0)), np.float32)


def share_outside(recent: Floats, known: Floats, blocks: Integers) -> tuple[float, npt.NDArray[np.bool_]]:
    """Return the share of recent vectors that lie outside of the known ones, and which do.

    Outside: farther from the nearest known ones than 95 % of these are from those of other blocks, so 5 % are
    expected. Where there is one block only, its own plots are taken for others.
    """
    near = min(NEIGHBOURS, len(known) - 1)
    among = distances(known, known)
    np.fill_diagonal(among, np.inf)
    if len(np.unique(blocks)) > near:
        among[blocks[:, None] == blocks[None]] = np.inf
    own = np.sort(np.partition(among, near - 1, axis=1)[:, near - 1])
    far = np.partition(distances(recent, known), near - 1, axis=1)[:, near - 1]
    outside = far > np.quantile(own[np.isfinite(own)], INSIDE)
    return float(outside.mean()), outside


def spread_out(vectors: Floats, known: Floats, urgency: Floats, most: int) -> list[int]:
    """Return at most so many indexes, each next one far from those known and chosen, and urgent (0…1, (n,)).

    Greedy k-centre with weights; a copy of a chosen one is never chosen.
    """
    chosen: list[int] = []
    gap = distances(vectors, known).min(axis=1) if len(known) else np.full(len(vectors), np.inf, np.float32)
    typical = float(np.median(gap[np.isfinite(gap)])) if np.isfinite(gap).any() else 1.0
    gap = np.minimum(gap, 3 * max(typical, 1e-6))
    for _ in range(min(most, len(vectors))):
        worth = gap * (BASE_URGENCY + urgency)
        best = int(worth.argmax())
        if worth[best] <= 1e-3 * typical:
            break
        chosen.append(best)
        gap = np.minimum(gap, distances(vectors, vectors[best : best + 1])[:, 0])
        gap[best] = 0
    return chosen


def most_of(values: Floats, allowed: npt.NDArray[np.bool_], most: int) -> Sequence[int]:
    """Return the indexes of the greatest allowed values, at most so many."""
    rows = np.flatnonzero(allowed)
    if len(rows) > most:
        rows = rows[np.argpartition(-values[rows], most - 1)[:most]]
    return [int(i) for i in rows[np.argsort(-values[rows], kind="stable")]]
