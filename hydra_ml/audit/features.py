"""Features of plots for audits, whatever network judges them: the frozen light backbone against good plots.

Plots of one type are aligned, and most faults are local: for each channel of two feature maps, the mean and the
largest deviation from the mean good plot say more than the channel itself. Pictures are decoded in small batches and
let go, so memory does not grow with their number.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
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
MOST_TYPICAL = 200
"""Plots that the mean good plot is made of."""
MIDDLE = "light3"
"""The layer whose maps are looked at beside the last."""

Floats = npt.NDArray[np.float32]
Pictures = npt.NDArray[np.uint8]
Seen = Callable[[int], None]
"""Hears how many plots are done."""


@dataclass(frozen=True, slots=True)
class Typical:
    """The mean feature maps of good plots: `last` float32 (12, 12, 160), `middle` float32 (24, 24, 96)."""

    last: Floats
    middle: Floats


@dataclass(frozen=True, slots=True)
class Features:
    """What audits know of plots.

    `vectors` float32 (n, 672); `kept` int64 (n,) the indexes of those plots, in order; `failed` why others cannot be
    read, by index.
    """

    vectors: Floats
    kept: npt.NDArray[np.int64]
    failed: tuple[tuple[int, str], ...] = ()


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

    def typical(self, plots: Sequence[Plot], archive: Archive) -> Typical:
        """Return the mean maps of (at most 200, evenly taken) plots. Raises ModelError when none can be read."""
        batches = _read([plots[i] for i in _evenly(len(plots))], archive)
        read = ([p for p in batch if not isinstance(p, str)] for _, batch in batches)
        return self._mean(np.stack(pictures) for pictures in read if pictures)

    def typical_of(self, pictures: Pictures) -> Typical:
        """Return the mean maps of (at most 200, evenly taken) prepared pictures, uint8 (n, 192, 192, 3)."""
        rows = _evenly(len(pictures))
        return self._mean(pictures[rows[start : start + BATCH]] for start in range(0, len(rows), BATCH))

    def vectors_of(self, pictures: Pictures, typical: Typical) -> Floats:
        """Return the features (n, 672) of prepared pictures, uint8 (n, 192, 192, 3)."""
        parts = [self._vectors(pictures[start : start + BATCH], typical) for start in range(0, len(pictures), BATCH)]
        return np.concatenate([np.zeros((0, _width(typical)), np.float32), *parts])

    def of(self, plots: Sequence[Plot], archive: Archive, typical: Typical, seen: Seen | None = None) -> Features:
        """Return the features of archived plots."""
        vectors: list[Floats] = []
        kept: list[int] = []
        failed: list[tuple[int, str]] = []
        for start, batch in _read(plots, archive):
            good = [(start + i, p) for i, p in enumerate(batch) if not isinstance(p, str)]
            failed += [(start + i, p) for i, p in enumerate(batch) if isinstance(p, str)]
            if good:
                vectors.append(self._vectors(np.stack([p for _, p in good]), typical))
                kept += [i for i, _ in good]
            if seen is not None:
                seen(start + len(batch))
        whole = np.concatenate([np.zeros((0, _width(typical)), np.float32), *vectors])
        return Features(whole, np.array(kept, np.int64), tuple(failed))

    def _mean(self, batches: Iterable[Pictures]) -> Typical:
        last, middle, count = np.zeros(()), np.zeros(()), 0
        for pictures in batches:
            found = [m.numpy().sum(axis=0, dtype=np.float64) for m in self._maps(pictures)]
            last, middle, count = last + found[0], middle + found[1], count + len(pictures)
        if not count:
            raise ModelError("none of the plots to compare with can be read from the archive; `hydra doctor` checks it")
        return Typical((last / count).astype(np.float32), (middle / count).astype(np.float32))

    def _vectors(self, pictures: Pictures, typical: Typical) -> Floats:
        last, middle = (m.numpy() for m in self._maps(pictures))
        off, far = np.abs(last - typical.last), np.abs(middle - typical.middle)
        across = (1, 2)
        parts = (last.mean(across), off.mean(across), off.max(across), far.mean(across), far.max(across))
        return np.concatenate(parts, axis=1).astype(np.float32)


def backbone_digest() -> str:
    """Return the sha256 of the backbone's weights: features of other weights cannot be compared."""
    return hashlib.sha256(light.WEIGHTS.read_bytes()).hexdigest()


def _read(plots: Sequence[Plot], archive: Archive) -> Iterator[tuple[int, list[Pictures | str]]]:
    """Yield (index of the first, pictures prepared for the light backbone or why they cannot be read)."""
    side = (light.INPUT_SIZE, light.INPUT_SIZE)

    def read(plot: Plot) -> Pictures | str:
        try:
            return prepare(images.decode(archive.get(plot.sha256)), side)
        except (ImageError, StoreError) as error:
            return str(error)

    with ThreadPoolExecutor(DECODERS) as pool:
        for start in range(0, len(plots), BATCH):
            yield start, list(pool.map(read, plots[start : start + BATCH]))


def _evenly(count: int) -> npt.NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, MOST_TYPICAL)).round().astype(np.int64))


def _width(typical: Typical) -> int:
    return int(3 * typical.last.shape[-1] + 2 * typical.middle.shape[-1])
