"""What `hydra train --sweep` and `--seeds` do: many trainings over Dask, compared, the best one entered."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hydra_core.archive import FileArchive
    from hydra_core.domain import ModelRecord, PlotType
    from hydra_core.store import SqlStore
    from hydra_ml.packing import TrainingOptions
    from hydra_ml.progress import Progress
    from hydra_ml.scale.sweep import SweepOutcome

SweepOption = Annotated[Path | None, typer.Option("--sweep", help="A YAML file of what to vary; the best one is kept.")]
SeedsOption = Annotated[int | None, typer.Option("--seeds", min=1, help="Train with so many seeds; keep the best.")]
ClusterOption = Annotated[
    str | None,
    typer.Option("--cluster", help="none, local, slurm, htcondor or a Dask scheduler's address.", show_default=False),
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes or jobs; default: one for each core.")
]


def sweep(
    plot_type: "PlotType",
    store: "SqlStore",
    archive: "FileArchive",
    models_path: Path,
    options: "TrainingOptions",
    file: Path | None,
    seeds: int | None,
    cluster: str | None,
    workers: int | None,
    progress: "Progress",
) -> "SweepOutcome":
    """Make the trials of a file, or of so many seeds. Raises UsageError, ConfigError, ModelError, StoreError."""
    from hydra_core.errors import UsageError
    from hydra_ml.scale.plan import Sweep, read_sweep, trials_of
    from hydra_ml.scale.sweep import run_sweep
    from hydra_ml.scale.workers import open_workers

    plan = read_sweep(file) if file is not None else Sweep()
    if seeds is not None and plan.seeds is not None:
        raise UsageError(f"--seeds and `seeds` of {file} say the same thing; give one of them")
    if options.resume:
        raise UsageError("a sweep goes on by itself where it was stopped; give the same command without --resume")
    trials = trials_of(plan.model_copy(update={"seeds": seeds}) if seeds is not None else plan, options)
    with open_workers(cluster, workers, models_path / ".dask") as found:
        return run_sweep(plot_type, store, archive, models_path, trials, options, found, progress)


def as_dicts(outcome: "SweepOutcome") -> list[dict[str, Any]]:
    """Return the trials, the best one first, as JSON has them."""
    from dataclasses import asdict

    rows = [{**asdict(result), "choices": dict(trial.choices)} for trial, result in outcome.rows]
    return [{key: None if value != value else value for key, value in row.items()} for row in rows]


def show_table(outcome: "SweepOutcome") -> None:
    """Print the trials, the best one first; all figures are of the validation plots."""
    typer.echo(f"{'trial':>5} {'validation':>10} {'loss':>7} {'epochs':>6} {'seconds':>8} {'plots/s':>8}  choices")
    for trial, result in outcome.rows:
        choices = ", ".join(f"{name} {value}" for name, value in trial.choices.items())
        if result.failed:
            typer.echo(f"{trial.number:>5} {'failed':>10}  {choices}: {result.failed}")
            continue
        figures = f"{result.balanced_accuracy:>10.3f} {result.loss:>7.4f} {result.epochs:>6}"
        typer.echo(f"{trial.number:>5} {figures} {result.seconds:>8.1f} {result.plots_per_second:>8.1f}  {choices}")


def print_sweep(outcome: "SweepOutcome", record: "ModelRecord", shown: dict[str, object], as_json: bool) -> bool:
    """Print the table, or all of it as JSON; return whether nothing is left to say."""
    if as_json:
        best = {"best": outcome.rows[0][0].number, "trials": as_dicts(outcome), "model": shown}
        typer.echo(json.dumps(best, ensure_ascii=False))
        return True
    show_table(outcome)
    typer.echo(f"the best is trial {outcome.rows[0][0].number}, entered as {record.ref}")
    return False
