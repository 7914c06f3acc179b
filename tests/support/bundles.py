"""Bundles of models that were never trained, made in a second: for tests of serving, where only arithmetic counts."""

from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np

from hydra_core.domain import Plot
from hydra_ml.architectures import build
from hydra_ml.bundle import bundle_path, write_bundle
from hydra_ml.card import Card
from hydra_ml.golden import GOLDEN_FILE, Golden, said_by_keras
from hydra_ml.preprocess import NO_CROP, PREPROCESS_VERSION, prepare

CLASSES = ("Good", "Bad", "NoData")
WHEN = datetime(2026, 11, 1, tzinfo=UTC)


def card(name: str = "CDC_occupancy", version: int = 1, **changes: object) -> Card:
    fields: dict[str, object] = {
        "plot_type": name,
        "version": version,
        "classes": CLASSES,
        "architecture": "compact",
        "input_size": 48,
        "crop": NO_CROP,
        "preprocess": PREPROCESS_VERSION,
        "dataset": "0" * 64,
        "split": {},
        "metrics": {},
        "thresholds": {},
        "threshold_method": "none",
        "temperature": 1.0,
        "training": {},
        "warnings": (),
        "versions": {},
        "created_at": WHEN,
        "created_by": "test",
        "files": {"model.keras": "0" * 64},
    }
    return Card.model_validate({**fields, **changes})


def network(about: Card, seed: int = 1, says: str | None = None) -> keras.Model:
    """Return an untrained network; with `says` one that is sure of that class whatever it sees."""
    keras.utils.set_random_seed(seed)
    model = build(about.architecture, about.input_size, len(about.classes))
    kernel, bias = model.layers[-1].get_weights()
    # Untrained features are small and alike; so the classes differ from plot to plot.
    kernel = np.random.default_rng(seed).normal(0, 4, kernel.shape)
    if says is not None:
        kernel, bias = kernel * 1e-3, np.where(np.array(about.classes) == says, 4.0, 0.0)
    model.layers[-1].set_weights([kernel, bias])
    return model


def pictures(count: int, side: int, seed: int = 0) -> np.ndarray:
    """Return smooth coloured noise, uint8 (count, side, side, 3)."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 6, 6, 3), np.uint8)
    return np.stack([prepare(each, (side, side)) for each in coarse])


def golden_of(about: Card, model: keras.Model, count: int = 6) -> Golden:
    seen = pictures(count, about.input_size)
    scores, novelty = said_by_keras(model, about, seen, None)
    return Golden(seen, scores, novelty)


def write(models: Path, about: Card, model: keras.Model, golden: Golden | None = None) -> Path:
    """Write the bundle and return its directory."""
    files = {} if golden is None else {GOLDEN_FILE: golden.to_bytes()}
    finished = write_bundle(models, about, model, files)
    return bundle_path(models, finished.plot_type, finished.version)


def plot(number: int = 0, name: str = "CDC_occupancy") -> Plot:
    return Plot(f"{number:032x}", name, 1, number, WHEN, WHEN, f"{name}_{number}.png", "0" * 64)
