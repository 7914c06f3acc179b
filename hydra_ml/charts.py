"""The charts of a model's report, as drawings: confusion, reliability, thresholds, training."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hydra_core.scales import round_up
from hydra_ml.confusion import BINS, Cell, ConfusionMatrix
from hydra_ml.drawing import Drawing, Point
from hydra_ml.progress import Epoch
from hydra_ml.reliability import Calibration
from hydra_ml.thresholds import GRID, Scan

Span = tuple[float, float]
Legend = Sequence[tuple[str, str]]
"""(role, name) of each line."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Two linear axes on a drawing: `left`, `top`, `right`, `bottom` in pixels, spans in the data's units."""

    drawing: Drawing
    left: float
    top: float
    right: float
    bottom: float
    x: Span
    y: Span

    def at(self, x: float, y: float) -> Point:
        """Return where a value lies in pixels."""
        across = (x - self.x[0]) / ((self.x[1] - self.x[0]) or 1)
        up = (y - self.y[0]) / ((self.y[1] - self.y[0]) or 1)
        return self.left + across * (self.right - self.left), self.bottom - up * (self.bottom - self.top)

    def draw(self, x_ticks: Sequence[float], y_ticks: Sequence[float], x_name: str, y_name: str) -> None:
        """Draw grid lines, numbers and the axes' names."""
        for value in y_ticks:
            (x0, y0), (x1, _) = self.at(self.x[0], value), self.at(self.x[1], value)
            self.drawing.line([(x0, y0), (x1, y0)], "grid")
            self.drawing.write((x0 - 6, y0 + 4), f"{value:.4g}", "soft", 12, "end")
        for value in x_ticks:
            x0, y0 = self.at(value, self.y[0])
            self.drawing.write((x0, y0 + 17), f"{value:.4g}", "soft", 12, "middle")
        self.drawing.write(((self.left + self.right) / 2, self.bottom + 34), x_name, "soft", 12, "middle")
        self.drawing.write((self.left - 34, self.top - 10), y_name, "soft", 12)

    def curve(self, points: Sequence[Point], role: str, width: float = 2, dashed: bool = False) -> None:
        """Draw a line through values, broken where one is no number."""
        part: list[Point] = []
        for x, y in [*points, (math.nan, math.nan)]:
            if x == x and y == y:
                part.append(self.at(x, y))
                continue
            if len(part) > 1:
                self.drawing.line(part, role, width, dashed)
            elif part:
                self.drawing.dot(part[0], role, 3)
            part = []

    def legend(self, names: Legend) -> None:
        """Name the lines, from right to left above the axes."""
        at = self.right
        for role, name in reversed(names):
            at -= 7.2 * len(name)
            self.drawing.write((at, self.top - 10), name, role, 12)
            at -= 24
            self.drawing.line([(at, self.top - 14), (at + 18, self.top - 14)], role, 3)
            at -= 12


def draw_confusion(matrix: ConfusionMatrix) -> Drawing:
    """Draw the enhanced confusion matrix: a histogram of the confidence in each cell, counts on a log scale."""
    names = matrix.classes
    wide = min(170.0, max(74.0, 700 / len(names)))
    high, left, top = wide * 0.62, 30 + 7.5 * max(map(len, names)), 52.0
    title = "Confusion matrix with a histogram of the confidence in each cell: rows are labels, columns what was said"
    drawing = Drawing(math.ceil(left + wide * len(names) + 10), math.ceil(top + high * len(names) + 30), title)
    drawing.write((left, 16), "the model said", "soft", 12)
    drawing.write((4, top - 8), "label", "soft", 12)
    most = max(max(cell.histogram) for row in matrix.cells for cell in row)
    for t, row in enumerate(matrix.cells):
        drawing.write((left + wide * t + wide / 2, top - 8), names[t], "text", 13, "middle")
        drawing.write((left - 10, top + high * t + high / 2 + 4), names[t], "text", 13, "end")
        for s, cell in enumerate(row):
            corner = (left + wide * s + 2, top + high * t + 2)
            _draw_cell(drawing, cell, corner, (wide - 4, high - 4), most, "right" if t == s else "wrong")
    foot = top + high * len(names) + 18
    drawing.write((left, foot), "confidence 0 … 1 in each cell, plots on a log scale", "soft", 12)
    return drawing


def draw_reliability(calibration: Calibration) -> Drawing:
    """Draw how often the model is right against how sure it is; on the diagonal scores mean what they say."""
    drawing = Drawing(380, 320, "Reliability: share judged rightly against confidence")
    low = 0.1 * math.floor(10 * min([0.9, *(min(b.confidence, b.accuracy) for b in calibration.bins)]))
    axes = Axes(drawing, 52, 34, 366, 270, (low, 1.0), (low, 1.0))
    ticks = _ticks(low, 1.0)
    axes.draw(ticks, ticks, "confidence", "right")
    axes.curve([(low, low), (1, 1)], "soft", 1, dashed=True)
    most = max(b.plots for b in calibration.bins)
    for part in calibration.bins:
        start, end = axes.at(part.confidence, part.confidence), axes.at(part.confidence, part.accuracy)
        drawing.line([start, end], "band", 6)
    axes.curve([(b.confidence, b.accuracy) for b in calibration.bins], "first", 1.5)
    for part in calibration.bins:
        drawing.dot(axes.at(part.confidence, part.accuracy), "first", 2.5 + 2.5 * part.plots / most)
    return drawing


def draw_scan(scan: Scan, chosen: float | None) -> Drawing:
    """Draw precision, recall and F1 of one class against its threshold, and the chosen one."""
    drawing = Drawing(380, 250, f"Precision, recall and F1 of {scan.class_name} against its threshold")
    axes = Axes(drawing, 46, 34, 366, 200, (0, 1), (0, 1))
    axes.draw((0, 0.25, 0.5, 0.75, 1), (0, 0.25, 0.5, 0.75, 1), f"threshold of {scan.class_name}", "")
    if chosen is not None:
        axes.curve([(chosen, 0), (chosen, 1)], "text", 1.5, dashed=True)
        end = chosen > 0.5
        at = axes.at(chosen, 0.04)
        drawing.write((at[0] + (-5 if end else 5), at[1]), f"{chosen:.2f}", "text", 12, "end" if end else "start")
    for role, curve in (("first", scan.precision()), ("second", scan.recall()), ("third", scan.f1())):
        axes.curve(list(zip(GRID.tolist(), curve.tolist(), strict=True)), role)
    axes.legend((("first", "precision"), ("second", "recall"), ("third", "F1")))
    return drawing


def draw_training(history: Sequence[Epoch]) -> tuple[Drawing, Drawing]:
    """Draw loss and accuracy of the training and of the validation plots over epochs."""
    loss = [[e.loss for e in history], [e.val_loss for e in history]]
    accuracy = [[e.accuracy for e in history], [e.val_accuracy for e in history]]
    return _over_epochs("loss", loss, None), _over_epochs("accuracy", accuracy, 1.0)


def _over_epochs(name: str, curves: Sequence[Sequence[float]], top: float | None) -> Drawing:
    count = len(curves[0])
    drawing = Drawing(380, 250, f"{name.capitalize()} over {count} epochs, training and validation plots")
    top = top or round_up(max((v for curve in curves for v in curve if v == v), default=1.0))
    last = max(2, count)
    axes = Axes(drawing, 46, 34, 366, 200, (1, last), (0, top))
    steps = sorted({1, *(round(1 + (last - 1) * i / 4) for i in range(1, 5))})
    axes.draw(steps, [top * i / 4 for i in range(5)], "epoch", name)
    for role, curve in zip(("first", "second"), curves, strict=True):
        axes.curve([(number + 1, value) for number, value in enumerate(curve)], role)
    axes.legend((("first", "training"), ("second", "validation")))
    return drawing


def _draw_cell(drawing: Drawing, cell: Cell, corner: Point, size: tuple[float, float], most: int, role: str) -> None:
    (x, y), (wide, high) = corner, size
    drawing.box(x, y, wide, high, "cell")
    drawing.line([(x, y + high), (x + wide, y + high)], "grid")
    if cell.count == 0:
        return
    bar, room = wide / BINS, high - 22
    for number, count in enumerate(cell.histogram):
        if count:
            tall = max(2.0, room * math.log1p(count) / math.log1p(most))
            drawing.box(x + bar * number + 0.5, y + high - tall, bar - 1, tall, role)
    drawing.write((x + 6, y + 16), f"{cell.count:,}".replace(",", " "), "text", 13)


def _ticks(low: float, high: float) -> list[float]:
    step = 0.2 if high - low > 0.55 else 0.1 if high - low > 0.15 else 0.02
    return [round(low + i * step, 3) for i in range(int((high - low) / step + 1e-6) + 1)]
