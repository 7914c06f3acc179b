"""Starts trainings as processes of their own, and says in the database when one dies without a word."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hydra_core.config import HallConfig
from hydra_core.errors import ServiceError, StoreError
from hydra_core.store.trainings import CANCELLED, FAILED, TrainingStore

logger = logging.getLogger(__name__)

LAST_WORDS = 2000
"""Characters of a process's stderr that are shown when it fails."""
COMMAND = "from hydra_cli.main import main; main()"


@dataclass(frozen=True, slots=True)
class Trainer:
    """Trainings of one hall. The process belongs to no session and takes orders from the database alone.

    So it goes on when the web service is started anew; what it prints is in `folder`, a file a training.
    """

    store: TrainingStore
    config_file: Path
    folder: Path

    def start(self, plot_type: str, settings: Mapping[str, object], by: str, where: str) -> int:
        """Begin a training and return its id. Raises StoreError while one of the type is under way, ServiceError."""
        run = self.store.start_training(plot_type, settings, by, where)
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
            raise ServiceError(f"training {run} of {plot_type} could not be started: {error}") from error
        logger.info("training started id=%d plot_type=%s by=%s pid=%d", run, plot_type, by, process.pid)
        threading.Thread(target=self._wait, args=(run, process, log), name=f"training {run}", daemon=True).start()
        return run

    def _wait(self, run: int, process: subprocess.Popen[bytes], log: Path) -> None:
        """Wait for the end of a process; one that wrote no end into the database has failed."""
        code = process.wait()
        logger.info("training ended id=%d code=%d", run, code)
        try:
            found = self.store.training(run)
            if found.is_under_way:
                stopped = found.state == "cancelling"
                words = last_words(log) or f"it ended with exit code {code} and said nothing"
                self.store.end_training(run, CANCELLED if stopped else FAILED, "" if stopped else words)
        except StoreError as error:
            logger.warning("end of training not written id=%d why=%s", run, error)


def trainer_of(config: HallConfig, store: TrainingStore) -> Trainer:
    """Return the trainer of a hall. Raises ServiceError for one that was built without a configuration file."""
    if config.document is None:
        raise ServiceError("this hall has no configuration file: a training process could not read it")
    return Trainer(store, Path(config.document.name).absolute(), config.data_dir / "trainings")


def last_words(log: Path) -> str:
    """Return the end of what a process printed, whole lines."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LAST_WORDS))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines[1:] if len(text) >= LAST_WORDS else lines)
