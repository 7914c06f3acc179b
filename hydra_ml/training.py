"""Train a model for a plot type from its labels and put it into the library as a candidate."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hydra_core.domain import LabelledPlot, ModelRecord, PlotType
from hydra_core.errors import ModelError
from hydra_core.ports import Archive
from hydra_ml.against_active import compare_with_active
from hydra_ml.architectures import build, draw_weights, find
from hydra_ml.bundle import bundle_path, write_bundle
from hydra_ml.calibrate import HeldOut
from hydra_ml.card import Card
from hydra_ml.checkpoint import Checkpoint
from hydra_ml.dataset import Dataset, load_dataset
from hydra_ml.doubts import FEW_LABELS, doubts
from hydra_ml.fitting import FitOptions, fit
from hydra_ml.golden import GOLDEN_FILE, choose_golden
from hydra_ml.good_only import WARNING, good_classes, is_good_only, options_for, say_always
from hydra_ml.hardware import FLOAT32, computing_in, policy_here, strategy_for
from hydra_ml.head_fit import FEATURES_FILE, fit_head_of
from hydra_ml.measure import Measured, measure
from hydra_ml.mistakes import queue_mistakes
from hydra_ml.novelty import NOVELTY_FILE
from hydra_ml.novelty_fit import fit_novelty, novelty_doubts
from hydra_ml.packing import TrainingOptions, bundle_files, fill_card, training_facts
from hydra_ml.progress import Epoch, Progress, curves

if TYPE_CHECKING:
    import keras

    from hydra_core.store import SqlStore

__all__ = [
    "FEW_LABELS",
    "Fitted",
    "TrainingOptions",
    "build_network",
    "doubts",
    "enter",
    "fit_model",
    "labelled_dataset",
    "train",
]

HEAD = "scores"
"""The layer that a pretrained body leaves to learn from nothing."""
FINE_TUNING_RATE = 1e-4
"""Learning rate for the last blocks of a body that came with weights."""


def train(
    plot_type: PlotType,
    store: "SqlStore",
    archive: Archive,
    models_path: Path,
    options: TrainingOptions,
    progress: Progress,
) -> ModelRecord:
    """Train on all labels of a plot type and return the new candidate.

    Test plots touch nothing but the final figures: early stopping, temperature and thresholds use the validation
    plots. Raises ModelError when there is nothing to learn from, StoreError when the library cannot be written.
    """
    from hydra_ml.engines.threads import pin_threads

    started = datetime.now(UTC)
    pin_threads(options.threads)
    plots = store.labelled(plot_type.name)
    good_only = is_good_only(plot_type, plots)
    options = options_for(options, progress) if good_only else options
    dataset = labelled_dataset(plot_type, plots, archive, options, progress)
    warnings = [*dataset.warnings, *doubts(dataset), *novelty_doubts(dataset, good_classes(plot_type))]
    warnings = [WARNING, *warnings] if good_only else warnings
    for warning in warnings:
        progress.warning(warning)
    checkpoint = _checkpoint_path(models_path, plot_type.name)
    fitted = fit_model(dataset, options, checkpoint, progress)
    progress.stage("evaluating")
    record = enter(fitted, plot_type, store, archive, models_path, dataset, options, warnings, started)
    checkpoint.unlink(missing_ok=True)
    return record


@dataclass(frozen=True, slots=True)
class Fitted:
    """A network with its best weights, in float32, and how it came to them; `policy` is what Keras computed in.

    `held_out` are scores of a head that was fitted alone, of plots it had not seen.
    """

    model: "keras.Model"
    history: list[Epoch]
    policy: str
    devices: int
    held_out: HeldOut | None = None


def enter(
    fitted: Fitted,
    plot_type: PlotType,
    store: "SqlStore",
    archive: Archive,
    models_path: Path,
    dataset: Dataset,
    options: TrainingOptions,
    warnings: list[str],
    started: datetime,
) -> ModelRecord:
    """Measure a fitted network, write its bundle and enter it as a candidate. Raises ModelError, StoreError."""
    measured = measure(fitted.model, dataset, fitted.held_out)
    number = _free_version(plot_type.name, store, models_path)
    how = {"policy": fitted.policy, "devices": fitted.devices, "plots_per_second": round(_speed(fitted.history), 1)}
    facts = {**training_facts(options, fitted.history, started), **how}
    card = fill_card(plot_type, dataset, measured, options, number, warnings, facts)
    comparison = compare_with_active(measured, plot_type.name, store, archive, models_path)
    files = bundle_files(card, dataset, measured, fitted.history, plot_type, archive, comparison)
    novelty = fit_novelty(fitted.model, card, dataset, good_classes(plot_type))
    if novelty is not None:
        files[NOVELTY_FILE] = novelty.to_bytes()
    golden = choose_golden(fitted.model, card, dataset, novelty)
    if golden is not None:
        files[GOLDEN_FILE] = golden.to_bytes()
    card = write_bundle(models_path, card, fitted.model, files)
    record = _record(store, card, dataset, measured, fitted.history, started, options.run)
    queue_mistakes(store, record.ref, {one.plot.plot.uid: one.score for one in measured.mistakes})
    return record


def labelled_dataset(
    plot_type: PlotType,
    plots: Sequence[LabelledPlot],
    archive: Archive,
    options: TrainingOptions,
    progress: Progress,
) -> Dataset:
    """Return labelled plots as these options train on them.

    Raises ModelError when there are neither two classes nor enough good plots.
    """
    classes = plot_type.class_names()
    present = {p.class_name for p in plots} & set(classes)
    if len(present) < 2 and not is_good_only(plot_type, plots):
        have = f"only plots labelled {present.pop()}" if present else "no labelled plots"
        raise ModelError(
            f"{plot_type.name} has {have}; a model needs two classes, or 20 good plots: `hydra import DIR`"
        )
    size = options.input_size or find(options.architecture).input_size
    dataset = load_dataset(plots, classes, archive, size, options.crop, options.seed, progress)
    return replace(dataset, good=good_classes(plot_type))


def fit_model(
    dataset: Dataset,
    options: TrainingOptions,
    checkpoint: Path | None,
    progress: Progress,
    devices: Sequence[str] = (),
) -> Fitted:
    """Build and fit a network; `devices` are TensorFlow's names (none: every GPU, or the processor).

    A pretrained body gets its head first; where fine-tuning then only loses, the head alone is kept.
    Raises ModelError when no plot is left to train on, or `checkpoint` is not to be resumed.
    """
    import keras

    train_part, validation = dataset.part("train"), dataset.part("validation")
    if len(train_part.truth) == 0:
        raise ModelError("no plot is left to train on; give some plots the split `train`, or none")
    keras.utils.set_random_seed(options.seed)
    policy, strategy = policy_here(options.precision), strategy_for(devices)
    if policy == FLOAT32 != options.precision:
        progress.warning("this machine computes nothing faster than float32: trained in float32")
    how = _fit_options(options)
    saved = Checkpoint(checkpoint, _fingerprint(dataset, options, how, policy), options.resume)
    count = strategy.num_replicas_in_sync
    on = f" in {policy}" * (policy != FLOAT32) + f" on {count} devices" * (count > 1)
    progress.stage(f"training {options.architecture} on {len(train_part.truth)} plots{on}")
    with strategy.scope(), computing_in(policy):
        model = build_network(dataset, options)
        if len(np.unique(dataset.truth)) == 1:
            say_always(model, dataset.truth)
            return Fitted(model, [], FLOAT32, 1)
        head_loss, held_out = float("inf"), None
        if _is_pretrained(options):
            kept = checkpoint.with_name(FEATURES_FILE) if checkpoint is not None else None
            head_loss, held_out = fit_head_of(model, dataset, fine_tuned=how.epochs > 0, kept=kept)
        headed = model.get_weights()
        history = fit(model, train_part, validation, how, progress, saved)
    if min((e.val_loss for e in history), default=float("inf")) > head_loss:
        # With few plots fine-tuning may unlearn more than it learns: the head alone is kept then.
        model.set_weights(headed)
    if policy != FLOAT32 or count > 1:
        trained = model.get_weights()
        model = build_network(dataset, options)
        model.set_weights(trained)
    return Fitted(model, history, policy, count, held_out)


def build_network(dataset: Dataset, options: TrainingOptions) -> "keras.Model":
    """Return the network that these options mean, as it is before it has learnt anything from the plots."""
    model = build(options.architecture, dataset.pictures.shape[1], len(dataset.classes), options.weights)
    draw_weights(model, options.seed, (HEAD,) if _is_pretrained(options) else ())
    return model


def _is_pretrained(options: TrainingOptions) -> bool:
    return find(options.architecture).pretrained or options.weights is not None


def _fit_options(options: TrainingOptions) -> FitOptions:
    usual = FINE_TUNING_RATE if options.weights is not None else find(options.architecture).learning_rate
    rate = options.learning_rate or usual
    epochs = options.epochs
    if epochs is None:
        epochs = find(options.architecture).epochs
    return FitOptions(epochs, options.batch, rate, options.patience, options.seed)


def _fingerprint(dataset: Dataset, options: TrainingOptions, how: FitOptions, policy: str) -> str:
    weights = str(options.weights) if options.weights is not None else None
    about = (dataset.digest, options.architecture, dataset.pictures.shape[1], how, weights, policy)
    return hashlib.sha256(repr(about).encode()).hexdigest()


def _speed(history: list[Epoch]) -> float:
    """Return plots learnt from per second, over the whole fit."""
    seconds = sum(e.seconds for e in history)
    return sum(e.plots for e in history) / seconds if seconds > 0 else 0.0


def _free_version(name: str, store: "SqlStore", models_path: Path) -> int:
    """Return the next version whose directory is free too (one may be left of a training that never was entered)."""
    number = store.next_version(name)
    while bundle_path(models_path, name, number).exists():
        number += 1
    return number


def _record(
    store: "SqlStore",
    card: Card,
    dataset: Dataset,
    measured: Measured,
    history: list[Epoch],
    started: datetime,
    run: int | None,
) -> ModelRecord:
    side = "test" if "test" in measured.sides else "validation"
    # A model that always says one class is always right about it: that measures nothing.
    measures = side in measured.sides and len(np.unique(dataset.truth)) > 1
    metrics = measured.sides[side].summary() if measures else {}
    dataset_id = store.freeze_dataset(card.plot_type, dataset.items(), dataset.digest)
    path = bundle_path(Path(), card.plot_type, card.version)
    record = store.add_model(
        card.plot_type, card.ref(), str(path), card.classes, metrics, card.thresholds, card.created_by
    )
    kept: dict[str, Any] = {
        "dataset_id": dataset_id,
        "version": card.version,
        "settings": card.training,
        "history": curves(history),
    }
    if run is not None:
        store.finish_training(run, **kept)
        return record
    ended = datetime.now(UTC)
    store.add_training_run(
        card.plot_type, state="finished", started_at=started, finished_at=ended, by=card.created_by, **kept
    )
    return record


def _checkpoint_path(models_path: Path, plot_type: str) -> Path:
    return models_path / plot_type / ".training.npz"
