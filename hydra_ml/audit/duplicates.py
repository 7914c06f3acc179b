"""Find copies among labelled plots: the same bytes, or pictures that look the same, in another format or size too.

Difference hashes choose whom to compare, pixels decide. Only pictures whose hash has a neighbour are decoded, and kept
at 64x64.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hydra_core import images
from hydra_core.domain import LabelledPlot, Plot
from hydra_core.errors import ImageError, StoreError
from hydra_core.ports import Archive
from hydra_ml.dataset import NEAR_BITS, NEAR_LEVELS, NEAR_SIDE
from hydra_ml.preprocess import prepare
from hydra_ml.split import join

DECODERS = 2
CELLS = 8
"""Side of the coarse picture that rules out most pairs."""
BLOCK = 64
"""Pictures compared at once."""

Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CopySet:
    """Labelled plots that show the same picture.

    `exact`: all have the same bytes. `labels`, `runs` and `splits` are those of its plots, sorted (runs without 0).
    """

    plots: tuple[LabelledPlot, ...]
    exact: bool
    labels: tuple[str, ...]
    runs: tuple[int, ...]
    splits: tuple[str, ...]

    @property
    def contradicts(self) -> bool:
        """Whether one picture was given several labels: some of them are wrong."""
        return len(self.labels) > 1

    @property
    def leaks(self) -> bool:
        """Whether copies stand on several sides of a split."""
        return len(self.splits) > 1


@dataclass(frozen=True, slots=True)
class DuplicateAudit:
    """Sets of copies, contradictions first; per class (labels, different pictures); plots that cannot be read."""

    sets: tuple[CopySet, ...]
    folded: Mapping[str, tuple[int, int]]
    unreadable: tuple[str, ...]


def audit_duplicates(
    plots: Sequence[LabelledPlot], archive: Archive, hashes: Mapping[str, int], splits: Mapping[str, str] | None = None
) -> DuplicateAudit:
    """Find the copies among labelled plots.

    `hashes` are known difference hashes by picture sha256; `splits` the side (by uid) that a model's training put a
    plot on, used where the label has none of its own.
    """
    unreadable: list[str] = []
    numbers = find_copies([p.plot for p in plots], archive, hashes, unreadable)
    members: dict[int, list[LabelledPlot]] = defaultdict(list)
    pictures: dict[str, set[object]] = defaultdict(set)
    for index, (plot, number) in enumerate(zip(plots, numbers, strict=True)):
        pictures[plot.class_name].add(("itself", index) if number is None else number)
        if number is not None:
            members[number].append(plot)
    counts = Counter(p.class_name for p in plots)
    sets = [_copy_set(m, splits or {}) for m in members.values()]
    sets.sort(key=lambda s: (not s.contradicts, not s.leaks, len(s.runs) < 2, -len(s.plots), s.plots[0].plot.uid))
    return DuplicateAudit(tuple(sets), {c: (n, len(pictures[c])) for c, n in counts.items()}, tuple(unreadable))


def find_copies(
    plots: Sequence[Plot], archive: Archive, hashes: Mapping[str, int], unreadable: list[str] | None = None
) -> list[int | None]:
    """Return for each plot the number of its set of copies, None if it has none; a picture is decoded at most once.

    `unreadable` collects what cannot be compared but by its bytes.
    """
    first: dict[str, int] = {}
    twins = [(first.setdefault(p.sha256, i), i) for i, p in enumerate(plots)]
    single = sorted(first.values())
    marks = _marks([plots[i] for i in single], archive, hashes)
    near = _with_neighbours(marks)
    small = _small([plots[single[k]] for k in near], archive, unreadable)
    pairs = [(single[near[a]], single[near[b]]) for a, b in _alike(small, marks[near])]
    roots = join([*((a, b) for a, b in twins if a != b), *pairs], len(plots))
    sizes = Counter(roots)
    return [root if sizes[root] > 1 else None for root in roots]


def _copy_set(plots: Sequence[LabelledPlot], splits: Mapping[str, str]) -> CopySet:
    sides = {p.split or splits.get(p.plot.uid) for p in plots} - {None, "left out"}
    return CopySet(
        tuple(plots),
        len({p.plot.sha256 for p in plots}) == 1,
        tuple(sorted({p.class_name for p in plots})),
        tuple(sorted({p.plot.run for p in plots} - {0})),
        tuple(sorted(s for s in sides if s)),
    )


def _marks(plots: Sequence[Plot], archive: Archive, hashes: Mapping[str, int]) -> npt.NDArray[np.uint64]:
    """Return the difference hashes of pictures; those that nobody knows are computed (0 where that fails)."""

    def mark(plot: Plot) -> int:
        if plot.sha256 in hashes:
            return hashes[plot.sha256]
        try:
            return images.difference_hash(images.decode(archive.get(plot.sha256)))
        except (ImageError, StoreError):
            return 0

    with ThreadPoolExecutor(DECODERS) as pool:
        return np.array([m & 0xFFFFFFFFFFFFFFFF for m in pool.map(mark, plots)], np.uint64)


def _with_neighbours(marks: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Return the indexes of hashes that differ from another one in few bits."""
    values, which, counts = np.unique(marks, return_inverse=True, return_counts=True)
    close = counts > 1
    for index in np.flatnonzero(~close):
        close[index] = np.count_nonzero(np.bitwise_count(values ^ values[index]) <= NEAR_BITS) > 1
    return np.flatnonzero(close[which])


def _small(plots: Sequence[Plot], archive: Archive, unreadable: list[str] | None) -> list[Pictures | None]:
    def read(plot: Plot) -> Pictures | str:
        try:
            return prepare(images.decode(archive.get(plot.sha256)), (NEAR_SIDE, NEAR_SIDE))
        except (ImageError, StoreError) as error:
            return f"{plot.source}: {error}"

    with ThreadPoolExecutor(DECODERS) as pool:
        found = list(pool.map(read, plots))
    if unreadable is not None:
        unreadable += [f for f in found if isinstance(f, str)]
    return [None if isinstance(f, str) else f for f in found]


def _alike(small: Sequence[Pictures | None], marks: npt.NDArray[np.uint64]) -> Iterator[tuple[int, int]]:
    """Yield pairs whose hashes are near and whose pixels differ nowhere by more than copies do.

    A picture is compared with few of a set that it is known to belong to: thousands of empty plots are one set.
    """
    rows = np.array([i for i, s in enumerate(small) if s is not None], np.int64)
    if not len(rows):
        return
    pictures, marks = np.stack([s for s in small if s is not None]), marks[rows]
    step = NEAR_SIDE // CELLS
    coarse = pictures.reshape(len(rows), CELLS, step, CELLS, step, 3).mean(axis=(2, 4)).reshape(len(rows), -1)
    roots = np.arange(len(rows))
    for i in range(1, len(rows)):
        near = np.flatnonzero(np.bitwise_count(marks[:i] ^ marks[i]) <= NEAR_BITS)
        near = near[(np.abs(coarse[near] - coarse[i]) <= NEAR_LEVELS).all(axis=1)]
        while len(near):
            part, near = near[:BLOCK], near[BLOCK:]
            far = np.abs(pictures[part].astype(np.int16) - pictures[i]).reshape(len(part), -1).max(axis=1)
            for j in part[far <= NEAR_LEVELS].tolist():
                if roots[j] != roots[i]:
                    yield int(rows[j]), int(rows[i])
                    low, high = sorted((int(roots[j]), int(roots[i])))
                    roots[roots == high] = low
            near = near[roots[near] != roots[i]]
