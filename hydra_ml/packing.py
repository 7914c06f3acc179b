"""Put a fitted model into a bundle: calibrate and measure it, fill its card, draw its report, pick a typical plot."""

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as PilImage

from hydra_core import images
from hydra_core.domain import PlotType, Severity
from hydra_core.ports import Archive
from hydra_ml.calibrate import THRESHOLD_METHOD, best_thresholds, fit_temperature, soften
from hydra_ml.card import ITEMS_FILE, Card
from hydra_ml.dataset import Dataset
from hydra_ml.fitting import inference, scores_of
from hydra_ml.metrics import Evaluation, Scores, evaluate_scores
from hydra_ml.preprocess import NO_CROP, PREPROCESS_VERSION, Crop
from hydra_ml.progress import Epoch
from hydra_ml.report import render

if TYPE_CHECKING:
    import keras

REFERENCE_SIDE = 800


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """What a person may choose; None means the architecture's own value. Sizes in pixels.

    `precision` is float32 or mixed; the weights are float32 in any case.
    """

    architecture: str = "compact"
    input_size: int | None = None
    crop: Crop = NO_CROP
    epochs: int = 30
    batch: int = 16
    learning_rate: float | None = None
    patience: int = 12
    seed: int = 1
    weights: Path | None = None
    precision: str = "float32"
    resume: bool = False
    threads: int | None = None
    created_by: str = "hydra"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a fit gave: temperature, thresholds, calibrated evaluations by side, and the misjudged test plots."""

    temperature: float
    thresholds: Mapping[str, float]
    sides: dict[str, Evaluation]
    mistakes: tuple[str, ...]


def measure(model: "keras.Model", dataset: Dataset) -> Measured:
    """Calibrate on the validation plots, then measure; the test plots change nothing."""
    forward, classes = inference(model), len(dataset.classes)
    validation, test = dataset.part("validation"), dataset.part("test")
    raw = scores_of(forward, validation.images, classes)
    temperature = fit_temperature(raw, validation.truth)
    soft = soften(raw, temperature)
    sides, mistakes = {}, []
    if len(test.truth):
        scores = soften(scores_of(forward, test.images, classes), temperature)
        sides["test"] = evaluate_scores(dataset.classes, scores, test.truth)
        mistakes = _mistakes(dataset, scores)
    if len(validation.truth):
        sides["validation"] = evaluate_scores(dataset.classes, soft, validation.truth)
    return Measured(temperature, best_thresholds(dataset.classes, soft, validation.truth), sides, tuple(mistakes))


def _mistakes(dataset: Dataset, scores: Scores) -> list[str]:
    tested = [p for p, s in zip(dataset.plots, dataset.splits, strict=True) if s == "test"]
    said = [(dataset.classes[int(s.argmax())], float(s.max())) for s in scores]
    return [
        f"{plot.plot.source}: labelled {plot.class_name}, judged {name} ({score:.3f})"
        for plot, (name, score) in zip(tested, said, strict=True)
        if name != plot.class_name
    ]


def fill_card(
    plot_type: PlotType,
    dataset: Dataset,
    measured: Measured,
    options: TrainingOptions,
    number: int,
    warnings: list[str],
    training: dict[str, Any],
) -> Card:
    """Return the card of version `number`, whole except for the hashes of files not written yet."""
    packages = {"hydra": "hydra-monitoring", "tensorflow": "tensorflow-cpu", "keras": "keras", "numpy": "numpy"}
    return Card.model_construct(
        plot_type=plot_type.name,
        version=number,
        classes=dataset.classes,
        architecture=options.architecture,
        input_size=dataset.pictures.shape[1],
        crop=options.crop,
        preprocess=PREPROCESS_VERSION,
        dataset=dataset.digest,
        split={side: sum(counts.values()) for side, counts in dataset.counts().items()},
        metrics={side: evaluation.to_dict() for side, evaluation in measured.sides.items()},
        thresholds=dict(measured.thresholds),
        threshold_method=THRESHOLD_METHOD,
        temperature=measured.temperature,
        training=training,
        warnings=tuple(warnings),
        versions={name: version(package) for name, package in packages.items()},
        created_at=datetime.now(UTC).replace(microsecond=0),
        created_by=options.created_by,
        files={},
    )


def training_facts(options: TrainingOptions, history: list[Epoch], started: datetime) -> dict[str, Any]:
    """Return how the model was trained, as the card keeps it."""
    chosen = {k: v for k, v in asdict(options).items() if k not in ("created_by", "weights", "crop")}
    losses = [e.val_loss for e in history]
    best = len(history) if np.isnan(losses).all() else int(np.nanargmin(losses)) + 1
    return {
        **chosen,
        "epochs_run": len(history),
        "best_epoch": best,
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 1),
    }


def bundle_files(
    card: Card, dataset: Dataset, measured: Measured, history: list[Epoch], plot_type: PlotType, archive: Archive
) -> dict[str, bytes]:
    """Return what lies beside the model: report, typical plot, and which plot stood on which side."""
    return {
        "report.html": render(card, measured.sides, history, measured.mistakes),
        "reference.webp": _reference(dataset, plot_type, archive),
        ITEMS_FILE: json.dumps(dataset.sides(), indent=0).encode(),
    }


def _reference(dataset: Dataset, plot_type: PlotType, archive: Archive) -> bytes:
    """Return the training plot nearest to the mean of the good ones, as WebP."""
    good = {c.name for c in plot_type.classes if c.severity == Severity.NO_ALARM} or set(dataset.classes)
    rows = [i for i, (p, s) in enumerate(zip(dataset.plots, dataset.splits, strict=True)) if s and p.class_name in good]
    rows = rows or list(range(len(dataset.plots)))
    pictures = dataset.pictures[rows].astype(np.float32)
    nearest = rows[int(((pictures - pictures.mean(axis=0)) ** 2).mean(axis=(1, 2, 3)).argmin())]
    picture = PilImage.fromarray(images.decode(archive.get(dataset.plots[nearest].plot.sha256)))
    picture.thumbnail((REFERENCE_SIDE, REFERENCE_SIDE))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=85)
    return out.getvalue()
