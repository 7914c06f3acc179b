"""Commands: simulate, which draws synthetic detector plots as a labelled training set or as a live feed."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hydra_core.errors import UsageError

if TYPE_CHECKING:
    from hydra_ml.simulate import Renderer

PlotsArgument = Annotated[list[str] | None, typer.Argument(help="Plot types to draw (none: all).", show_default=False)]
OutOption = Annotated[Path | None, typer.Option("--out", help="Write a labelled training set here.")]
FeedOption = Annotated[Path | None, typer.Option("--feed", help="Feed this directory live, as a running experiment.")]
ListOption = Annotated[bool, typer.Option("--list", help="List the plot types and what can go wrong with them.")]
PerClassOption = Annotated[int, typer.Option("--per-class", min=1, help="Plots of every class of a plot type.")]
RunsOption = Annotated[int, typer.Option("--runs", min=3, help="Runs that a training set reaches over.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Same seed: same pictures.")]
PeriodOption = Annotated[str, typer.Option("--period", help="Time between two plots of one type, as 8s.")]
EveryOption = Annotated[int, typer.Option("--fault-every", min=0, help="One fault in so many plots (0: never).")]
LengthOption = Annotated[int, typer.Option("--fault-length", min=1, help="So many plots until a fault heals.")]
GlitchOption = Annotated[float, typer.Option("--glitch", min=0, max=1, help="Chance of a fault for one plot only.")]
FirstRunOption = Annotated[int, typer.Option("--first-run", min=1, help="Number of the first run of a live feed.")]
PerRunOption = Annotated[int, typer.Option("--chunks-per-run", min=1, help="Plots of a type until the next run.")]
CommandsOption = Annotated[Path | None, typer.Option("--command-file", help="Read lines like 'bad CDC_occupancy'.")]
ForOption = Annotated[str | None, typer.Option("--for", help="Feed for this long, as 60s (else until stopped).")]

SeverityOption = Annotated[
    str | None,
    typer.Option("--severity", help="How hard faults strike: 0 subtle … 1 obvious, or LOW:HIGH (none: by chance)."),
]
RendererOption = Annotated[str, typer.Option("--renderer", help="Draw with matplotlib or with root (extra [render]).")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("simulate")(simulate)


def simulate(
    plots: PlotsArgument = None,
    out: OutOption = None,
    feed: FeedOption = None,
    list_: ListOption = False,
    per_class: PerClassOption = 150,
    runs: RunsOption = 12,
    seed: SeedOption = 1,
    period: PeriodOption = "8s",
    fault_every: EveryOption = 30,
    fault_length: LengthOption = 6,
    glitch: GlitchOption = 0.0,
    chunks_per_run: PerRunOption = 500,
    first_run: FirstRunOption = 121001,
    command_file: CommandsOption = None,
    for_: ForOption = None,
    severity: SeverityOption = None,
    renderer: RendererOption = "matplotlib",
) -> None:
    """Draw synthetic detector plots, healthy and faulty, with the truth about each."""
    if sum((out is not None, feed is not None, list_)) != 1:
        raise UsageError("say what to do: --out DIR (training set), --feed DIR (live feed) or --list")
    from hydra_ml.simulate import FaultTimes, Feed, plot_types

    chosen = tuple(plots or plot_types())
    if list_:
        _print_list(chosen)
    elif out is not None:
        _write_set(out, chosen, per_class, seed, runs, _severities(severity), _renderer(renderer))
    elif feed is not None:
        times = FaultTimes(fault_every, fault_length, glitch, seed)
        low, high = _severities(severity) or (None, None)
        if low != high:
            raise UsageError(f"a feed's faults have one severity, not a range: {severity}")
        source = Feed(
            feed, chosen, seed, _seconds(period), times, chunks_per_run,
            first_run, command_file=command_file, severity=low, renderer=_renderer(renderer),
        )  # fmt: skip
        sent = source.run(_stop_on_signals(), _seconds(for_) if for_ else None)
        typer.echo(f"{feed}: {sent} plots sent")


def _seconds(text: str) -> float:
    """Return a duration as the hall's YAML writes it. Raises UsageError."""
    from pydantic import TypeAdapter, ValidationError

    from hydra_core.config.values import Duration

    try:
        return float(TypeAdapter(Duration).validate_python(text))
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise UsageError(reason) from error


def _severities(text: str | None) -> tuple[float, float] | None:
    """Return the range of severities as the option says it. Raises UsageError."""
    if text is None:
        return None
    try:
        low, high = (float(part) for part in (text.split(":") if ":" in text else (text, text)))
    except ValueError:
        low, high = -1.0, -1.0
    if not 0 <= low <= high <= 1:
        raise UsageError(f"--severity is a number from 0 to 1 or a range like 0:0.5, not {text!r}")
    return low, high


def _renderer(name: str) -> "Renderer | None":
    """Return what draws; None for Matplotlib. Raises UsageError."""
    if name == "matplotlib":
        return None
    if name != "root":
        raise UsageError(f"--renderer is matplotlib or root, not {name!r}")
    from hydra_ml.simulate.root_renderer import RootRenderer

    return RootRenderer()


def _print_list(chosen: tuple[str, ...]) -> None:
    from hydra_ml.simulate import faults, labels

    for plot_type in chosen:
        typer.echo(f"{plot_type}: {', '.join(labels(plot_type))}")
        for fault in faults(plot_type):
            typer.echo(f"  {fault.name:16} {fault.label:7} {fault.meaning}")


def _write_set(
    out: Path,
    chosen: tuple[str, ...],
    per_class: int,
    seed: int,
    runs: int,
    severity: tuple[float, float] | None,
    renderer: "Renderer | None",
) -> None:
    from hydra_ml.simulate import write_training_set

    with _progress("Drawing") as progress:
        path = write_training_set(out, chosen, per_class, seed, runs, progress, severity=severity, renderer=renderer)
    typer.echo(str(path))


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar on a terminal, nothing otherwise."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _stop_on_signals() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set, so that the last picture is complete."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
