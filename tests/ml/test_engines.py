"""Engines: the folded body computes what Keras computes, and equal bodies are one."""

import gc

import keras
import numpy as np
import pytest
from keras import Model, layers
from support import bundles

from hydra_ml.architectures import ARCHITECTURES, build
from hydra_ml.engines.folding import fold
from hydra_ml.engines.port import BATCHES, pieces
from hydra_ml.engines.shelf import Shelf
from hydra_ml.engines.split import body_digest, split
from hydra_ml.engines.tensorflow import TensorFlowEngine

SIDE = 80


def live(model: Model, seed: int = 3) -> Model:
    """Give every BatchNormalization statistics and weights, as training would: fresh ones change nothing."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            low = {"gamma": 0.5, "moving_variance": 0.5}
            layer.set_weights(
                [rng.uniform(low.get(w.name, -0.3), low.get(w.name, -0.3) + 1, w.shape) for w in layer.weights]
            )
    return model


def body_of(name: str, seed: int = 1, classes: int = 3) -> Model:
    keras.utils.set_random_seed(seed)
    about = bundles.card(architecture=name, input_size=SIDE)
    return split(live(build(name, SIDE, classes)), about)[0]


def pictures(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_the_folded_body_equals_keras(name: str) -> None:
    body = body_of(name)
    folded = fold(body)
    assert not any(isinstance(layer, layers.BatchNormalization) for layer in folded.layers[:-1])
    maps = TensorFlowEngine(folded, "folded")(pictures(3))
    expected = body(pictures(3).astype(np.float32), training=False)
    for found, wanted in zip(maps.all(), expected if isinstance(expected, list) else [expected], strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-4 * float(np.abs(wanted).max()))
    assert (maps.middle is not None) == (ARCHITECTURES[name].middle is not None)


def test_every_kind_of_convolution_is_folded_and_other_norms_are_kept() -> None:
    keras.utils.set_random_seed(5)
    inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(8, 3, use_bias=True, dilation_rate=2)(inputs)
    x = layers.BatchNormalization(scale=False)(x)
    x = layers.ReLU()(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(center=False)(x)
    x = layers.SeparableConv2D(12, 3)(x)
    x = layers.BatchNormalization()(x)
    branch = layers.Conv2D(12, 1, groups=4)(x)
    x = layers.Add()([layers.BatchNormalization(name="kept1")(branch), branch])
    x = layers.Conv2D(6, 3, strides=2, activation="relu")(x)
    x = layers.BatchNormalization(name="kept2")(x)
    body = live(Model(inputs, x))
    folded = fold(body)
    kept = [layer.name for layer in folded.layers if isinstance(layer, layers.BatchNormalization)]
    assert kept == ["kept1", "kept2"]
    some = pictures(2).astype(np.float32)
    wanted = body(some, training=False).numpy()
    np.testing.assert_allclose(folded(some, training=False), wanted, atol=1e-4 * np.abs(wanted).max())


def test_bfloat16_is_near_and_keeps_its_weights_short() -> None:
    body = body_of("light")
    folded = fold(body, "bfloat16")
    assert {w.dtype for w in folded.weights} == {"bfloat16"}
    maps, exact = TensorFlowEngine(folded, "short")(pictures(2)), TensorFlowEngine(fold(body), "long")(pictures(2))
    assert maps.last.dtype == np.float32
    difference = np.abs(maps.last - exact.last).max() / np.abs(exact.last).max()
    assert 0 < difference < 0.05


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 13])
def test_plots_are_cut_into_warm_batch_sizes(count: int) -> None:
    cut = list(pieces(count))
    assert [i for piece in cut for i in range(piece.start, piece.stop)] == list(range(count))
    assert {piece.stop - piece.start for piece in cut} <= set(BATCHES)


def test_a_digest_says_what_a_body_computes() -> None:
    first = body_of("compact")
    again = body_of("compact", classes=5)
    assert body_digest(first) == body_digest(again)
    assert body_digest(body_of("compact", seed=2)) != body_digest(first)
    kernel, *rest = again.layers[-3].get_weights()
    kernel.flat[0] = np.nextafter(kernel.flat[0], np.float32(9))
    again.layers[-3].set_weights([kernel, *rest])
    assert body_digest(again) != body_digest(first)


def test_layers_named_by_keras_as_they_come_do_not_count() -> None:
    assert body_digest(body_of("inception_v3")) == body_digest(body_of("inception_v3"))


def test_the_same_weights_joined_otherwise_are_another_body() -> None:
    def made(swapped: bool) -> Model:
        keras.utils.set_random_seed(1)
        inputs = keras.Input((SIDE, SIDE, 3))
        a, b = layers.Conv2D(4, 3, name="a")(inputs), layers.Conv2D(4, 3, name="b")(inputs)
        return Model(inputs, layers.Concatenate()([b, a] if swapped else [a, b]))

    def strided(stride: int) -> Model:
        keras.utils.set_random_seed(1)
        inputs = keras.Input((SIDE, SIDE, 3))
        return Model(inputs, layers.Conv2D(4, 3, stride)(inputs))

    assert body_digest(made(False)) != body_digest(made(True))
    assert body_digest(strided(1)) != body_digest(strided(2))


def test_equal_bodies_share_an_engine_until_nobody_holds_it() -> None:
    shelf = Shelf()
    one, two, other = (shelf.engine(body_of("compact", seed)) for seed in (1, 1, 2))
    assert one is two and one is not other and len(shelf) == 2
    del one, two
    gc.collect()
    assert len(shelf) == 1
    assert other(pictures(1)).last.shape[0] == 1
