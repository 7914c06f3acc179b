"""Measure the batch normalisation's means and variances anew for given weights.

The moving ones lag behind and belong to single steps; with few plots and averaged weights that shows as a model
which is right while it learns and wrong when it serves.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import keras

MOST_PLOTS = 128
BATCH = 64


class BatchStatistics:
    """Statistics of a model's BatchNormalization layers over (at most 128 of) the training plots."""

    def __init__(self, model: "keras.Model", pictures: npt.NDArray[np.uint8], seed: int) -> None:
        from keras import layers

        self._layers = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
        chosen = np.random.default_rng(seed).permutation(len(pictures))[:MOST_PLOTS]
        self._batches = [pictures[part] for part in np.array_split(chosen, max(1, len(chosen) // BATCH))]
        self._run = self._compiled(model)

    def measure(self) -> None:
        """Set each layer's mean and variance to the average over the batches; no-op without such layers."""
        import tensorflow as tf

        if not self._layers:
            return
        seen = []
        for batch in self._batches:
            self._run(tf.constant(batch))
            seen.append([(layer.moving_mean.numpy(), layer.moving_variance.numpy()) for layer in self._layers])
        for index, layer in enumerate(self._layers):
            layer.moving_mean.assign(np.mean([batch[index][0] for batch in seen], axis=0))
            layer.moving_variance.assign(np.mean([batch[index][1] for batch in seen], axis=0))

    def _compiled(self, model: "keras.Model") -> Any:
        """Return a pass in training mode after which the moving statistics are those of its batch alone."""
        import tensorflow as tf

        def run(images: Any) -> Any:
            return model(tf.cast(images, tf.float32), training=True)

        signature = tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)
        usual = [layer.momentum for layer in self._layers]
        for layer in self._layers:
            layer.momentum = 0.0
        compiled = tf.function(run, input_signature=[signature]).get_concrete_function()
        for layer, momentum in zip(self._layers, usual, strict=True):
            layer.momentum = momentum
        return compiled
