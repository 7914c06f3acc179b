"""Painting each kind of layer into a frame: colour maps, cells, bars, outlines."""

import numpy as np
import numpy.typing as npt

from hydra_ml.simulate.content import Bars, Cells, Circle, Floats, HeatMap, Layer, Steps
from hydra_ml.simulate.drawing.agg import BLACK, AggCanvas, Box
from hydra_ml.simulate.drawing.frame import Frame
from hydra_ml.simulate.style import LEVELS, palette_levels


def paint(canvas: AggCanvas, frame: Frame, layer: Layer, palette: str) -> None:
    """Draw one layer."""
    match layer:
        case HeatMap():
            _heat_map(canvas, frame, layer, palette)
        case Cells():
            _cells(canvas, frame, layer, palette)
        case Bars():
            _bars(canvas, frame, layer)
        case Steps():
            _steps(canvas, frame, layer)
        case Circle():
            _circle(canvas, frame, layer)


def levels_of(values: Floats, z: tuple[float, float]) -> npt.NDArray[np.int64]:
    """Return each value's contour level 0…19, and -1 (white) where there is nothing."""
    low, high = z
    level = np.floor((values - low) / (high - low) * LEVELS).clip(0, LEVELS - 1).astype(np.int64)
    level[values <= 0] = -1
    return level


def _clip(frame: Frame) -> Box:
    x0, y0, x1, y1 = frame.box
    return float(x0), float(y0), float(x1), float(y1)


def _heat_map(canvas: AggCanvas, frame: Frame, layer: HeatMap, palette: str) -> None:
    x0, y0, x1, y1 = frame.box
    rows, columns = layer.values.shape
    row = np.arange(y1 - y0) * rows // (y1 - y0)
    column = np.arange(x1 - x0) * columns // (x1 - x0)
    colours = np.full((LEVELS + 1, 4), 255, dtype=np.uint8)
    colours[:LEVELS, :3] = palette_levels(layer.palette or palette)
    cells = colours[levels_of(layer.values, layer.z)]
    canvas.image(cells[row[::-1]][:, column], x0, y0)


def _cells(canvas: AggCanvas, frame: Frame, layer: Cells, palette: str) -> None:
    corners = np.stack([frame.x.unclipped(layer.corners[..., 0]), frame.y.unclipped(layer.corners[..., 1])], axis=-1)
    levels = levels_of(layer.values, layer.z)
    for level, colour in enumerate(palette_levels(layer.palette or palette) / 255):
        canvas.fill(corners[levels == level], (float(colour[0]), float(colour[1]), float(colour[2])), _clip(frame))


def _bars(canvas: AggCanvas, frame: Frame, layer: Bars) -> None:
    there = layer.heights > (frame.y.axis.low if frame.y.axis.log else 0)
    x0 = frame.x.to_pixels(layer.lefts[there]).round()
    x1 = frame.x.to_pixels(layer.lefts[there] + layer.width).round()
    top = frame.y.to_pixels(layer.heights[there])
    bottom = np.full_like(top, frame.box[1])
    corners = [np.stack(point, axis=1) for point in ((x0, bottom), (x1, bottom), (x1, top), (x0, top))]
    canvas.fill(np.stack(corners, axis=1), layer.colour)


def _steps(canvas: AggCanvas, frame: Frame, layer: Steps) -> None:
    x = frame.x.to_pixels(np.repeat(layer.edges, 2)[1:-1])
    y = frame.y.to_pixels(np.repeat(np.maximum(layer.counts, 1e-9), 2))
    if layer.counts.any():
        canvas.polyline(np.stack([x, y], axis=1), layer.colour, 1.2, clip=_clip(frame))


def _circle(canvas: AggCanvas, frame: Frame, layer: Circle) -> None:
    angle = np.linspace(0, 2 * np.pi, 181)
    x = frame.x.unclipped(layer.radius * np.cos(angle))
    y = frame.y.unclipped(layer.radius * np.sin(angle))
    canvas.polyline(np.stack([x, y], axis=1), BLACK, 1.2, clip=_clip(frame), snap=False)
