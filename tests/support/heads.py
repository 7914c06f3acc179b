"""A head on the light backbone, fitted to a few plots, as the first model of a plot type is."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Pictures = npt.NDArray[np.uint8]
SIDE = 192
GOOD = 0
"""Class index of what the others are compared with."""


class LightHead:
    """Fits the same model's head again and again, for one plot type after the other."""

    def __init__(self, classes: int = 3) -> None:
        from hydra_ml.architectures import build
        from hydra_ml.fitting import inference

        self._classes = classes
        self._model: Any = build("light", SIDE, classes)
        self._forward = inference(self._model)

    def fit(self, pictures: Pictures, truth: npt.NDArray[np.int64], runs: Sequence[int]) -> None:
        """Fit to prepared plots uint8 (n, 192, 192, 3), their class indexes and runs."""
        from hydra_ml.transfer import HeadPlots, fit_head

        fit_head(self._model, HeadPlots(pictures, truth, tuple(runs), frozenset({GOOD})))

    def scores(self, pictures: Pictures) -> npt.NDArray[np.float32]:
        """Return probabilities (n, classes)."""
        from hydra_ml.fitting import scores_of

        return scores_of(self._forward, pictures, self._classes)
