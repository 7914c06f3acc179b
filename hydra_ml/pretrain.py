"""Make the light backbone's weights: ``python -m hydra_ml.pretrain`` (seeded; about half an hour on two cores).

The net learns, from freshly drawn synthetic plots of all types at once, which plot it sees, what is wrong with it
(one class for each plot type and fault), and where (a map of the fault boxes). The second task makes features that
tell faults, the third makes them local, which is what heat maps need.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hydra_ml.light import INPUT_SIZE, STAGES, WEIGHTS, light_body, load_weights, save_weights

if TYPE_CHECKING:
    import keras

BATCH = 32
LEARNING_RATE = 3e-3
MAP_WEIGHT = 1.0
"""Weight of the fault map's loss beside that of the class."""
SHRINKAGE = 0.02
"""Share of the mean variance added to every direction before whitening."""
FIRST_RUN = 300_000
"""Runs of pretraining are not those of the demo's sets or feed."""
CELLS = INPUT_SIZE // 16

Drawing = tuple[str, str, int]
"""Plot type, fault ("" healthy), number."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, train, write weights and card."""
    parser = argparse.ArgumentParser(description="Pretrain the light backbone on synthetic plots.")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--plots", type=int, default=7000, help="plots to draw")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", action="append", default=[], help="plot types to leave out")
    parser.add_argument("--body", type=Path, help="keep this file's body and only measure the whitening anew")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    drawings, classes = plan(options.plots, options.seed, options.without)
    images, maps = draw_all(drawings, options.seed, options.processes)
    truth = np.array([classes.index((d[0], d[1])) for d in drawings])
    model = network(len(classes))
    if options.body is not None:
        load_weights(model, options.body)
        figures = {}
    else:
        figures = train(model, images, truth, maps, options.epochs, options.seed)
    save_weights(model, whitener(model, images, truth), options.out)
    card = {
        "made_by": "python -m hydra_ml.pretrain",
        "settings": {k: str(v) if isinstance(v, Path) else v for k, v in vars(options).items() if k != "out"},
        "input_size": INPUT_SIZE,
        "stages": STAGES,
        "classes": [f"{name}/{fault or 'healthy'}" for name, fault in classes],
        "held_out": figures,
    }
    options.out.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n")


def plan(plots: int, seed: int, without: Sequence[str] = ()) -> tuple[list[Drawing], list[tuple[str, str]]]:
    """Return what to draw, mixed, and the classes; healthy plots are a quarter of each type's."""
    from hydra_ml.simulate import faults, plot_types

    names = [n for n in plot_types() if n not in without]
    classes = [(n, f) for n in names for f in ("", *(fault.name for fault in faults(n)))]
    chosen: list[tuple[str, str]] = []
    for name in names:
        kinds = [c for c in classes if c[0] == name]
        share = plots // len(names)
        healthy = share // 4
        chosen += [kinds[0]] * healthy
        chosen += [kinds[1 + i % (len(kinds) - 1)] for i in range(share - healthy)]
    order = np.random.default_rng(seed).permutation(len(chosen))
    return [(*chosen[i], number) for number, i in enumerate(order)], classes


def draw_all(
    drawings: list[Drawing], seed: int, processes: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Return pictures uint8 (n, 192, 192, 3) and fault maps (n, 12, 12): the share of each cell inside a fault box."""
    chunks = [(drawings[i : i + 50], seed) for i in range(0, len(drawings), 50)]
    images, maps = [], []
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for done, (some, where) in enumerate(pool.map(_draw_some, chunks), start=1):
            images.append(some)
            maps.append(where)
            print(f"drawn {min(done * 50, len(drawings))} of {len(drawings)}", file=sys.stderr, flush=True)
    return np.concatenate(images), np.concatenate(maps)


def _draw_some(work: tuple[list[Drawing], int]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    from hydra_ml.preprocess import prepare
    from hydra_ml.simulate import RunConditions, Style, draw, sample

    images, maps = [], []
    for name, fault, number in work[0]:
        rng = np.random.default_rng([work[1], number])
        run = RunConditions(FIRST_RUN + int(rng.integers(40_000)), work[1] + number % 50)
        content = sample(name, rng, run=run, label=None if fault else "Good", fault=fault or None)
        drawn = draw(content, Style.sample(rng))
        images.append(prepare(drawn.rgb, (INPUT_SIZE, INPUT_SIZE)))
        maps.append(_fault_map(drawn.fault_boxes))
    return np.stack(images), np.stack(maps)


def _fault_map(boxes: Sequence[tuple[float, float, float, float]]) -> npt.NDArray[np.float32]:
    fine = np.zeros((CELLS * 8, CELLS * 8), np.float32)
    for x0, y0, x1, y1 in boxes:
        rows = slice(int(y0 * len(fine)), int(np.ceil(y1 * len(fine))))
        columns = slice(int(x0 * len(fine)), int(np.ceil(x1 * len(fine))))
        fine[rows, columns] = 1.0
    shares: npt.NDArray[np.float32] = fine.reshape(CELLS, 8, CELLS, 8).mean(axis=(1, 3))
    return np.minimum(1.0, 4 * shares)


def network(classes: int) -> "keras.Model":
    """Return the net for pretraining: pixels 0…255 → class logits and fault map logits."""
    import keras
    from keras import layers

    inputs = keras.Input((INPUT_SIZE, INPUT_SIZE, 3), name="plot")
    features = light_body(layers.Rescaling(1 / 127.5, offset=-1.0)(inputs))
    pooled = layers.Dropout(0.1)(layers.GlobalAveragePooling2D()(features))
    return keras.Model(inputs, [layers.Dense(classes)(pooled), layers.Conv2D(1, 1)(features)])


def train(
    model: "keras.Model",
    images: npt.NDArray[np.uint8],
    truth: npt.NDArray[np.int64],
    maps: npt.NDArray[np.float32],
    epochs: int,
    seed: int,
) -> dict[str, float]:
    """Train on nine tenths and return accuracy and map loss on the rest."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    held = len(images) // 10
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE / 10, epochs * ((len(images) - held) // BATCH), 0.01,
                                                  warmup_target=LEARNING_RATE, warmup_steps=200)  # fmt: skip
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-3, global_clipnorm=1.0)
    step = _step(model, optimizer)
    figures: dict[str, float] = {}
    for epoch in range(epochs):
        order = held + np.random.default_rng([seed, epoch]).permutation(len(images) - held)
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            step(tf.constant(images[chosen]), tf.constant(truth[chosen]), tf.constant(maps[chosen]),
                 tf.constant([epoch, start], tf.int32))  # fmt: skip
        figures = _held_out(model, images[:held], truth[:held], maps[:held])
        print(f"epoch {epoch + 1} of {epochs} {figures}", file=sys.stderr, flush=True)
    return figures


def whitener(
    model: "keras.Model", images: npt.NDArray[np.uint8], truth: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the inverse square root of the pooled features' covariance within classes (shrunk a little)."""
    import keras
    import tensorflow as tf

    body = keras.Model(model.inputs, next(la for la in model.layers if la.name.startswith("global")).output)
    batches = [body(tf.cast(images[i : i + 64], tf.float32), training=False) for i in range(0, len(images), 64)]
    features = np.concatenate([b.numpy() for b in batches]).astype(np.float64)
    for label in np.unique(truth):
        features[truth == label] -= features[truth == label].mean(axis=0)
    covariance = features.T @ features / len(features)
    values, vectors = np.linalg.eigh(
        covariance + SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    )
    return np.asarray((vectors / np.sqrt(values)) @ vectors.T)


def _step(model: "keras.Model", optimizer: Any) -> Any:
    import tensorflow as tf

    from hydra_ml.augment import augment

    def step(images: Any, truth: Any, maps: Any, seed: Any) -> None:
        with tf.GradientTape() as tape:
            logits, where = model(augment(images, seed), training=True)
            loss = tf.reduce_mean(_loss(logits, truth, where, maps))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))

    return tf.function(step)


def _loss(logits: Any, truth: Any, where: Any, maps: Any) -> Any:
    import tensorflow as tf

    classes = tf.nn.sparse_softmax_cross_entropy_with_logits(truth, logits)
    cells = tf.nn.sigmoid_cross_entropy_with_logits(maps, where[..., 0])
    return classes + MAP_WEIGHT * tf.reduce_mean(cells, axis=(1, 2))


def _held_out(
    model: "keras.Model",
    images: npt.NDArray[np.uint8],
    truth: npt.NDArray[np.int64],
    maps: npt.NDArray[np.float32],
) -> dict[str, float]:
    import tensorflow as tf

    logits, cells = [], []
    for i in range(0, len(images), 64):
        some, where = model(tf.cast(images[i : i + 64], tf.float32), training=False)
        logits.append(some.numpy())
        cells.append(tf.nn.sigmoid_cross_entropy_with_logits(maps[i : i + 64], where[..., 0]).numpy())
    right = np.concatenate(logits).argmax(axis=1) == truth
    return {"accuracy": round(float(right.mean()), 4), "map_loss": round(float(np.concatenate(cells).mean()), 4)}


if __name__ == "__main__":
    main()
