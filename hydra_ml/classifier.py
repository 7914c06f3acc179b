"""Judge plots: one pass of an engine gives feature maps, a head makes scores, Grad-CAM and embedding of them."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hydra_core.domain import ModelRef, Plot, Prediction
from hydra_core.errors import ModelError, PredictionError
from hydra_core.ports import RGB
from hydra_ml.bundle import verify
from hydra_ml.card import MODEL_FILE, Card
from hydra_ml.engines.memory import give_back
from hydra_ml.engines.port import Engine, Maps
from hydra_ml.engines.shelf import Shelf
from hydra_ml.engines.split import split
from hydra_ml.engines.threads import pin_threads
from hydra_ml.engines.trial import Trial
from hydra_ml.golden import Golden, read_golden
from hydra_ml.head import Floats, Head
from hydra_ml.keras_file import OWN_LAYER
from hydra_ml.novelty import NOVELTY_FILE, Novelty, views_of
from hydra_ml.preprocess import Crop, prepare

if TYPE_CHECKING:
    from keras import Model

MOST = 8
"""Plots prepared and judged at a time, so that a long list does not need memory for all its feature maps."""


class TensorFlowClassifier:
    """One loaded, warm model; implements `ports.Classifier`. Use it from one thread at a time.

    `engine` may be shared with other classifiers, see `predict_mixed`; without `novelty` every plot's is 0.
    """

    def __init__(self, card: Card, head: Head, engine: Engine, novelty: Novelty | None = None) -> None:
        self.card = card
        self.head = head
        self.engine = engine
        self.novelty = novelty
        self._ref = card.ref()
        self._size = (card.input_size, card.input_size)

    @classmethod
    def load(cls, path: Path, threads: int | None = None, shelf: Shelf | None = None) -> "TensorFlowClassifier":
        """Verify and load the bundle at `path` and run it once. Raises ModelError before anything doubtful is loaded.

        `threads` limits TensorFlow's threads in this whole process; only the first load of a process can set it.
        With a `shelf` the body is shared with the classifiers whose engines stand there.
        """
        card = verify(path)
        from keras import saving

        from hydra_ml.contrast import Contrast

        pin_threads(threads)
        try:
            known = {OWN_LAYER: Contrast}
            model = saving.load_model(path / MODEL_FILE, custom_objects=known, compile=False, safe_mode=True)
        except Exception as error:  # Keras raises anything at all for a file that it cannot make sense of
            raise ModelError(f"{path / MODEL_FILE} cannot be loaded ({error}); copy the bundle again") from error
        if not all(np.isfinite(weight).all() for weight in model.get_weights()):
            raise ModelError(f"{path / MODEL_FILE} has weights that are no numbers; train it again or roll back")
        try:
            classifier = cls.of(card, model, shelf, _novelty(path, card), read_golden(path, card))
        except PredictionError as error:
            raise ModelError(f"{path}: the model fails on a grey picture ({error}); train it again") from error
        del model
        give_back()
        return classifier

    @classmethod
    def of(
        cls,
        card: Card,
        model: "Model",
        shelf: Shelf | None = None,
        novelty: Novelty | None = None,
        golden: Golden | None = None,
    ) -> "TensorFlowClassifier":
        """Return the classifier of a Keras model, run once and proven on its golden pictures.

        Raises ModelError, PredictionError.
        """
        body, head = split(model, card)
        trial = Trial.of(card, body, head, novelty, golden)
        classifier = cls(card, head, (Shelf() if shelf is None else shelf).engine(body, trial), novelty)
        grey = np.full((1, *classifier._size, 3), 127, np.uint8)
        maps = classifier.engine(grey)
        scores, _, embeddings = head(maps)
        classifier._check(scores, embeddings)
        if novelty is not None and not novelty.fits(views_of(grey, maps), embeddings):
            raise ModelError(f"{card.ref()}: its {NOVELTY_FILE} was made for another network; train it again")
        return classifier

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

    def predict(self, plots: Sequence[tuple[Plot, RGB]]) -> list[Prediction]:
        """Judge decoded plots, eight in one pass. Raises PredictionError for output that is no answer."""
        return predict_mixed([(self, plot, rgb) for plot, rgb in plots])

    def prepare(self, plot: Plot, rgb: RGB) -> RGB:
        """Return what the model sees of a plot. Raises PredictionError for arrays that are no picture."""
        try:
            return prepare(rgb, self._size, self.card.crop)
        except ValueError as error:
            raise PredictionError(f"{self._ref}: cannot judge {plot.source or 'a plot'}: {error}") from error

    def judge(
        self, plots: Sequence[Plot], pictures: npt.NDArray[np.uint8], maps: Maps, took: float = 0.0
    ) -> list[Prediction]:
        """Return what this model says of plots, given the prepared `pictures` and what its engine made of them.

        `took` is what each plot has cost so far, in seconds. Raises PredictionError for output that is no answer.
        """
        started = time.monotonic()
        scores, cams, embeddings = self.head(maps)
        self._check(scores, embeddings)
        novelty, odd = self._strange(scores, embeddings, pictures, maps)
        shown = [cam if where is None else where for cam, where in zip(cams, odd, strict=True)]
        took += (time.monotonic() - started) / len(plots)
        return [
            Prediction(
                plot=plot,
                model=self._ref,
                classes=self.card.classes,
                scores=tuple(float(s) for s in scores[i]),
                cam=_on_whole_plot(shown[i], self.card.crop),
                embedding=embeddings[i],
                novelty=float(novelty[i]),
                took=took,
            )
            for i, plot in enumerate(plots)
        ]

    def _strange(
        self, scores: Floats, embeddings: Floats, pictures: npt.NDArray[np.uint8], maps: Maps
    ) -> tuple[Floats, Sequence[npt.NDArray[np.uint8] | None]]:
        """Return each plot's novelty, and where it is odd if that tells more than what speaks for its class."""
        if self.novelty is None:
            return np.zeros(len(scores), np.float32), [None] * len(scores)
        said = [self.classes[top] for top in scores.argmax(axis=1)]
        return self.novelty.judge(said, views_of(pictures, maps), embeddings)

    def _check(self, scores: npt.NDArray[np.float32], embeddings: npt.NDArray[np.float32]) -> None:
        if not (np.isfinite(scores).all() and np.isfinite(embeddings).all()):
            raise PredictionError(f"{self._ref} gave an answer that is not a number; roll back or train it again")
        if not np.allclose(scores.sum(axis=1), 1.0, atol=1e-3) or (scores < 0).any():
            raise PredictionError(f"{self._ref} gave scores that do not sum to 1; roll back or train it again")


def predict_mixed(wanted: Sequence[tuple[TensorFlowClassifier, Plot, RGB]]) -> list[Prediction]:
    """Judge plots, each by its own classifier; those that share an engine go through it together.

    Raises PredictionError for output that is no answer.
    """
    found: list[Prediction | None] = [None] * len(wanted)
    by_engine: dict[int, list[int]] = {}
    for index, (classifier, _, _) in enumerate(wanted):
        by_engine.setdefault(id(classifier.engine), []).append(index)
    for indexes in by_engine.values():
        for start in range(0, len(indexes), MOST):
            some = indexes[start : start + MOST]
            for index, prediction in zip(some, _one_pass([wanted[i] for i in some]), strict=True):
                found[index] = prediction
    return [prediction for prediction in found if prediction is not None]


def _one_pass(wanted: Sequence[tuple[TensorFlowClassifier, Plot, RGB]]) -> list[Prediction]:
    """Judge plots whose classifiers share an engine."""
    started = time.monotonic()
    pictures = np.stack([classifier.prepare(plot, rgb) for classifier, plot, rgb in wanted])
    maps = wanted[0][0].engine(pictures)
    took = (time.monotonic() - started) / len(wanted)
    judged: dict[int, Prediction] = {}
    for classifier in {id(c): c for c, _, _ in wanted}.values():
        rows = [i for i, (c, _, _) in enumerate(wanted) if c is classifier]
        own = maps if len(rows) == len(wanted) else maps.rows(rows)
        judged.update(zip(rows, classifier.judge([wanted[i][1] for i in rows], pictures[rows], own, took), strict=True))
    return [judged[i] for i in range(len(wanted))]


def _novelty(path: Path, card: Card) -> Novelty | None:
    if NOVELTY_FILE not in card.files:
        return None
    file = path / NOVELTY_FILE
    try:
        return Novelty.from_bytes(file.read_bytes(), str(file))
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error}; copy the bundle again or roll back") from error


def _on_whole_plot(cam: npt.NDArray[np.uint8], crop: Crop) -> npt.NDArray[np.uint8]:
    """Put a cropped plot's map back where it belongs: cold cells stand for what was cut off."""
    left, top, right, bottom = crop
    height, width = cam.shape
    rows, columns = height / (1 - top - bottom), width / (1 - left - right)
    cut = ((round(rows * top), round(rows * bottom)), (round(columns * left), round(columns * right)))
    return np.pad(cam, cut)
