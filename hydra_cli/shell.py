"""Command: shell, which talks to a running IOC as iocsh does."""

from typing import Annotated

import typer

from hydra_cli.options import ConfigOption

CommandArgument = Annotated[
    list[str] | None,
    typer.Argument(help="One command to run, e.g. dbl; none: ask for commands.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("shell")(shell)


def shell(config: ConfigOption, command: CommandArgument = None) -> None:
    """Talk to the running IOC of a hall: dbl, dbgrep, dbpr, casr, asprules, asdbdump, asInit, help, exit."""
    import shlex

    from hydra_core.config import load_config
    from hydra_ioc.visit import Visit

    with Visit(load_config(config).shell_socket) as visit:
        if command:
            typer.echo(visit.ask(shlex.join(command)), nl=False)
            return
        with_prompt = visit.prompt
        while True:
            try:
                line = input(with_prompt)
            except EOFError:
                return
            if line.split()[:1] == ["exit"]:
                return
            typer.echo(visit.ask(line), nl=False)
