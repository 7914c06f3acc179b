"""Command that a page starts in a process of its own: one training, which says in the database how far it is.

It takes orders there too, so that it outlives the web service that started it: a page asks it to stop by a state.
"""

import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hydra_cli.options import ConfigOption

if TYPE_CHECKING:
    from hydra_core.store import SqlStore
    from hydra_ml.progress import Epoch

HEARTBEAT = 2.0
"""Seconds between two signs of life."""
MOST_WARNINGS = 20


def register(app: typer.Typer) -> None:
    """Add the command to the application; people use `hydra train`."""
    app.command("train-run", hidden=True)(train_run)


def train_run(run: Annotated[int, typer.Argument(help="The training's id.")], config: ConfigOption) -> None:
    """Do a training that a page has written down; live judging goes first on this machine."""
    from hydra_cli.models import find_plot_type, open_hall
    from hydra_core.archive import FileArchive
    from hydra_core.store.trainings import FAILED
    from hydra_ml.training import TrainingOptions
    from hydra_ml.training import train as do

    with suppress(OSError):  # where the sandbox lets nobody be nice, systemd's unit is
        os.nice(10)
    hall, store = open_hall(config)
    found = store.training(run)
    told = Told(store, run)
    try:
        options = TrainingOptions(
            architecture=found.settings["architecture"],
            epochs=found.settings["epochs"],
            seed=found.settings["seed"],
            threads=hall.models.threads,
            created_by=found.by,
            run=run,
        )
        plot_type = find_plot_type(hall, found.plot_type)
        do(plot_type, store, FileArchive(hall.archive.path), hall.models.path, options, told)
    except Exception as error:
        store.end_training(run, FAILED, f"{error}" or type(error).__name__)
        raise
    finally:
        told.close()
        store.close()


class Told:
    """Progress that is written into the database, from a thread, every few seconds; stops the process when asked to."""

    def __init__(self, store: "SqlStore", run: int) -> None:
        self._store = store
        self._run = run
        self._said: dict[str, Any] = {"stage": "starting"}
        self._epochs: list[Epoch] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tell_on, name="told", daemon=True)
        self._thread.start()

    def stage(self, text: str) -> None:
        """Hear that a new part of the work begins."""
        self._said = {**self._said, "stage": text}

    def epoch(self, epoch: "Epoch") -> None:
        """Hear of a finished epoch."""
        self._epochs = [*self._epochs, epoch]

    def warning(self, text: str) -> None:
        """Hear of something that makes the result less trustworthy."""
        self._said = {**self._said, "warnings": [*self._said.get("warnings", []), text][-MOST_WARNINGS:]}

    def close(self) -> None:
        """Say no more."""
        self._ended.set()
        self._thread.join()

    def _tell_on(self) -> None:
        while True:
            self._tell()
            if self._ended.wait(HEARTBEAT):
                return

    def _tell(self) -> None:
        from hydra_core.errors import StoreError
        from hydra_core.store.trainings import CANCELLED, CANCELLING
        from hydra_ml.progress import curves

        epochs = self._epochs
        total = {"total": epochs[-1].total} if epochs else {}
        try:
            if self._store.hear_training(self._run, {**self._said, **total, **curves(epochs)}) != CANCELLING:
                return
            self._store.end_training(self._run, CANCELLED)
        except StoreError as error:
            # A database that is away does not stop a training; it is told again in a moment.
            print(f"training {self._run}: not told: {error}", file=sys.stderr, flush=True)
            return
        # The fit runs in compiled code that no exception reaches; what it writes is written whole or not at all.
        os._exit(1)
