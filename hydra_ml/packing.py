"""Put a fitted and measured model into a bundle: fill its card, draw its report and charts, pick a typical plot."""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PilImage

from hydra_core import images
from hydra_core.domain import PlotType, Severity
from hydra_core.ports import Archive
from hydra_ml.audit.reference import reference_files
from hydra_ml.card import ITEMS_FILE, Card
from hydra_ml.compare import Comparison
from hydra_ml.confusion import CONFUSION_FILE
from hydra_ml.dataset import Dataset
from hydra_ml.drawing import PALETTES, Drawing
from hydra_ml.measure import Measured
from hydra_ml.mistakes import show
from hydra_ml.preprocess import NO_CROP, PREPROCESS_VERSION, Crop
from hydra_ml.progress import Epoch
from hydra_ml.report import Report, charts_of, render
from hydra_ml.thresholds import MAX_F1, THRESHOLDS_FILE

REFERENCE_SIDE = 800
COMPARISON_FILE = "comparison.json"
"""What the model was compared with when it was trained, see `compare.Comparison.to_dict`."""


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """What a person may choose; None means the architecture's own value. Sizes in pixels.

    `precision` is float32 or mixed; the weights are float32 in any case. `run` is the training's id in the database
    when somebody started it from a page.
    """

    architecture: str = "light"
    input_size: int | None = None
    crop: Crop = NO_CROP
    epochs: int | None = None
    batch: int = 16
    learning_rate: float | None = None
    patience: int = 12
    seed: int = 1
    weights: Path | None = None
    precision: str = "float32"
    resume: bool = False
    threads: int | None = None
    created_by: str = "hydra"
    run: int | None = None


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
        threshold_method=MAX_F1,
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
    chosen = {k: v for k, v in asdict(options).items() if k not in ("created_by", "weights", "crop", "run")}
    losses = [e.val_loss for e in history]
    best = len(history) if np.isnan(losses).all() else int(np.nanargmin(losses)) + 1
    return {
        **chosen,
        "epochs_run": len(history),
        "best_epoch": best,
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 1),
    }


def bundle_files(
    card: Card,
    dataset: Dataset,
    measured: Measured,
    history: list[Epoch],
    plot_type: PlotType,
    archive: Archive,
    comparison: Comparison | None = None,
    extra: Sequence[tuple[str, str, Drawing]] = (),
) -> dict[str, bytes]:
    """Return what lies beside the model: report, charts, typical plot, cells and scans, and each plot's side.

    `comparison` is that with the active model, `extra` are charts for the report's end: heading, sentence, drawing.
    """
    report = Report(
        card=card,
        sides=measured.sides,
        matrices={name: side.matrix for name, side in measured.judged.items()},
        scans=measured.scans,
        calibrated_on=measured.calibrated_on,
        history=history,
        mistakes=len(measured.mistakes),
        shown=show(measured.mistakes, archive, card.crop),
        comparison=comparison,
        extra=extra,
    )
    scans = {"from": measured.calibrated_on, "classes": {s.class_name: s.to_dict() for s in measured.scans}}
    files = {
        "report.html": render(report),
        "reference.webp": _reference(dataset, plot_type, archive),
        CONFUSION_FILE: _json({name: side.matrix.to_dict() for name, side in measured.judged.items()}),
        THRESHOLDS_FILE: _json(scans),
        ITEMS_FILE: json.dumps(dataset.sides(), indent=0).encode(),
    }
    pictures = {
        f"{name}{'' if theme == 'light' else '-dark'}.png": drawing.png(theme)
        for name, drawing in charts_of(report)
        for theme in PALETTES
    }
    against = {} if comparison is None else {COMPARISON_FILE: _json(comparison.to_dict())}
    remembered = reference_files(dataset, measured.judged, plot_type, archive, card.crop)
    return {**files, **pictures, **against, **remembered}


def _json(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


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
