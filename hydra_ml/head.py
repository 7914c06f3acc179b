"""The last step of a model in plain NumPy: from the body's feature maps to scores, Grad-CAM and embedding."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Pooling, softmax and closed-form Grad-CAM over the body's last feature maps.

    `kernel` is (channels, classes), `bias` (classes,). With a comparison, `mean` and `scale` are (h, w, c) and the
    maps are followed by |maps - mean| * scale on the channel axis, so `kernel` has 2c rows.
    """

    kernel: Floats
    bias: Floats
    temperature: float = 1.0
    mean: Floats | None = None
    scale: Floats | None = None

    def __call__(self, maps: Floats) -> tuple[Floats, Bytes, Floats]:
        """Return scores (n, classes), heat maps of the top class uint8 (n, h, w) and embeddings (n, channels).

        The gradient of a logit by the maps A is its weights w everywhere, because the head is linear in their mean,
        so Grad-CAM is relu(Σ w_k A_k) up to scale, without a backward pass.
        """
        seen = self.compared(maps)
        count, height, width, channels = seen.shape
        cells = seen.reshape(count, height * width, channels)
        embedding = cells.mean(axis=1)
        logits = embedding @ self.kernel + self.bias
        top = self.kernel.T[logits.argmax(axis=1)]
        heat = np.matmul(cells, top[:, :, None]).reshape(count, height, width)
        return softmax(logits / np.float32(self.temperature)), to_bytes(heat), embedding

    def compared(self, maps: Floats) -> Floats:
        """Return the maps (n, h, w, c) as the softmax sees them, with their comparison if there is one."""
        if self.mean is None or self.scale is None:
            return maps
        return np.concatenate([maps, np.abs(maps - self.mean) * self.scale], axis=-1)


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
