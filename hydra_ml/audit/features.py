"""Features of plots for audits, whatever network judges them: the frozen light backbone against good plots.

Plots of one type are aligned, and most faults are local: for each channel of two feature maps, the mean and the
largest deviation from the mean good plot say more than the channel itself. Pictures are decoded in small batches and
let go, so memory does not grow with their number.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

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
        chosen = [plots[i] for i in np.unique(np.linspace(0, len(plots) - 1, MOST_TYPICAL).round().astype(int))]
        sums: list[npt.NDArray[np.float64]] = []
        count = 0
        for _, batch in _read(chosen, archive):
            pictures = [p for p in batch if not isinstance(p, str)]
            if pictures:
                found = [m.numpy().sum(axis=0, dtype=np.float64) for m in self._maps(np.stack(pictures))]
                sums = [a + b for a, b in zip(sums, found, strict=True)] if sums else found
                count += len(pictures)
        if not count:
            raise ModelError("none of the good plots can be read from the archive; `hydra doctor` checks it")
        return Typical(*((s / count).astype(np.float32) for s in sums))

    def of(self, plots: Sequence[Plot], archive: Archive, typical: Typical, seen: Seen | None = None) -> Features:
        """Return the features of archived plots."""
        vectors: list[Floats] = []
        kept: list[int] = []
        failed: list[tuple[int, str]] = []
        for start, batch in _read(plots, archive):
            good = [(start + i, p) for i, p in enumerate(batch) if not isinstance(p, str)]
            failed += [(start + i, p) for i, p in enumerate(batch) if isinstance(p, str)]
            if good:
                last, middle = self._maps(np.stack([p for _, p in good]))
                vectors.append(_summary(last.numpy(), middle.numpy(), typical))
                kept += [i for i, _ in good]
            if seen is not None:
                seen(start + len(batch))
        width = 3 * typical.last.shape[-1] + 2 * typical.middle.shape[-1]
        whole = np.concatenate([np.zeros((0, width), np.float32), *vectors])
        return Features(whole, np.array(kept, np.int64), tuple(failed))


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


def _summary(last: Any, middle: Any, typical: Typical) -> Floats:
    off, far = np.abs(last - typical.last), np.abs(middle - typical.middle)
    across = (1, 2)
    parts = (last.mean(across), off.mean(across), off.max(across), far.mean(across), far.max(across))
    return np.concatenate(parts, axis=1).astype(np.float32)
