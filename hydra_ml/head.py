"""The last step of a model in plain NumPy: from the body's feature maps to scores, heat map and embedding."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hydra_ml.engines.port import Maps

POWER = 4
"""Of the power mean over places: 1 would be their mean, a large one their maximum."""
FURTHEST = 10.0
"""Distances are cut off here: what is ten times as odd as usual is odd."""

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What good plots look like in one stage: `mean` and `scale` (1 / spread) of each place and feature, (h, w, c)."""

    mean: Floats
    scale: Floats

    def distances(self, maps: Floats) -> Floats:
        """Return how far maps (n, h, w, c) are above and below what is usual, (n, h, w, 2c), none negative."""
        z = (maps - self.mean) * self.scale
        np.clip(z, -FURTHEST, FURTHEST, out=z)
        return np.concatenate([np.maximum(z, 0), np.maximum(-z, 0)], axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Pooling, softmax and closed-form heat map over the body's feature maps.

    `kernel` is (features, classes), `bias` (classes,). Without references the features are the last maps' means over
    places; with them, one for each of the finer stages, they are those of `contrast.Contrast`.
    """

    kernel: Floats
    bias: Floats
    temperature: float = 1.0
    references: tuple[Reference, ...] = ()

    def __call__(self, maps: Maps) -> tuple[Floats, Bytes, Floats]:
        """Return scores (n, classes), heat maps of the top class uint8 (n, h, w) and embeddings (n, features).

        The heat map is gradient times activation of the top class's logit (with references: of its lead over the next
        class's), summed over features: what each place gave to it. Over plain means the gradient by the maps A is the
        weights w everywhere, so that is Grad-CAM, relu(Σ w_k A_k) up to scale; over a power mean F of distances z it
        is Σ w_k F_k^(1-p) z_k^p. No backward pass.
        """
        squares = [z * z for z in self.distances(maps)]
        means = [_power_mean(each) for each in squares]
        embedding = np.concatenate([*means, maps.last.mean(axis=(1, 2))], axis=-1)
        logits = embedding @ self.kernel + self.bias
        weights = self._weights(logits)
        return softmax(logits / np.float32(self.temperature)), to_bytes(_heat(maps, squares, means, weights)), embedding

    def _weights(self, logits: Floats) -> Floats:
        """Return the weights (n, features) of what the heat map is of."""
        order = np.argsort(logits, axis=1)
        top = self.kernel.T[order[:, -1]]
        return top - self.kernel.T[order[:, -2]] if self.references and logits.shape[1] > 1 else top

    def distances(self, maps: Maps) -> list[Floats]:
        """Return for each finer stage how far it is above and below its reference, (n, h, w, 2c), none negative."""
        stages = maps.finer[-len(self.references) :] if self.references else ()
        return [reference.distances(seen) for seen, reference in zip(stages, self.references, strict=True)]


def softmax(logits: Floats) -> Floats:
    """Return probabilities (n, classes) of logits (n, classes)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores: Floats = powers / powers.sum(axis=1, keepdims=True)
    return scores


def to_bytes(heat: Floats) -> Bytes:
    """Scale each map (n, h, w) to 0…255, 255 the hottest; all zero where nothing speaks for the class."""
    warm = np.maximum(heat, 0)
    peaks = warm.max(axis=(1, 2), keepdims=True)
    # A map that is no number stays cold here; the scores are checked before anybody sees it.
    share = np.divide(warm, peaks, out=np.zeros_like(warm), where=peaks > 0)
    return np.asarray(np.rint(share * 255.0), np.uint8)


def pooled(distances: Floats) -> Floats:
    """Return the power mean of distances (n, h, w, c) over places, (n, c)."""
    return _power_mean(distances * distances)


def _power_mean(squares: Floats) -> Floats:
    means = np.einsum("nhwc,nhwc->nc", squares, squares) / np.float32(squares.shape[1] * squares.shape[2])
    found: Floats = (means + np.float32(1e-12)) ** np.float32(1 / POWER)
    return found


def _heat(maps: Maps, squares: list[Floats], means: list[Floats], weights: Floats) -> Floats:
    """Return what each place gave to the logit with those weights (n, features), on the coarsest compared grid."""
    start, parts = 0, []
    for each, values in zip(squares, means, strict=True):
        count = each.shape[-1]
        share = weights[:, start : start + count] * values ** np.float32(1 - POWER)
        parts.append(np.einsum("nhwc,nhwc,nc->nhw", each, each, share, optimize=False) / each[0, :, :, 0].size)
        start += count
    count, height, width, channels = maps.last.shape
    cells = maps.last.reshape(count, height * width, channels)
    last = np.matmul(cells, weights[:, start:, None]).reshape(count, height, width) / (height * width)
    if not parts:
        return np.asarray(last, np.float32)
    shape = parts[-1].shape[1:]
    return np.asarray(sum(_resized(part, shape) for part in (*parts, last)), np.float32)


def _resized(heat: Floats, shape: tuple[int, ...]) -> Floats:
    """Bring a map (n, h, w) to another grid; what it holds in all stays the same."""
    if heat.shape[1:] == shape:
        return heat
    rows = _shares(heat.shape[1], shape[0])
    columns = _shares(heat.shape[2], shape[1])
    return np.asarray(np.einsum("Hh,nhw,Ww->nHW", rows, heat, columns, optimize=True), np.float32)


def _shares(old: int, new: int) -> Floats:
    """Return how much of each old cell falls into each new one (new, old); columns sum to 1."""
    edges = np.arange(old + 1) / old
    low, high = np.arange(new)[:, None] / new, (np.arange(new)[:, None] + 1) / new
    overlap = np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1])
    return np.asarray(np.maximum(overlap, 0) * old, np.float32)
