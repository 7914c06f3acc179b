"""Starts trainings as processes of their own, and says in the database when one dies without a word.

A page writes down what is wanted. Where a trainer runs as a service (`hydra trainer run`), that starts it; else the
web service does. The process belongs to no session and takes orders from the database alone, so it goes on when
whoever started it is started anew.
"""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import gethostname

from hydra_core.config import HallConfig
from hydra_core.errors import ServiceError, StoreError
from hydra_core.store import SqlStore
from hydra_core.store.trainings import CANCELLED, CANCELLING, FAILED

logger = logging.getLogger(__name__)

SERVICE = "trainer"
"""The trainer's name among the services that tell of themselves."""
LOOK_EVERY = 1.0
TELL_EVERY = 5.0
ALIVE = timedelta(seconds=20)
"""A trainer that has told of itself so lately is there."""
LAST_WORDS = 2000
"""Characters of a process's stderr that are shown when it fails."""
COMMAND = "from hydra_cli.main import main; main()"


@dataclass(frozen=True, slots=True)
class Trainer:
    """Trainings of one hall; what their processes print is in `folder`, a file a training."""

    store: SqlStore
    config_file: Path
    folder: Path

    def ask(self, plot_type: str, settings: Mapping[str, object], by: str, where: str) -> int:
        """Have a model trained; return the training's id. Raises StoreError while one of the type is under way."""
        served = any(
            one.service == SERVICE and datetime.now(UTC) - one.at < ALIVE and one.state == "RUNNING"
            for one in self.store.services()
        )
        run = self.store.start_training(plot_type, settings, by, where, waiting=served)
        if not served:
            self.start(run)
        return run

    def serve(self, stop: threading.Event) -> None:
        """Start what pages ask for until `stop` is set. A database that is away is waited for."""
        told = float("-inf")
        elapsed = 0.0
        while True:
            try:
                if elapsed - told >= TELL_EVERY:
                    self._tell("RUNNING")
                    told = elapsed
                for run in self.store.take_waiting():
                    self.start(run)
            except (StoreError, ServiceError) as error:
                logger.warning("trainer cannot work why=%s", error)
            if stop.wait(LOOK_EVERY):
                break
            elapsed += LOOK_EVERY
        try:
            self._tell("STOPPED")
        except StoreError as error:
            logger.warning("stop of the trainer not written why=%s", error)

    def start(self, run: int) -> None:
        """Start the process of a training that was written down. Raises ServiceError, StoreError."""
        log = self.folder / f"{run}.log"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with log.open("wb") as out:
                process = subprocess.Popen(
                    [sys.executable, "-c", COMMAND, "train-run", str(run), "-c", str(self.config_file)],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                    env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
                )
        except OSError as error:
            self.store.end_training(run, FAILED, f"the training process could not be started: {error.strerror}")
            raise ServiceError(f"training {run} could not be started: {error}") from error
        logger.info("training started id=%d pid=%d", run, process.pid)
        threading.Thread(target=self._wait, args=(run, process, log), name=f"training {run}", daemon=True).start()

    def _wait(self, run: int, process: subprocess.Popen[bytes], log: Path) -> None:
        """Wait for the end of a process; one that wrote no end into the database has failed."""
        code = process.wait()
        logger.info("training ended id=%d code=%d", run, code)
        try:
            found = self.store.training(run)
            if found.is_under_way:
                stopped = found.state == CANCELLING
                words = last_words(log) or f"it ended with exit code {code} and said nothing"
                self.store.end_training(run, CANCELLED if stopped else FAILED, "" if stopped else words)
        except StoreError as error:
            logger.warning("end of training not written id=%d why=%s", run, error)

    def _tell(self, state: str) -> None:
        self.store.heartbeat(SERVICE, gethostname(), os.getpid(), state, {})


def trainer_of(config: HallConfig, store: SqlStore) -> Trainer:
    """Return the trainer of a hall. Raises ServiceError for one that was built without a configuration file."""
    if config.document is None:
        raise ServiceError("this hall has no configuration file: a training process could not read it")
    return Trainer(store, Path(config.document.name).absolute(), config.data_dir / "trainings")


def last_words(log: Path) -> str:
    """Return the end of what a process printed, whole lines."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            start = max(0, file.tell() - LAST_WORDS)
            file.seek(start)
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = text.splitlines()[1 if start else 0 :]
    return "\n".join(line for line in lines if line.strip())
