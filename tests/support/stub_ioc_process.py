"""`hydra ioc run` with models that read their answer from the picture's first pixel; no TensorFlow is loaded.

For tests of everything around a model. Red is the index of the class, green 200 x its score, blue 200 x the novelty.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from hydra_core.domain import ModelRecord, ModelRef, Plot, PlotType, Prediction
from hydra_core.ports import RGB
from hydra_ioc import service


class StubModel:
    """A classifier that is as sure as the picture says; one whose path is "contrary" takes it for the next class."""

    thresholds: Mapping[str, float] = {}

    def __init__(self, record: ModelRecord) -> None:
        self.ref: ModelRef = record.ref
        self.classes = record.classes
        self._step = int(record.path == "contrary")

    def predict(self, plots: Sequence[tuple[Plot, RGB]]) -> list[Prediction]:
        return [self._one(plot, rgb) for plot, rgb in plots]

    def _one(self, plot: Plot, rgb: RGB) -> Prediction:
        top, score, novelty = (
            (int(rgb[0, 0, 0]) + self._step) % len(self.classes),
            float(rgb[0, 0, 1]) / 200,
            float(rgb[0, 0, 2]) / 200,
        )
        rest = (1 - score) / (len(self.classes) - 1)
        scores = tuple(score if index == top else rest for index in range(len(self.classes)))
        cam = np.zeros((4, 4), np.uint8)
        return Prediction(plot, self.ref, self.classes, scores, cam, novelty=novelty, took=0.001)


class StubHeads:
    """Stands where the service expects its models. A bundle whose path is "broken" cannot be loaded."""

    def __init__(self, plot_types: Mapping[str, PlotType], *_: object, **__: object) -> None:
        self._plot_types = plot_types
        self._loaded: dict[str, StubModel | str] = {}

    def current(self) -> Mapping[str, StubModel | str]:
        return self._loaded

    def troubles(self) -> Iterator[tuple[str, str]]:
        for name, head in self._loaded.items():
            yield name, head if isinstance(head, str) else ""

    def engine(self, name: str) -> str:
        return "stub"

    def predict(self, wanted: Sequence[tuple[StubModel, Plot, RGB]]) -> list[Prediction]:
        return [model.predict([(plot, rgb)])[0] for model, plot, rgb in wanted]

    def load(self, active: Mapping[str, ModelRecord], anew: bool = False) -> None:
        self._loaded = {
            name: "the bundle is damaged" if record.path == "broken" else StubModel(record)
            for name, record in active.items()
        }


if __name__ == "__main__":
    service.Heads = StubHeads  # type: ignore[misc,assignment]
    from hydra_cli.main import main

    sys.argv = ["hydra", "ioc", "run", *sys.argv[1:]]
    main()
