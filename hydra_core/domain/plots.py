"""What comes in and what a model says of it: arrival, picture, plot, prediction."""

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Arrival:
    """A complete file from a source, its bytes not yet judged in any way.

    `taken_at` is the file's own time (mtime), `source` where it came from (path relative to the source).
    """

    plot_type: str
    run: int
    chunk: int
    taken_at: datetime
    received_at: datetime
    source: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Image:
    """What is known of archived picture bytes: `sha256` hex, size in pixels and bytes, 64-bit `dhash`."""

    sha256: str
    media_type: str
    width: int
    height: int
    size: int
    dhash: int | None


@dataclass(frozen=True, slots=True)
class Plot:
    """One picture of one plot type. `uid` (32 hex digits) identifies the arrival across restarts."""

    uid: str
    plot_type: str
    run: int
    chunk: int
    taken_at: datetime
    received_at: datetime
    source: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which model judged: plot type, version, sha256 of its `model.keras`. `str()` is the MODEL PV."""

    plot_type: str
    version: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.plot_type} v{self.version}"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model said of one plot. All of it comes from one forward pass.

    `scores` has one probability per entry of `classes` (sum 1); `cam` is the Grad-CAM map of the top class
    as uint8 of the feature map's size (h, w), 255 the hottest, or where an odd plot that is called good is odd;
    `embedding` is float32 (d,); `novelty` 0…1 is the share of the top class's plots that are less odd;
    `took` seconds for decode, resize and inference.
    """

    plot: Plot
    model: ModelRef
    classes: tuple[str, ...]
    scores: tuple[float, ...]
    cam: npt.NDArray[np.uint8] | None = field(default=None, compare=False)
    embedding: npt.NDArray[np.float32] | None = field(default=None, compare=False)
    novelty: float = 0.0
    took: float = 0.0

    def top(self) -> tuple[str, float]:
        """Name and score of the class with the highest score."""
        best = max(range(len(self.scores)), key=self.scores.__getitem__)
        return self.classes[best], self.scores[best]
