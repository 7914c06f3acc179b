"""Judge archived pictures with one model, in a worker that keeps the model loaded."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hydra_core import images
from hydra_core.domain import Condition, Failure, Prediction
from hydra_core.errors import ImageError, PredictionError, StoreError
from hydra_core.images import Limits
from hydra_core.store.rejudging import StoredPlot

if TYPE_CHECKING:
    from hydra_core.archive import FileArchive
    from hydra_core.ports import RGB
    from hydra_ml.classifier import TensorFlowClassifier

Said = tuple[int, Prediction | Failure]
"""A plot's id in the database, and what is said of it, without its embedding."""


class PictureJudge:
    """Reads, decodes and judges plots, as many at a time as it is given; the bundle is verified and loaded once."""

    def __init__(self, bundle: Path, archive: Path, limits: Limits) -> None:
        self._bundle = bundle
        self._archive_path = archive
        self._limits = limits
        self._loaded: tuple[TensorFlowClassifier, FileArchive] | None = None

    def __call__(self, plots: Sequence[StoredPlot]) -> list[Said]:
        """Return what is said of each plot, in their order. Raises ModelError when the bundle cannot be used."""
        classifier, archive = self._tools()
        said: dict[int, Prediction | Failure] = {}
        read: list[tuple[StoredPlot, RGB]] = []
        for item in plots:
            try:
                read.append((item, images.decode(archive.get(item.plot.sha256), self._limits)))
            except (ImageError, StoreError) as error:
                said[item.id] = Failure(item.plot.plot_type, Condition.READ, str(error), item.plot)
        try:
            said.update(_judge(classifier, read))
        except PredictionError:
            # One picture of the lot is to blame: the others keep their answers.
            for one in read:
                said.update(_judge_one(classifier, one))
        return [(item.id, said[item.id]) for item in plots]

    def _tools(self) -> "tuple[TensorFlowClassifier, FileArchive]":
        if self._loaded is None:
            import cv2

            from hydra_core.archive import FileArchive
            from hydra_ml.classifier import TensorFlowClassifier

            cv2.setNumThreads(1)
            self._loaded = TensorFlowClassifier.load(self._bundle, 1), FileArchive(self._archive_path)
        return self._loaded


def _judge(
    classifier: "TensorFlowClassifier", read: "Sequence[tuple[StoredPlot, RGB]]"
) -> dict[int, Prediction | Failure]:
    found = classifier.predict([(item.plot, rgb) for item, rgb in read])
    return {item.id: replace(p, embedding=None) for (item, _), p in zip(read, found, strict=True)}


def _judge_one(classifier: "TensorFlowClassifier", one: "tuple[StoredPlot, RGB]") -> dict[int, Prediction | Failure]:
    item, _ = one
    try:
        return _judge(classifier, [one])
    except PredictionError as error:
        return {item.id: Failure(item.plot.plot_type, Condition.CALC, str(error), item.plot)}
