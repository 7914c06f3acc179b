"""`hydra notify run` and `hydra notify test`: messages to people who do not look at a screen."""

from typing import TYPE_CHECKING, Annotated

import typer

from hydra_cli.options import ConfigOption

if TYPE_CHECKING:
    from hydra_core.config import HallConfig
    from hydra_core.notify.target import Target

VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Log in detail.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    notify = typer.Typer(help="Messages to people: mail, chat, telephones.", no_args_is_help=True)
    notify.command("run")(run)
    notify.command("test")(test)
    app.add_typer(notify, name="notify")


def run(config: ConfigOption, verbose: VerboseOption = False) -> None:
    """Tell people what the configuration's `notify` asks for, until SIGTERM."""
    import logging
    import signal
    import threading

    from hydra_core.config import load_config
    from hydra_core.logs import log_to_stderr
    from hydra_core.notify.outbox import Outbox
    from hydra_core.notify.service import Channel, NotifyService
    from hydra_core.store import open_store

    hall = load_config(config)
    log_to_stderr(logging.DEBUG if verbose else logging.INFO)
    channels = [
        Channel(one, Outbox(one.settings.on, one.settings.min_interval, hall.deployment)) for one in _targets(hall)
    ]
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    store = open_store(hall.database_url())
    NotifyService(hall, store, channels).run(stop)
    store.close()


def test(config: ConfigOption) -> None:
    """Send a test message to every address; fail when one does not get through."""
    from hydra_core.config import load_config
    from hydra_core.errors import NoticeError

    hall = load_config(config)
    failed = []
    for target in _targets(hall):
        try:
            target.send(f"Hydra {hall.deployment}: test", "This is a test. Messages of Hydra get through to here.")
            print(f"{target.name}: sent")
        except NoticeError as error:
            failed.append(str(error))
    if failed:
        raise NoticeError("; ".join(failed))


def _targets(hall: "HallConfig") -> "list[Target]":
    from hydra_core.errors import UsageError
    from hydra_core.notify.target import Target

    if not hall.notify:
        raise UsageError("nobody is to be told anything: put a `notify:` section into the configuration")
    return [Target(number, settings) for number, settings in enumerate(hall.notify)]
