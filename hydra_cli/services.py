"""Commands that run the two services: `hydra ioc run` and `hydra web run`."""

import asyncio
from typing import Annotated

import typer

from hydra_cli.options import ConfigOption

VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Log in detail.")]
ConsoleOption = Annotated[bool, typer.Option("--console", help="Answer shell commands on stdin, as under procServ.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    ioc = typer.Typer(help="The soft IOC: judges plots and serves the PVs.", no_args_is_help=True)
    web = typer.Typer(help="The web pages.", no_args_is_help=True)
    ioc.command("run")(run_ioc)
    web.command("run")(run_web)
    ioc.callback()(lambda: None)
    web.callback()(lambda: None)
    app.add_typer(ioc, name="ioc")
    app.add_typer(web, name="web")


def run_ioc(config: ConfigOption, console: ConsoleOption = False, verbose: VerboseOption = False) -> None:
    """Serve a hall's PVs until SIGTERM; prints READY when every active model is warm."""
    import logging

    from hydra_core.config import load_config
    from hydra_core.logs import log_to_stderr
    from hydra_ioc.service import IocService

    hall = load_config(config)
    log_to_stderr(logging.DEBUG if verbose else logging.INFO)

    def ready() -> None:
        print(f"READY prefix={hall.epics.prefix} port={hall.epics.port}", flush=True)

    async def serve() -> int:
        return await IocService(hall, ready, terminal=console).run()

    raise typer.Exit(asyncio.run(serve()))


def run_web(config: ConfigOption, verbose: VerboseOption = False) -> None:
    """Serve a hall's pages until SIGTERM."""
    import logging

    from hydra_core.logs import log_to_stderr
    from hydra_web.server import run

    log_to_stderr(logging.DEBUG if verbose else logging.INFO)
    run(config)
