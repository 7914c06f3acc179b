"""The networks that a plot type's model can be built from.

All take pixels 0…255 and end GlobalAveragePooling → Dense(softmax) on the last feature map, or Contrast →
Dense(softmax) on three of them, so that scores, heat map and embedding come from one forward pass.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hydra_core.errors import ModelError
from hydra_ml import light, lite0

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network by name, with the input size it was made for and the smallest it can take (pixels).

    The head of a `pretrained` one is fitted on features of the body as it comes. `middle` names the layer whose maps
    novelty looks at beside the last ones; with `fine`, another one before it, both are compared with good plots place
    by place (`contrast.Contrast`). `epochs` is how long the whole net is trained, unless a person says otherwise.
    """

    name: str
    input_size: int
    smallest: int
    learning_rate: float
    description: str
    pretrained: bool = False
    middle: str | None = None
    fine: str | None = None
    epochs: int = 30


ARCHITECTURES = {
    "light": Architecture(
        "light",
        light.INPUT_SIZE,
        64,
        3e-4,
        "small residual net, pretrained on the generator's plots",
        pretrained=True,
        middle="light3",
        fine="light2",
        epochs=0,
    ),
    "efficientnet_lite0": Architecture(
        "efficientnet_lite0",
        lite0.INPUT_SIZE,
        64,
        3e-4,
        "EfficientNet-Lite0 with ImageNet weights (extra `imagenet`)",
        pretrained=True,
        middle="block10",
        fine="block4",
        epochs=0,
    ),
    "compact": Architecture("compact", 160, 32, 2e-3, "small convolutional net, trained from nothing"),
    "inception_v3": Architecture(
        "inception_v3", 299, 75, 5e-4, "InceptionV3, from nothing or from a weights file", middle="mixed4"
    ),
}
FROZEN_UP_TO = "mixed7"
"""With weights given, InceptionV3's layers up to this one stay as they came; the last three blocks are fine-tuned."""
COMPACT_STAGES = ((24, 2), (32, 2), (48, 1), (64, 2), (96, 1), (128, 2), (128, 1))
"""Filters and stride of each 3x3 convolution."""


def build(name: str, input_size: int, classes: int, weights: Path | None = None) -> "keras.Model":
    """Build an untrained network for square inputs of `input_size` pixels and `classes` classes.

    `weights` is a Keras weights file for the body (InceptionV3 without its top). Raises ModelError for an unknown name,
    a size that is too small, or weights that do not fit.
    """
    import keras

    architecture = find(name)
    if input_size < architecture.smallest:
        raise ModelError(f"{name} needs an input of at least {architecture.smallest} pixels, got {input_size}")
    inputs = keras.Input((input_size, input_size, 3), name="plot")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(inputs)
    features = _body(name, scaled, input_size, weights)
    pooled = _pooled(architecture, inputs, features)
    # A softmax needs all the digits, whatever the body computes in.
    scores = keras.layers.Dense(classes, activation="softmax", name="scores", dtype="float32")(pooled)
    model = keras.Model(inputs, scores, name=name)
    if architecture.pretrained:
        (light if name == "light" else lite0).load_weights(model)
    return model


def draw_weights(model: "keras.Model", seed: int, layers: Collection[str] = ()) -> None:
    """Draw the kernels of layers (none named: of all) anew, so that they depend on the seed and on nothing else.

    Keras takes its own seeds from Python's generator, of which every thread of a process takes numbers.
    """
    for index, layer in enumerate(model.layers):
        initializer = getattr(layer, "kernel_initializer", None)
        if initializer is None or (layers and layer.name not in layers):
            continue
        own = int(np.random.default_rng([seed, index]).integers(2**31))
        draw = type(initializer).from_config({**initializer.get_config(), "seed": own})
        layer.kernel.assign(draw(tuple(layer.kernel.shape), dtype="float32"))


def _pooled(architecture: Architecture, inputs: Any, features: Any) -> Any:
    import keras

    if architecture.fine is None or architecture.middle is None:
        return keras.layers.GlobalAveragePooling2D(name="embedding")(features)
    from hydra_ml.contrast import Contrast

    body = keras.Model(inputs, features)
    stages = [body.get_layer(name).output for name in (architecture.fine, architecture.middle)]
    return Contrast(name="embedding", dtype="float32")([*stages, features])


def find(name: str) -> Architecture:
    """Return the architecture of that name; raises ModelError that lists the known ones."""
    if name not in ARCHITECTURES:
        raise ModelError(f"unknown architecture {name!r}; known are {', '.join(ARCHITECTURES)}")
    return ARCHITECTURES[name]


def _body(name: str, x: Any, input_size: int, weights: Path | None) -> Any:
    if name == "inception_v3":
        return _inception(x, input_size, weights)
    if weights is not None:
        raise ModelError(f"{name} takes no weights file; --weights is for inception_v3")
    bodies = {"light": light.light_body, "efficientnet_lite0": lite0.lite0_body, "compact": _compact}
    return bodies[name](x)


def _compact(x: Any) -> Any:
    from keras import layers

    for number, (filters, stride) in enumerate(COMPACT_STAGES, start=1):
        x = layers.Conv2D(
            filters, 3, stride, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"conv{number}"
        )(x)
        # The moving statistics must follow within the few steps that a small training set allows.
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name=f"norm{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
    return x


def _inception(x: Any, input_size: int, weights: Path | None) -> Any:
    import keras

    body = keras.applications.InceptionV3(
        include_top=False, weights=None, input_tensor=x, input_shape=(input_size, input_size, 3)
    )
    for layer in body.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9
    if weights is not None:
        _load_weights(body, weights)
        _freeze(body)
    return body.output


def _freeze(body: "keras.Model") -> None:
    """Let only the last blocks learn, with the statistics that the weights came with."""
    import keras

    first = [layer.name for layer in body.layers].index(FROZEN_UP_TO) + 1
    for number, layer in enumerate(body.layers):
        if number < first or isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def _load_weights(body: "keras.Model", weights: Path) -> None:
    if not weights.is_file():
        raise ModelError(
            f"weights file {weights} does not exist; give a Keras .weights.h5 file of InceptionV3 without top"
        )
    try:
        body.load_weights(weights)
    except (ValueError, OSError, KeyError) as error:
        raise ModelError(f"weights file {weights} does not fit InceptionV3 without top: {error}") from error
