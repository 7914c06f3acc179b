"""Painting each kind of layer into a frame: colour maps, cells, bars, outlines, notes."""

import numpy as np
import numpy.typing as npt

from hydra_ml.simulate.content import Bars, Cells, Circle, ErrorBars, Floats, HeatMap, Layer, Note, Outlines, Steps
from hydra_ml.simulate.drawing.agg import BLACK, AggCanvas
from hydra_ml.simulate.drawing.frame import LABEL_SIZE
from hydra_ml.simulate.drawing.geometry import Box, Frame, grown
from hydra_ml.simulate.palettes import LEVELS

GROWTH = 0.5
"""Pixels by which cells grow: no white lines are left that come from the rounding to whole pixels."""
NOTE_FILL = (0.85, 0.85, 0.85)


def paint(canvas: AggCanvas, frame: Frame, layer: Layer, colours: npt.NDArray[np.uint8]) -> None:
    """Draw one layer; `colours` (levels, 3), low to high, are for what has colours by value."""
    match layer:
        case HeatMap():
            _heat_map(canvas, frame, layer, colours)
        case Cells():
            _cells(canvas, frame, layer, colours)
        case Bars():
            _bars(canvas, frame, layer)
        case Steps():
            _steps(canvas, frame, layer)
        case ErrorBars():
            _error_bars(canvas, frame, layer)
        case Circle():
            _circle(canvas, frame, layer)
        case Outlines():
            _outlines(canvas, frame, layer)
        case Note():
            _note(canvas, frame, layer)


def levels_of(values: Floats, z: tuple[float, float], log: bool = False, levels: int = LEVELS) -> npt.NDArray[np.int64]:
    """Return each value's contour level 0…levels - 1, and -1 (white) where there is nothing."""
    low, high = z
    there = values > 0
    if log:
        low, high = float(np.log10(low)), float(np.log10(high))
        values = np.log10(np.where(there, values, 1.0))
    level = np.floor((values - low) / (high - low) * levels).clip(0, levels - 1).astype(np.int64)
    level[~there] = -1
    return level


def _clip(frame: Frame) -> Box:
    x0, y0, x1, y1 = frame.box
    return float(x0), float(y0), float(x1), float(y1)


def _heat_map(canvas: AggCanvas, frame: Frame, layer: HeatMap, palette: npt.NDArray[np.uint8]) -> None:
    x0, y0, x1, y1 = frame.box
    rows, columns = layer.values.shape
    row = np.arange(y1 - y0) * rows // (y1 - y0)
    column = np.arange(x1 - x0) * columns // (x1 - x0)
    colours = np.full((len(palette) + 1, 4), 255, dtype=np.uint8)
    colours[:-1, :3] = palette
    colours[-1, 3] = 0  # nothing there: the frame's own colour shows
    cells = colours[levels_of(layer.values, layer.z, layer.log, len(palette))]
    canvas.image(cells[row[::-1]][:, column], x0, y0)


def _cells(canvas: AggCanvas, frame: Frame, layer: Cells, palette: npt.NDArray[np.uint8]) -> None:
    exact = np.stack([frame.x.unclipped(layer.corners[..., 0]), frame.y.unclipped(layer.corners[..., 1])], axis=-1)
    corners = grown(exact, GROWTH)
    levels = levels_of(layer.values, layer.z, layer.log, len(palette))
    for level, colour in enumerate(palette / 255):
        canvas.fill(corners[levels == level], (float(colour[0]), float(colour[1]), float(colour[2])), _clip(frame))


def _bars(canvas: AggCanvas, frame: Frame, layer: Bars) -> None:
    there = layer.heights > (frame.y.axis.low if frame.y.axis.log else 0)
    x0 = frame.x.to_pixels(layer.lefts[there]).round()
    x1 = frame.x.to_pixels(layer.lefts[there] + layer.width).round()
    top = frame.y.to_pixels(layer.heights[there])
    bottom = np.full_like(top, frame.box[1])
    corners = [np.stack(point, axis=1) for point in ((x0, bottom), (x1, bottom), (x1, top), (x0, top))]
    if not layer.hollow:
        canvas.fill(np.stack(corners, axis=1), layer.colour)
    if layer.edge or layer.hollow:
        colour, width = (layer.colour, max(layer.edge, 1.0)) if layer.hollow else (BLACK, layer.edge)
        for left, right, height in zip(x0, x1, top, strict=True):
            line = np.array([(left, frame.box[1]), (left, height), (right, height), (right, frame.box[1])])
            canvas.polyline(line, colour, width)


def _steps(canvas: AggCanvas, frame: Frame, layer: Steps) -> None:
    x = frame.x.to_pixels(np.repeat(layer.edges, 2)[1:-1])
    y = frame.y.to_pixels(np.repeat(np.maximum(layer.counts, 1e-9), 2))
    if not layer.counts.any():
        return
    if layer.fill:
        ground = float(frame.box[1])
        left, right = x[0::2], x[1::2]
        corners = [np.stack(p, axis=1) for p in ((left, 0 * left + ground), (right, 0 * left + ground))]
        corners += [np.stack(p, axis=1) for p in ((right, y[1::2]), (left, y[0::2]))]
        canvas.fill(np.stack(corners, axis=1), layer.fill, _clip(frame))
    canvas.polyline(np.stack([x, y], axis=1), layer.colour, 1.2, clip=_clip(frame))


def _error_bars(canvas: AggCanvas, frame: Frame, layer: ErrorBars) -> None:
    there = layer.counts > 0
    if not there.any():
        return
    half = float(np.diff(layer.centres).mean()) / 2
    x, y, error = layer.centres[there], layer.counts[there], layer.errors[there]
    low, high = frame.y.to_pixels(y - error), frame.y.to_pixels(y + error)
    centre, left, right = (frame.x.to_pixels(v) for v in (x, x - half, x + half))
    middle = frame.y.to_pixels(y)
    across = np.stack([np.stack([left, middle], axis=1), np.stack([right, middle], axis=1)], axis=1)
    upright = np.stack([np.stack([centre, low], axis=1), np.stack([centre, high], axis=1)], axis=1)
    canvas.segments(np.concatenate([across, upright]), layer.colour, 1.2)


def _circle(canvas: AggCanvas, frame: Frame, layer: Circle) -> None:
    angle = np.linspace(0, 2 * np.pi, 181)
    x = frame.x.unclipped(layer.radius * np.cos(angle))
    y = frame.y.unclipped(layer.radius * np.sin(angle))
    canvas.polyline(np.stack([x, y], axis=1), BLACK, 1.2, clip=_clip(frame), snap=False)


def _outlines(canvas: AggCanvas, frame: Frame, layer: Outlines) -> None:
    for polygon in layer.corners:
        closed = np.concatenate([polygon, polygon[:1]])
        line = np.stack([frame.x.unclipped(closed[:, 0]), frame.y.unclipped(closed[:, 1])], axis=1)
        canvas.polyline(line, BLACK, 0.8, clip=_clip(frame))


def _note(canvas: AggCanvas, frame: Frame, layer: Note) -> None:
    x0, y0, x1, y1 = frame.box
    x, y = x0 + layer.x * (x1 - x0), y0 + layer.y * (y1 - y0)
    size = LABEL_SIZE * frame.unit * layer.text_scale
    if layer.boxed:
        along, across = canvas.width_of(layer.text, size) / 2 + 0.3 * size, 0.75 * size
        half_width, half_height = (across, along) if layer.vertical else (along, across)
        canvas.rectangle((x - half_width, y - half_height, x + half_width, y + half_height), NOTE_FILL, BLACK)
    canvas.text(x, y, layer.text, size, vertical=layer.vertical)
