"""Transfer: fit the head on the features of a pretrained body, which takes seconds; fine-tuning may follow."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hydra_ml.fitting import Part
from hydra_ml.light import whitening
from hydra_ml.metrics import class_weights

if TYPE_CHECKING:
    import keras

VARIANTS = 3
"""Varied copies of each training plot whose features are learnt from too."""
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)
"""Weight decay of the head, chosen by the validation loss."""
LIGHT = "light"
"""The architecture whose whitening was learnt with it; another body's features are only brought to one spread."""
LEAST_SPREAD = 1e-2
"""Added to a feature's spread: one that hardly ever varies is noise."""
STEPS, RATE = 300, 0.05
SMOOTHING = 0.02
"""Label smoothing: separable features would ask for endless weights."""

Floats = npt.NDArray[np.float32]


def fit_head(model: "keras.Model", train: Part, validation: Part, seed: int) -> float:
    """Fit the "scores" layer of a model whose "embedding" layer feeds it; return the validation loss (NaN: none).

    A multinomial logistic regression on whitened features, class-weighted; the whitening is folded into the layer's
    weights, so the model stays as it is. It lets thirty plots a class find what thousands found before.
    """
    features, truth = _features(model, train, seed)
    mean = features.mean(axis=0)
    white = whitening() if model.name == LIGHT else np.diag(1 / (features.std(axis=0) + LEAST_SPREAD))
    classes = model.output_shape[-1]
    targets = np.eye(classes, dtype=np.float32)[truth] * (1 - SMOOTHING) + SMOOTHING / classes
    weights = class_weights(truth, classes)[truth]
    held, _ = _features(model, validation, None)
    found = []
    for penalty in PENALTIES:
        kernel, bias = _regression((features - mean) @ white, targets, weights, penalty)
        kernel = white @ kernel
        bias = bias - mean @ kernel
        found.append((_loss(held @ kernel + bias, validation.truth, classes), kernel, bias))
    best = min(found, key=lambda f: f[0]) if len(validation.truth) else found[1]
    model.get_layer("scores").set_weights([best[1].astype(np.float32), best[2].astype(np.float32)])
    return float(best[0])


def _features(model: "keras.Model", part: Part, seed: int | None) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return embeddings (n, d) and their classes; with a seed also those of varied copies."""
    import keras
    import tensorflow as tf

    from hydra_ml.augment import augment

    body = keras.Model(model.inputs, model.get_layer("embedding").output)
    forward = tf.function(lambda x: body(x, training=False), reduce_retracing=True)
    rows, truth = [np.zeros((0, body.output_shape[-1]), np.float32)], [part.truth[:0]]
    for variant in range(1 if seed is None else 1 + VARIANTS):
        for start in range(0, len(part.truth), 32):
            pictures = tf.cast(part.images[start : start + 32], tf.float32)
            if variant:
                pictures = augment(pictures, tf.constant([seed or 0, variant * 100_000 + start], tf.int32))
            rows.append(forward(pictures).numpy())
            truth.append(part.truth[start : start + 32])
    return np.concatenate(rows), np.concatenate(truth)


def _regression(
    x: Floats, targets: Floats, weights: Floats, penalty: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return kernel and bias of the penalised regression (Adam on the whole set: it is small and convex)."""
    parameters = np.zeros((x.shape[1] + 1, targets.shape[1]))
    ones = np.concatenate([x, np.ones((len(x), 1), np.float32)], axis=1)
    first, second = np.zeros_like(parameters), np.zeros_like(parameters)
    scale = (weights / weights.sum())[:, None]
    for step in range(1, STEPS + 1):
        gradient = ones.T @ (scale * (_softmax(ones @ parameters) - targets))
        gradient[:-1] += penalty * parameters[:-1]
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        rate = RATE * (1 - step / (STEPS + 1))
        parameters -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return parameters[:-1], parameters[-1]


def _softmax(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _loss(logits: npt.NDArray[np.float64], truth: npt.NDArray[np.int64], classes: int) -> float:
    if len(truth) == 0:
        return float("nan")
    weights = class_weights(truth, classes)[truth]
    right = _softmax(logits)[np.arange(len(truth)), truth]
    return float(-(weights * np.log(np.maximum(right, 1e-9))).sum() / weights.sum())
