"""The demo's training, run as a process of its own: draw plots, import their labels, train every plot type."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hydra_cli.demo.hall import PLOTS, write_hall

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from hydra_core.config import HallConfig
    from hydra_core.store import SqlStore
    from hydra_ml.progress import Epoch

PER_CLASS, RUNS, SEED = 84, 14, 1
SEVERITY = (0.4, 1.0)
"""The demo's faults are plain ones: seventy plots a class are too few to learn the subtle."""
EPOCHS = 0
"""The head alone is fitted: that takes seconds, and the body knows the generator's plots."""


class Steps:
    """The progress of the whole preparation: a bar on a terminal, a line for each step otherwise."""

    def __init__(self, bar: "Bar | None") -> None:
        self._bar = bar
        self._task: TaskID | None = None

    def begin(self, text: str, total: int) -> None:
        """Start the next step."""
        if self._bar is None:
            print(text, file=sys.stderr, flush=True)
            return
        if self._task is not None:
            self._bar.update(self._task, completed=self._bar.tasks[self._task].total)
        self._task = self._bar.add_task(text, total=total)

    def advance(self, done: int, total: int) -> None:
        """Say how far the step is."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total)

    def stage(self, text: str) -> None:
        """Take no notice of a part of one training."""

    def epoch(self, epoch: "Epoch") -> None:
        """Count an epoch."""
        self.advance(epoch.number, epoch.total)

    def warning(self, text: str) -> None:
        """Take no notice: the demo's sets are small on purpose."""


def main(seed: Path) -> None:
    """Fill `seed/data` with a database of labels and active models, the pictures and the bundles."""
    from db_schema.migrate import upgrade
    from hydra_core.config import load_config
    from hydra_core.store import open_store

    hall = load_config(write_hall(seed / "hall.yaml", seed / "data", seed, "HYDRA:DEMO:", 5064, 8080))
    (seed / "data").mkdir()
    upgrade(hall.database_url())
    store = open_store(hall.database_url())
    try:
        with _steps() as steps:
            _label(hall, store, steps)
            for plot_type in hall.plot_types():
                steps.begin(f"Training {plot_type.title}", 1)
                _train(hall, store, plot_type.name, steps)
    finally:
        store.close()


def _label(hall: "HallConfig", store: "SqlStore", steps: Steps) -> None:
    from hydra_core.archive import FileArchive
    from hydra_core.images import Limits
    from hydra_core.label_csv import load_rows, read_rows
    from hydra_ml.simulate import write_training_set

    plot_types = {p.name: p for p in hall.plot_types()}
    store.sync_plot_types(hall.plot_types())
    with tempfile.TemporaryDirectory(prefix="hydra-demo-plots-") as folder:
        steps.begin("Drawing labelled plots", 1)
        csv = write_training_set(Path(folder), tuple(PLOTS), PER_CLASS, SEED, RUNS, steps.advance, severity=SEVERITY)
        steps.begin("Importing them", 1)
        rows, _ = read_rows(csv, Path(folder), plot_types, None, hall.zone)
        found = load_rows(rows, FileArchive(hall.archive.path), Limits())
        store.add_labels(found.plots, found.images, "generator", "hydra demo")


def _train(hall: "HallConfig", store: "SqlStore", name: str, steps: Steps) -> None:
    from hydra_core.archive import FileArchive
    from hydra_ml.training import TrainingOptions, train

    plot_type = next(p for p in hall.plot_types() if p.name == name)
    options = TrainingOptions(architecture="light", epochs=EPOCHS, threads=2, created_by="demo")
    record = train(plot_type, store, FileArchive(hall.archive.path), hall.models.path, options, steps)
    store.promote(name, record.ref.version, "demo")


@contextmanager
def _steps() -> Iterator[Steps]:
    if not sys.stderr.isatty():
        yield Steps(None)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        yield Steps(bar)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
