"""A model as the API tells it: the library's record, what its bundle says of it, and how its thresholds came to be."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from hydra_core import bundles
from hydra_core.bundles import Card, Matrix, Scan, Side
from hydra_core.domain import ModelRecord
from hydra_core.errors import ModelError
from hydra_core.store.library import ThresholdRecord
from hydra_core.store.trainings import TrainingRun
from hydra_web.library.charts import Chart, curve_chart, reliability_chart, scan_chart


class ModelFacts(BaseModel):
    """One model of the library in short. Thresholds of training are proposals; `manual` ones are in force."""

    id: str = Field(description="`/models/{id}` is its page.", examples=["CDC_occupancy:3"])
    plot: str = Field(description="Name of the plot type.")
    version: int
    state: str = Field(json_schema_extra={"enum": ["candidate", "shadow", "active", "retired"]})
    classes: list[str]
    metrics: dict[str, float]
    thresholds: dict[str, float] = Field(description="The last ones set of each class, however chosen.")
    manual: dict[str, float] = Field(description="Those of them that a person set.")
    created_at: datetime
    created_by: str
    parent: int | None


class ThresholdSet(BaseModel):
    """One threshold that was ever set."""

    class_name: str
    value: float
    method: str
    at: datetime
    by: str


class ReliabilityBin(BaseModel):
    """Plots of about the same confidence."""

    plots: int
    confidence: float
    accuracy: float


class ConfusionCell(BaseModel):
    """A cell of the confusion matrix: `histogram` counts plots by confidence, over 0 to 1."""

    label: str
    said: str
    count: int
    histogram: list[int]


class ModelDetails(ModelFacts):
    """One model with all that its bundle says; `trouble` says why the bundle cannot be read, null: it can."""

    trouble: str | None
    card: Card | None
    confusion: dict[str, list[ConfusionCell]]
    reliability: dict[str, list[ReliabilityBin]]
    curves: dict[str, list[float | None]] = Field(description="Losses and accuracies by epoch; empty: none were run.")
    threshold_history: list[ThresholdSet]
    compared: str = Field(description="How it compared with the active model when it was trained.")


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle says; `trouble` is why it says nothing, "" when it could be read. `sides` has test first."""

    trouble: str
    card: Card | None
    matrices: dict[str, Matrix]
    scanned_on: str
    scans: dict[str, Scan]
    compared: str
    has_report: bool
    has_reference: bool

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides that were measured."""
        return tuple(sorted(self.card.metrics)) if self.card is not None else ()


def read_bundle(path: Path) -> Bundle:
    """Read all that the page of a model shows. Raises nothing: a model may be judged where its bundle is not."""
    try:
        card, (scanned_on, scans) = bundles.read_card(path), bundles.read_scans(path)
        matrices, compared = bundles.read_matrices(path), bundles.read_comparison(path)
    except ModelError as error:
        return Bundle(str(error), None, {}, "", {}, "", False, False)
    files = [(path / name).is_file() for name in (bundles.REPORT, bundles.REFERENCE)]
    return Bundle("", card, matrices, scanned_on, scans, compared, files[0], files[1])


def facts(record: ModelRecord) -> ModelFacts:
    """Return a model as lists tell it."""
    return ModelFacts(**_short(record))


def details(
    record: ModelRecord, bundle: Bundle, history: list[ThresholdRecord], run: TrainingRun | None
) -> ModelDetails:
    """Return a model as its page tells it. The bundle's path is nobody's business but the log's."""
    cells = {
        side: [
            ConfusionCell(label=c.label, said=c.said, count=c.count, histogram=list(c.histogram)) for c in matrix.cells
        ]
        for side, matrix in bundle.matrices.items()
    }
    bins = {
        side: [ReliabilityBin(plots=b.plots, confidence=b.confidence, accuracy=b.accuracy) for b in found]
        for side, matrix in bundle.matrices.items()
        if (found := bundles.reliability(matrix))
    }
    return ModelDetails(
        **_short(record),
        trouble="The bundle of this model cannot be read here." if bundle.trouble else None,
        card=bundle.card,
        confusion=cells,
        reliability=bins,
        curves=curves_of(run),
        threshold_history=[
            ThresholdSet(class_name=t.class_name, value=t.value, method=t.method, at=t.at, by=t.by) for t in history
        ],
        compared=bundle.compared,
    )


def curves_of(run: TrainingRun | None) -> dict[str, list[float | None]]:
    """Return the curves of a training by name, empty when no epoch was run or none were kept."""
    history = run.history if run is not None else {}
    return {name: history[name] for name in ("loss", "val_loss", "accuracy", "val_accuracy") if history.get(name)}


def training_charts(run: TrainingRun | None) -> list[Chart]:
    """Return loss and accuracy over the epochs, as far as they were kept."""
    curves, charts = curves_of(run), []
    if curves.get("loss"):
        charts.append(curve_chart("Loss", curves["loss"], curves.get("val_loss", [])))
    if curves.get("accuracy"):
        charts.append(curve_chart("Accuracy", curves["accuracy"], curves.get("val_accuracy", []), 1.0))
    return charts


def calibration_chart(bundle: Bundle, side: str) -> Chart | None:
    """Return the reliability diagram of a side, None without plots."""
    bins = bundles.reliability(bundle.matrices[side]) if side in bundle.matrices else []
    return reliability_chart(bins) if bins else None


def scan_charts(bundle: Bundle, in_force: dict[str, float]) -> dict[str, Chart]:
    """Return a chart a class of what its threshold does, with the threshold in force and the one of training."""
    proposed = bundle.card.thresholds if bundle.card is not None else {}
    charts = {}
    for name, scan in bundle.scans.items():
        marks = {"in force": in_force[name]} if name in in_force else {}
        marks |= {"training's": proposed[name]} if name in proposed else {}
        charts[name] = scan_chart(name, scan, marks)
    return charts


def side_of(bundle: Bundle, wanted: str) -> str:
    """Return the side to show: the one wanted, else the first that was measured."""
    return wanted if wanted in bundle.sides else (bundle.sides[0] if bundle.sides else "")


def measured(bundle: Bundle, side: str) -> Side | None:
    """Return the figures of a side."""
    return bundle.card.metrics.get(side) if bundle.card is not None else None


def _short(record: ModelRecord) -> dict[str, Any]:
    return {
        "id": f"{record.ref.plot_type}:{record.ref.version}",
        "plot": record.ref.plot_type,
        "version": record.ref.version,
        "state": record.state,
        "classes": list(record.classes),
        "metrics": dict(record.metrics),
        "thresholds": dict(record.thresholds),
        "manual": dict(record.manual),
        "created_at": record.created_at,
        "created_by": record.created_by,
        "parent": record.parent,
    }
