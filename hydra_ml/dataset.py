"""Labelled plots made ready for training: decoded once, prepared, copies found, divided, named by a digest."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from hydra_core import images
from hydra_core.domain import LabelledPlot, Plot
from hydra_core.errors import ImageError, ModelError, StoreError
from hydra_core.ports import Archive
from hydra_ml.fitting import Part
from hydra_ml.preprocess import Crop, prepare
from hydra_ml.progress import Progress
from hydra_ml.split import Item, divide, join

T = TypeVar("T")

DECODERS = 2
"""Threads that decode; OpenCV and Pillow let go of the interpreter meanwhile."""
NEAR_BITS = 2
"""Difference hashes of copies differ in at most so many of 64 bits."""
NEAR_SIDE = 64
NEAR_LEVELS = 20
"""Copies (a JPEG of it, another size) differ at 64x64 pixels by at most so many levels of 255 anywhere.

Plots of one type share frame and axes, so their hashes alone often agree between different runs.
"""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Prepared plots with their class index, split and copy group; all in the same order.

    `pictures` is uint8 (n, size, size, 3). `splits` has None for plots left out. `digest` names plots, labels,
    splits and preparation. `good` are the classes without alarm, which the others may be compared with.
    """

    classes: tuple[str, ...]
    plots: tuple[LabelledPlot, ...]
    pictures: npt.NDArray[np.uint8]
    truth: npt.NDArray[np.int64]
    splits: tuple[str | None, ...]
    digest: str
    warnings: tuple[str, ...]
    good: tuple[str, ...] = ()

    def part(self, split: str) -> Part:
        """Return pictures and truth of one side."""
        chosen = [i for i, s in enumerate(self.splits) if s == split]
        return Part(self.pictures[chosen], self.truth[chosen])

    def items(self) -> dict[str, str]:
        """Return plot uid → split of every plot that is used."""
        return {p.plot.uid: s for p, s in zip(self.plots, self.splits, strict=True) if s is not None}

    def sides(self) -> dict[str, str]:
        """Return plot uid → split of every plot; those left out are "left out"."""
        return {p.plot.uid: s or "left out" for p, s in zip(self.plots, self.splits, strict=True)}

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many plots of each class stand on each side."""
        pairs = Counter((s, p.class_name) for p, s in zip(self.plots, self.splits, strict=True))
        return {s: {c: pairs[s, c] for c in self.classes} for s in ("train", "validation", "test")}


def load_dataset(
    plots: Sequence[LabelledPlot],
    classes: tuple[str, ...],
    archive: Archive,
    size: int,
    crop: Crop,
    seed: int,
    progress: Progress,
) -> Dataset:
    """Decode, prepare and divide labelled plots; those that cannot be read are left out with a warning.

    Raises ModelError when no plot is left.
    """
    warnings: list[str] = []
    known = [p for p in plots if p.class_name in classes]
    if len(known) < len(plots):
        others = sorted({p.class_name for p in plots} - set(classes))
        warnings.append(
            f"left out {len(plots) - len(known)} plots labelled {', '.join(others)}: not in the configuration"
        )
    progress.stage(f"reading {len(known)} labelled plots")
    read = read_pictures(known, archive, lambda rgb: _read(rgb, size, crop))
    kept = [(p, r) for p, r in zip(known, read, strict=True) if not isinstance(r, str)]
    unreadable = [(p, r) for p, r in zip(known, read, strict=True) if isinstance(r, str)]
    if unreadable:
        first, why = unreadable[0]
        warnings.append(
            f"left out {len(unreadable)} plots that cannot be read, the first is {first.plot.source}: {why}"
        )
    if not kept:
        raise ModelError("no labelled plot can be read; import some with `hydra import DIR --labels CSV`")
    pictures = np.stack([r[0] for _, r in kept])
    small = np.stack([r[2] for _, r in kept])
    copies = find_copies([p.plot for p, _ in kept], [r[1] for _, r in kept], small)
    used = tuple(p for p, _ in kept)
    truth = np.array([classes.index(p.class_name) for p in used], np.int64)
    warnings += _contradictions(used, copies)
    rows = zip(used, truth, copies, strict=True)
    division = divide([Item(int(t), p.split, p.group, p.plot.run, c, p.last_split) for p, t, c in rows], seed)
    digest = _digest(used, division.splits, size, crop)
    return Dataset(classes, used, pictures, truth, division.splits, digest, (*warnings, *division.warnings))


def read_pictures(
    plots: Sequence[LabelledPlot], archive: Archive, use: Callable[[npt.NDArray[np.uint8]], T]
) -> list[T | str]:
    """Decode each plot's picture and return what `use` makes of it, or why it cannot be read."""

    def read(plot: LabelledPlot) -> T | str:
        try:
            return use(images.decode(archive.get(plot.plot.sha256)))
        except (ImageError, StoreError) as error:
            return str(error)

    with ThreadPoolExecutor(DECODERS) as pool:
        return list(pool.map(read, plots))


def find_copies(plots: Sequence[Plot], fingerprints: Sequence[int], small: npt.NDArray[np.uint8]) -> list[int | None]:
    """Return for each plot the number of its set of copies, None if it has none.

    Copies have the same bytes, or look the same and are not known to be of two runs: empty plots of different
    runs may well look the same. `fingerprints` are difference hashes, `small` the pictures, uint8 (n, 64, 64, 3).
    """
    marks = np.array([f & 0xFFFFFFFFFFFFFFFF for f in fingerprints], np.uint64)
    pairs: list[tuple[int, int]] = []
    first: dict[str, int] = {}
    for index, plot in enumerate(plots):
        twin = first.setdefault(plot.sha256, index)
        if twin != index:
            pairs.append((twin, index))
            continue
        alike = np.flatnonzero(np.bitwise_count(marks[:index] ^ marks[index]) <= NEAR_BITS)
        near = [n for n in alike.tolist() if not plots[n].run or not plot.run or plots[n].run == plot.run]
        pairs += [(n, index) for n in near if _distance(small[n], small[index]) <= NEAR_LEVELS]
    roots = join(pairs, len(plots))
    sizes = Counter(roots)
    return [root if sizes[root] > 1 else None for root in roots]


def _read(
    rgb: npt.NDArray[np.uint8], size: int, crop: Crop
) -> tuple[npt.NDArray[np.uint8], int, npt.NDArray[np.uint8]]:
    return prepare(rgb, (size, size), crop), images.difference_hash(rgb), prepare(rgb, (NEAR_SIDE, NEAR_SIDE))


def _distance(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> int:
    return int(np.abs(a.astype(np.int16) - b).max())


def _contradictions(plots: Sequence[LabelledPlot], copies: Sequence[int | None]) -> list[str]:
    """Warn of copies with different labels: one of them is wrong."""
    labels: dict[int, set[str]] = {}
    for plot, copy in zip(plots, copies, strict=True):
        if copy is not None:
            labels.setdefault(copy, set()).add(plot.class_name)
    wrong = [(c, names) for c, names in labels.items() if len(names) > 1]
    if not wrong:
        return []
    copy, names = wrong[0]
    return [
        f"{len(wrong)} pictures are labelled in several ways, e.g. {plots[copy].plot.source} as "
        f"{' and '.join(sorted(names))}; look at them again"
    ]


def _digest(plots: Sequence[LabelledPlot], splits: Sequence[str | None], size: int, crop: Crop) -> str:
    rows = sorted((p.plot.uid, p.plot.sha256, p.class_name, s) for p, s in zip(plots, splits, strict=True) if s)
    return hashlib.sha256(json.dumps([rows, size, list(crop)]).encode()).hexdigest()
