"""The learning curve of a plot type: refits a network's head on growing sets of its labelled plots."""

from dataclasses import replace

import numpy as np

from hydra_core.errors import ModelError
from hydra_ml.dataset import Dataset
from hydra_ml.evaluate import run_of
from hydra_ml.fitting import inference, scores_of
from hydra_ml.intervals import confusion_by_run, figures_of
from hydra_ml.learning_curve import LearningCurve, Rows, learning_curve
from hydra_ml.measure import TEST, VALIDATION
from hydra_ml.packing import TrainingOptions
from hydra_ml.progress import Progress
from hydra_ml.training import fit_model

TRAIN = "train"


def curve_of(dataset: Dataset, options: TrainingOptions, repeats: int, progress: Progress) -> LearningCurve:
    """Fit on growing parts of what a training learns from and measure on the test side, else on the validation side.

    Nothing is kept from one fit to the next, so that a small set knows nothing of a larger one. Raises ModelError when
    there is nothing to train or to measure on.
    """
    side = next((s for s in (TEST, VALIDATION) if s in dataset.splits), None)
    # A head alone learns from the validation side too; fine-tuning stops by it.
    learnt = {TRAIN, VALIDATION} - {side} if options.epochs == 0 else {TRAIN}
    pool = np.array([i for i, s in enumerate(dataset.splits) if s in learnt], np.int64)
    if side is None or len(pool) == 0:
        raise ModelError("too few plots or runs to train on some and to measure on others; label more runs")
    held = dataset.part(side)

    def fit_and_score(rows: Rows) -> float:
        chosen = set(pool[rows].tolist())
        new = {i: TRAIN if i in chosen else None for i in pool.tolist()}
        splits = tuple(TEST if s == side else new.get(i, s) for i, s in enumerate(dataset.splits))
        fitted = fit_model(replace(dataset, splits=splits), options, None, progress)
        said = scores_of(inference(fitted.model), held.images, len(dataset.classes)).argmax(axis=1)
        confusion = confusion_by_run(held.truth, said, ["all"] * len(said), len(dataset.classes))[0]
        return float(np.nanmean(figures_of(confusion)[1]))

    runs, on = [run_of(dataset.plots[i]) for i in pool], f"{len(held.truth)} {side} plots"
    return learning_curve(dataset.truth[pool], runs, fit_and_score, on, repeats=repeats, seed=options.seed)
