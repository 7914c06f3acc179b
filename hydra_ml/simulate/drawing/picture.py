"""The whole picture: every pad with its layers, axes, titles, colour bar, legend and statistics box."""

import numpy as np
import numpy.typing as npt

from hydra_ml.simulate.content import Axis, Cells, Content, HeatMap, Layer, Pad, Stats
from hydra_ml.simulate.drawing.agg import BLACK, WHITE, AggCanvas
from hydra_ml.simulate.drawing.frame import LABEL_SIZE, paint_axes, paint_grid, power
from hydra_ml.simulate.drawing.geometry import Frame, Scale, fault_boxes
from hydra_ml.simulate.drawing.layers import paint
from hydra_ml.simulate.drawing.ticks import ticks_of
from hydra_ml.simulate.dressing import dress
from hydra_ml.simulate.style import GROOT_FRAME, Drawn, Style, palette_levels

TITLE = 0.039
Z_TICK = 0.53
"""Length of a colour bar's ticks, as a share of its width."""


class MatplotlibRenderer:
    """Draws with Matplotlib's Agg in the manner of ROOT and, for CLAS12, of groot."""

    def draw(self, content: Content, style: Style, size: tuple[int, int]) -> Drawn:
        """Return the picture in `size` (width, height) pixels."""
        width, height = size
        content = dress(content, style)
        bold = style.bold or any(pad.look == "groot" for pad in content.pads)
        canvas = AggCanvas(width, height, style.dpi, style.font, bold)
        frames = [Frame.of(pad, width, height) for pad in content.pads]
        for pad, frame in zip(content.pads, frames, strict=True):
            _paint_pad(canvas, frame, pad, style)
        return Drawn(canvas.rgb(), fault_boxes(content, width, height))


def _paint_pad(canvas: AggCanvas, frame: Frame, pad: Pad, style: Style) -> None:
    groot = pad.look == "groot"
    on_top = not groot and any(isinstance(layer, HeatMap | Cells) for layer in pad.layers)
    grid = pad.grid if style.grid is None else style.grid
    _paint_ground(canvas, frame, pad)
    if grid and not on_top:
        paint_grid(canvas, frame, pad.look)
    for layer in pad.layers:
        paint(canvas, frame, layer, _colours(pad, layer, style))
    if grid and on_top:
        paint_grid(canvas, frame, pad.look)
    paint_axes(canvas, frame, style.text_scale, style.ticks_all)
    _paint_title(canvas, frame, pad, style)
    if pad.z_bar:
        _paint_z_bar(canvas, frame, pad, style)
    if pad.legend:
        _paint_legend(canvas, frame, pad, style)
    if pad.stats and (pad.stats_shown if style.stats is None else style.stats):
        _paint_stats(canvas, frame, pad.stats, style)


def _colours(pad: Pad, layer: Layer, style: Style) -> npt.NDArray[np.uint8]:
    return palette_levels(style.palette_for(pad.look, getattr(layer, "palette", "")), style.levels)


def _paint_ground(canvas: AggCanvas, frame: Frame, pad: Pad) -> None:
    """Colour the pad and its frame where they are not white."""
    if pad.fill:
        canvas.rectangle(frame.pad, fill=pad.fill)
    inside = pad.ground or (GROOT_FRAME if pad.look == "groot" else WHITE if pad.fill else None)
    if inside:
        x0, y0, x1, y1 = frame.box
        canvas.rectangle((x0, y0, x1, y1), fill=inside)


def _paint_title(canvas: AggCanvas, frame: Frame, pad: Pad, style: Style) -> None:
    size = TITLE * frame.unit * style.text_scale * (0.85 if pad.rect != (0.0, 0.0, 1.0, 1.0) else 1.0)
    x0, _, x1, y1 = frame.box
    room = frame.pad[3] - y1
    x, align = ((x0 + x1) / 2, "centre") if style.title == "centre" else (x0 + 0.1 * frame.unit, "left")
    if pad.subtitle:
        canvas.text(x, y1 + 0.70 * room, pad.title, size, align)
        canvas.text(x, y1 + 0.25 * room, pad.subtitle, 0.75 * size, align)
    else:
        canvas.text(x, y1 + 0.5 * room, pad.title, size, align)


def _paint_z_bar(canvas: AggCanvas, frame: Frame, pad: Pad, style: Style) -> None:
    layer = next(layer for layer in pad.layers if isinstance(layer, HeatMap | Cells))
    _, y0, x1, y1 = frame.box
    width = frame.pad[2] - frame.pad[0]
    left, right = round(x1 + 0.005 * width), round(x1 + 0.05 * width)  # as ROOT's TPaletteAxis
    level = np.arange(y1 - y0)[::-1] * style.levels // (y1 - y0)
    rgba = np.full((y1 - y0, right - left, 4), 255, dtype=np.uint8)
    rgba[..., :3] = _colours(pad, layer, style)[level][:, None]
    canvas.image(rgba, left, y0)
    canvas.segments(np.array([((right, y0), (right, y1))], dtype=float), BLACK)
    scale = Scale(Axis(*layer.z, log=layer.log, divisions=10), y0, y1)
    ticks = ticks_of(scale.axis)
    size = LABEL_SIZE * frame.unit * style.text_scale * 0.85
    at = scale.to_pixels(np.array(ticks.major))
    minor = scale.to_pixels(np.array(ticks.minor if layer.log else (), dtype=float))
    lengths = [(y, Z_TICK) for y in at] + [(y, Z_TICK / 2) for y in minor]
    canvas.segments(np.array([((right - share * (right - left), y), (right, y)) for y, share in lengths]), BLACK)
    for y, text in zip(at, ticks.texts, strict=True):
        power(canvas, right + 0.012 * frame.unit, float(y), text, size, "left", "middle")
    if ticks.power:
        power(canvas, left, y1 + 0.3 * size, f"\N{MULTIPLICATION SIGN}10^{ticks.power}", size, "left", "bottom")


def _paint_legend(canvas: AggCanvas, frame: Frame, pad: Pad, style: Style) -> None:
    """Draw the strip of coloured boxes just above the frame's upper left corner."""
    size = LABEL_SIZE * frame.unit * style.text_scale * 0.9
    x, y1 = frame.box[0] + 3.2 * size, float(frame.box[3])  # leaves room for the axis' power of ten
    # A title at the left gives way: the strip then ends at the right corner.
    widths = [canvas.width_of(name, size) + 2.2 * size for name, _ in pad.legend]
    if style.title == "left":
        x = frame.box[2] - sum(widths)
    for (name, colour), width in zip(pad.legend, widths, strict=True):
        canvas.rectangle((x, y1 + 0.35 * size, x + size, y1 + 1.25 * size), fill=colour, edge=BLACK)
        canvas.text(x + 1.25 * size, y1 + 0.8 * size, name, size, "left")
        x += width


def _paint_stats(canvas: AggCanvas, frame: Frame, stats: Stats, style: Style) -> None:
    size = LABEL_SIZE * frame.unit * style.text_scale * 0.85
    lines = len(stats.lines) + 1
    right, top = frame.box[2] + 0.012 * frame.unit, frame.box[3] + 0.012 * frame.unit
    left, bottom = right - 9.5 * size, top - 1.35 * size * lines - 0.3 * size
    canvas.rectangle((left, bottom, right, top), fill=WHITE, edge=BLACK)
    canvas.segments(np.array([((left, top - 1.45 * size), (right, top - 1.45 * size))]), BLACK)
    canvas.text((left + right) / 2, top - 0.75 * size, stats.name, size)
    for index, (what, value) in enumerate(stats.lines):
        y = top - (2.15 + 1.35 * index) * size
        canvas.text(left + 0.4 * size, y, what, size, "left")
        canvas.text(right - 0.4 * size, y, value, size, "right")
