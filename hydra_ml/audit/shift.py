"""Statistics of drift: has something changed between runs known before and recent ones. Pure.

Plots of one run are alike (level, known-dead channels, looks), so runs are what is compared: chance is what comes out
when it is drawn anew which runs were the recent ones. Everything here takes blocks, a number for each plot that those
of one run share.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

DRAWS = 999
"""How often chance is drawn: the smallest probability it can show is a thousandth."""
SHRINKAGE = 0.3
"""Share of the mean variance added in every direction before whitening."""
LEADING = 8
"""Directions of most variance, in which level and looks lie."""
EDGES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)
"""Bounds between the bins of top scores."""

Floats = npt.NDArray[np.float64]
Blocks = npt.NDArray[np.int64]


def recent_draws(before: int, recent: int, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Return which of before + recent blocks are taken for recent, 0 or 1 (1 + draws, blocks); the first is the truth.

    The recent blocks stand last.
    """
    chosen = np.zeros((1 + draws, before + recent))
    chosen[0, before:] = 1
    for row in chosen[1:]:
        row[rng.choice(before + recent, recent, replace=False)] = 1
    return chosen


def probability(statistics: Floats) -> float:
    """Return how often chance gives at least as much as the truth, which stands first."""
    return float((statistics >= statistics[0] - 1e-12).mean())


def alike_blocks(before: Blocks, recent: Blocks) -> tuple[Blocks, Blocks]:
    """Return indexes of plots such that blocks before and recent ones are of about the same size.

    A run of 500 plots is less noisy than one of which three were labelled; chance must not see that difference. Where
    the labelled plots have no runs, each recent run is seen through one plot.
    """
    sizes = [np.unique(blocks, return_counts=True)[1] for blocks in (before, recent)]
    most = max(1, int(min(np.median(s) for s in sizes)))
    rng = np.random.default_rng(0)
    return _at_most(before, most, rng), _at_most(recent, most, rng)


def embedding_shift(
    before: npt.NDArray[np.float32], before_blocks: Blocks, recent: npt.NDArray[np.float32], recent_blocks: Blocks
) -> float:
    """Return the probability that chance alone puts recent features (m, d) so far from those before (n, d).

    Energy distance in two views: whitened, where small and local changes show, and the leading directions, where a
    change of level shows. Both are scaled by all plots together: a scale from those before alone would always find
    them closer to each other.
    """
    old, new = alike_blocks(before_blocks, recent_blocks)
    vectors = np.concatenate([before[old], recent[new]]).astype(np.float64)
    blocks, first = _number(before_blocks[old], recent_blocks[new])
    spread = vectors.std(axis=0)
    scaled = (vectors - vectors.mean(axis=0)) / (spread + 0.25 * np.median(spread) + 1e-9)
    values, directions = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    turned = scaled @ directions
    shrunk = turned / np.sqrt(values + SHRINKAGE * max(float(values.mean()), 1e-9))
    leading = (turned / np.sqrt(np.maximum(values, 1e-9)))[:, -LEADING:]
    chosen = recent_draws(first, int(blocks.max()) + 1 - first, np.random.default_rng(0))
    found = [probability(_energy(view, blocks, chosen)) for view in (shrunk, leading)]
    return min(1.0, 2 * min(found))


def score_shift(
    before: npt.NDArray[np.float32], before_blocks: Blocks, recent: npt.NDArray[np.float32], recent_blocks: Blocks
) -> tuple[float, float]:
    """Return the population stability index of top scores, (n,) and (m,), and the probability of so much by chance."""
    old, new = alike_blocks(before_blocks, recent_blocks)
    blocks, first = _number(before_blocks[old], recent_blocks[new])
    table = np.zeros((int(blocks.max()) + 1, len(EDGES) + 1))
    np.add.at(table, (blocks, np.digitize(np.concatenate([before[old], recent[new]]), EDGES)), 1)
    chosen = recent_draws(first, len(table) - first, np.random.default_rng(0))
    found = stability_index((1 - chosen) @ table, chosen @ table)
    return float(found[0]), probability(found)


def stability_index(before: Floats, recent: Floats) -> Floats:
    """Return the population stability index (k,) of counts (k, bins): below 0.1 the same, above 0.2 another population.

    Half a plot is added to each bin, so that an empty one does not make it infinite.
    """
    p, q = ((c + 0.5) / (c + 0.5).sum(axis=1, keepdims=True) for c in (before, recent))
    return np.asarray(((q - p) * np.log(q / p)).sum(axis=1))


def rate_shift(
    before: npt.NDArray[np.bool_], before_blocks: Blocks, recent: npt.NDArray[np.bool_], recent_blocks: Blocks
) -> float:
    """Return the probability that chance alone makes the rate of something so much greater in the recent blocks."""
    old, new = alike_blocks(before_blocks, recent_blocks)
    blocks, first = _number(before_blocks[old], recent_blocks[new])
    hits = np.bincount(blocks, np.concatenate([before[old], recent[new]]).astype(float))
    sizes = np.bincount(blocks).astype(float)
    chosen = recent_draws(first, len(hits) - first, np.random.default_rng(0))
    difference = (chosen @ hits) / (chosen @ sizes) - ((1 - chosen) @ hits) / ((1 - chosen) @ sizes)
    return probability(difference)


def rate_excess(events: npt.NDArray[np.bool_], blocks: Blocks, expected: float) -> float:
    """Return the probability that blocks whose rate of events is `expected` show so many, by flipping their signs."""
    _, which = np.unique(blocks, return_inverse=True)
    excess = np.bincount(which, events.astype(float) - expected)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (1 + DRAWS, len(excess)))
    signs[0] = 1
    return probability(signs @ excess)


def holm(probabilities: Sequence[float]) -> list[float]:
    """Return probabilities that stay true when so many things are tested at once (Holm's correction)."""
    order = np.argsort(probabilities, kind="stable")
    adjusted, least = [0.0] * len(probabilities), 0.0
    for rank, index in enumerate(order):
        least = max(least, min(1.0, (len(probabilities) - rank) * probabilities[index]))
        adjusted[index] = least
    return adjusted


def _at_most(blocks: Blocks, most: int, rng: np.random.Generator) -> Blocks:
    """Return the sorted indexes of at most so many plots of each block, by chance."""
    mixed = rng.permutation(len(blocks))
    order = mixed[np.argsort(blocks[mixed], kind="stable")]
    _, starts, counts = np.unique(blocks[order], return_index=True, return_counts=True)
    place = np.arange(len(blocks)) - np.repeat(starts, counts)
    return np.sort(order[place < most])


def _number(before: Blocks, recent: Blocks) -> tuple[Blocks, int]:
    """Number blocks from 0, those before first, and return where the recent ones begin."""
    old, new = np.unique(before, return_inverse=True), np.unique(recent, return_inverse=True)
    return np.concatenate([old[1], len(old[0]) + new[1]]).astype(np.int64), len(old[0])


def _energy(vectors: Floats, blocks: Blocks, chosen: Floats) -> Floats:
    """Return the energy distance (k,) between chosen and other blocks, from the sums of distances between blocks."""
    squares = (vectors**2).sum(axis=1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * vectors @ vectors.T, 0))
    member = np.zeros((int(blocks.max()) + 1, len(blocks)))
    member[blocks, np.arange(len(blocks))] = 1
    sums, sizes = member @ distances @ member.T, member.sum(axis=1)
    others = 1 - chosen
    many, rest = chosen @ sizes, others @ sizes
    across = ((chosen @ sums) * others).sum(axis=1) / (many * rest)
    within = ((chosen @ sums) * chosen).sum(axis=1) / many**2 + ((others @ sums) * others).sum(axis=1) / rest**2
    return np.asarray(2 * across - within)
