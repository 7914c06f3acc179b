"""Fold BatchNormalization into the convolution before it, for serving only.

What is left is convolution, bias and activation, which TensorFlow fuses into one operation. The weights may be kept
in bfloat16, in half the memory, for processors that multiply in it.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from keras import layers, models

if TYPE_CHECKING:
    import keras

FOLDABLE = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)


class _BiasedConvolution(layers.Conv2D):  # type: ignore[misc]
    """Conv2D that adds its bias by BiasAdd, which TensorFlow fuses; Keras' own broadcast it does not."""

    def call(self, inputs: Any) -> Any:
        """Convolve (n, h, w, c), channels last, one group."""
        maps = tf.nn.conv2d(inputs, self.kernel, self.strides, self.padding.upper(), dilations=self.dilation_rate)
        maps = tf.nn.bias_add(maps, self.bias)
        return maps if self.activation is None else self.activation(maps)


def fold(body: "keras.Model", dtype: str = "float32") -> "keras.Model":
    """Return a body that computes the same with fewer operations; `dtype` is float32 or bfloat16.

    Pixels are scaled in float32 always: 8 bits of mantissa would round them away. Outputs have the dtype.
    """
    norms = {norm.name: convolution for convolution, norm in _pairs(body)}
    biased = {convolution.name for convolution in norms.values()}

    def clone(layer: Any) -> Any:
        config = layer.get_config()
        if not isinstance(layer, layers.InputLayer | layers.Rescaling):
            config["dtype"] = dtype
        if layer.name in biased:
            config["use_bias"] = True
        kind = _BiasedConvolution if _is_plain(layer) and config["use_bias"] else type(layer)
        return kind.from_config(config)

    def call(layer: Any, *inputs: Any, **options: Any) -> Any:
        return inputs[0] if layer.name in norms else layer(*inputs, **options)

    folded = models.clone_model(body, clone_function=clone, call_function=call)
    scales = {convolution.name: _scale_and_shift(body.get_layer(norm)) for norm, convolution in norms.items()}
    for layer in (each for each in folded.layers if each.weights):
        weights = body.get_layer(layer.name).get_weights()
        if layer.name in scales:
            weights = _folded(body.get_layer(layer.name), weights, *scales[layer.name])
        layer.set_weights(weights)
    return folded


def _pairs(body: "keras.Model") -> list[tuple[Any, Any]]:
    """Return each convolution whose only use is a BatchNormalization, with that."""
    outputs = {id(t) for t in body.outputs}
    pairs = []
    for layer in body.layers:
        if not isinstance(layer, FOLDABLE) or layer.data_format != "channels_last" or id(layer.output) in outputs:
            continue
        users = [other for other in body.layers if any(t is layer.output for t in _inputs(other))]
        linear = getattr(layer.activation, "__name__", "linear") == "linear"
        if len(users) == 1 and linear and isinstance(users[0], layers.BatchNormalization) and users[0].axis in (-1, 3):
            pairs.append((layer, users[0]))
    return pairs


def _inputs(layer: Any) -> list[Any]:
    if isinstance(layer, layers.InputLayer):
        return []
    return layer.input if isinstance(layer.input, list) else [layer.input]


def _is_plain(layer: Any) -> bool:
    return type(layer) is layers.Conv2D and layer.groups == 1 and layer.data_format == "channels_last"


def _scale_and_shift(norm: Any) -> tuple[Any, Any]:
    """Return what a BatchNormalization multiplies by and adds, float64 (channels,)."""
    mean, variance = (np.asarray(v, np.float64) for v in (norm.moving_mean, norm.moving_variance))
    scale = 1.0 / np.sqrt(variance + norm.epsilon)
    if norm.gamma is not None:
        scale = scale * np.asarray(norm.gamma, np.float64)
    shift = -mean * scale
    return scale, shift if norm.beta is None else shift + np.asarray(norm.beta, np.float64)


def _folded(layer: Any, weights: list[Any], scale: Any, shift: Any) -> list[Any]:
    """Return the kernels and the bias of a convolution followed by that scale and shift."""
    kernels, bias = (weights[:-1], weights[-1] * scale + shift) if layer.use_bias else (weights, shift)
    last = kernels[-1].astype(np.float64)
    depthwise = type(layer) is layers.DepthwiseConv2D
    last = last * (scale.reshape(last.shape[2:]) if depthwise else scale)
    return [*kernels[:-1], last.astype(np.float32), np.asarray(bias, np.float32)]
