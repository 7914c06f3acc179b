"""What the ROOT renderer draws into a pad: colour maps, cells, bars, outlines, notes."""

from typing import Any

import numpy as np

from hydra_ml.simulate.content import (
    Bars,
    Cells,
    Circle,
    Colour,
    ErrorBars,
    Floats,
    HeatMap,
    Layer,
    Note,
    Outlines,
    Pad,
    Steps,
)
from hydra_ml.simulate.drawing.geometry import grown

LABEL = 0.035
GROWTH = 1.3
"""Pixels by which cells grow: ROOT rounds their corners and would leave white lines between neighbours."""
BLACK: Colour = (0.0, 0.0, 0.0)
GREY: Colour = (0.85, 0.85, 0.85)


class Brush:
    """Draws in one of ROOT's pads (`on`) and holds on to what it drew until the picture is saved.

    `scale` multiplies text sizes, which ROOT takes as fractions of the pad's shorter side; `font` is ROOT's number,
    `pen` multiplies the widths of lines, `levels` is how many colours a scale has.
    """

    def __init__(self, root: Any, pad: Pad, on: Any, scale: float, font: int, pen: float, levels: int) -> None:
        self.root, self.pad, self.on = root, pad, on
        self.scale, self.font, self.pen, self.levels = scale, font, pen, levels
        self._kept: list[Any] = []

    def keep(self, thing: Any, owned: bool = True) -> Any:
        """Hold on to an object of ROOT's and return it; not `owned` where another object of ROOT's deletes it."""
        self.root.SetOwnership(thing, owned)
        self._kept.append(thing)
        return thing

    def colour(self, colour: Colour) -> int:
        """Return ROOT's number of a colour."""
        return int(self.root.TColor.GetColor(*map(float, colour)))

    def width(self, width: float) -> int:
        """Return the width that ROOT draws a line with, in pixels."""
        return max(1, round(width * self.pen))

    def line(self, points: Floats, colour: Colour, width: float) -> None:
        """Draw a connected line through points (n, 2) in data units."""
        line = self.keep(self.root.TPolyLine(len(points), points[:, 0].copy(), points[:, 1].copy()))
        line.SetLineColor(self.colour(colour))
        line.SetLineWidth(self.width(width))
        line.Draw()

    def text(self, x: float, y: float, text: str, size: float, align: int, angle: float = 0.0) -> None:
        """Write a text at `x`, `y` (fractions of the pad)."""
        drawn = self.keep(self.root.TLatex(x, y, text))
        drawn.SetNDC()
        drawn.SetTextFont(self.font)
        drawn.SetTextSize(size)
        drawn.SetTextAlign(align)
        drawn.SetTextAngle(angle)
        drawn.Draw()

    def aspect(self) -> float:
        """Return height over width of the pad: a text's height is a fraction of the one, its width of the other."""
        on = self.on
        return float(on.GetWh() * on.GetAbsHNDC() / (on.GetWw() * on.GetAbsWNDC()))

    def pixel(self) -> Floats:
        """Return the size (x, y) of a pixel in data units, on linear axes."""
        left, right, bottom, top = self.pad.margins
        width = self.on.GetWw() * self.on.GetAbsWNDC() * (1 - left - right)
        height = self.on.GetWh() * self.on.GetAbsHNDC() * (1 - bottom - top)
        x, y = self.pad.x, self.pad.y
        return np.array([(x.high - x.low) / width, (y.high - y.low) / height])


def paint(brush: Brush, layer: Layer) -> None:
    """Draw one layer."""
    match layer:
        case HeatMap():
            _heat_map(brush, layer)
        case Cells():
            _cells(brush, layer)
        case Bars():
            _bars(brush, layer)
        case Steps():
            _steps(brush, layer)
        case ErrorBars():
            _error_bars(brush, layer)
        case Circle(radius=radius):
            ring = brush.keep(brush.root.TEllipse(0.0, 0.0, radius, radius))
            ring.SetFillStyle(0)
            ring.Draw()
        case Outlines(corners=corners):
            for polygon in corners:
                brush.line(np.concatenate([polygon, polygon[:1]]), BLACK, 1)
        case Note():
            _note(brush, layer)


def _colour_scale(brush: Brush, histogram: Any, layer: HeatMap | Cells) -> None:
    histogram.SetMinimum(layer.z[0])
    histogram.SetMaximum(layer.z[1])
    histogram.SetContour(brush.levels)
    axis = histogram.GetZaxis()
    axis.SetLabelFont(brush.font)
    axis.SetLabelSize(0.85 * LABEL * brush.scale)
    histogram.Draw("COLZ SAME" if brush.pad.z_bar else "COL SAME")


def _shown(values: Floats, z: tuple[float, float]) -> Floats:
    """Return what ROOT must hold to colour as Matplotlib does: it leaves bins below the scale white."""
    low, high = z
    floor = low * (1 + 1e-6) if low > 0 else 1e-6 * high
    return np.where(values > 0, np.clip(values, floor, high * (1 - 1e-9)), 0.0)


def _heat_map(brush: Brush, layer: HeatMap) -> None:
    x, y = brush.pad.x, brush.pad.y
    rows, columns = layer.values.shape
    histogram = brush.keep(brush.root.TH2D(f"map{id(layer)}", "", columns, x.low, x.high, rows, y.low, y.high))
    shown = _shown(layer.values, layer.z)
    for row, column in np.argwhere(shown > 0):
        histogram.SetBinContent(int(column) + 1, int(row) + 1, float(shown[row, column]))
    _colour_scale(brush, histogram, layer)


def _cells(brush: Brush, layer: Cells) -> None:
    x, y = brush.pad.x, brush.pad.y
    histogram = brush.keep(brush.root.TH2Poly(f"cells{id(layer)}", "", x.low, x.high, y.low, y.high))
    pixel = brush.pixel()
    for corners, value in zip(grown(layer.corners / pixel, GROWTH) * pixel, _shown(layer.values, layer.z), strict=True):
        if value == 0:  # ROOT would give it the lowest colour
            continue
        closed = np.concatenate([corners, corners[:1]])
        outline = brush.root.TGraph(len(closed), closed[:, 0].copy(), closed[:, 1].copy())
        brush.keep(outline, owned=False)
        histogram.AddBin(outline)
        histogram.SetBinContent(histogram.GetNumberOfBins(), float(value))
    _colour_scale(brush, histogram, layer)


def _bars(brush: Brush, layer: Bars) -> None:
    low, top = brush.pad.y.low, brush.pad.y.high
    colour, edge = brush.colour(layer.colour), brush.colour(BLACK)
    for left, height in zip(layer.lefts, layer.heights, strict=True):
        if height <= (low if brush.pad.y.log else 0):
            continue
        box = brush.keep(brush.root.TBox(left, low, left + layer.width, min(float(height), top)))
        box.SetFillColor(colour)
        box.SetLineColor(colour if layer.hollow else edge)
        box.SetLineWidth(brush.width(layer.edge or 1.0))
        if layer.hollow:
            box.SetFillStyle(0)
        box.Draw("L" if layer.edge or layer.hollow else "")


def _steps(brush: Brush, layer: Steps) -> None:
    edges = np.ascontiguousarray(layer.edges, dtype=float)
    histogram = brush.keep(brush.root.TH1D(f"steps{id(layer)}", "", len(layer.counts), edges))
    for number, count in enumerate(layer.counts, start=1):
        histogram.SetBinContent(number, float(count))
    histogram.SetLineColor(brush.colour(layer.colour))
    histogram.SetLineWidth(brush.width(1.0))
    if layer.fill:
        histogram.SetFillColor(brush.colour(layer.fill))
    if layer.counts.any():
        histogram.Draw("HIST SAME")


def _error_bars(brush: Brush, layer: ErrorBars) -> None:
    there = layer.counts > 0
    if not there.any():
        return
    x, y, error = (np.ascontiguousarray(v[there]) for v in (layer.centres, layer.counts, layer.errors))
    half = np.full(len(x), float(np.diff(layer.centres).mean()) / 2)
    graph = brush.keep(brush.root.TGraphErrors(len(x), x, y, half, error))
    graph.SetLineColor(brush.colour(layer.colour))
    graph.SetLineWidth(brush.width(1.0))
    graph.Draw("Z SAME")


def _note(brush: Brush, note: Note) -> None:
    left, right, bottom, top = brush.pad.margins
    x, y = left + note.x * (1 - left - right), bottom + note.y * (1 - bottom - top)
    size = LABEL * brush.scale * note.text_scale
    if note.boxed:
        wide, high = 0.32 * size * (len(note.text) + 1) * brush.aspect(), 0.75 * size
        box = brush.keep(brush.root.TPave(x - wide, y - high, x + wide, y + high, 1, "NDC"))
        box.SetFillColor(brush.colour(GREY))
        box.Draw()
    brush.text(x, y, note.text, size, 22, 90.0 if note.vertical else 0.0)
