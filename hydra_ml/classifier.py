"""Judge plots with TensorFlow: one compiled forward pass gives scores, Grad-CAM and embedding."""

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import Model, layers, saving

from hydra_core.domain import ModelRef, Plot, Prediction
from hydra_core.errors import ModelError, PredictionError
from hydra_core.ports import RGB
from hydra_ml.bundle import verify
from hydra_ml.card import MODEL_FILE, Card
from hydra_ml.preprocess import Crop, prepare

logger = logging.getLogger(__name__)

BATCHES = (1, 8)
"""Batch sizes that are compiled; plots are padded up to the next."""

Arrays = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]


class TensorFlowClassifier:
    """One loaded, warm model; implements `ports.Classifier`. Use it from one thread at a time."""

    def __init__(self, card: Card, model: Model) -> None:
        self.card = card
        self._ref = card.ref()
        self._size = (card.input_size, card.input_size)
        self._forward = {n: _compile(model, card, n) for n in BATCHES}
        self.warm()

    @classmethod
    def load(cls, path: Path, threads: int | None = None) -> "TensorFlowClassifier":
        """Verify and load the bundle at `path` and run it once. Raises ModelError before anything doubtful is loaded.

        `threads` limits TensorFlow's threads in this whole process; only the first load of a process can set it.
        """
        card = verify(path)
        pin_threads(threads)
        try:
            model = saving.load_model(path / MODEL_FILE, compile=False, safe_mode=True)
        except Exception as error:  # Keras raises anything at all for a file that it cannot make sense of
            raise ModelError(f"{path / MODEL_FILE} cannot be loaded ({error}); copy the bundle again") from error
        if not all(np.isfinite(weight).all() for weight in model.get_weights()):
            raise ModelError(f"{path / MODEL_FILE} has weights that are no numbers; train it again or roll back")
        try:
            return cls(card, model)
        except PredictionError as error:
            raise ModelError(f"{path}: the model fails on a grey picture ({error}); train it again") from error

    @property
    def ref(self) -> ModelRef:
        """Which model this is."""
        return self._ref

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in enum order."""
        return self.card.classes

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Thresholds chosen on the validation plots."""
        return MappingProxyType(self.card.thresholds)

    def warm(self) -> None:
        """Run every compiled batch size once, so that the first plot is not slow. Raises PredictionError."""
        for batch in BATCHES:
            grey = np.full((batch, *self._size, 3), 127, np.uint8)
            self._check(*self._run(grey))

    def predict(self, plots: Sequence[tuple[Plot, RGB]]) -> list[Prediction]:
        """Judge decoded plots, eight in one pass. Raises PredictionError for output that is no answer."""
        found: list[Prediction] = []
        for start in range(0, len(plots), BATCHES[-1]):
            found += self._predict_batch(plots[start : start + BATCHES[-1]])
        return found

    def _predict_batch(self, plots: Sequence[tuple[Plot, RGB]]) -> list[Prediction]:
        started = time.monotonic()
        try:
            images = np.stack([prepare(rgb, self._size, self.card.crop) for _, rgb in plots])
        except ValueError as error:
            raise PredictionError(f"{self._ref}: cannot judge {plots[0][0].source or 'a plot'}: {error}") from error
        scores, cams, embeddings = self._run(images)
        self._check(scores, cams, embeddings)
        took = (time.monotonic() - started) / len(plots)
        return [
            Prediction(
                plot=plot,
                model=self._ref,
                classes=self.card.classes,
                scores=tuple(float(s) for s in scores[i]),
                cam=_on_whole_plot(_to_bytes(cams[i]), self.card.crop),
                embedding=embeddings[i],
                took=took,
            )
            for i, (plot, _) in enumerate(plots)
        ]

    def _run(self, images: npt.NDArray[np.uint8]) -> Arrays:
        """Run uint8 images (n ≤ 8, h, w, 3), padded to a compiled batch size; return what belongs to the n."""
        count = len(images)
        batch = next(n for n in BATCHES if n >= count)
        padded = np.concatenate([images, np.zeros((batch - count, *images.shape[1:]), np.uint8)])
        scores, cams, embeddings = self._forward[batch](tf.constant(padded))
        return scores.numpy()[:count], cams.numpy()[:count], embeddings.numpy()[:count]

    def _check(self, *outputs: npt.NDArray[np.float32]) -> None:
        if not all(np.isfinite(output).all() for output in outputs):
            raise PredictionError(f"{self._ref} gave an answer that is not a number; roll back or train it again")
        if not np.allclose(outputs[0].sum(axis=1), 1.0, atol=1e-3) or (outputs[0] < 0).any():
            raise PredictionError(f"{self._ref} gave scores that do not sum to 1; roll back or train it again")


def pin_threads(threads: int | None) -> None:
    """Limit TensorFlow to `threads` (None: leave it); warns when TensorFlow has already started with others."""
    if threads is None:
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1 if threads == 1 else 2)
    except RuntimeError:
        if tf.config.threading.get_intra_op_parallelism_threads() != threads:
            logger.warning("tensorflow threads cannot be changed after its start wanted=%d", threads)


def _compile(model: Model, card: Card, batch: int) -> Any:
    """Return a function uint8 (batch, h, w, 3) → scores, unnormalised CAM of the top class, embedding.

    With GlobalAveragePooling → Dense the gradient of a logit by the feature map A is its weights w everywhere,
    so its Grad-CAM is relu(Σ w_k A_k) up to scale, without a backward pass.
    """
    features, head = _features_and_head(model, card)
    signature = tf.TensorSpec((batch, card.input_size, card.input_size, 3), tf.uint8)

    def forward(images: Any) -> Any:
        maps = features(tf.cast(images, tf.float32), training=False)
        embedding = tf.reduce_mean(maps, axis=(1, 2))
        logits = tf.linalg.matmul(embedding, head.kernel) + head.bias
        scores = tf.nn.softmax(logits / card.temperature)
        top = tf.gather(tf.transpose(head.kernel), tf.argmax(logits, axis=1))
        cam = tf.nn.relu(tf.einsum("nhwk,nk->nhw", maps, top))
        return scores, cam, embedding

    return tf.function(forward, input_signature=[signature]).get_concrete_function()


def _features_and_head(model: Model, card: Card) -> tuple[Model, Any]:
    """Return the body up to the last feature map, and the last layer."""
    pool, head = model.layers[-2], model.layers[-1]
    if not (isinstance(pool, layers.GlobalAveragePooling2D) and isinstance(head, layers.Dense)):
        raise ModelError(f"{card.ref()} does not end GlobalAveragePooling2D, Dense; train it again")
    if head.input is not pool.output or model.outputs[0] is not head.output:
        raise ModelError(f"{card.ref()}: its last layers are not one after the other; train it again")
    return Model(model.inputs, pool.input), head


def _to_bytes(cam: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Scale a map to 0…255, 255 the hottest; all zero where nothing speaks for the class."""
    peak = float(cam.max())
    if peak <= 0:
        return np.zeros(cam.shape, np.uint8)
    return np.asarray(np.rint(cam / peak * 255.0), np.uint8)


def _on_whole_plot(cam: npt.NDArray[np.uint8], crop: Crop) -> npt.NDArray[np.uint8]:
    """Put a cropped plot's map back where it belongs: cold cells stand for what was cut off."""
    left, top, right, bottom = crop
    height, width = cam.shape
    rows, columns = height / (1 - top - bottom), width / (1 - left - right)
    cut = ((round(rows * top), round(rows * bottom)), (round(columns * left), round(columns * right)))
    return np.pad(cam, cut)
