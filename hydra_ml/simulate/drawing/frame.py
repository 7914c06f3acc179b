"""A pad's axes in ROOT's manner: ticks inwards, few numbers."""

import numpy as np

from hydra_ml.simulate.drawing.agg import BLACK, AggCanvas
from hydra_ml.simulate.drawing.geometry import Frame
from hydra_ml.simulate.drawing.ticks import grid_values, ticks_of

GRID = (0.75, 0.75, 0.75)
WHITE_GRID = (1.0, 1.0, 1.0)
LABEL_SIZE = 0.030
TITLE_SIZE = 0.030


def paint_grid(canvas: AggCanvas, frame: Frame, look: str) -> None:
    """Draw lines at the long ticks (or between labelled bins): dotted grey ones, white ones in groot's look."""
    x0, y0, x1, y1 = frame.box
    xs = frame.x.to_pixels(np.array(grid_values(frame.x.axis)))
    ys = frame.y.to_pixels(np.array(grid_values(frame.y.axis)))
    lines = [((x, y0), (x, y1)) for x in xs] + [((x0, y), (x1, y)) for y in ys]
    groot = look == "groot"
    canvas.segments(np.array(lines, dtype=float), WHITE_GRID if groot else GRID, 1.0, dotted=not groot)


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
