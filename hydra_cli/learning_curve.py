"""Command: how much more labels would help."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hydra_cli.options import ConfigOption, JsonOption

PlotArgument = Annotated[str, typer.Argument(metavar="PLOT", help="A plot type of the configuration.")]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("learning-curve")(learning_curve)


def learning_curve(
    plot: PlotArgument,
    config: ConfigOption,
    architecture: Annotated[str, typer.Option(help="A network that comes with weights.")] = "light",
    epochs: Annotated[int, typer.Option(min=0, help="Passes of fine-tuning in each fit; 0: only the head.")] = 0,
    repeats: Annotated[int, typer.Option(min=1, help="Fits at each number of labels, from other runs.")] = 3,
    seed: Annotated[int, typer.Option(help="The same seed gives the same split and the same order of runs.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Draw the curve: a .svg or .png file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Train on more and more of a plot type's labels, run by run, and say whether more of them would help."""
    from hydra_cli.models import find_plot_type, open_hall
    from hydra_cli.progress import training_progress
    from hydra_core.archive import FileArchive
    from hydra_core.errors import UsageError
    from hydra_ml.learning_curve import draw_learning_curve
    from hydra_ml.packing import TrainingOptions

    if out is not None and out.suffix not in (".svg", ".png"):
        raise UsageError(f"--out {out}: give a .svg or .png file")
    hall, store = open_hall(config)
    try:
        plot_type = find_plot_type(hall, plot)
        labelled = store.labelled(plot)
    finally:
        store.close()
    from hydra_ml.engines.threads import pin_threads
    from hydra_ml.head_curve import curve_of
    from hydra_ml.training import labelled_dataset

    pin_threads(hall.models.threads)
    options = TrainingOptions(architecture=architecture, epochs=epochs, seed=seed, threads=hall.models.threads)
    with training_progress() as progress:
        dataset = labelled_dataset(plot_type, labelled, FileArchive(hall.archive.path), options, progress)
        curve = curve_of(dataset, options, repeats, progress)
    if out is not None:
        drawing = draw_learning_curve(curve)
        out.write_bytes(drawing.png() if out.suffix == ".png" else drawing.svg_file())
    if as_json:
        points = [asdict(point) for point in curve.points]
        found = {"plot": plot, "architecture": architecture, "measured_on": curve.measured_on, "points": points}
        typer.echo(json.dumps({**found, "advice": curve.advice()}))
        return
    typer.echo(
        f"{'labels a class':>14} {'plots':>6}  balanced accuracy on {curve.measured_on} (worst…best of {repeats})"
    )
    for point in curve.points:
        span = f"{point.mean:.3f} ({point.low:.3f}…{point.high:.3f})"
        typer.echo(f"{point.labels:>14} {point.plots:>6.0f}  {span}")
    typer.echo(curve.advice())
