"""Features of plots for audits, whatever network judges them: the frozen light backbone against good plots.

Plots of one type are aligned, and most faults are local: for each channel of two feature maps, the mean and the
largest deviation from the mean good plot say more than the channel itself. Pictures are decoded in small batches and
let go, so memory does not grow with their number.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hydra_core import images
from hydra_core.domain import Plot
from hydra_core.errors import ImageError, ModelError, StoreError
from hydra_core.ports import Archive
from hydra_ml import light
from hydra_ml.preprocess import prepare

BATCH = 32
DECODERS = 2
FOLDS = 4
MOST_TYPICAL = 200
"""Plots that the mean good plot is made of."""
MIDDLE = "light3"
"""The layer whose maps are looked at beside the last."""

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Pictures = npt.NDArray[np.uint8]
Batches = Callable[[Integers], Iterator[tuple[Integers, Pictures]]]
"""Reads pictures by index, prepared for the light backbone: yields (indexes, pictures) of those that can be read."""
Seen = Callable[[int], None]
"""Hears how many plots are done."""


@dataclass(frozen=True, slots=True)
class Typical:
    """Mean feature maps of good plots: `last` float32 (4, 12, 12, 160), `middle` float32 (4, 24, 24, 96).

    Runs are dealt out to four folds, and each mean leaves out a fold's. A known plot is compared with the mean that
    it is no part of, or it would seem more typical than one that comes later, which is compared with one of the four.
    """

    last: Floats
    middle: Floats


@dataclass(frozen=True, slots=True)
class Features:
    """What audits know of plots: `vectors` float32 (n, 672) and `kept` (n,), the indexes of those that can be read."""

    vectors: Floats
    kept: Integers


@dataclass(frozen=True, slots=True)
class Known:
    """Plots to compare others with: the mean good one, and the features of all."""

    typical: Typical
    features: Features


class LightFeatures:
    """The pretrained light backbone, frozen."""

    def __init__(self) -> None:
        """Build the net and read its weights. Raises ModelError when they cannot be used."""
        import keras
        import tensorflow as tf

        side = light.INPUT_SIZE
        inputs = keras.Input((side, side, 3))
        last = light.light_body(keras.layers.Rescaling(1 / 127.5, offset=-1.0)(inputs))
        body = keras.Model(inputs, last)
        light.load_weights(body)
        maps = keras.Model(inputs, [last, body.get_layer(MIDDLE).output])
        signature = tf.TensorSpec((None, side, side, 3), tf.uint8)
        self._maps = tf.function(lambda x: maps(tf.cast(x, tf.float32), training=False), input_signature=[signature])

    def known(self, batches: Batches, blocks: Integers, good: Integers, seen: Seen | None = None) -> Known:
        """Return the typical good plot of known plots, and the features of all.

        `blocks` (n,) are the same for plots of one run; `good` are the indexes of good plots, of which at most 200
        are taken. Raises ModelError when none of these can be read.
        """
        folds = fold_of(blocks)
        typical = self._typical(batches(_evenly(good)), folds)
        vectors, kept = [], []
        for rows, pictures in batches(np.arange(len(blocks))):
            vectors.append(self._vectors(pictures, typical, folds[rows]))
            kept.append(rows)
            if seen is not None:
                seen(int(rows[-1]) + 1)
        return Known(typical, Features(np.concatenate(vectors), np.concatenate(kept)))

    def of(self, batches: Batches, blocks: Integers, typical: Typical) -> Features:
        """Return the features of plots that are not known; `blocks` (n,) are the same for plots of one run."""
        folds = fold_of(blocks)
        vectors, kept = [np.zeros((0, _width(typical)), np.float32)], [np.zeros(0, np.int64)]
        for rows, pictures in batches(np.arange(len(blocks))):
            vectors.append(self._vectors(pictures, typical, folds[rows]))
            kept.append(rows)
        return Features(np.concatenate(vectors), np.concatenate(kept))

    def _typical(self, batches: Iterator[tuple[Integers, Pictures]], folds: Integers) -> Typical:
        counts = np.zeros(FOLDS)
        sums: list[Doubles] = [np.zeros(()), np.zeros(())]
        for rows, pictures in batches:
            member = (folds[rows] == np.arange(FOLDS)[:, None]).astype(np.float32)
            counts += member.sum(axis=1)
            found = (np.tensordot(member, maps, axes=1) for maps in self._run(pictures))
            sums = [s + f.astype(np.float64) for s, f in zip(sums, found, strict=True)]
        if not counts.any():
            raise ModelError("none of the plots to compare with can be read from the archive; `hydra doctor` checks it")
        # A fold that has all of the plots can only be compared with them.
        rest = np.where(counts < counts.sum(), counts, 0)[:, None, None, None]
        left = [s.sum(axis=0) - np.where(rest > 0, s, 0) for s in sums]
        return Typical(*((v / (counts.sum() - rest)).astype(np.float32) for v in left))

    def _vectors(self, pictures: Pictures, typical: Typical, folds: Integers) -> Floats:
        last, middle = self._run(pictures)
        off, far = np.abs(last - typical.last[folds]), np.abs(middle - typical.middle[folds])
        across = (1, 2)
        parts = (last.mean(across), off.mean(across), off.max(across), far.mean(across), far.max(across))
        return np.concatenate(parts, axis=1).astype(np.float32)

    def _run(self, pictures: Pictures) -> tuple[Floats, Floats]:
        last, middle = self._maps(pictures)
        return last.numpy(), middle.numpy()


def fold_of(blocks: Integers) -> Integers:
    """Return each plot's fold 0…3, the same for plots of one run; plot by plot where there is one run only."""
    names, which = np.unique(blocks, return_inverse=True)
    return np.asarray((which if len(names) > 1 else np.arange(len(blocks))) % FOLDS, np.int64)


def archived(plots: Sequence[Plot], archive: Archive, failed: dict[int, str] | None = None) -> Batches:
    """Return what reads plots of the archive, decoded and prepared; `failed` is told which cannot be read, and why."""
    side = (light.INPUT_SIZE, light.INPUT_SIZE)

    def read(row: int) -> Pictures | str:
        try:
            return prepare(images.decode(archive.get(plots[row].sha256)), side)
        except (ImageError, StoreError) as error:
            return str(error)

    def batches(rows: Integers) -> Iterator[tuple[Integers, Pictures]]:
        with ThreadPoolExecutor(DECODERS) as pool:
            for start in range(0, len(rows), BATCH):
                chosen = rows[start : start + BATCH]
                found = list(pool.map(read, chosen.tolist()))
                if failed is not None:
                    failed.update((int(r), f) for r, f in zip(chosen, found, strict=True) if isinstance(f, str))
                good = [not isinstance(f, str) for f in found]
                if any(good):
                    yield chosen[good], np.stack([f for f in found if not isinstance(f, str)])

    return batches


def prepared(pictures: Pictures) -> Batches:
    """Return what reads pictures that are prepared for the light backbone, uint8 (n, 192, 192, 3)."""

    def batches(rows: Integers) -> Iterator[tuple[Integers, Pictures]]:
        for start in range(0, len(rows), BATCH):
            yield rows[start : start + BATCH], pictures[rows[start : start + BATCH]]

    return batches


def backbone_digest() -> str:
    """Return the sha256 of the backbone's weights: features of other weights cannot be compared."""
    return hashlib.sha256(light.WEIGHTS.read_bytes()).hexdigest()


def _evenly(rows: Integers) -> Integers:
    at = np.linspace(0, len(rows) - 1, min(len(rows), MOST_TYPICAL)).round().astype(np.int64)
    return rows[np.unique(at)]


def _width(typical: Typical) -> int:
    return int(3 * typical.last.shape[-1] + 2 * typical.middle.shape[-1])
