"""Measure a fitted network before it is packed: calibrate it, choose thresholds, and evaluate it side by side.

Temperature and thresholds come from plots that the fit has not seen (out-of-fold scores, or the validation side);
the test side changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hydra_core.domain import LabelledPlot
from hydra_ml.calibrate import HeldOut, fit_temperature, soften
from hydra_ml.confusion import ConfusionMatrix, confusion_matrix
from hydra_ml.dataset import Dataset
from hydra_ml.evaluate import run_of
from hydra_ml.fitting import inference, scores_of
from hydra_ml.metrics import Evaluation, Scores, Truth, evaluate_scores
from hydra_ml.mistakes import MOST_SHOWN, Mistake, heat_maps, mistakes_among
from hydra_ml.thresholds import Scan, Wish, choose_all, scan

if TYPE_CHECKING:
    import keras

TEST, VALIDATION = "test", "validation"


@dataclass(frozen=True, slots=True)
class Side:
    """Plots of one side with their calibrated scores (n, classes), and what follows from these."""

    plots: tuple[LabelledPlot, ...]
    truth: Truth
    scores: Scores
    evaluation: Evaluation
    matrix: ConfusionMatrix

    def said(self) -> npt.NDArray[np.intp]:
        """Return the class index that is said of each plot."""
        return np.asarray(self.scores.argmax(axis=1))


@dataclass(frozen=True, slots=True)
class Measured:
    """What a fit gave: temperature, thresholds with the scans behind them, sides by name, misjudged test plots.

    `calibrated_on` says in words which plots temperature and thresholds come from: they are the side "validation".
    """

    temperature: float
    thresholds: Mapping[str, float]
    scans: tuple[Scan, ...]
    calibrated_on: str
    judged: Mapping[str, Side]
    mistakes: tuple[Mistake, ...]

    @property
    def sides(self) -> dict[str, Evaluation]:
        """Return the evaluation of each side, the test side first."""
        return {name: side.evaluation for name, side in self.judged.items()}


def measure(model: "keras.Model", dataset: Dataset, held_out: HeldOut | None = None) -> Measured:
    """Calibrate and measure a network that gives probabilities.

    `held_out` are raw scores of plots of this dataset by fits that have not seen them; without it the validation
    plots serve, which then must not have been fitted to.
    """
    forward, classes = inference(model), len(dataset.classes)
    held = held_out if held_out is not None else _validation(dataset, forward)
    temperature = fit_temperature(held.scores, held.truth, held.runs)
    soft = soften(held.scores, temperature)
    scans = scan(dataset.classes, soft, held.truth)
    tested = scores_of(forward, dataset.part(TEST).images, classes)
    sides = {TEST: (_rows(dataset, TEST), soften(tested, temperature)), VALIDATION: (held.rows, soft)}
    judged = {name: _side(dataset, rows, scores) for name, (rows, scores) in sides.items() if len(rows)}
    return Measured(
        temperature=temperature,
        thresholds=choose_all(scans, Wish()),
        scans=scans,
        calibrated_on=f"{len(held.truth)} plots {held.origin}",
        judged=judged,
        mistakes=tuple(_mistakes(model, dataset, judged[TEST])) if TEST in judged else (),
    )


def _validation(dataset: Dataset, forward: Callable[[Any], Any]) -> HeldOut:
    rows, raw = _rows(dataset, VALIDATION), scores_of(forward, dataset.part(VALIDATION).images, len(dataset.classes))
    runs = tuple(run_of(dataset.plots[i]) for i in rows)
    return HeldOut(raw, dataset.truth[rows], runs, rows, "of the validation side")


def _side(dataset: Dataset, rows: npt.NDArray[np.int64], scores: Scores) -> Side:
    plots, truth = tuple(dataset.plots[i] for i in rows), dataset.truth[rows]
    evaluation = evaluate_scores(dataset.classes, scores, truth, [run_of(p) for p in plots])
    matrix = confusion_matrix(dataset.classes, scores, truth, [p.plot.uid for p in plots])
    return Side(plots, truth, scores, evaluation, matrix)


def _mistakes(model: "keras.Model", dataset: Dataset, test: Side) -> Sequence[Mistake]:
    """Return the misjudged test plots, the surest first; those that will be shown know where the model looked."""
    found, rows = mistakes_among(dataset.classes, test.plots, test.scores)
    shown = rows[:MOST_SHOWN]
    if not shown:
        return found
    cams = heat_maps(model, dataset.part(TEST).images[shown])
    seen = [Mistake(m.plot, m.said, m.score, m.label_score, cam) for m, cam in zip(found, cams, strict=False)]
    return [*seen, *found[len(seen) :]]


def _rows(dataset: Dataset, side: str) -> npt.NDArray[np.int64]:
    return np.array([i for i, s in enumerate(dataset.splits) if s == side], np.int64)
