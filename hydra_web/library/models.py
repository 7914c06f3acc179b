"""The library: every model, the page of one, and the plots behind a cell of its confusion matrix."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import FileResponse, HTMLResponse
from pydantic import BaseModel, Field

from hydra_core import bundles
from hydra_core.domain import ModelRecord
from hydra_core.store.trainings import TrainingRun
from hydra_web.library import facts
from hydra_web.library.charts import CELL, histogram
from hydra_web.library.common import (
    After,
    PlotTypeName,
    Version,
    bundle_of,
    cursor,
    found_model,
    number_after,
    rules_of,
)
from hydra_web.library.facts import ModelDetails, ModelFacts
from hydra_web.library.shadow import comparison
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Reader, Role

PAGE = 60
HISTORY = 100
COMPARED_FOR = timedelta(days=30)

router = APIRouter(tags=["models"])
ClassName = Annotated[str, Query(max_length=64)]
SideName = Annotated[str, Query(max_length=32, description="A side of the split, such as test.")]


class ModelPage(BaseModel):
    """Models by plot type and version."""

    models: list[ModelFacts]
    next: str | None = Field(description="`after` of the next page; null: this is the last.")


class CellPlot(BaseModel):
    """A plot of a cell: how sure the model was of it; null where the plot is known no more."""

    uid: str
    confidence: float
    run: int | None
    chunk: int | None
    thumbnail: str | None


class CellPage(BaseModel):
    """Plots of a cell, the surest first."""

    plots: list[CellPlot]
    total: int
    next: str | None = Field(description="`after` of the next page; null: this is the last.")


@router.get("/models", response_class=HTMLResponse, include_in_schema=False)
def library(parts: PartsOf, person: Reader, plot_type: Annotated[str, Query(max_length=190)] = "") -> HTMLResponse:
    """Show every model by plot type, and what is being trained."""
    records: dict[str, list[ModelRecord]] = {}
    for record in reversed(parts.store.models(plot_type or None)):
        records.setdefault(record.ref.plot_type, []).append(record)
    cards = [card for card in parts.feed.cards if not plot_type or card.name == plot_type]
    context = {
        "cards": cards,
        "every": parts.feed.cards,
        "here": "models",
        "may": {card.name: person.may(Role.EXPERT, card.name) for card in cards},
        "records": records,
        "training": {run.plot_type: run for run in parts.store.trainings_under_way()},
        "wanted": plot_type,
    }
    return HTMLResponse(parts.views.page("models.html", person, context))


@router.get("/api/v1/models")
def every_model(
    parts: PartsOf,
    person: Reader,
    plot: Annotated[str, Query(max_length=190, description="Only this plot type.")] = "",
    after: After = "",
) -> ModelPage:
    """Return the models of one plot type or of all, by plot type and version."""
    records = [facts.facts(record) for record in parts.store.models(plot or None)]
    start = number_after(after) or 0
    more = cursor(start + PAGE) if len(records) > start + PAGE else None
    return ModelPage(models=records[start : start + PAGE], next=more)


@router.get("/models/{plot_type}:{version}", response_class=HTMLResponse, include_in_schema=False)
def model(
    plot_type: PlotTypeName,
    version: Version,
    parts: PartsOf,
    person: Reader,
    side: SideName = "",
    label: ClassName = "",
    said: ClassName = "",
    after: After = "",
) -> HTMLResponse:
    """Show one model; `label` and `said` name a cell of the confusion matrix whose plots are shown."""
    record = found_model(plot_type, version, parts)
    bundle = facts.read_bundle(bundle_of(record, parts.config))
    side = facts.side_of(bundle, side)
    matrix, run = bundle.matrices.get(side), training_of(record, parts)
    most = max((max(cell.histogram) for cell in matrix.cells), default=1) if matrix is not None else 1
    rules = rules_of(plot_type, parts) if parts.feed.card(plot_type) is not None else None
    in_force = dict(rules.policy.thresholds) if rules is not None and record.state == "active" else {}
    context = {
        "active": rules.active if rules is not None else None,
        "bundle": bundle,
        "calibration": facts.calibration_chart(bundle, side),
        "cell_size": CELL,
        "cells": {(c.label, c.said): (c, histogram(c, most)) for c in matrix.cells} if matrix is not None else {},
        "compared": comparison(plot_type, version, datetime.now(UTC) - COMPARED_FOR, parts),
        "curves": facts.training_charts(run),
        "here": "models",
        "history": parts.store.threshold_history(plot_type, version, HISTORY),
        "in_force": in_force,
        "may": person.may(Role.EXPERT, plot_type),
        "measured": facts.measured(bundle, side),
        "model": record,
        "picked": cell_page(bundle, side, label, said, after, parts) if label and said else None,
        "pick": (label, said),
        "rules": rules,
        "run": run,
        "scans": facts.scan_charts(bundle, in_force),
        "side": side,
        "tone": {label.name: label.colour for label in rules.plot_type.classes} if rules is not None else {},
    }
    return HTMLResponse(parts.views.page("model.html", person, context))


@router.get("/api/v1/models/{plot_type}:{version}")
def one_model(plot_type: PlotTypeName, version: Version, parts: PartsOf, person: Reader) -> ModelDetails:
    """Return one model with its card, figures, curves, confusion matrices and the history of its thresholds."""
    record = found_model(plot_type, version, parts)
    bundle = facts.read_bundle(bundle_of(record, parts.config))
    history = parts.store.threshold_history(plot_type, version, HISTORY)
    return facts.details(record, bundle, history, training_of(record, parts))


@router.get("/api/v1/models/{plot_type}:{version}/cell")
def cell(
    plot_type: PlotTypeName,
    version: Version,
    parts: PartsOf,
    person: Reader,
    side: SideName,
    label: ClassName,
    said: ClassName,
    after: After = "",
) -> CellPage:
    """Return the plots of one cell of a confusion matrix: those labelled `label` that the model called `said`."""
    bundle = facts.read_bundle(bundle_of(found_model(plot_type, version, parts), parts.config))
    return cell_page(bundle, side, label, said, after, parts)


@router.get("/models/{plot_type}:{version}/reference.webp", response_class=FileResponse, tags=["pictures"])
def reference(plot_type: PlotTypeName, version: Version, parts: PartsOf, person: Reader) -> FileResponse:
    """Return the typical good plot that the model was trained with."""
    return _file(found_model(plot_type, version, parts), bundles.REFERENCE, parts, "image/webp")


@router.get("/models/{plot_type}:{version}/report", response_class=FileResponse)
def report(plot_type: PlotTypeName, version: Version, parts: PartsOf, person: Reader) -> FileResponse:
    """Return the report that was written when the model was trained: one HTML file to keep or to send."""
    answer = _file(found_model(plot_type, version, parts), bundles.REPORT, parts, "text/html")
    answer.headers["Content-Disposition"] = f'attachment; filename="report-v{version}.html"'
    return answer


def cell_page(bundle: facts.Bundle, side: str, label: str, said: str, after: str, parts: Parts) -> CellPage:
    """Return a page of a cell's plots; an empty cell has none. Raises HTTPException (422) for a wrong cursor."""
    found = bundle.matrices[side].cell(label, said) if side in bundle.matrices else None
    every = found.plots if found is not None else ()
    start = number_after(after) or 0
    shown = every[start : start + PAGE]
    known = parts.store.plots_by_uid([uid for uid, _ in shown])
    plots = []
    for uid, sure in shown:
        plot = known.get(uid)
        numbers = {"run": plot.run, "chunk": plot.chunk} if plot is not None else {"run": None, "chunk": None}
        picture = f"/thumbs/{plot.sha256}" if plot is not None else None
        plots.append(CellPlot(uid=uid, confidence=sure, thumbnail=picture, **numbers))
    more = cursor(start + PAGE) if len(every) > start + PAGE else None
    return CellPage(plots=plots, total=len(every), next=more)


def training_of(record: ModelRecord, parts: Parts) -> TrainingRun | None:
    """Return the training that a model came from, None where it is not known."""
    return parts.store.training_of(record.ref.plot_type, record.ref.version)


def _file(record: ModelRecord, name: str, parts: Parts, media_type: str) -> FileResponse:
    path = bundle_of(record, parts.config) / name
    if not path.is_file():
        raise HTTPException(404, f"{record.ref} has no {name} here.")
    return FileResponse(path, media_type=media_type)
