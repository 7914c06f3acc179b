"""Commands: config check, show and schema."""

import dataclasses
import json
from typing import Annotated

import typer

from hydra_cli.options import ConfigOption, JsonOption

ResolvedOption = Annotated[bool, typer.Option("--resolved", help="Every effective value, and where it came from.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(help="Check and show a hall's configuration.", no_args_is_help=True)
    group.command("check")(check)
    group.command("show")(show)
    group.command("schema")(schema)
    app.add_typer(group, name="config")


def check(config: ConfigOption, as_json: JsonOption = False) -> None:
    """Check a hall's YAML, its access file and the file of its database password; exit code 2 if one is wrong."""
    from hydra_core.acf import load_rules
    from hydra_core.config import load_config
    from hydra_core.pvs import all_names

    hall = load_config(config)
    hall.database_url()
    plots = hall.plot_types()
    names = set(all_names(hall.epics.prefix, plots, hall.epics.existing_names()))
    if hall.epics.access_file is not None:
        load_rules(hall.epics.access_file, names)
    pvs = len(names)
    if as_json:
        found = {"file": str(config), "plot_types": len(plots), "pvs": pvs, "warnings": hall.warnings()}
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for warning in hall.warnings():
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(f"{config}: ok, {len(plots)} plot types, {pvs} PVs")


def show(config: ConfigOption, resolved: ResolvedOption = False, as_json: JsonOption = False) -> None:
    """Show what the file says, or with --resolved every effective value and its line. Never shows a password."""
    from hydra_core import config as halls

    hall = halls.load_config(config)
    if as_json and resolved:
        settings = [dataclasses.asdict(setting) for setting in halls.resolved(hall)]
        typer.echo(json.dumps(settings, indent=2, ensure_ascii=False))
    elif as_json:
        typer.echo(json.dumps(hall.model_dump(mode="json", exclude_unset=True), indent=2, ensure_ascii=False))
    else:
        typer.echo(halls.render_resolved(hall) if resolved else halls.render(hall))


def schema() -> None:
    """Print the JSON schema of the file, for editors (it is committed as config/schema.json)."""
    from hydra_core.config import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
