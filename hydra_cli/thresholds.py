"""Command: choose the thresholds of a model by what they shall be good for, and put them in force."""

import getpass
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hydra_cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from hydra_core.config import HallConfig
    from hydra_core.domain import ModelRecord, PlotType
    from hydra_core.store import SqlStore
    from hydra_ml.thresholds import Choice, Wish

PlotArgument = Annotated[str, typer.Argument(metavar="PLOT", help="A plot type of the configuration.")]
MethodOption = Annotated[
    str, typer.Option(help="max_f1, cost (of a missed plot against a false alarm) or budget (of alarms per shift).")
]
MissedOption = Annotated[float, typer.Option(min=0, help="cost: what a missed bad plot costs.")]
FalseAlarmOption = Annotated[float, typer.Option(min=0, help="cost: what a false alarm costs.")]
ShareOption = Annotated[
    float | None, typer.Option(help="cost: share of live plots that are of the class; default: as labelled.")
]
ShiftOption = Annotated[float, typer.Option("--per-shift", min=0, help="budget: false alarms that 8 hours may bring.")]
RateOption = Annotated[float, typer.Option(help="budget: plots of this type in an hour.")]
ClassOption = Annotated[
    list[str] | None, typer.Option("--class", metavar="NAME", help="Only this class; default: all that alarm.")
]
VersionOption = Annotated[int | None, typer.Option("--version", help="Which model; default: the active one.")]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Put them in force, with method and your name.")]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("thresholds")(thresholds)


def thresholds(
    plot: PlotArgument,
    config: ConfigOption,
    method: MethodOption = "max_f1",
    missed: MissedOption = 10.0,
    false_alarm: FalseAlarmOption = 1.0,
    share: ShareOption = None,
    per_shift: ShiftOption = 1.0,
    plots_per_hour: RateOption = 60.0,
    class_names: ClassOption = None,
    version: VersionOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Choose thresholds by best F1, least cost or a budget of false alarms; --apply puts them in force.

    They come from the plots that the model was calibrated on, never from its test plots. A threshold that a person
    applies stands over the configuration's for as long as this model is in service.
    """
    from hydra_cli.models import find_plot_type, open_hall
    from hydra_core.errors import UsageError
    from hydra_ml.thresholds import Wish, check_wish

    wish = Wish(method, missed, false_alarm, share, per_shift, plots_per_hour)
    try:
        check_wish(wish)
    except ValueError as error:
        raise UsageError(f"hydra thresholds: {error}") from error
    hall, store = open_hall(config)
    try:
        plot_type = find_plot_type(hall, plot)
        record = _record(store, plot_type.name, version)
        origin, choices = _choices(record, hall, plot_type, wish, class_names)
        if apply and choices:
            values = {c.class_name: c.threshold for c in choices}
            store.set_thresholds(plot, record.ref.version, values, getpass.getuser(), method)
    finally:
        store.close()
    if as_json:
        rows = [{k: None if v != v else v for k, v in asdict(c).items()} for c in choices]
        typer.echo(json.dumps({"model": str(record.ref), "from": origin, "applied": apply, "thresholds": rows}))
        return
    _show(record, origin, choices, apply)


def _record(store: "SqlStore", name: str, version: int | None) -> "ModelRecord":
    from hydra_core.errors import ModelError

    if version is None:
        record = store.active_model(name)
        if record is None:
            raise ModelError(f"{name} has no active model; choose one with --version, or `hydra model promote` one")
        return record
    for record in store.models(name):
        if record.ref.version == version:
            return record
    raise ModelError(f"{name} v{version} is not in the library; `hydra model list` shows what there is")


def _choices(
    record: "ModelRecord", hall: "HallConfig", plot_type: "PlotType", wish: "Wish", names: Sequence[str] | None
) -> "tuple[str, list[Choice]]":
    """Return which plots the scans come from, and what is chosen for each class that has plots."""
    from hydra_core.errors import UsageError
    from hydra_ml.registry import record_path
    from hydra_ml.thresholds import choose, read_scans

    unknown = sorted(set(names or ()) - set(record.classes))
    if unknown:
        raise UsageError(f"--class {unknown[0]}: unknown; {record.ref} has {', '.join(record.classes)}")
    alarming = [c.name for c in plot_type.classes if c.severity]
    origin, scans = read_scans(record_path(record, hall.models.path))
    chosen = [choose(scan, wish) for scan in scans if scan.class_name in (names or alarming)]
    return origin, [c for c in chosen if c is not None]


def _show(record: "ModelRecord", origin: str, choices: "Sequence[Choice]", applied: bool) -> None:
    typer.echo(f"{record.ref}, from {origin}")
    typer.echo(
        f"{'class':<20} {'threshold':>9} {'precision':>9} {'recall':>7} {'F1':>6}  false alarms in 8 h (at most)"
    )
    for one in choices:
        figures: Any = ["-" if v != v else f"{v:.3f}" for v in (one.precision, one.recall, one.f1)]
        alarms = f"{one.per_shift:.2g} ({one.per_shift_most:.2g})"
        typer.echo(
            f"{one.class_name:<20} {one.threshold:>9.2f} {figures[0]:>9} {figures[1]:>7} {figures[2]:>6}  {alarms}"
        )
        if one.doubt:
            typer.echo(f"  {one.doubt}")
    if not choices:
        typer.echo("no class that alarms has a plot among them: label some and train again, or choose with --class")
    elif applied:
        when = "in force" if record.state == "active" else "in force once this model is active"
        typer.echo(f"{when}, over the configuration's")
    else:
        typer.echo("nothing is changed; --apply puts them in force")
