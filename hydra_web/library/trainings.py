"""Trainings: started from a page, watched while they run, cancelled, and what became of earlier ones."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Request
from fastapi import Path as PathArgument
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from hydra_core.errors import SchemaError, StoreDownError, StoreError
from hydra_core.store.trainings import TrainingRun
from hydra_core.trainer import trainer_of
from hydra_web.library.common import After, Body, PlotTypeName, address, cursor, found_type, number_after
from hydra_web.library.facts import curves_of, training_charts
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Expert, Reader, Role

PAGE = 20
ARCHITECTURES = ("light", "compact")
"""Those that need no file of weights; `hydra train` has more."""

router = APIRouter(tags=["models"])
RunId = Annotated[int, PathArgument(ge=1, le=2**63 - 1)]


class TrainingWish(Body):
    """How to train; the defaults are good for most plot types."""

    architecture: Literal["light", "compact"] = "light"
    epochs: int | None = Field(None, ge=0, le=1000, description="Null: the architecture's own (light: 0).")
    seed: int = Field(1, ge=0, le=2**31 - 1, description="The same seed gives the same split and the same start.")


class Training(BaseModel):
    """One training and how far it is."""

    id: int
    plot: str
    state: str = Field(
        json_schema_extra={"enum": ["waiting", "running", "cancelling", "finished", "failed", "cancelled"]}
    )
    stage: str = Field(description="What it does now.")
    epoch: int = Field(description="Epochs that are finished.")
    total: int | None = Field(description="Epochs at most; null: not known, or none are needed.")
    curves: dict[str, list[float | None]]
    warnings: list[str]
    error: str = Field(description="The last words of one that failed.")
    started_at: datetime
    finished_at: datetime | None
    heard_at: datetime = Field(description="When it last said something.")
    by: str
    settings: dict[str, object]
    version: int | None = Field(description="The model that came of it.")


class TrainingPage(BaseModel):
    """Trainings of a plot type, the newest first."""

    trainings: list[Training]
    next: str | None = Field(description="`after` of the next page; null: this is the last.")


@router.get("/plots/{plot_type}/trainings", response_class=HTMLResponse, include_in_schema=False)
def page(plot_type: PlotTypeName, parts: PartsOf, person: Reader, after: After = "") -> HTMLResponse:
    """Show the trainings of a plot type; the one that runs is followed while the page is open."""
    kind = found_type(plot_type, parts)
    runs = parts.store.training_runs(plot_type, number_after(after), PAGE + 1)
    context = {
        "architectures": ARCHITECTURES,
        "charts": {run.id: training_charts(run) for run in runs[:PAGE]},
        "here": "models",
        "kind": kind,
        "labels": parts.store.label_counts(plot_type),
        "may": person.may(Role.EXPERT, plot_type),
        "next": cursor(runs[PAGE - 1].id) if len(runs) > PAGE else None,
        "runs": [told(run) for run in runs[:PAGE]],
        "under_way": next((told(run) for run in runs if run.is_under_way), None),
    }
    return HTMLResponse(parts.views.page("trainings.html", person, context))


@router.get("/api/v1/plot-types/{plot_type}/trainings")
def trainings(plot_type: PlotTypeName, parts: PartsOf, person: Reader, after: After = "") -> TrainingPage:
    """Return the trainings of a plot type, the newest first."""
    found_type(plot_type, parts)
    runs = parts.store.training_runs(plot_type, number_after(after), PAGE + 1)
    more = cursor(runs[PAGE - 1].id) if len(runs) > PAGE else None
    return TrainingPage(trainings=[told(run) for run in runs[:PAGE]], next=more)


@router.post("/api/v1/plot-types/{plot_type}/trainings", status_code=201)
def start(plot_type: PlotTypeName, body: TrainingWish, parts: PartsOf, person: Expert, request: Request) -> Training:
    """Start a training in a process of its own; 409 while one of this plot type is under way."""
    found_type(plot_type, parts)
    parts.store.training_runs(plot_type, limit=1)
    trainer = trainer_of(parts.config, parts.store)
    try:
        run = trainer.ask(plot_type, body.model_dump(), person.name, address(request))
    except StoreError as error:
        if isinstance(error, StoreDownError | SchemaError):
            raise
        raise HTTPException(409, f"{error}.") from error
    return told(parts.store.training(run))


@router.get("/api/v1/trainings/{run}")
def training(run: RunId, parts: PartsOf, person: Reader) -> Training:
    """Return one training: poll it to follow it."""
    return told(found_run(run, parts))


@router.post("/api/v1/trainings/{run}/cancel")
def cancel(run: RunId, parts: PartsOf, person: Expert, request: Request) -> Training:
    """Ask a training to stop; it does within a few seconds. Nothing changes when it has ended."""
    person.must(Role.EXPERT, found_run(run, parts).plot_type)
    parts.store.cancel_training(run, person.name, address(request))
    return told(parts.store.training(run))


def found_run(run: int, parts: Parts) -> TrainingRun:
    """Return a training. Raises HTTPException (404)."""
    try:
        return parts.store.training(run)
    except StoreError as error:
        if isinstance(error, StoreDownError | SchemaError):
            raise
        raise HTTPException(404, f"There is no training {run}.") from error


def told(run: TrainingRun) -> Training:
    """Return a training as the API tells it."""
    said, curves = run.history, curves_of(run)
    return Training(
        id=run.id,
        plot=run.plot_type,
        state=run.state,
        stage=str(said.get("stage", "")),
        epoch=len(curves.get("loss", [])),
        total=said.get("total"),
        curves=curves,
        warnings=list(said.get("warnings", [])),
        error=str(said.get("error", "")),
        started_at=run.started_at,
        finished_at=run.finished_at,
        heard_at=run.heard_at,
        by=run.by,
        settings=dict(run.settings),
        version=run.version,
    )
