"""The learning curve of a plot type: refits a network's head on growing sets of its labelled plots."""

from dataclasses import replace

import numpy as np

from hydra_core.errors import ModelError
from hydra_ml.dataset import Dataset
from hydra_ml.evaluate import run_of
from hydra_ml.fitting import inference, scores_of
from hydra_ml.intervals import confusion_by_run, figures_of
from hydra_ml.learning_curve import LearningCurve, Rows, learning_curve
from hydra_ml.packing import TrainingOptions
from hydra_ml.progress import Progress
from hydra_ml.training import fit_model


def curve_of(dataset: Dataset, options: TrainingOptions, repeats: int, progress: Progress) -> LearningCurve:
    """Fit on growing parts of the training side and measure on the test side, else on the validation side.

    Raises ModelError when there is nothing to train or to measure on.
    """
    train = np.array([i for i, s in enumerate(dataset.splits) if s == "train"], np.int64)
    side = next((s for s in ("test", "validation") if s in dataset.splits), None)
    if side is None or len(train) == 0:
        raise ModelError("too few plots or runs to train on some and to measure on others; label more runs")
    held = dataset.part(side)

    def fit_and_score(rows: Rows) -> float:
        kept = set(train[rows].tolist())
        splits = tuple(s if s != "train" or i in kept else None for i, s in enumerate(dataset.splits))
        fitted = fit_model(replace(dataset, splits=splits), options, None, progress)
        said = scores_of(inference(fitted.model), held.images, len(dataset.classes)).argmax(axis=1)
        confusion = confusion_by_run(held.truth, said, ["all"] * len(said), len(dataset.classes))[0]
        return float(np.nanmean(figures_of(confusion)[1]))

    runs = [run_of(dataset.plots[i]) for i in train]
    return learning_curve(dataset.truth[train], runs, fit_and_score, repeats=repeats, seed=options.seed)
