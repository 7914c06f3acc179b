"""Commands: train, evaluate and classify, and the model library."""

import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hydra_cli.options import ConfigOption, JsonOption
from hydra_cli.sweep import ClusterOption, SeedsOption, SweepOption, WorkersOption, print_sweep
from hydra_cli.sweep import sweep as run_sweep

if TYPE_CHECKING:
    from hydra_core.config import HallConfig
    from hydra_core.domain import ModelRecord, PlotType
    from hydra_core.store import SqlStore

PlotArgument = Annotated[str, typer.Argument(metavar="PLOT", help="A plot type of the configuration.")]
ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help='"CDC_occupancy v3" or CDC_occupancy:3.')]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    from hydra_cli.classify import classify
    from hydra_cli.evaluate import evaluate

    app.command("train")(train)
    app.command("evaluate")(evaluate)
    app.command("classify")(classify)
    library = typer.Typer(help="The library of models.", no_args_is_help=True)
    library.command("list")(list_models)
    library.command("show")(show)
    library.command("promote")(promote)
    library.command("rollback")(rollback)
    library.command("shadow")(shadow)
    app.add_typer(library, name="model")


def train(
    plot: PlotArgument,
    config: ConfigOption,
    architecture: Annotated[str, typer.Option(help="light, compact, inception_v3 or efficientnet_lite0.")] = "light",
    input_size: Annotated[int | None, typer.Option(help="Side in pixels; default: the architecture's own.")] = None,
    epochs: Annotated[
        int | None, typer.Option(min=0, help="Most passes over the whole net; default: its own (light: 0).")
    ] = None,
    batch: Annotated[int, typer.Option(min=2, help="Plots in one step.")] = 16,
    crop: Annotated[str | None, typer.Option(help="Fractions to cut off: left,top,right,bottom.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights file for inception_v3, without its top.")] = None,
    precision: Annotated[str, typer.Option(help="float32, or mixed: shorter where that is faster.")] = "float32",
    seed: Annotated[int, typer.Option(help="The same seed gives the same split and the same start.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a training that was stopped.")] = False,
    promote: Annotated[bool, typer.Option("--promote/--no-promote", help="Make the new model active.")] = False,
    sweep: SweepOption = None,
    seeds: SeedsOption = None,
    cluster: ClusterOption = None,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a model from a plot type's labels; it becomes a candidate in the library."""
    from hydra_cli.progress import training_progress
    from hydra_core.archive import FileArchive
    from hydra_ml.hardware import check_precision
    from hydra_ml.preprocess import NO_CROP
    from hydra_ml.training import TrainingOptions
    from hydra_ml.training import train as run

    hall, store = open_hall(config)
    plot_type = find_plot_type(hall, plot)
    options = TrainingOptions(
        architecture=architecture,
        input_size=input_size,
        crop=_crop(crop) if crop else NO_CROP,
        epochs=epochs,
        batch=batch,
        seed=seed,
        weights=weights,
        precision=check_precision(precision),
        resume=resume,
        threads=hall.models.threads,
        created_by=getpass.getuser(),
    )
    trials = None
    try:
        store.sync_plot_types(hall.plot_types())
        archive, where = FileArchive(hall.archive.path), hall.models.path
        with training_progress() as progress:
            if sweep is not None or seeds is not None:
                given = (sweep, seeds, cluster, workers)
                trials = run_sweep(plot_type, store, archive, where, options, *given, progress)
            record = trials.record if trials else run(plot_type, store, archive, where, options, progress)
        if promote:
            record = store.promote(plot, record.ref.version, getpass.getuser())
        active = store.active_model(plot)
    finally:
        store.close()
    if trials and print_sweep(trials, record, _record(record), as_json):
        return
    if as_json:
        typer.echo(json.dumps(_record(record), ensure_ascii=False))
        return
    typer.echo(f"{record.ref}: {_figures(record)}; {record.state}, in {hall.models.path / record.path}")
    if compared := _compared(hall.models.path / record.path):
        typer.echo(compared)
    if active is None or active.ref != record.ref:
        now = "no model is active" if active is None else f"{active.ref} is active"
        typer.echo(f"{now}; to use this one: hydra model promote {plot}:{record.ref.version}")


def list_models(
    config: ConfigOption,
    plot: Annotated[str | None, typer.Option("--plot", help="Only this plot type.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the models of the library."""
    hall, store = open_hall(config)
    try:
        records = store.models(find_plot_type(hall, plot).name if plot else None)
    finally:
        store.close()
    if as_json:
        typer.echo(json.dumps([_record(r) for r in records], ensure_ascii=False))
        return
    for record in records:
        typer.echo(f"{record.ref!s:<32} {record.state:<10} {record.created_at:%Y-%m-%d %H:%M}  {_figures(record)}")
    if not records:
        typer.echo("no models; train one with: hydra train PLOT")


def show(model: ModelArgument, config: ConfigOption) -> None:
    """Print a model's card as JSON, after checking every file of its bundle."""
    from hydra_core.config import load_config
    from hydra_ml.bundle import verify
    from hydra_ml.registry import find_bundle

    card = verify(find_bundle(model, load_config(config).models.path))
    typer.echo(card.model_dump_json(indent=2))


def promote(model: ModelArgument, config: ConfigOption) -> None:
    """Make a model the active one, after checking its bundle and its classes."""
    from hydra_ml.bundle import verify
    from hydra_ml.registry import check_classes, find_bundle

    hall, store = open_hall(config)
    try:
        card = verify(find_bundle(model, hall.models.path))
        check_classes(card.classes, find_plot_type(hall, card.plot_type))
        record = store.promote(card.plot_type, card.version, getpass.getuser())
    finally:
        store.close()
    typer.echo(f"{record.ref} is active")


def rollback(plot: PlotArgument, config: ConfigOption) -> None:
    """Make the model active again that was active before."""
    hall, store = open_hall(config)
    try:
        record = store.rollback(find_plot_type(hall, plot).name, getpass.getuser())
    finally:
        store.close()
    typer.echo(f"{record.ref} is active")


def shadow(
    model: ModelArgument,
    config: ConfigOption,
    off: Annotated[bool, typer.Option("--off", help="Take it out of the shadow again.")] = False,
) -> None:
    """Let a candidate judge live plots beside the active model: stored and shown, never alarmed on."""
    from hydra_ml.bundle import verify
    from hydra_ml.registry import check_classes, find_bundle

    hall, store = open_hall(config)
    try:
        card = verify(find_bundle(model, hall.models.path))
        check_classes(card.classes, find_plot_type(hall, card.plot_type))
        shadow = store.shadow_models().get(card.plot_type)
        if not off:
            store.set_shadow(card.plot_type, card.version, getpass.getuser())
        elif shadow is not None and shadow.ref.version == card.version:
            store.set_shadow(card.plot_type, None, getpass.getuser())
    finally:
        store.close()
    typer.echo(f"{card.ref()} is {'no longer ' if off else ''}in shadow")


def find_plot_type(hall: "HallConfig", name: str) -> "PlotType":
    """Return the plot type of that name; raises UsageError that lists the known ones."""
    from hydra_core.errors import UsageError

    known = {p.name: p for p in hall.plot_types()}
    if name not in known:
        raise UsageError(f"unknown plot type {name!r}; the configuration has {', '.join(known)}")
    return known[name]


def open_hall(config: Path) -> "tuple[HallConfig, SqlStore]":
    """Return the configuration and the open store. Raises ConfigError, StoreError."""
    from hydra_core.config import load_config
    from hydra_core.store import open_store

    hall = load_config(config)
    store = open_store(hall.database_url())
    store.check_schema()
    return hall, store


def _compared(bundle: Path) -> str | None:
    """Return how a new model compares with the one that was active, None when there was none."""
    from hydra_ml.packing import COMPARISON_FILE

    file = bundle / COMPARISON_FILE
    return str(json.loads(file.read_bytes())["sentence"]) if file.exists() else None


def _crop(text: str) -> tuple[float, float, float, float]:
    from hydra_core.errors import UsageError
    from hydra_ml.preprocess import check_crop

    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
        return check_crop((left, top, right, bottom))
    except ValueError as error:
        raise UsageError(f"--crop {text}: give four fractions left,top,right,bottom such as 0,0.1,0,0") from error


def _record(record: "ModelRecord") -> dict[str, object]:
    return {
        "model": str(record.ref),
        "plot": record.ref.plot_type,
        "version": record.ref.version,
        "state": record.state,
        "path": record.path,
        "sha256": record.ref.sha256,
        "classes": list(record.classes),
        "metrics": dict(record.metrics),
        "thresholds": dict(record.thresholds),
        "created_at": record.created_at.isoformat(),
        "created_by": record.created_by,
    }


def _figures(record: "ModelRecord") -> str:
    value = record.metrics.get("balanced_accuracy")
    return "not measured" if value is None else f"balanced accuracy {value:.3f} on {record.metrics['plots']:.0f} plots"
