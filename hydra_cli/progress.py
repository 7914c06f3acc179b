"""Show a training's progress: a bar on a terminal, one log line for each event otherwise."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as RichBars

    from hydra_ml.progress import Epoch, Progress


@contextmanager
def training_progress() -> "Iterator[Progress]":
    """Yield who watches the training; the bar is taken away at the end."""
    from hydra_ml.progress import LogProgress

    if not sys.stderr.isatty():
        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
        yield LogProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield BarProgress(bars)


class BarProgress:
    """Draws a bar of epochs with the latest figures beside it."""

    def __init__(self, bars: "RichBars") -> None:
        self._bars = bars
        self._task = bars.add_task("starting", total=None, figures="")

    def stage(self, text: str) -> None:
        """Name the part of the work beside the bar."""
        self._bars.update(self._task, description=text)

    def epoch(self, epoch: "Epoch") -> None:
        """Move the bar."""
        figures = f"loss {epoch.loss:.3f}  validation {epoch.val_loss:.3f} ({epoch.val_accuracy:.1%})"
        figures += f"  {epoch.plots_per_second():.0f} plots/s"
        self._bars.update(self._task, total=epoch.total, completed=epoch.number, figures=figures)

    def warning(self, text: str) -> None:
        """Print the warning above the bar."""
        self._bars.console.print(f"warning: {text}", markup=False, highlight=False)
