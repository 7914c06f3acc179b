"""Features of plots for audits, whatever network judges them: the frozen light backbone, compared with good plots.

They are those of `contrast.Contrast`: two stages of feature maps in units of how good plots spread at each place,
pooled so that a few odd places decide, and the last stage's mean. Pictures are decoded in small batches and let go,
so memory does not grow with their number.
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
from hydra_ml.head import Reference, pooled
from hydra_ml.preprocess import prepare

BATCH = 32
DECODERS = 2
FOLDS = 3
MOST_TYPICAL = 200
"""Good plots that others are compared with."""
STAGES = ("light2", "light3")
"""The layers whose maps are compared."""

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
    """What good plots look like in both stages, for each of three folds.

    Runs are dealt out to the folds, and each fold's references are made of the others' plots. A known plot is compared
    with the plots it is none of, or it would seem more typical than one that comes later, which is compared with one
    of the three.
    """

    folds: tuple[tuple[Reference, ...], ...]


@dataclass(frozen=True, slots=True)
class Features:
    """What audits know of plots: `vectors` float32 (n, 448) and `kept` (n,), the indexes of those that can be read."""

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
        maps = keras.Model(inputs, [*(body.get_layer(name).output for name in STAGES), last])
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
        from hydra_ml.contrast import Tally

        tallies = [Tally() for _ in range(FOLDS)]
        for rows, pictures in batches:
            maps = self._run(pictures)
            for fold in np.unique(folds[rows]).tolist():
                tallies[fold].add([m[folds[rows] == fold] for m in maps[:-1]])
        whole = Tally()
        for tally in tallies:
            whole = whole.together(tally)
        if not whole.count:
            raise ModelError("none of the plots to compare with can be read from the archive; `hydra doctor` checks it")
        # A fold that has all of the plots can only be compared with them.
        rest = (whole.without(t) if t.count < whole.count else whole for t in tallies)
        return Typical(tuple(tuple(_halved(r) for r in tally.references()) for tally in rest))

    def _vectors(self, pictures: Pictures, typical: Typical, folds: Integers) -> Floats:
        *stages, last = self._run(pictures)
        found = np.concatenate([np.zeros((len(pictures), _width(typical) - last.shape[-1])), last.mean((1, 2))], axis=1)
        for fold in np.unique(folds).tolist():
            rows, start = folds == fold, 0
            for maps, reference in zip(stages, typical.folds[fold], strict=True):
                compared = pooled(reference.distances(maps[rows]))
                found[rows, start : start + compared.shape[1]] = compared
                start += compared.shape[1]
        # As a bundle keeps them, or those that come later would differ by the rounding.
        return found.astype(np.float16).astype(np.float32)

    def _run(self, pictures: Pictures) -> list[Floats]:
        return [maps.numpy() for maps in self._maps(pictures)]


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


def _halved(reference: Reference) -> Reference:
    """Return the reference as half precision keeps it: plots that come later are compared with what was kept."""
    return Reference(*(v.astype(np.float16).astype(np.float32) for v in (reference.mean, reference.scale)))


def _evenly(rows: Integers) -> Integers:
    at = np.linspace(0, len(rows) - 1, min(len(rows), MOST_TYPICAL)).round().astype(np.int64)
    return rows[np.unique(at)]


def _width(typical: Typical) -> int:
    return light.STAGES[-1] + sum(2 * int(reference.mean.shape[-1]) for reference in typical.folds[0])
