"""The light backbone: a small residual net of our own, pretrained on the generator's plots, shipped with the package.

`hydra_ml.pretrain` makes the weights; no model hub is asked for anything.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hydra_core.errors import ModelError

if TYPE_CHECKING:
    import keras

INPUT_SIZE = 192
STAGES = (24, 48, 96, 160)
"""Channels of each stage; each halves the side, so the last feature map has a sixteenth of the input's."""
WEIGHTS = Path(__file__).with_name("light.npz")


def light_body(x: Any) -> Any:
    """Return the last feature map (n, side / 16, side / 16, 160) of pixels scaled to -1…1."""
    from keras import layers

    for stage, channels in enumerate(STAGES, start=1):
        x = _convolution(x, channels, 2, f"light{stage}a")
        y = _convolution(x, channels, 1, f"light{stage}b")
        x = layers.Add(name=f"light{stage}")([x, y])
    return x


def load_weights(model: "keras.Model", path: Path = WEIGHTS) -> None:
    """Put the pretrained weights into the layers of `light_body` in a model. Raises ModelError when they do not fit."""
    import keras

    try:
        with np.load(path, allow_pickle=False) as file:
            for layer in model.layers:
                names = sorted(n for n in file.files if n.startswith(f"{layer.name}/"))
                if isinstance(layer, keras.layers.BatchNormalization) and names:
                    # A few dozen plots say less about the statistics of features than the pretraining's thousands.
                    layer.trainable = False
                if names:
                    layer.set_weights([file[n].astype(np.float32) for n in names])
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"the light backbone's weights {path} cannot be used: {error}; install Hydra anew") from error


def save_weights(model: "keras.Model", path: Path) -> None:
    """Write the weights of the body's layers, in half precision."""
    arrays = {
        f"{layer.name}/{index}": array.astype(np.float16)
        for layer in model.layers
        if layer.name.startswith("light")
        for index, array in enumerate(layer.get_weights())
    }
    np.savez_compressed(path, **arrays)


def _convolution(x: Any, channels: int, stride: int, name: str) -> Any:
    from keras import layers

    x = layers.Conv2D(
        channels, 3, stride, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"{name}_conv"
    )(x)
    x = layers.BatchNormalization(momentum=0.97, epsilon=1e-3, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
