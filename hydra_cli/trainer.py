"""`hydra trainer run`: the service that starts the trainings which pages ask for."""

from typing import Annotated

import typer

from hydra_cli.options import ConfigOption

VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Log in detail.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    trainer = typer.Typer(help="Trainings that pages ask for.", no_args_is_help=True)
    trainer.command("run")(run)
    trainer.callback()(lambda: None)
    app.add_typer(trainer, name="trainer")


def run(config: ConfigOption, verbose: VerboseOption = False) -> None:
    """Start the trainings that pages ask for, until SIGTERM; those that run then go on."""
    import logging
    import signal
    import threading

    from hydra_core.config import load_config
    from hydra_core.logs import log_to_stderr
    from hydra_core.store import open_store
    from hydra_core.trainer import trainer_of

    hall = load_config(config)
    log_to_stderr(logging.DEBUG if verbose else logging.INFO)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    store = open_store(hall.database_url())
    trainer_of(hall, store).serve(stop)
    store.close()
