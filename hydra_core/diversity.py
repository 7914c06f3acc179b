"""Which plots look least alike: an order that shows every kind of plot first."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def hash_bits(hashes: Sequence[int | None]) -> npt.NDArray[np.float32]:
    """Return difference hashes as float32 (n, 64), each bit 0 or 1/8: squared distances are shares of bits.

    A picture whose hash is not known stands halfway between all.
    """
    values = np.array([0 if one is None else one % (1 << 64) for one in hashes], dtype=np.uint64)
    bits = (values[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    found = bits.astype(np.float32) / 8.0
    found[[one is None for one in hashes]] = 1.0 / 16.0
    return found


def spread(points: npt.NDArray[np.float32]) -> list[int]:
    """Return the order of points (n, d) in which each next one is the farthest from all before (greedy k-centre).

    It starts with the point nearest to the middle: the most ordinary one, so that what follows is told apart from it.
    """
    if len(points) == 0:
        return []
    middle = points - points.mean(axis=0)
    chosen = [int(np.argmin(np.einsum("ij,ij->i", middle, middle)))]
    distance = np.full(len(points), np.inf, np.float32)
    distance[chosen[0]] = -1.0
    for _ in range(len(points) - 1):
        away = points - points[chosen[-1]]
        np.minimum(distance, np.einsum("ij,ij->i", away, away), out=distance)
        distance[chosen] = -1.0
        chosen.append(int(np.argmax(distance)))
    return chosen
