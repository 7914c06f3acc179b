"""The geometry of the library's charts: numbers go in, shapes in the units of an SVG's viewBox come out. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hydra_core.bundles import Bin, Cell, Scan
from hydra_core.scales import round_up

WIDTH, HEIGHT = 380.0, 230.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 8.0, 12.0, 28.0
CELL = (100.0, 44.0)
"""Width and height of a histogram of the confusion matrix."""

Value = float | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A number at an axis: where, and its words."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line: `role` says its colour and dash, `path` is SVG's `d`, `name` is for the legend ("": none)."""

    role: str
    path: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A dot: centre, radius, and what it says when pointed at."""

    x: float
    y: float
    radius: float
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Two axes with lines and dots; `title` tells in words what it shows."""

    title: str
    x_name: str
    y_name: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    dots: tuple[Dot, ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a histogram."""

    x: float
    y: float
    width: float
    height: float


class _Axes:
    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self._x, self._y = x, y

    def x(self, value: float) -> float:
        span = (self._x[1] - self._x[0]) or 1.0
        return round(LEFT + (value - self._x[0]) / span * (WIDTH - LEFT - RIGHT), 2)

    def y(self, value: float) -> float:
        span = (self._y[1] - self._y[0]) or 1.0
        return round(HEIGHT - BOTTOM - (value - self._y[0]) / span * (HEIGHT - TOP - BOTTOM), 2)

    def path(self, points: Iterable[tuple[float, Value]]) -> str:
        """Return a line through the points, broken where there is no value."""
        parts, drawing = [], False
        for x, y in points:
            if y is not None:
                parts.append(f"{'L' if drawing else 'M'}{self.x(x)} {self.y(y)}")
            drawing = y is not None
        return " ".join(parts)

    def ticks(self, values: Sequence[float], across: bool) -> tuple[Tick, ...]:
        place = self.x if across else self.y
        return tuple(Tick(place(value), f"{value:.4g}") for value in values)


def histogram(cell: Cell, most: int) -> tuple[Bar, ...]:
    """Return the bars of a cell: counts on a log scale on which `most` fills the height; one plot is still seen."""
    wide, high = CELL[0] / len(cell.histogram), CELL[1]
    bars = []
    for number, count in enumerate(cell.histogram):
        if count:
            tall = round(max(3.0, high * math.log1p(count) / math.log1p(max(most, 1))), 2)
            bars.append(Bar(round(number * wide + 0.25, 2), round(high - tall, 2), round(wide - 0.5, 2), tall))
    return tuple(bars)


def reliability_chart(bins: Sequence[Bin]) -> Chart:
    """Return the reliability diagram: on the diagonal scores mean what they say."""
    low = math.floor(10 * min([0.9, *(min(b.confidence, b.accuracy) for b in bins)])) / 10
    axes, most = _Axes((low, 1.0), (low, 1.0)), max((b.plots for b in bins), default=1)
    steps = _steps(low, 1.0)
    dots = tuple(
        Dot(axes.x(b.confidence), axes.y(b.accuracy), round(3 + 3 * b.plots / most, 2),
            f"{b.plots} plots: {b.confidence:.1%} sure, {b.accuracy:.1%} right")
        for b in bins
    )  # fmt: skip
    lines = (
        Line("soft", axes.path([(low, low), (1.0, 1.0)]), "as sure as right"),
        Line("first", axes.path([(b.confidence, b.accuracy) for b in bins]), "this model"),
    )
    title = "How often the model is right, by how sure it is"
    return Chart(title, "confidence", "right", axes.ticks(steps, True), axes.ticks(steps, False), lines, dots)


def curve_chart(name: str, training: Sequence[Value], validation: Sequence[Value], top: float | None = None) -> Chart:
    """Return a training's curve over its epochs; `top` is the end of the y axis, None: as the values need."""
    known = [v for v in (*training, *validation) if v is not None]
    top = top or round_up(max(known, default=1.0))
    count = max(len(training), 2)
    axes = _Axes((1.0, count), (0.0, top))
    lines = (
        Line("first", axes.path((n + 1, v) for n, v in enumerate(training)), "training"),
        Line("second", axes.path((n + 1, v) for n, v in enumerate(validation)), "validation"),
    )
    epochs = sorted({1, *(round(1 + (count - 1) * i / 4) for i in range(1, 5))})
    title = f"{name} over {len(training)} epochs"
    ticks = axes.ticks([float(e) for e in epochs], True), axes.ticks([top * i / 4 for i in range(5)], False)
    return Chart(title, "epoch", name, *ticks, lines)


def scan_chart(class_name: str, scan: Scan, marks: Mapping[str, float]) -> Chart:
    """Return precision, recall and F1 of a class against its threshold, and thresholds as upright lines by name."""
    axes = _Axes((0.0, 1.0), (0.0, 1.0))
    curves = (("first", scan.precision, "precision"), ("second", scan.recall, "recall"), ("third", scan.f1, "F1"))
    lines = [Line(role, axes.path(zip(scan.threshold, values, strict=False)), name) for role, values, name in curves]
    lines += [Line("mark", axes.path([(at, 0.0), (at, 1.0)]), f"{name} {at:.2f}") for name, at in marks.items()]
    steps = [0.0, 0.25, 0.5, 0.75, 1.0]
    title = f"Precision, recall and F1 of {class_name} against its threshold"
    return Chart(title, "threshold", "", axes.ticks(steps, True), axes.ticks(steps, False), tuple(lines))


def _steps(low: float, high: float) -> list[float]:
    step = 0.2 if high - low > 0.55 else 0.1 if high - low > 0.15 else 0.05
    return [round(low + i * step, 3) for i in range(int((high - low) / step + 1e-6) + 1)]
