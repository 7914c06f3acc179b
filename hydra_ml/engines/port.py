"""The port that every engine implements, and how many plots go into one pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

BATCHES = (4, 1)
"""Batch sizes that are kept warm. Any number of plots is cut into these, so that no pass is spent on padding."""

Pictures = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """Feature maps of n plots: `last` (n, h, w, c), and `middle` and `fine` ones where the architecture names such."""

    last: Floats
    middle: Floats | None = None
    fine: Floats | None = None

    @property
    def finer(self) -> tuple[Floats, ...]:
        """The maps before the last ones, the finest first."""
        return tuple(maps for maps in (self.fine, self.middle) if maps is not None)

    def rows(self, some: list[int]) -> "Maps":
        """Return the maps of some of the plots."""
        return Maps(*(maps[some] for maps in self.all()))

    def all(self) -> tuple[Floats, ...]:
        """The last maps, the middle ones, the fine ones, as far as there are such."""
        return tuple(maps for maps in (self.last, self.middle, self.fine) if maps is not None)


class Engine(Protocol):
    """A loaded body. Use it from one thread at a time."""

    @property
    def name(self) -> str:
        """What runs it, for people: "TensorFlow float32"."""
        ...

    def __call__(self, pictures: Pictures) -> Maps:
        """Run prepared plots, uint8 (n, side, side, 3), n ≥ 1."""
        ...


def pieces(count: int) -> Iterator[slice]:
    """Cut `count` plots into slices of warm batch sizes, largest first."""
    start = 0
    while start < count:
        size = next(b for b in BATCHES if b <= count - start)
        yield slice(start, start + size)
        start += size


def join(parts: list[Maps]) -> Maps:
    """Put the maps of several passes of one body together."""
    if len(parts) == 1:
        return parts[0]
    return Maps(*(np.concatenate(stage) for stage in zip(*(p.all() for p in parts), strict=True)))
