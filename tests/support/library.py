"""Bundles that pages can show and nobody can run: a card, a confusion matrix and scans, without any network."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra_core.domain import ModelRecord, ModelRef
from support.web_server import Hall

CLASSES = ("Good", "Bad", "NoData")


def figures(support: int = 12) -> dict[str, Any]:
    one = {"support": support, "precision": 0.9, "recall": 0.8, "f1": 0.85, "precision_interval": [0.7, 0.97]}
    return {
        "accuracy": 0.9,
        "balanced_accuracy": 0.88,
        "balanced_accuracy_interval": [0.7, 0.95],
        "ece": 0.05,
        "ece_of_chance": 0.06,
        "ece_within_chance": True,
        "runs": 4,
        "interval_note": "",
        "classes": dict.fromkeys(CLASSES, one),
    }


def cell(label: str, said: str, plots: Sequence[tuple[str, float]]) -> dict[str, Any]:
    histogram = [0] * 20
    for _, sure in plots:
        histogram[min(19, int(sure * 20))] += 1
    return {"label": label, "said": said, "count": len(plots), "histogram": histogram, "plots": list(plots)}


def write_bundle(bundle: Path, version: int, cells: Sequence[dict[str, Any]] = (), **changes: Any) -> str:
    """Write a bundle; return the sha256 of its model file."""
    bundle.mkdir(parents=True)
    (bundle / "model.keras").write_bytes(f"no network, version {version}".encode())
    matrix = {"classes": CLASSES, "bins": 20, "cells": list(cells)}
    (bundle / "confusion.json").write_text(json.dumps({"test": matrix}))
    steps = [n / 100 for n in range(100)]
    scan = {"threshold": steps, "precision": [0.9] * 99 + [None], "recall": [1 - s for s in steps], "f1": [0.5] * 100}
    (bundle / "thresholds.json").write_text(json.dumps({"from": "the validation plots", "classes": {"Bad": scan}}))
    (bundle / "report.html").write_text("<!doctype html><title>report</title>")
    (bundle / "reference.webp").write_bytes(b"RIFF....WEBP")
    files = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in bundle.iterdir()}
    card = {
        "format": 1, "plot_type": "CDC_occupancy", "version": version, "classes": CLASSES, "architecture": "light",
        "input_size": 192, "crop": [0, 0, 0, 0], "preprocess": "area-1", "dataset": "0" * 64,
        "split": {"train": 100, "test": 24}, "metrics": {"test": figures()}, "thresholds": {"Bad": 0.61},
        "threshold_method": "max_f1", "temperature": 1.1, "training": {"epochs_run": 0, "seed": 1, "seconds": 3.5},
        "warnings": ["no test plot of NoData"], "versions": {"hydra": "0.1.0"},
        "created_at": "2026-11-24T18:11:06Z", "created_by": "anna", "files": files,
    }  # fmt: skip
    (bundle / "card.json").write_text(json.dumps({**card, **changes}))
    return files["model.keras"]


def add_model(hall: Hall, version: int, cells: Sequence[dict[str, Any]] = (), **changes: Any) -> ModelRecord:
    """Write a bundle into the hall's models directory and enter it as a candidate."""
    kind, path = "CDC_occupancy", Path("CDC_occupancy") / f"v{version}"
    sha256 = write_bundle(hall.models / path, version, cells, **changes)
    metrics = {"balanced_accuracy": 0.88, "plots": 24.0}
    return hall.store.add_model(
        kind, ModelRef(kind, version, sha256), str(path), CLASSES, metrics, {"Bad": 0.61}, "anna"
    )
