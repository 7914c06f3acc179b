"""The net that is pretrained, its losses and its training loop."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hydra_ml.light import INPUT_SIZE, light_body
from hydra_ml.pretrain.drawing import FINE, Pairs

if TYPE_CHECKING:
    import keras

PAIRS = 16
"""In one step; each is two pictures."""
LEARNING_RATE = 3e-3
COMPARED = ("light2", "light3")
"""Stages whose difference to the healthy plot tells where the fault is: 48 and 24 cells a side."""
MAP_WEIGHT = 1.0
"""Weight of each fault map's loss beside that of the classes."""
RARE = 4.0
"""Weight of a cell with a fault beside one without: most cells have none."""


def network(classes: int) -> "keras.Model":
    """Return the net: pixels 0…255 → class logits, fault map logits (12, 12), and the compared stages' maps."""
    import keras
    from keras import layers

    inputs = keras.Input((INPUT_SIZE, INPUT_SIZE, 3), name="plot")
    features = light_body(layers.Rescaling(1 / 127.5, offset=-1.0)(inputs))
    pooled = layers.Dropout(0.1)(layers.GlobalAveragePooling2D()(features))
    body = keras.Model(inputs, features)
    stages = [body.get_layer(name).output for name in COMPARED]
    return keras.Model(inputs, [layers.Dense(classes)(pooled), layers.Conv2D(1, 1)(features), *stages])


class Comparer:
    """Fault map logits from the difference of two plots' maps, one 1 x 1 convolution a stage; used in training only."""

    def __init__(self, model: "keras.Model") -> None:
        from keras import layers

        self._looks = [layers.Conv2D(1, 1) for _ in COMPARED]
        for look, output in zip(self._looks, model.outputs[2:], strict=True):
            look.build((None, None, None, 2 * output.shape[-1]))

    def variables(self) -> list[Any]:
        """Return what is trained."""
        return [v for look in self._looks for v in look.trainable_variables]

    def __call__(self, maps: list[Any], references: list[Any]) -> list[Any]:
        """Return logits (n, side, side) for each stage."""
        import tensorflow as tf

        found = []
        for look, these, those in zip(self._looks, maps, references, strict=True):
            apart = these - those
            found.append(look(tf.concat([tf.nn.relu(apart), tf.nn.relu(-apart)], axis=-1))[..., 0])
        return found


def train(model: "keras.Model", pairs: Pairs, epochs: int, seed: int, after: Callable[[int], None]) -> dict[str, float]:
    """Train on nineteen twentieths; return accuracy and how well faults are located on the rest.

    `after` is called with the number of each finished epoch.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    held = len(pairs.truth) // 20
    steps = (len(pairs.truth) - held) // PAIRS
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE / 10, epochs * steps - 200, 0.01,
                                                  warmup_target=LEARNING_RATE, warmup_steps=200)  # fmt: skip
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-3, global_clipnorm=1.0)
    comparer = Comparer(model)
    step = _step(model, comparer, optimizer)
    figures: dict[str, float] = {}
    for epoch in range(epochs):
        order = held + np.random.default_rng([seed, epoch]).permutation(len(pairs.truth) - held)
        for number in range(steps):
            some = order[number * PAIRS : (number + 1) * PAIRS]
            step(pairs.plots[some], pairs.references[some], pairs.truth[some], pairs.healthy[some],
                 pairs.maps[some], tf.constant([epoch, number], tf.int32))  # fmt: skip
        figures = held_out(model, comparer, pairs, held)
        print(f"epoch {epoch + 1} of {epochs} {figures}", file=sys.stderr, flush=True)
        after(epoch + 1)
    return figures


def held_out(model: "keras.Model", comparer: Comparer, pairs: Pairs, held: int) -> dict[str, float]:
    """Return accuracy over plot type and fault, and for each stage how often faults are located.

    That is the share of faulty plots whose hottest cell, compared with the healthy plot, lies on the fault.
    """
    import tensorflow as tf

    right, located = [], []
    for i in range(0, held, 32):
        some = slice(i, min(i + 32, held))
        logits, _, *maps = model(tf.cast(pairs.plots[some], tf.float32), training=False)
        _, _, *references = model(tf.cast(pairs.references[some], tf.float32), training=False)
        right.append(logits.numpy().argmax(axis=1) == pairs.truth[some])
        faulty = np.flatnonzero(pairs.maps[some].any(axis=(1, 2)))
        hits = []
        for found in comparer(list(maps), list(references)):
            where = found.numpy()[faulty]
            truth = _coarse(pairs.maps[some][faulty], where.shape[1])
            hits.append(truth.reshape(len(faulty), -1)[range(len(faulty)), where.reshape(len(faulty), -1).argmax(1)])
        located.append(np.array(hits))
    shares = np.concatenate(located, axis=1).mean(axis=1)
    figures = {"accuracy": float(np.concatenate(right).mean())}
    figures |= {f"located_{name}": float(share) for name, share in zip(COMPARED, shares, strict=True)}
    return {name: round(value, 4) for name, value in figures.items()}


def _step(model: "keras.Model", comparer: Comparer, optimizer: Any) -> Any:
    import tensorflow as tf

    from hydra_ml.augment import MILD, STRONG, augment

    variables = [*model.trainable_variables, *comparer.variables()]
    pictures = tf.TensorSpec((PAIRS, INPUT_SIZE, INPUT_SIZE, 3), tf.uint8)
    numbers = tf.TensorSpec((PAIRS,), tf.int64)

    def step(plots: Any, references: Any, truth: Any, healthy: Any, maps: Any, seed: Any) -> None:
        # The same seed gives both pictures of a pair the same looks; then the second is moved a little.
        seeds = tf.random.split(seed, 2)
        plots = augment(plots, seeds[0], STRONG)
        references = augment(augment(references, seeds[0], STRONG), seeds[1], MILD)
        with tf.GradientTape() as tape:
            logits, cells, *stages = model(tf.concat([plots, references], axis=0), training=True)
            found = comparer([s[:PAIRS] for s in stages], [s[PAIRS:] for s in stages])
            loss = _class_loss(logits, tf.concat([truth, healthy], axis=0))
            loss += MAP_WEIGHT * sum(_map_loss(f, maps) for f in (cells[:PAIRS, ..., 0], *found))
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))

    signature = [pictures, pictures, numbers, numbers, tf.TensorSpec((PAIRS, FINE, FINE), tf.bool),
                 tf.TensorSpec((2,), tf.int32)]  # fmt: skip
    return tf.function(step, input_signature=signature)


def _class_loss(logits: Any, truth: Any) -> Any:
    import tensorflow as tf

    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(truth, logits))


def _map_loss(logits: Any, maps: Any) -> Any:
    import tensorflow as tf

    side = logits.shape[1]
    fine = tf.cast(maps, tf.float32)[..., None]
    truth = tf.nn.max_pool2d(fine, FINE // side, FINE // side, "VALID")[..., 0]
    return tf.reduce_mean(tf.nn.weighted_cross_entropy_with_logits(truth, logits, RARE))


def _coarse(maps: npt.NDArray[np.bool_], side: int) -> npt.NDArray[np.bool_]:
    cells = FINE // side
    return np.asarray(maps.reshape(len(maps), side, cells, side, cells).any(axis=(2, 4)))
