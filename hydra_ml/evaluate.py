"""Measure a loaded model on labelled plots, through the same code that judges live ones."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hydra_core import images
from hydra_core.domain import LabelledPlot, Prediction
from hydra_core.errors import ImageError, ModelError, StoreError, UsageError
from hydra_core.ports import Archive, Classifier
from hydra_ml.card import ITEMS_FILE
from hydra_ml.compare import Comparison, Pairs, compare
from hydra_ml.metrics import Evaluation, Scores, evaluate_scores
from hydra_ml.split import SPLITS

BATCH = 8


@dataclass(frozen=True, slots=True)
class Judged:
    """Labelled plots with what the model said of each, and those that could not be judged with the reason."""

    plots: tuple[LabelledPlot, ...]
    predictions: tuple[Prediction, ...]
    failed: tuple[tuple[LabelledPlot, str], ...]

    def scores(self) -> Scores:
        """Return probabilities (plots, classes)."""
        return np.array([p.scores for p in self.predictions])

    def said(self) -> npt.NDArray[np.intp]:
        """Return the class index that was said of each plot."""
        return np.array([int(np.argmax(p.scores)) for p in self.predictions], np.intp)

    def opinion(self, classifier: Classifier) -> "Opinion":
        """Return what was said, ready to be compared with what another model says."""
        return Opinion(str(classifier.ref), classifier.classes, self.plots, self.said())

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
    truth = truth_of(classifier.classes, judged.plots)
    return evaluate_scores(classifier.classes, judged.scores(), truth, [run_of(p) for p in judged.plots])


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one model says of labelled plots: `said` are indexes of its `classes`, in the order of `plots`."""

    model: str
    classes: tuple[str, ...]
    plots: Sequence[LabelledPlot]
    said: npt.NDArray[np.integer]


def compare_with(opinion: Opinion, other: Classifier, known: Collection[str], archive: Archive) -> Comparison:
    """Let another model judge the same plots, and compare.

    `known` are the uids of plots on which the other model has an advantage (see `known_to`): they are left out.
    Raises ModelError when the other model has other classes.
    """
    if opinion.classes != other.classes:
        theirs = ", ".join(other.classes)
        raise ModelError(f"{other.ref} has other classes ({theirs}) than {opinion.model}: they cannot be compared")
    before = judge(other, [p for p in opinion.plots if p.plot.uid not in known], archive)
    said = {p.plot.uid: index for p, index in zip(opinion.plots, opinion.said.tolist(), strict=True)}
    plots = before.plots
    now = np.array([said[p.plot.uid] for p in plots], np.int64)
    pairs = Pairs(
        classes=other.classes,
        truth=truth_of(other.classes, plots),
        now=now,
        before=before.said(),
        uids=[p.plot.uid for p in plots],
        sources=[p.plot.source for p in plots],
        runs=[run_of(p) for p in plots],
    )
    return compare(opinion.model, str(other.ref), pairs, len(opinion.plots) - len(plots))


def known_to(sides: Mapping[str, str], plots: Sequence[LabelledPlot]) -> set[str]:
    """Return the uids of those `plots` that a model knows: it learnt from them, from their picture or from their run.

    `sides` is plot uid → side when it was trained; `plots` must hold all that it was trained on, so that runs and
    pictures are known.
    """
    learnt = [p for p in plots if sides.get(p.plot.uid, "test") != "test"]
    runs, pictures = {run_of(p) for p in learnt}, {p.plot.sha256 for p in learnt}
    return {p.plot.uid for p in plots if run_of(p) in runs or p.plot.sha256 in pictures}


def sides_at_training(path: Path) -> dict[str, str]:
    """Return plot uid → side when the bundle at `path` was trained. Raises ModelError when that is not known."""
    try:
        sides = json.loads((path / ITEMS_FILE).read_bytes())
        return {str(uid): str(side) for uid, side in sides.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{path / ITEMS_FILE} does not say which plots the model was trained on: {error}") from error


def run_of(plot: LabelledPlot) -> str:
    """Return what plots have in common that are alike: their group, else their run, else nothing but themselves."""
    if plot.group:
        return f"group {plot.group}"
    return f"run {plot.plot.run}" if plot.plot.run else plot.plot.uid


def truth_of(classes: Sequence[str], plots: Sequence[LabelledPlot]) -> npt.NDArray[np.int64]:
    """Return the class index of each plot's label. Raises ValueError for a label that is no class."""
    return np.array([classes.index(p.class_name) for p in plots], np.int64)


def plots_of_split(path: Path, plots: list[LabelledPlot], split: str) -> list[LabelledPlot]:
    """Return the labelled plots that stood on a side when the bundle at `path` was trained.

    `split` is train, validation, test, new (not used then) or all. Raises UsageError for another word.
    """
    if split not in (*SPLITS, "new", "all"):
        raise UsageError(f"unknown split {split!r}; use {', '.join(SPLITS)}, new or all")
    used = sides_at_training(path)
    return [p for p in plots if split == "all" or used.get(p.plot.uid, "new") == split]
