"""What a long training tells the person who waits for it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training plots: losses, accuracies (0…1; NaN without validation plots) and seconds.

    `plots` counts those that were learnt from, each as often as it came.
    """

    number: int
    total: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
    plots: int = 0

    def plots_per_second(self) -> float:
        """Return how fast the pass was."""
        return self.plots / self.seconds if self.seconds > 0 else 0.0


def curves(history: Sequence[Epoch]) -> dict[str, list[float | None]]:
    """Return the losses and accuracies by epoch; None without validation plots."""
    names = ("loss", "val_loss", "accuracy", "val_accuracy")
    return {name: [None if (v := getattr(e, name)) != v else v for e in history] for name in names}


class Progress(Protocol):
    """Somebody who watches a training."""

    def stage(self, text: str) -> None:
        """Hear that a new part of the work begins."""
        ...

    def epoch(self, epoch: Epoch) -> None:
        """Hear of a finished epoch."""
        ...

    def warning(self, text: str) -> None:
        """Hear of something that makes the result less trustworthy."""
        ...


class LogProgress:
    """Writes one log line for each event."""

    def stage(self, text: str) -> None:
        """Log the stage."""
        logger.info("training stage=%r", text)

    def epoch(self, epoch: Epoch) -> None:
        """Log the epoch's figures."""
        logger.info(
            "epoch number=%d of=%d loss=%.4f accuracy=%.3f val_loss=%.4f val_accuracy=%.3f seconds=%.1f "
            "plots_per_second=%.1f",
            epoch.number,
            epoch.total,
            epoch.loss,
            epoch.accuracy,
            epoch.val_loss,
            epoch.val_accuracy,
            epoch.seconds,
            epoch.plots_per_second(),
        )

    def warning(self, text: str) -> None:
        """Log the warning."""
        logger.warning("training warning=%r", text)
