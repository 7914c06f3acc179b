"""Reads what a model's bundle says of itself, for those who show it and never run it: no Keras is needed.

`hydra_ml` writes bundles and checks far more before it loads one. Here unknown fields are passed over, so that a
newer card can still be shown.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from hydra_core.domain import PlotType
from hydra_core.errors import ModelError

CARD, CONFUSION, SCANS, REPORT, REFERENCE = (
    "card.json",
    "confusion.json",
    "thresholds.json",
    "report.html",
    "reference.webp",
)
COMPARISON = "comparison.json"
T = TypeVar("T", bound=BaseModel)

MOST_BYTES = 64 * 1024**2
FEWEST_IN_BIN, BINS = 10, 15


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ClassFigures(_Told):
    """How good a model is at one class, with 95 % intervals (low, high); None where it cannot be known."""

    support: int
    precision: float | None
    recall: float | None
    f1: float | None
    precision_interval: tuple[float, float] | None = None
    recall_interval: tuple[float, float] | None = None
    f1_interval: tuple[float, float] | None = None


class Side(_Told):
    """How good a model is on one side of its split; `interval_note` says when intervals are to be doubted."""

    accuracy: float
    balanced_accuracy: float
    balanced_accuracy_interval: tuple[float, float] | None = None
    ece: float
    ece_of_chance: float | None = None
    ece_within_chance: bool | None = None
    brier: float | None = None
    log_loss: float | None = None
    runs: int | None = None
    interval_note: str = ""
    classes: dict[str, ClassFigures]


class Card(_Told):
    """A model's card, as far as pages show it."""

    plot_type: str
    version: int
    classes: tuple[str, ...]
    architecture: str
    input_size: int
    crop: tuple[float, ...] = ()
    dataset: str
    split: dict[str, int]
    metrics: dict[str, Side]
    thresholds: dict[str, float]
    threshold_method: str
    temperature: float
    training: dict[str, Any]
    warnings: tuple[str, ...]
    versions: dict[str, str]
    created_at: AwareDatetime
    created_by: str
    files: dict[str, str]


class Cell(_Told):
    """Plots with one label that the model called one class: histogram of its confidence over 0…1, and each plot.

    `plots` are (uid, confidence), the surest first.
    """

    label: str
    said: str
    count: int
    histogram: tuple[int, ...]
    plots: tuple[tuple[str, float], ...]


class Matrix(_Told):
    """The enhanced confusion matrix of one side; cells without plots are left out."""

    classes: tuple[str, ...]
    cells: tuple[Cell, ...]

    def cell(self, label: str, said: str) -> Cell | None:
        """Return a cell, None for one without plots."""
        return next((cell for cell in self.cells if (cell.label, cell.said) == (label, said)), None)


class Scan(_Told):
    """Precision, recall and F1 of one class at each threshold; None where nothing is said."""

    threshold: tuple[float, ...]
    precision: tuple[float | None, ...]
    recall: tuple[float | None, ...]
    f1: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Bin:
    """Plots of about the same confidence: how many, their mean confidence, and the share judged rightly."""

    plots: int
    confidence: float
    accuracy: float


def read_card(bundle: Path) -> Card:
    """Return the card of a bundle. Raises ModelError when it is missing or no card."""
    return _validated(Card, _json(bundle / CARD), bundle / CARD)


def read_matrices(bundle: Path) -> dict[str, Matrix]:
    """Return the confusion matrix of each side; empty when the bundle has none. Raises ModelError."""
    file = bundle / CONFUSION
    return {side: _validated(Matrix, data, file) for side, data in _json(file, missing={}).items()}


def read_scans(bundle: Path) -> tuple[str, dict[str, Scan]]:
    """Return on which plots thresholds were scanned, and the scan of each class. Raises ModelError."""
    file = bundle / SCANS
    data = _json(file, missing={"from": "", "classes": {}})
    return str(data["from"]), {name: _validated(Scan, scan, file) for name, scan in data["classes"].items()}


def read_comparison(bundle: Path) -> str:
    """Return how the model compared with the active one when it was trained; empty when there was none."""
    return str(_json(bundle / COMPARISON, missing={}).get("sentence", ""))


def check_bundle(bundle: Path, plot_type: PlotType) -> None:
    """Raise ModelError unless every file is as the card says and the classes are the plot type's, in order."""
    card = read_card(bundle)
    if card.classes != plot_type.class_names():
        theirs, ours = ", ".join(card.classes), ", ".join(plot_type.class_names())
        raise ModelError(f"{plot_type.name}: the model's classes ({theirs}) are not the configuration's ({ours})")
    for name, wanted in card.files.items():
        try:
            with (bundle / Path(name).name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ModelError(f"{bundle / name} cannot be read ({error.strerror}); copy the bundle again") from error
        if found != wanted:
            raise ModelError(f"{bundle / name} is not the file that the card tells of; copy the bundle again")


def reliability(matrix: Matrix) -> list[Bin]:
    """Return how often the model is right by how sure it is: bins of equally many plots, by rising confidence."""
    plots = sorted((sure, cell.label == cell.said) for cell in matrix.cells for _, sure in cell.plots)
    bins = min(BINS, max(1, len(plots) // FEWEST_IN_BIN)) if plots else 0
    edges = [round(len(plots) * i / bins) for i in range(bins + 1)] if bins else []
    parts = [plots[start:end] for start, end in pairwise(edges) if end > start]
    return [Bin(len(p), math.fsum(s for s, _ in p) / len(p), sum(right for _, right in p) / len(p)) for p in parts]


def _json(file: Path, missing: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ModelError(f"{file} has more than {MOST_BYTES} bytes; it is no file of a bundle")
        found = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        if missing is not None:
            return missing
        raise ModelError(f"{file} is missing; copy the bundle to this machine, or roll back") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{file} holds no object")
    return found


def _validated(kind: type[T], data: object, file: Path) -> T:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where: Sequence[object] = first["loc"]
        raise ModelError(f"{file} is not as expected: {'.'.join(map(str, where))}: {first['msg']}") from error
