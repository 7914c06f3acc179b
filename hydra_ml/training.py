"""Train a model for a plot type from its labels and put it into the library as a candidate."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hydra_core.domain import ModelRecord, PlotType
from hydra_core.errors import ModelError
from hydra_core.ports import Archive
from hydra_ml.architectures import build, find
from hydra_ml.bundle import bundle_path, write_bundle
from hydra_ml.card import Card
from hydra_ml.checkpoint import Checkpoint
from hydra_ml.dataset import Dataset, load_dataset
from hydra_ml.fitting import FitOptions, fit
from hydra_ml.packing import Measured, TrainingOptions, bundle_files, fill_card, measure, training_facts
from hydra_ml.progress import Epoch, Progress
from hydra_ml.transfer import fit_head

if TYPE_CHECKING:
    import keras

    from hydra_core.store import SqlStore

__all__ = ["FEW_LABELS", "TrainingOptions", "train"]

FEW_LABELS = 20
"""A class with fewer labels than this is not to be trusted."""


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
    from hydra_ml.classifier import pin_threads

    started = datetime.now(UTC)
    pin_threads(options.threads)
    dataset = _dataset(plot_type, store, archive, options, progress)
    warnings = [*dataset.warnings, *_doubts(dataset)]
    for warning in warnings:
        progress.warning(warning)
    model, history = _fit(dataset, plot_type, models_path, options, progress)
    progress.stage("evaluating")
    measured = measure(model, dataset)
    number = _free_version(plot_type.name, store, models_path)
    card = fill_card(plot_type, dataset, measured, options, number, warnings, training_facts(options, history, started))
    files = bundle_files(card, dataset, measured, history, plot_type, archive)
    card = write_bundle(models_path, card, model, files)
    record = _enter(store, card, dataset, measured, history, started)
    _checkpoint_path(models_path, plot_type.name).unlink(missing_ok=True)
    return record


def _dataset(
    plot_type: PlotType, store: "SqlStore", archive: Archive, options: TrainingOptions, progress: Progress
) -> Dataset:
    plots = store.labelled(plot_type.name)
    classes = plot_type.class_names()
    present = {p.class_name for p in plots} & set(classes)
    if len(present) < 2:
        have = f"only plots labelled {present.pop()}" if present else "no labelled plots"
        raise ModelError(f"{plot_type.name} has {have}; a model needs two classes: `hydra import DIR --labels CSV`")
    size = options.input_size or find(options.architecture).input_size
    return load_dataset(plots, classes, archive, size, options.crop, options.seed, progress)


def _doubts(dataset: Dataset) -> list[str]:
    """Say what makes the model's figures doubtful."""
    counts = dataset.counts()
    labels = {c: sum(side[c] for side in counts.values()) for c in dataset.classes}
    doubts = []
    absent = [c for c, n in labels.items() if n == 0]
    if absent:
        doubts.append(f"no labelled plot of {', '.join(absent)}: the model can never say so")
    few = [f"{c}: {n}" for c, n in labels.items() if 0 < n < FEW_LABELS]
    if few:
        doubts.append(f"too few labels to trust ({', '.join(few)}); {FEW_LABELS} or more a class are needed")
    for side, use in (("validation", "no threshold of its own"), ("test", "its figures are unknown")):
        without = [c for c, n in labels.items() if n and not counts[side][c]]
        if without:
            doubts.append(f"no {side} plot of {', '.join(without)}: {use}")
    return doubts


def _fit(
    dataset: Dataset, plot_type: PlotType, models_path: Path, options: TrainingOptions, progress: Progress
) -> tuple["keras.Model", list[Epoch]]:
    import keras

    architecture = find(options.architecture)
    keras.utils.set_random_seed(options.seed)
    size = dataset.pictures.shape[1]
    model = build(options.architecture, size, len(dataset.classes), options.weights)
    rate = options.learning_rate or architecture.learning_rate
    how = FitOptions(options.epochs, options.batch, rate, options.patience, options.seed)
    fingerprint = hashlib.sha256(repr((dataset.digest, options.architecture, size, how)).encode()).hexdigest()
    checkpoint = Checkpoint(_checkpoint_path(models_path, plot_type.name), fingerprint, options.resume)
    train_part, validation = dataset.part("train"), dataset.part("validation")
    if len(train_part.truth) == 0:
        raise ModelError(f"{plot_type.name}: no plot is left to train on; give some plots the split `train`, or none")
    progress.stage(f"training {options.architecture} on {len(train_part.truth)} plots")
    head_loss = float("inf")
    if architecture.pretrained:
        head_loss = fit_head(model, train_part, validation, options.seed)
    headed = model.get_weights()
    history = fit(model, train_part, validation, how, progress, checkpoint)
    if min((e.val_loss for e in history), default=float("inf")) > head_loss:
        # With few plots fine-tuning may unlearn more than it learns: the head alone is kept then.
        model.set_weights(headed)
    return model, history


def _free_version(name: str, store: "SqlStore", models_path: Path) -> int:
    """Return the next version whose directory is free too (one may be left of a training that never was entered)."""
    number = store.next_version(name)
    while bundle_path(models_path, name, number).exists():
        number += 1
    return number


def _enter(
    store: "SqlStore", card: Card, dataset: Dataset, measured: Measured, history: list[Epoch], started: datetime
) -> ModelRecord:
    side = "test" if "test" in measured.sides else "validation"
    metrics = measured.sides[side].summary() if side in measured.sides else {}
    dataset_id = store.freeze_dataset(card.plot_type, dataset.items(), dataset.digest)
    path = bundle_path(Path(), card.plot_type, card.version)
    record = store.add_model(
        card.plot_type, card.ref(), str(path), card.classes, metrics, card.thresholds, card.created_by
    )
    store.add_training_run(
        card.plot_type,
        dataset_id=dataset_id,
        version=card.version,
        state="finished",
        started_at=started,
        finished_at=datetime.now(UTC),
        settings=card.training,
        history={"loss": [e.loss for e in history], "val_loss": [_number(e.val_loss) for e in history]},
        by=card.created_by,
    )
    return record


def _number(value: float) -> float | None:
    return None if value != value else value


def _checkpoint_path(models_path: Path, plot_type: str) -> Path:
    return models_path / plot_type / ".training.npz"
