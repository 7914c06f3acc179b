"""Commands: opi build, opi preview."""

from pathlib import Path
from typing import Annotated

import typer

from hydra_cli.options import ConfigOption

OutOption = Annotated[Path | None, typer.Option("--out", help="Directory to write into; default: opi/DEPLOYMENT.")]
InstalledOption = Annotated[
    str | None,
    typer.Option("--installed", help="Where alarm handlers find it; default: /opt/hydra/opi/DEPLOYMENT."),
]
ScreenArgument = Annotated[Path, typer.Argument(help="A generated .bob file.", exists=True, dir_okay=False)]
PngOption = Annotated[Path, typer.Option("--out", help="The PNG to write.")]
ValuesOption = Annotated[
    Path | None,
    typer.Option("--values", help="JSON: PV name to value, or to {value, severity, index, units, precision}."),
]
MacroOption = Annotated[list[str] | None, typer.Option("--macro", help="NAME=VALUE, for screens that need P and R.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(help="Screens, alarm trees and lists, generated for a hall.", no_args_is_help=True)
    group.command("build")(build)
    group.command("preview")(preview)
    app.add_typer(group, name="opi")


def build(config: ConfigOption, out: OutOption = None, installed: InstalledOption = None) -> None:
    """Write screens for Phoebus and BOY, alarm trees, archiver requests and PV lists of a hall."""
    from hydra_core import opi
    from hydra_core.config import load_config

    hall = load_config(config)
    directory = out or Path("opi") / hall.deployment
    files = opi.build(hall, installed or f"/opt/hydra/opi/{hall.deployment}")
    opi.write(files, directory)
    typer.echo(f"{directory}: {len(files)} files")


def preview(screen: ScreenArgument, out: PngOption, values: ValuesOption = None, macro: MacroOption = None) -> None:
    """Draw a generated Phoebus screen with given PV values, to look at it without Phoebus."""
    from hydra_core.opi.preview import draw, read_values

    macros = dict(one.partition("=")[::2] for one in macro or ())
    draw(screen, read_values(values), macros).save(out)
    typer.echo(str(out))
