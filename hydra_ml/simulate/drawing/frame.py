"""A pad's frame in pixels: where data land, and the axes in ROOT's manner (ticks inwards, few numbers)."""

import math
from dataclasses import dataclass

import numpy as np

from hydra_ml.simulate.content import Axis, FaultBox, Floats, Pad
from hydra_ml.simulate.drawing.agg import BLACK, AggCanvas, Box

GRID = (0.75, 0.75, 0.75)
LABEL_SIZE = 0.035
TITLE_SIZE = 0.035


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis on the canvas: data from `axis.low` to `axis.high` land on pixels `start` to `stop`."""

    axis: Axis
    start: float
    stop: float

    def to_pixels(self, values: Floats) -> Floats:
        """Return pixels; infinities and everything outside land on the nearer end."""
        low, high = self.axis.low, self.axis.high
        values = np.clip(values, low, high)
        if self.axis.log:
            low, high, values = math.log10(low), math.log10(high), np.log10(values)
        return self.start + (values - low) / (high - low) * (self.stop - self.start)

    def unclipped(self, values: Floats) -> Floats:
        """Return pixels of a linear axis, also outside of the frame."""
        return self.start + (values - self.axis.low) / (self.axis.high - self.axis.low) * (self.stop - self.start)


@dataclass(frozen=True, slots=True)
class Ticks:
    """Where an axis has long ticks (with their texts) and short ones, in data units; `power` scales the texts."""

    major: tuple[float, ...]
    minor: tuple[float, ...]
    texts: tuple[str, ...]
    power: int = 0


def ticks_of(axis: Axis) -> Ticks:
    """Return an axis' ticks."""
    return _log_ticks(axis) if axis.log else _linear_ticks(axis)


def _linear_ticks(axis: Axis) -> Ticks:
    rough = (axis.high - axis.low) / axis.divisions
    decade = 10.0 ** math.floor(math.log10(rough))
    factor = next(f for f in (1, 2, 5, 10) if f * decade >= rough * 0.99)
    step = factor * decade
    fine = step / (4 if factor == 2 else 5)
    numbers = np.arange(math.ceil(axis.low / step - 1e-9), math.floor(axis.high / step + 1e-9) + 1) * step
    short = np.arange(math.ceil(axis.low / fine - 1e-9), math.floor(axis.high / fine + 1e-9) + 1) * fine
    top = max(abs(axis.low), abs(axis.high))
    power = 3 * math.floor(math.log10(top) / 3) if top >= 1e5 else 0
    texts = tuple(f"{round(float(n) / 10**power, 10):g}" for n in numbers)
    return Ticks(tuple(map(float, numbers)), tuple(map(float, short)), texts, power)


def _log_ticks(axis: Axis) -> Ticks:
    decades = range(math.ceil(math.log10(axis.low) - 1e-9), math.floor(math.log10(axis.high) + 1e-9) + 1)
    minor = [m * 10.0**d for d in range(decades.start - 1, decades.stop) for m in range(2, 10)]
    shown = tuple(m for m in minor if axis.low <= m <= axis.high)
    texts = tuple("1" if d == 0 else "10" if d == 1 else f"10^{d}" for d in decades)
    return Ticks(tuple(10.0**d for d in decades), shown, texts)


@dataclass(frozen=True, slots=True)
class Frame:
    """A pad's frame: whole pixels of its edges, and both scales.

    `unit` is the length in pixels that sizes of texts and ticks are fractions of.
    """

    box: tuple[int, int, int, int]
    pad: Box
    x: Scale
    y: Scale
    unit: float

    @classmethod
    def of(cls, pad: Pad, width: int, height: int) -> "Frame":
        """Place a pad on a canvas of width x height pixels."""
        fx0, fy0, fx1, fy1 = pad.frame()
        x0, y0, x1, y1 = round(fx0 * width), round(fy0 * height), round(fx1 * width), round(fy1 * height)
        px0, py0, px1, py1 = pad.rect
        outer = (px0 * width, py0 * height, px1 * width, py1 * height)
        unit = min(outer[2] - outer[0], outer[3] - outer[1])
        return cls((x0, y0, x1, y1), outer, Scale(pad.x, x0, x1), Scale(pad.y, y0, y1), max(unit, 0.62 * height))

    def pixels_of(self, box: FaultBox) -> Box:
        """Return a fault's box in pixels, cut off at the frame, one pixel larger for the rounding."""
        x0, x1 = self.x.to_pixels(np.array([box.x0, box.x1], dtype=float))
        y0, y1 = self.y.to_pixels(np.array([box.y0, box.y1], dtype=float))
        return float(x0) - 1, float(y0) - 1, float(x1) + 1, float(y1) + 1


def paint_grid(canvas: AggCanvas, frame: Frame) -> None:
    """Draw dotted lines at the long ticks (or between labelled bins)."""
    x0, y0, x1, y1 = frame.box
    xs = frame.x.to_pixels(np.array(_grid_values(frame.x.axis)))
    ys = frame.y.to_pixels(np.array(_grid_values(frame.y.axis)))
    lines = [((x, y0), (x, y1)) for x in xs] + [((x0, y), (x1, y)) for y in ys]
    canvas.segments(np.array(lines, dtype=float), GRID, 1.0, dotted=True)


def _grid_values(axis: Axis) -> tuple[float, ...]:
    if axis.labels:
        return tuple(np.linspace(axis.low, axis.high, len(axis.labels) + 1)[1:-1])
    return ticks_of(axis).major


def paint_axes(canvas: AggCanvas, frame: Frame, text_scale: float, ticks_all: bool) -> None:
    """Draw the frame, its ticks and numbers, and the axis titles."""
    canvas.rectangle(tuple(map(float, frame.box)), edge=BLACK)  # type: ignore[arg-type]
    for along_x, scale in ((True, frame.x), (False, frame.y)):
        size = LABEL_SIZE * frame.unit * text_scale * scale.axis.text_scale
        if scale.axis.labels:
            _paint_labels(canvas, frame, along_x, size)
        else:
            _paint_ticks(canvas, frame, along_x, ticks_all)
            _paint_numbers(canvas, frame, along_x, size)
    _paint_titles(canvas, frame, TITLE_SIZE * frame.unit * text_scale)


def _paint_ticks(canvas: AggCanvas, frame: Frame, along_x: bool, ticks_all: bool) -> None:
    scale = frame.x if along_x else frame.y
    ticks = ticks_of(scale.axis)
    x0, y0, x1, y1 = frame.box
    lines = []
    for values, share in ((ticks.major, 0.03), (ticks.minor, 0.015)):
        length = share * frame.unit * 0.8
        for at in scale.to_pixels(np.array(values, dtype=float)):
            lines.append(((at, y0), (at, y0 + length)) if along_x else ((x0, at), (x0 + length, at)))
            if ticks_all:
                lines.append(((at, y1), (at, y1 - length)) if along_x else ((x1, at), (x1 - length, at)))
    canvas.segments(np.array(lines, dtype=float), BLACK)


def _paint_numbers(canvas: AggCanvas, frame: Frame, along_x: bool, size: float) -> None:
    scale = frame.x if along_x else frame.y
    ticks = ticks_of(scale.axis)
    x0, y0, x1, y1 = frame.box
    gap = 0.012 * frame.unit
    for at, text in zip(scale.to_pixels(np.array(ticks.major, dtype=float)), ticks.texts, strict=True):
        if along_x:
            power(canvas, float(at), y0 - gap, text, size, "centre", "top")
        else:
            power(canvas, x0 - gap, float(at), text, size, "right", "middle")
    if ticks.power and along_x:
        power(canvas, x1, y0 - 1.8 * size, f"\N{MULTIPLICATION SIGN}10^{ticks.power}", size, "right", "top")
    elif ticks.power:
        power(canvas, x0, y1 + 0.4 * size, f"\N{MULTIPLICATION SIGN}10^{ticks.power}", size, "left", "bottom")


def _paint_labels(canvas: AggCanvas, frame: Frame, along_x: bool, size: float) -> None:
    scale = frame.x if along_x else frame.y
    axis = scale.axis
    edges = np.linspace(axis.low, axis.high, len(axis.labels) + 1)
    gap = 0.015 * frame.unit
    for at, text in zip(scale.to_pixels((edges[:-1] + edges[1:]) / 2), axis.labels, strict=True):
        if along_x:
            canvas.text(float(at), frame.box[1] - gap, text, size, "centre", "top", vertical=axis.vertical_labels)
        else:
            canvas.text(frame.box[0] - gap, float(at), text, size, "right", "middle")


def _paint_titles(canvas: AggCanvas, frame: Frame, size: float) -> None:
    x0, y0, x1, y1 = frame.box
    below = max(frame.pad[1] + 0.3 * size, y0 - 3.0 * size)
    beside = max(frame.pad[0] + 0.25 * size, x0 - 4.2 * size)
    canvas.text(x1, below, frame.x.axis.title, size, "right", "bottom")
    canvas.text(beside, y1, frame.y.axis.title, size, "left", "top", vertical=True)


def power(canvas: AggCanvas, x: float, y: float, text: str, size: float, align: str, anchor: str) -> None:
    """Write a text whose part after ^ is set small and high, as 10^3."""
    base, caret, exponent = text.partition("^")
    if not caret:
        canvas.text(x, y, text, size, align, anchor)
        return
    small = 0.7 * size
    width, extra = canvas.width_of(base, size), canvas.width_of(exponent, small)
    left = x - (width + extra) * {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
    canvas.text(left, y, base, size, "left", anchor)
    canvas.text(left + width + 1, y + 0.5 * size, exponent, small, "left", anchor)
