"""Command `hydra demo`: the whole of Hydra on synthetic plots, in a temporary directory."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("demo")(demo)


def demo(
    seconds: Annotated[float | None, typer.Option("--for", min=1, help="Stop after this many seconds.")] = None,
    prefix: Annotated[str, typer.Option("--prefix", help="Begins every PV name.")] = "HYDRA:DEMO:",
    port: Annotated[int, typer.Option("--port", help="Channel Access port; another one if it is taken.")] = 5064,
    web_port: Annotated[int, typer.Option("--web-port", help="Web port; another one if it is taken.")] = 8080,
    fresh: Annotated[bool, typer.Option("--fresh", help="Train the models anew.")] = False,
) -> None:
    """Draw plots, train models (the first time), judge a live feed; PVs, alarms and pages until Ctrl-C."""
    from hydra_cli.demo.show import Show

    raise typer.Exit(Show(prefix, port, web_port, fresh).run(seconds))
