"""Fit a network to prepared plots: class weights, augmentation, early stopping with the best weights, resume.

The loop is our own rather than `model.fit` so that a resumed fit continues exactly: order, augmentation and
learning rate depend on seed and step only. It runs under the `tf.distribute` strategy in whose scope it is called:
with several devices each takes its share of every batch, and the steps are those that one device would take.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hydra_ml.checkpoint import Arrays, Checkpoint
from hydra_ml.metrics import class_weights, log_loss
from hydra_ml.progress import Epoch, Progress
from hydra_ml.statistics import BatchStatistics

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

FEWEST_STEPS = 12
"""Steps of the shortest epoch: with few plots they are seen several times, each time varied."""
WARM_UP = 0.05
"""Share of all steps in which the learning rate rises."""
WEIGHT_DECAY = 1e-3
LABEL_SMOOTHING = 0.05
AVERAGING = 0.95
"""Weights are averaged over about 20 steps: with few plots single steps are noisy, the average is not."""
HEAVIEST_CLASS = 8.0
"""Limit of a class weight, so that a single rare plot does not drive the fit."""

Step = Callable[[Any, Any, Any], tuple[Any, Any]]
"""Images, truth and seed → loss and how many answers were right."""


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How long and how to fit; `patience` is epochs without a better validation loss."""

    epochs: int = 30
    batch: int = 16
    learning_rate: float = 2e-3
    patience: int = 12
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """Prepared plots of one side: images uint8 (n, h, w, 3) and class indexes (n,)."""

    images: npt.NDArray[np.uint8]
    truth: npt.NDArray[np.int64]


def fit(
    model: "keras.Model",
    train: Part,
    validation: Part,
    options: FitOptions,
    progress: Progress,
    checkpoint: Checkpoint,
) -> list[Epoch]:
    """Fit the model in place and leave it with its best weights; return the history.

    Judged and kept are weights averaged over the last steps. Best is the smallest class-weighted validation loss,
    or the last epoch where there are no validation plots.
    `checkpoint` is written after every epoch, and read first when it has something.
    """
    import tensorflow as tf

    options = replace(options, batch=_divisible(options.batch))
    optimizer = _optimizer(model, options)
    average = [tf.Variable(w, trainable=False) for w in model.weights]
    state = checkpoint.restore(model, optimizer, average)
    if not options.epochs:
        return state.history  # a head that stays as it is needs nothing compiled
    forward = inference(model)
    statistics = BatchStatistics(model, train.images, options.seed)
    step = _training_step(model, optimizer, average, _weights(train, model))
    while len(state.history) < options.epochs and not _patience_is_over(state.history, options.patience):
        number = len(state.history) + 1
        started = time.monotonic()
        loss, accuracy = _one_epoch(step, optimizer, train, number, options)
        averaged = _settle(model, statistics, [w.numpy() for w in average])
        val_loss, val_accuracy = _validate(model, forward, averaged, validation)
        seconds, plots = time.monotonic() - started, len(_order(len(train.truth), number, options))
        epoch = Epoch(number, options.epochs, loss, accuracy, val_loss, val_accuracy, seconds, plots)
        state.add(epoch, averaged)
        checkpoint.save(model, optimizer, averaged, state)
        progress.epoch(epoch)
    if state.best is not None:
        model.set_weights(state.best)
    return state.history


def inference(model: "keras.Model") -> Callable[[Any], Any]:
    """Compile the model in inference mode: uint8 (n, h, w, 3) → probabilities (n, classes)."""
    import tensorflow as tf

    signature = tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)

    def forward(images: Any) -> Any:
        return model(tf.cast(images, tf.float32), training=False)

    compiled: Callable[[Any], Any] = tf.function(forward, input_signature=[signature])
    return compiled


def scores_of(
    forward: Callable[[Any], Any], images: npt.NDArray[np.uint8], classes: int, batch: int = 32
) -> npt.NDArray[np.float32]:
    """Return probabilities (n, classes) of any number of pictures, computed in batches."""
    import tensorflow as tf

    parts = [forward(tf.constant(images[i : i + batch])).numpy() for i in range(0, len(images), batch)]
    return np.concatenate(parts) if parts else np.zeros((0, classes), np.float32)


def _weights(train: Part, model: "keras.Model") -> npt.NDArray[np.float32]:
    return np.minimum(class_weights(train.truth, model.output_shape[-1]), HEAVIEST_CLASS)


def _divisible(batch: int) -> int:
    """Return the batch size, or the next one that the devices can share evenly."""
    import tensorflow as tf

    devices: int = tf.distribute.get_strategy().num_replicas_in_sync
    return -(-batch // devices) * devices


def _optimizer(model: "keras.Model", options: FitOptions) -> Any:
    """Return AdamW; where layers compute in float16 it scales the losses, whose gradients would vanish."""
    import tensorflow as tf
    from keras import optimizers

    # Each device clips its share of the mean gradient, and the optimizer adds the shares up.
    clip = 1.0 / tf.distribute.get_strategy().num_replicas_in_sync
    adam = optimizers.AdamW(options.learning_rate, weight_decay=WEIGHT_DECAY, global_clipnorm=clip)
    adam.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    short = any(layer.compute_dtype == "float16" for layer in model.layers)
    optimizer = optimizers.LossScaleOptimizer(adam) if short else adam
    optimizer.build(model.trainable_variables)
    return optimizer


def _training_step(model: "keras.Model", optimizer: Any, average: list[Any], weights: npt.NDArray[np.float32]) -> Step:
    """Compile one step (images, truth, seed) → (loss, correct answers)."""
    import tensorflow as tf

    share = _device_step(model, optimizer, tf.constant(weights))
    strategy = tf.distribute.get_strategy()
    iterations = getattr(optimizer, "inner_optimizer", optimizer).iterations

    def step(images: Any, truth: Any, seed: Any) -> tuple[Any, Any]:
        shares = strategy.run(share, args=(images, truth, seed))
        loss, right = (strategy.reduce(tf.distribute.ReduceOp.SUM, part, axis=None) for part in shares)
        done = tf.cast(iterations, tf.float32)
        keep = tf.minimum(AVERAGING, done / (done + 9.0))
        for mean, weight_now in zip(average, model.weights, strict=True):
            mean.assign(keep * mean + (1 - keep) * weight_now)
        return loss, right

    compiled: Step = tf.function(step, reduce_retracing=True)
    return compiled


def _device_step(model: "keras.Model", optimizer: Any, class_weight: Any) -> Step:
    """Return what one device does in a step: its share of the batch, and of the batch's loss and right answers."""
    import tensorflow as tf

    from hydra_ml.augment import augment

    classes = model.output_shape[-1]

    def share(images: Any, truth: Any, seed: Any) -> tuple[Any, Any]:
        context = tf.distribute.get_replica_context()
        devices, me = context.num_replicas_in_sync, context.replica_id_in_sync_group
        whole = tf.reduce_sum(tf.gather(class_weight, truth))
        varied, own = augment(images, seed), truth
        if devices > 1:
            size = tf.shape(truth)[0] // devices
            varied, own = varied[me * size : (me + 1) * size], truth[me * size : (me + 1) * size]
        target = tf.one_hot(own, classes) * (1 - LABEL_SMOOTHING) + LABEL_SMOOTHING / classes
        with tf.GradientTape() as tape, _statistics_of_all_devices(model, devices):
            scores = tf.cast(model(varied, training=True), tf.float32)
            entropy = -tf.reduce_sum(target * tf.math.log(tf.maximum(scores, 1e-7)), axis=1)
            loss = tf.reduce_sum(tf.gather(class_weight, own) * entropy) / whole
            scaled = optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, model.trainable_variables)
        if devices > 1:
            gradients = [g / devices for g in context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)]
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss, tf.reduce_sum(tf.cast(tf.equal(tf.argmax(scores, axis=1), own), tf.int32))

    return share


@contextmanager
def _statistics_of_all_devices(model: "keras.Model", devices: int) -> Iterator[None]:
    """Let batch normalisation, while a step is traced, take its statistics over the whole batch."""
    from keras import layers

    norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    for layer in norms:
        layer.synchronized = devices > 1
    yield
    for layer in norms:
        layer.synchronized = False


def _one_epoch(step: Step, optimizer: Any, train: Part, number: int, options: FitOptions) -> tuple[float, float]:
    """Run one epoch; return mean loss and accuracy on the varied plots."""
    import tensorflow as tf

    order = _order(len(train.truth), number, options)
    steps = len(order) // options.batch
    losses, right = [], 0
    for index in range(steps):
        chosen = order[index * options.batch : (index + 1) * options.batch]
        at = (number - 1) * steps + index
        optimizer.learning_rate = _learning_rate(at, options.epochs * steps, options.learning_rate)
        loss, hits = step(
            tf.constant(train.images[chosen]),
            tf.constant(train.truth[chosen]),
            tf.constant([options.seed, at], tf.int32),
        )
        losses.append(loss)
        right += int(hits)
    return float(np.mean([float(x) for x in losses])), right / len(order)


def _order(plots: int, number: int, options: FitOptions) -> npt.NDArray[np.int64]:
    """Return a whole number of batches of indexes: permutations of all plots, one after another."""
    rng = np.random.default_rng([options.seed, number])
    wanted = options.batch * max(-(-plots // options.batch), FEWEST_STEPS)
    return np.concatenate([rng.permutation(plots) for _ in range(-(-wanted // plots))])[:wanted]


def _learning_rate(step: int, steps: int, peak: float) -> float:
    """Rise linearly, then fall as a cosine to a hundredth of the peak."""
    rise = max(1.0, WARM_UP * steps)
    if step < rise:
        return peak * (step + 1) / (rise + 1)
    fall = (step - rise) / max(1.0, steps - rise)
    return peak * (0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * fall))))


def _settle(model: "keras.Model", statistics: BatchStatistics, averaged: Arrays) -> Arrays:
    """Return the averaged weights with statistics measured for them; the model keeps its own."""
    own = model.get_weights()
    model.set_weights(averaged)
    statistics.measure()
    settled: Arrays = model.get_weights()
    model.set_weights(own)
    return settled


def _validate(
    model: "keras.Model", forward: Callable[[Any], Any], averaged: Arrays, validation: Part
) -> tuple[float, float]:
    """Return loss and accuracy of the averaged weights; the model keeps its own."""
    if len(validation.truth) == 0:
        return float("nan"), float("nan")
    own = model.get_weights()
    model.set_weights(averaged)
    scores = scores_of(forward, validation.images, model.output_shape[-1])
    model.set_weights(own)
    weights = class_weights(validation.truth, scores.shape[1])
    return log_loss(scores, validation.truth, weights), float((scores.argmax(axis=1) == validation.truth).mean())


def _patience_is_over(history: list[Epoch], patience: int) -> bool:
    losses = [e.val_loss for e in history]
    if not losses or np.isnan(losses[0]):
        return False
    return len(losses) - 1 - int(np.argmin(losses)) >= patience
