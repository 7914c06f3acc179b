"""The ports: what the pure core asks of the world. Adapters are built only in the composition roots."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hydra_core.domain import (
    Arrival,
    Image,
    ModelRef,
    Outcome,
    Plot,
    PlotState,
    PlotType,
    Prediction,
)

RGB = npt.NDArray[np.uint8]
"""A decoded plot: uint8, shape (height, width, 3)."""


class Clock(Protocol):
    """Where "now" comes from, so that tests and replay can choose it."""

    def now(self) -> datetime:
        """Return the current time, aware, UTC."""
        ...


class Source(Protocol):
    """Somewhere plots come from."""

    def arrivals(self) -> AsyncIterator[Arrival]:
        """Yield complete files until cancelled. Raises nothing for a single bad file; it is counted in `rejects`."""
        ...


class Archive(Protocol):
    """Content-addressed picture bytes."""

    def put(self, data: bytes) -> str:
        """Store bytes atomically (a second time is no work) and return their sha256 hex. Raises StoreError."""
        ...

    def get(self, sha256: str) -> bytes:
        """Return the bytes. Raises StoreError when they are missing or do not match their hash."""
        ...

    def thumbnail(self, sha256: str) -> Path:
        """Return the WebP thumbnail's path, made on first use. Raises ImageError, StoreError."""
        ...


class Classifier(Protocol):
    """One loaded, warm model."""

    @property
    def ref(self) -> ModelRef:
        """Which model this is."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in enum order."""
        ...

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Thresholds chosen when the model was evaluated (empty: none were)."""
        ...

    def predict(self, plots: Sequence[tuple[Plot, RGB]]) -> list[Prediction]:
        """Judge decoded plots in one forward pass. Raises PredictionError for output that is no answer."""
        ...


class Publisher(Protocol):
    """The operators' side: process variables. All calls are made on the event loop and never block."""

    def plot(self, outcome: Outcome, image: Image | None, thumbnail: RGB | None, heatmap: RGB | None) -> None:
        """Publish one plot type's verdict and what led to it."""
        ...

    def restore(self, plot_type: PlotType, state: PlotState, last: Outcome | None) -> None:
        """Put back the last state with its old time stamps; raises no alarm anew."""
        ...


class Store(Protocol):
    """The database, as the IOC uses it. Every call may raise StoreError; none hangs (time-outs)."""

    def record(self, outcome: Outcome) -> None:
        """Write one outcome in one transaction; a second time changes nothing."""
        ...
