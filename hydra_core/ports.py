"""The ports: what the pure core asks of the world. Adapters are built only in the composition roots."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hydra_core.domain import Arrival, ModelRef, Outcome, Plot, PlotType, Policy, Prediction, Severity

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
        """Yield complete files until cancelled. A bad file is counted in `rejects`, never raised."""
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


@dataclass(frozen=True, slots=True)
class Pictures:
    """The plot as operators' screens show it: thumbnail and heat map, both RGB of `pvs.THUMBNAIL_SIZE`."""

    thumbnail: RGB
    heatmap: RGB | None


class Publisher(Protocol):
    """The operators' side: process variables. All calls are made on the event loop and never block."""

    def outcome(self, outcome: Outcome, pictures: Pictures | None, latency: float | None) -> None:
        """Publish one plot type's verdict and what led to it; `latency` in seconds from file to here."""
        ...

    def restore(self, plot_type: PlotType, last: Outcome) -> None:
        """Put back the last state with its old time stamps; raises no alarm anew."""
        ...

    def policy(self, plot_type: PlotType, policy: Policy) -> None:
        """Publish the thresholds and the confirmation rule in force."""
        ...

    def age(self, plot_type: str, seconds: float) -> None:
        """Publish how long ago the last plot arrived."""
        ...

    def service(self, suffix: str, value: object, severity: Severity = Severity.NO_ALARM) -> None:
        """Publish one of the service's own PVs."""
        ...


class Store(Protocol):
    """The database, as the IOC uses it. Every call may raise StoreError; none hangs (time-outs)."""

    def record(self, outcome: Outcome) -> None:
        """Write one outcome in one transaction; a second time changes nothing."""
        ...
