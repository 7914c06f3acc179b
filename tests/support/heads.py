"""A head on the light backbone, fitted to a few plots, as the first model of a plot type is."""

from typing import Any

import numpy as np
import numpy.typing as npt

Pictures = npt.NDArray[np.uint8]
SIDE = 192


class LightHead:
    """Fits the same model's head again and again, for one set of plots after the other."""

    def __init__(self, classes: int = 3) -> None:
        from hydra_ml.architectures import build
        from hydra_ml.fitting import inference

        self._classes = classes
        self._model: Any = build("light", SIDE, classes)
        self._forward = inference(self._model)

    def fit(self, pictures: Pictures, truth: npt.NDArray[np.int64]) -> None:
        """Fit to prepared plots uint8 (n, 192, 192, 3), mixed; class 0 is the good one."""
        from hydra_ml.transfer import HeadPlots, fit_head

        fit_head(self._model, HeadPlots(pictures, truth, tuple(range(len(truth))), frozenset({0})))

    def scores(self, pictures: Pictures) -> npt.NDArray[np.float32]:
        """Return probabilities (n, classes)."""
        from hydra_ml.fitting import scores_of

        return scores_of(self._forward, pictures, self._classes)
