"""The layer that compares a plot with the good ones, place by place, before anything is averaged over places.

A fault is small; what is normal differs from place to place. So feature maps are first turned into distances from the
mean of good plots, in units of their spread there, and then pooled by a power mean, which a few odd places decide.
The pooled value is homogeneous in the distances, hence gradient times distance, summed over all places, is the value
itself: the heat map divides up exactly what the score was made from.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from hydra_ml.head import FURTHEST, POWER, Reference

Doubles = npt.NDArray[np.float64]

FLOOR = 0.1
"""Share of a feature's mean spread that is added everywhere: a place that never varied in tens of plots may yet."""


@keras.saving.register_keras_serializable("hydra")
class Contrast(keras.layers.Layer):  # type: ignore[misc]
    """Maps of several stages, the last one last → features (n, d).

    Each stage but the last is compared with its reference and pooled, above and below apart; the last one is averaged.
    """

    def build(self, input_shape: Sequence[Sequence[int | None]]) -> None:
        """Make the references' variables; they are set, not trained."""
        self.means = [self._stage(shape, "mean", i) for i, shape in enumerate(input_shape[:-1])]
        self.scales = [self._stage(shape, "scale", i) for i, shape in enumerate(input_shape[:-1])]
        self.built = True

    def call(self, stages: Sequence[Any]) -> Any:
        """Return the features."""
        found = []
        for maps, mean, scale in zip(stages[:-1], self.means, self.scales, strict=True):
            apart = ops.clip((maps - mean) * scale, -FURTHEST, FURTHEST)
            found += [_power_mean(ops.relu(apart)), _power_mean(ops.relu(-apart))]
        return ops.concatenate([*found, ops.mean(stages[-1], axis=(1, 2))], axis=-1)

    def compute_output_shape(self, input_shape: Sequence[Sequence[int | None]]) -> tuple[int | None, int]:
        """Return (n, d)."""
        width = sum(2 * int(shape[-1] or 0) for shape in input_shape[:-1])
        return (input_shape[0][0], width + int(input_shape[-1][-1] or 0))

    def references(self) -> tuple[Reference, ...]:
        """Return what each stage is compared with."""
        pairs = zip(self.means, self.scales, strict=True)
        return tuple(Reference(np.asarray(mean, np.float32), np.asarray(scale, np.float32)) for mean, scale in pairs)

    def compare_with(self, references: Sequence[Reference]) -> None:
        """Set what each stage is compared with."""
        for mean, scale, reference in zip(self.means, self.scales, references, strict=True):
            mean.assign(reference.mean)
            scale.assign(reference.scale)

    def _stage(self, shape: Sequence[int | None], what: str, index: int) -> Any:
        start = "zeros" if what == "mean" else "ones"
        return self.add_weight(shape=tuple(shape[1:]), initializer=start, trainable=False, name=f"{what}{index}")


def _power_mean(distances: Any) -> Any:
    # The small number keeps the root's gradient finite where nothing is odd at all.
    return (ops.mean(distances**POWER, axis=(1, 2)) + 1e-12) ** (1 / POWER)


class Tally:
    """Sums over good plots, from which references follow; plots can be taken out again as a whole."""

    def __init__(self, count: int = 0, sums: Sequence[Doubles] = (), squares: Sequence[Doubles] = ()) -> None:
        self.count = count
        self.sums = list(sums)
        self.squares = list(squares)

    def add(self, stages: Sequence[npt.NDArray[np.floating]]) -> None:
        """Add plots, given as maps (n, h, w, c) of each stage that is to be compared."""
        values = [np.asarray(maps, np.float64) for maps in stages]
        more = Tally(len(values[0]), [v.sum(axis=0) for v in values], [(v**2).sum(axis=0) for v in values])
        whole = self.together(more)
        self.count, self.sums, self.squares = whole.count, whole.sums, whole.squares

    def together(self, other: "Tally") -> "Tally":
        """Return a tally of the plots of both."""
        if self.count == 0 or other.count == 0:
            return other if self.count == 0 else self
        sums = [a + b for a, b in zip(self.sums, other.sums, strict=True)]
        squares = [a + b for a, b in zip(self.squares, other.squares, strict=True)]
        return Tally(self.count + other.count, sums, squares)

    def without(self, other: "Tally") -> "Tally":
        """Return a tally of the plots that are not in the other one."""
        minus = Tally(-other.count, [-a for a in other.sums], [-a for a in other.squares])
        return self.together(minus)

    def references(self) -> tuple[Reference, ...]:
        """Return what these plots look like. Raises ValueError when there are none."""
        if self.count == 0:
            raise ValueError("no plots to compare with")
        pairs = zip(self.sums, self.squares, strict=True)
        return tuple(_reference(a / self.count, b / self.count) for a, b in pairs)


def _reference(mean: Doubles, square: Doubles) -> Reference:
    variance = np.maximum(square - mean**2, 0)
    usual = np.sqrt(variance).mean(axis=(0, 1))
    spread = np.sqrt(variance + (FLOOR * usual) ** 2 + (FLOOR / 5 * usual.mean()) ** 2 + 1e-12)
    return Reference(mean.astype(np.float32), (1 / spread).astype(np.float32))
