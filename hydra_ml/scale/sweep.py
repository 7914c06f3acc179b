"""A sweep: many trainings of one plot type on one frozen set of plots, compared by their validation plots.

The test plots are touched once, by the figures of the one that is entered into the library.
"""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hydra_core.archive import FileArchive
from hydra_core.domain import LabelledPlot, ModelRecord, PlotType
from hydra_core.errors import ModelError
from hydra_ml.good_only import good_classes
from hydra_ml.novelty_fit import novelty_doubts
from hydra_ml.packing import TrainingOptions
from hydra_ml.progress import Progress
from hydra_ml.scale.trial import Trial, TrialResult, TrialRunner
from hydra_ml.scale.workers import Workers
from hydra_ml.training import doubts, enter, labelled_dataset

if TYPE_CHECKING:
    from hydra_core.store import SqlStore


@dataclass(frozen=True, slots=True)
class SweepOutcome:
    """All trials with their results, the best one first, and the best one's entry in the library."""

    rows: tuple[tuple[Trial, TrialResult], ...]
    record: ModelRecord


def run_sweep(
    plot_type: PlotType,
    store: "SqlStore",
    archive: FileArchive,
    models_path: Path,
    trials: Sequence[Trial],
    options: TrainingOptions,
    workers: Workers,
    progress: Progress,
) -> SweepOutcome:
    """Make all trials and enter the best one as a candidate; the plots are divided by the seed of `options`.

    The same sweep again, after it was stopped, makes only what is missing. Raises ModelError, StoreError.
    """
    started = datetime.now(UTC)
    plots, warnings = freeze(plot_type, store.labelled(plot_type.name), archive, options, progress)
    directory = _directory(models_path, plot_type, plots, trials)
    directory.mkdir(parents=True, exist_ok=True)
    runner = TrialRunner(plot_type, plots, archive.path.absolute(), directory.absolute())
    results: dict[int, TrialResult] = {}
    progress.stage(f"{len(trials)} trials")
    for result in workers.run(runner, trials):
        results[result.number] = result
        said = f"balanced accuracy {result.balanced_accuracy:.3f} on validation, {result.seconds:.0f} s"
        progress.stage(f"{len(results)} of {len(trials)} trials done; trial {result.number}: {result.failed or said}")
    rows = sorted(((t, results[t.number]) for t in trials), key=lambda row: _rank(row[1]))
    best, figures = rows[0]
    if figures.failed:
        raise ModelError(f"{plot_type.name}: every trial failed, the first because: {figures.failed}")
    fitted = runner.fitted(best, figures)
    dataset = runner.dataset(best.options)
    chosen = f"the best of {len(trials)} trials by its validation plots: what it shows on those is optimistic"
    notes = [*warnings, *([chosen] if len(trials) > 1 else [])]
    record = enter(fitted, plot_type, store, archive, models_path, dataset, best.options, notes, started)
    shutil.rmtree(directory)
    return SweepOutcome(tuple(rows), record)


def freeze(
    plot_type: PlotType,
    labelled: Sequence[LabelledPlot],
    archive: FileArchive,
    options: TrainingOptions,
    progress: Progress,
) -> tuple[tuple[LabelledPlot, ...], list[str]]:
    """Divide the labelled plots once for all trials; return those that are used, with their side, and the doubts.

    Raises ModelError when there is nothing to compare trials by.
    """
    dataset = labelled_dataset(plot_type, labelled, archive, options, progress)
    if len(set(dataset.truth.tolist())) < 2:
        raise ModelError(f"{plot_type.name}: a sweep needs plots of two classes to compare trials by; label more")
    warnings = [*dataset.warnings, *doubts(dataset), *novelty_doubts(dataset, good_classes(plot_type))]
    for warning in warnings:
        progress.warning(warning)
    if "validation" not in dataset.splits:
        raise ModelError(f"{plot_type.name}: no validation plot to compare trials by; label more plots or runs")
    used = zip(dataset.plots, dataset.splits, strict=True)
    frozen = [replace(plot, split=split) for plot, split in used if split is not None]
    # The order of steps follows from this one: the same plots give the same model, whenever they were taken or copied.
    return tuple(sorted(frozen, key=lambda plot: plot.plot.uid)), warnings


def _rank(result: TrialResult) -> tuple[bool, float, float, int]:
    if result.failed:
        return True, 0.0, 0.0, result.number
    return False, -result.balanced_accuracy, result.loss, result.number


def _directory(models_path: Path, plot_type: PlotType, plots: Sequence[LabelledPlot], trials: Sequence[Trial]) -> Path:
    """Return where the trials' files lie: another set of plots or of trials has another place."""
    rows = sorted((p.plot.uid, p.plot.sha256, p.class_name, p.split) for p in plots)
    about = repr((plot_type.class_names(), rows, [replace(t.options, created_by="", threads=1) for t in trials]))
    return models_path / plot_type.name / f".sweep-{hashlib.sha256(about.encode()).hexdigest()[:16]}"
