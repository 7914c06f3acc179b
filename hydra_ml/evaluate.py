"""Measure a loaded model on labelled plots, through the same code that judges live ones."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hydra_core import images
from hydra_core.domain import LabelledPlot, Prediction
from hydra_core.errors import ImageError, ModelError, StoreError, UsageError
from hydra_core.ports import Archive, Classifier
from hydra_ml.card import ITEMS_FILE
from hydra_ml.metrics import Evaluation, evaluate_scores
from hydra_ml.split import SPLITS

BATCH = 8


@dataclass(frozen=True, slots=True)
class Judged:
    """Labelled plots with what the model said of each, and those that could not be judged with the reason."""

    plots: tuple[LabelledPlot, ...]
    predictions: tuple[Prediction, ...]
    failed: tuple[tuple[LabelledPlot, str], ...]

    def mistakes(self) -> list[tuple[LabelledPlot, str, float]]:
        """Return the plots judged wrongly with the class that was said and its score, the surest first."""
        pairs = [(plot, *p.top()) for plot, p in zip(self.plots, self.predictions, strict=True)]
        return sorted((m for m in pairs if m[1] != m[0].class_name), key=lambda m: -m[2])


def judge(classifier: Classifier, plots: Sequence[LabelledPlot], archive: Archive) -> Judged:
    """Judge labelled plots; one that cannot be read, or has a class that the model does not know, is set aside."""
    good: list[LabelledPlot] = []
    predictions: list[Prediction] = []
    failed: list[tuple[LabelledPlot, str]] = []
    for start in range(0, len(plots), BATCH):
        readable = []
        for plot in plots[start : start + BATCH]:
            if plot.class_name not in classifier.classes:
                failed.append((plot, f"the model has no class {plot.class_name}"))
                continue
            try:
                readable.append((plot, images.decode(archive.get(plot.plot.sha256))))
            except (ImageError, StoreError) as error:
                failed.append((plot, str(error)))
        good += [plot for plot, _ in readable]
        predictions += classifier.predict([(plot.plot, rgb) for plot, rgb in readable])
    return Judged(tuple(good), tuple(predictions), tuple(failed))


def evaluate(classifier: Classifier, judged: Judged) -> Evaluation:
    """Compare what was said with the labels. Raises ModelError when no plot was judged."""
    if not judged.plots:
        raise ModelError(f"{classifier.ref}: no labelled plot to evaluate on; label some or choose another --split")
    scores = np.array([p.scores for p in judged.predictions])
    truth = np.array([classifier.classes.index(p.class_name) for p in judged.plots])
    return evaluate_scores(classifier.classes, scores, truth)


def plots_of_split(path: Path, plots: list[LabelledPlot], split: str) -> list[LabelledPlot]:
    """Return the labelled plots that stood on a side when the bundle at `path` was trained.

    `split` is train, validation, test, new (not used then) or all. Raises UsageError for another word.
    """
    if split not in (*SPLITS, "new", "all"):
        raise UsageError(f"unknown split {split!r}; use {', '.join(SPLITS)}, new or all")
    used = json.loads((path / ITEMS_FILE).read_bytes())
    return [p for p in plots if split == "all" or used.get(p.plot.uid, "new") == split]
