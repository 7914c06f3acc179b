"""What a synthetic detector plot shows, as plain numbers: no colours of a palette, no fonts, no pixels.

A renderer (`hydra_ml.simulate.drawing` by Matplotlib) turns a `Content` and a `Style` into a picture. Lengths
called "fractions" are fractions of the canvas or of the pad, origin bottom left, as ROOT's NDC.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Colour = tuple[float, float, float]

GOOD, BAD, NO_DATA = "Good", "Bad", "NoData"
LABELS = (GOOD, BAD, NO_DATA)


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: range in data units. `labels` stand at the centres of as many equal bins; "" leaves a bin bare."""

    low: float
    high: float
    title: str = ""
    log: bool = False
    labels: tuple[str, ...] = ()
    vertical_labels: bool = False
    divisions: int = 8
    ticks: bool = True
    text_scale: float = 1.0


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A 2-D histogram whose bins fill the frame: `values` has shape (rows, columns), row 0 lowest; 0 stays white.

    `z` is the range of the colour scale, `log` makes it logarithmic; `palette` overrides the style's.
    """

    values: Floats
    z: tuple[float, float]
    palette: str = ""
    log: bool = False


@dataclass(frozen=True, slots=True)
class Cells:
    """Coloured polygons: `corners` (cells, vertices, 2) in data units, `values` (cells,); 0 stays white."""

    corners: Floats
    values: Floats
    z: tuple[float, float]
    palette: str = ""
    log: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """Filled bars from the axis upwards: `lefts` (n,), `heights` (n,), one width, one colour.

    `edge` is the width of a black outline in pixels of a canvas of 800x600, 0 for none; a `hollow` bar is an outline
    in the bar's colour.
    """

    lefts: Floats
    heights: Floats
    width: float
    colour: Colour
    name: str = ""
    edge: float = 0.0
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class Steps:
    """A histogram's outline: `counts` (n,) over `edges` (n + 1,); `fill` colours what lies under it."""

    edges: Floats
    counts: Floats
    colour: Colour
    fill: Colour | None = None


@dataclass(frozen=True, slots=True)
class ErrorBars:
    """Points with bars: `counts` (n,) at `centres` (n,), bars half a bin wide and `errors` (n,) high to each side."""

    centres: Floats
    counts: Floats
    errors: Floats
    colour: Colour


@dataclass(frozen=True, slots=True)
class Circle:
    """A thin black circle around the origin, radius in data units."""

    radius: float


@dataclass(frozen=True, slots=True)
class Outlines:
    """Thin black outlines of polygons: `corners` (n, vertices, 2) in data units."""

    corners: Floats


@dataclass(frozen=True, slots=True)
class Note:
    """A line of text at `x`, `y` (fractions of the frame), in a grey box where `boxed`; it means nothing to a judge."""

    x: float
    y: float
    text: str
    boxed: bool = False
    vertical: bool = False
    text_scale: float = 1.0


Layer = HeatMap | Cells | Bars | Steps | ErrorBars | Circle | Outlines | Note


@dataclass(frozen=True, slots=True)
class Stats:
    """The statistics box: histogram's name and lines of (what, value)."""

    name: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Pad:
    """One frame with axes on the canvas.

    `rect` (x0, y0, x1, y1) and `margins` (left, right, bottom, top) are fractions; `stats_shown` says whether the macro
    shows the statistics box when the style does not decide. `look` is "root" or, for CLAS12, "groot" (grey frame, white
    grid, bold text, a palette of its own); `fill` colours the pad around the frame, `ground` the
    frame; `text_scale` multiplies its texts.
    """

    title: str
    x: Axis
    y: Axis
    layers: tuple[Layer, ...]
    rect: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    margins: tuple[float, float, float, float] = (0.10, 0.10, 0.10, 0.10)
    subtitle: str = ""
    stats: Stats | None = None
    stats_shown: bool = False
    legend: tuple[tuple[str, Colour], ...] = ()
    z_bar: bool = False
    grid: bool = False
    look: str = "root"
    fill: Colour | None = None
    text_scale: float = 1.0
    ground: Colour | None = None

    def frame(self) -> tuple[float, float, float, float]:
        """Return the frame (x0, y0, x1, y1) as fractions of the canvas, origin bottom left."""
        x0, y0, x1, y1 = self.rect
        left, right, bottom, top = self.margins
        width, height = x1 - x0, y1 - y0
        return x0 + left * width, y0 + bottom * height, x1 - right * width, y1 - top * height


@dataclass(frozen=True, slots=True)
class FaultBox:
    """Where a fault shows: corners in data units of the pad with index `pad`; infinities reach to the frame."""

    pad: int
    x0: float = -np.inf
    y0: float = -np.inf
    x1: float = np.inf
    y1: float = np.inf


@dataclass(frozen=True, slots=True)
class Content:
    """One plot before it is drawn, with the truth about it: its label, the fault's name ("" healthy) and boxes.

    `severity` is what was asked for (0 subtle … 1 obvious), None where it was left to chance.
    """

    plot_type: str
    pads: tuple[Pad, ...]
    label: str
    fault: str = ""
    boxes: tuple[FaultBox, ...] = ()
    severity: float | None = None


def arrays(content: Content) -> Iterator[Floats]:
    """Yield what was measured, layer by layer: values, heights or counts."""
    for pad in content.pads:
        for layer in pad.layers:
            match layer:
                case HeatMap(values=values) | Cells(values=values) | Bars(heights=values):
                    yield values
                case Steps(counts=values) | ErrorBars(counts=values):
                    yield values


def stats_of(name: str, centres: Floats, weights: Floats, other: tuple[Floats, Floats] | None = None) -> Stats:
    """Return entries, mean and standard deviation as ROOT's box shows them; `other` is (centres, weights) along y."""
    lines = [("Entries", f"{weights.sum():.0f}")]
    for axis, (x, w) in zip("xy", [(centres, weights), *([other] if other else [])], strict=False):
        total = float(w.sum())
        mean = float((x * w).sum()) / total if total > 0 else 0.0
        spread = float(np.sqrt(max(0.0, float((x * x * w).sum()) / total - mean * mean))) if total > 0 else 0.0
        suffix = f" {axis}" if other else ""
        lines += [(f"Mean{suffix}", f"{mean:.4g}"), (f"Std Dev{suffix}", f"{spread:.4g}")]
    return Stats(name, tuple(lines))
