"""Drawing with CERN's ROOT itself: the same content as the Matplotlib renderer, for tests of honesty.

Needs the extra ``[render]``: the package ``root``, a pre-release of some 250 MB, loaded with the first renderer.
"""

import tempfile
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hydra_core.errors import UsageError
from hydra_ml.simulate.content import Axis, Cells, Colour, Content, HeatMap, Pad, Stats
from hydra_ml.simulate.drawing.geometry import Frame, fault_boxes
from hydra_ml.simulate.drawing.ticks import grid_values
from hydra_ml.simulate.dressing import dress
from hydra_ml.simulate.root_layers import LABEL, Brush, paint
from hydra_ml.simulate.style import GROOT_FRAME, LEVELS, Drawn, Style, palette_levels

FONTS = {"sans": (42, 62), "serif": (132, 22), "mono": (82, 102)}
"""Helvetica, Times, Courier: ROOT's numbers for scalable fonts, plain and bold."""
TITLE = 0.045
WHITE: Colour = (1.0, 1.0, 1.0)
COLOURS = 255
OWN_PALETTES = {"bird": 57, "rainbow": 55, "viridis": 112, "cool": 109}
"""Palettes that ROOT has itself."""


@lru_cache(maxsize=1)
def _root() -> Any:
    """Load ROOT without a display. Raises UsageError where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the pre-release says at import that it is one
            import ROOT
    except ImportError as error:
        raise UsageError("ROOT is not installed; install the extra: pip install 'hydra-monitoring[render]'") from error
    ROOT.gROOT.SetBatch(True)
    ROOT.gErrorIgnoreLevel = ROOT.kWarning
    ROOT.TH1.AddDirectory(False)
    ROOT.gStyle.SetOptStat(0)
    ROOT.gStyle.SetOptTitle(0)
    ROOT.gStyle.SetNumberContours(LEVELS)
    ROOT.gStyle.SetGridColor(ROOT.TColor.GetColor(0.6, 0.6, 0.6))
    ROOT.gStyle.SetGridStyle(3)
    return ROOT


class RootRenderer:
    """Draws with ROOT: a Renderer. One thread at a time, as ROOT's styles are global."""

    def __init__(self) -> None:
        self._root = _root()

    def draw(self, content: Content, style: Style, size: tuple[int, int]) -> Drawn:
        """Return the picture in `size` (width, height) pixels."""
        width, height = size
        content = dress(content, style)
        canvas = self._root.TCanvas("hydra", "", width, height)
        canvas.SetCanvasSize(width, height)
        self._set_palette(content, style)
        kept = [_PadPainter(self._root, canvas, pad, style, size) for pad in content.pads]
        for painter in kept:
            painter.paint()
        try:
            rgb = _pixels(canvas, size)
        finally:
            canvas.Close()
        return Drawn(rgb, fault_boxes(content, width, height))

    def _set_palette(self, content: Content, style: Style) -> None:
        """Set the palette of the whole picture: ROOT has one at a time."""
        maps = ((pad, layer) for pad in content.pads for layer in pad.layers if isinstance(layer, HeatMap | Cells))
        pad, layer = next(maps, (None, None))
        if pad is None or layer is None:
            return
        name = style.palette_for(pad.look, layer.palette)
        if name in OWN_PALETTES:
            self._root.gStyle.SetPalette(OWN_PALETTES[name])
            self._root.gStyle.SetNumberContours(style.levels)
            return
        colours = _colour_numbers(name)
        self._root.gStyle.SetPalette(len(colours), colours)
        self._root.gStyle.SetNumberContours(style.levels)


@lru_cache(maxsize=64)
def _colour_numbers(palette: str) -> npt.NDArray[np.int32]:
    """Return ROOT's numbers of a palette's colours; made once each, as ROOT keeps every colour for good."""
    stops = palette_levels(palette, COLOURS) / 255.0
    channels = [np.ascontiguousarray(stops[:, c]) for c in range(3)]
    first = _root().TColor.CreateGradientColorTable(COLOURS, np.linspace(0.0, 1.0, COLOURS), *channels, COLOURS)
    return np.arange(first, first + COLOURS, dtype=np.int32)


def _pixels(canvas: Any, size: tuple[int, int]) -> Any:
    with tempfile.TemporaryDirectory(prefix="hydra-root-") as folder:
        path = Path(folder) / "plot.png"
        canvas.SaveAs(str(path))
        with Image.open(path) as image:
            whole = image.convert("RGB")
            # ROOT's canvas may come a few pixels smaller than asked for.
            return np.asarray(whole if whole.size == size else whole.resize(size, Image.Resampling.LANCZOS))


class _PadPainter:
    """Paints one pad; holds on to ROOT's objects until the picture is saved."""

    def __init__(self, root: Any, canvas: Any, pad: Pad, style: Style, size: tuple[int, int]) -> None:
        self._root, self._pad, self._style = root, pad, style
        width, height = size
        x0, y0, x1, y1 = pad.rect
        unit = Frame.of(pad, width, height).unit
        self._scale = unit / min((x1 - x0) * width, (y1 - y0) * height) * style.text_scale
        self._font = FONTS[style.font][style.bold or pad.look == "groot"]
        self._canvas = canvas
        canvas.cd()
        self._on = root.TPad(f"pad{id(pad)}", "", x0, y0, x1, y1)
        self._brush = Brush(root, pad, self._on, self._scale, self._font, style.dpi / 100, style.levels)
        self._brush.keep(self._on, owned=False)

    def paint(self) -> None:
        """Draw the pad with everything in it."""
        pad, on = self._pad, self._on
        left, right, bottom, top = pad.margins
        on.SetMargin(left, right, bottom, top)
        on.SetFillColor(self._brush.colour(pad.fill or WHITE))
        on.SetFrameFillColor(self._brush.colour(pad.ground or (GROOT_FRAME if pad.look == "groot" else WHITE)))
        on.SetBorderMode(0)
        on.SetLogx(pad.x.log)
        on.SetLogy(pad.y.log)
        on.SetLogz(any(isinstance(layer, HeatMap | Cells) and layer.log for layer in pad.layers))
        on.SetTicks(int(self._style.ticks_all and pad.x.ticks), int(self._style.ticks_all and pad.y.ticks))
        grid = pad.grid if self._style.grid is None else self._style.grid
        own_grid = grid and pad.look == "groot"  # ROOT's lies on top
        on.SetGrid(int(grid and not own_grid), int(grid and not own_grid))
        self._canvas.cd()
        on.Draw()
        on.cd()
        axes = self._axes()
        axes.Draw("AXIS")
        if own_grid:
            self._white_grid()
        for layer in pad.layers:
            paint(self._brush, layer)
        axes.Draw("AXIS SAME")
        self._texts()
        on.Modified()

    def _white_grid(self) -> None:
        x, y = self._pad.x, self._pad.y
        for at in grid_values(x):
            self._brush.line(np.array([(at, y.low), (at, y.high)], dtype=float), WHITE, 1)
        for at in grid_values(y):
            self._brush.line(np.array([(x.low, at), (x.high, at)], dtype=float), WHITE, 1)

    def _axes(self) -> Any:
        x, y = self._pad.x, self._pad.y
        columns, rows = len(x.labels) or 10, len(y.labels) or 10
        frame = self._root.TH2F(f"axes{id(self._pad)}", "", columns, x.low, x.high, rows, y.low, y.high)
        self._brush.keep(frame)
        for axis, on in ((x, frame.GetXaxis()), (y, frame.GetYaxis())):
            self._axis(axis, on)
        for layer in self._pad.layers:
            if isinstance(layer, HeatMap | Cells):  # what is drawn on top takes its colour scale from the first
                frame.SetMinimum(layer.z[0])
                frame.SetMaximum(layer.z[1])
        frame.GetYaxis().SetTitleOffset(min(1.4, 12 * self._pad.margins[0] / self._scale))
        return frame

    def _axis(self, axis: Axis, on: Any) -> None:
        on.SetLabelFont(self._font)
        on.SetTitleFont(self._font)
        on.SetLabelSize(LABEL * self._scale * axis.text_scale)
        on.SetTitleSize(LABEL * self._scale)
        on.SetTitle(axis.title.replace("\N{GREEK CAPITAL LETTER DELTA}", "#Delta"))
        on.SetNdivisions(500 + axis.divisions)
        for number, label in enumerate(axis.labels, start=1):
            on.SetBinLabel(number, label)
        if axis.labels:
            on.LabelsOption("v" if axis.vertical_labels else "h")
        if not axis.ticks:
            on.SetTickLength(0)

    def _texts(self) -> None:
        pad, style = self._pad, self._style
        left, right, _, top = pad.margins
        centred = style.title == "centre"
        x, align = ((left + 1 - right) / 2, 22) if centred else (left + 0.08, 12)
        size = TITLE * self._scale * (0.85 if pad.rect != (0.0, 0.0, 1.0, 1.0) else 1.0)
        self._brush.text(x, 1 - (0.3 if pad.subtitle else 0.5) * top, pad.title, size, align)
        if pad.subtitle:
            self._brush.text(x, 1 - 0.75 * top, pad.subtitle, 0.75 * size, align)
        if pad.legend:
            self._legend()
        if pad.stats and (pad.stats_shown if style.stats is None else style.stats):
            self._stats(pad.stats)

    def _legend(self) -> None:
        left, right, _, top = self._pad.margins
        size, aspect = 0.9 * LABEL * self._scale, self._brush.aspect()
        x = left + 3.2 * size * aspect if self._style.title == "centre" else 1 - right - 0.13 * len(self._pad.legend)
        for name, colour in self._pad.legend:
            y = 1 - top + 0.35 * size
            box = self._brush.keep(self._root.TPave(x, y, x + size * aspect, y + 0.9 * size, 1, "NDC"))
            box.SetFillColor(self._brush.colour(colour))
            box.Draw()
            self._brush.text(x + 1.25 * size * aspect, y + 0.45 * size, name, size, 12)
            x += (2.2 + 0.6 * len(name)) * size * aspect

    def _stats(self, stats: Stats) -> None:
        _, right, _, top = self._pad.margins
        size, aspect = 0.85 * LABEL * self._scale, self._brush.aspect()
        x1, y1 = 1 - right + 0.01, 1 - top + 0.01
        box = self._brush.keep(
            self._root.TPaveStats(x1 - 9.5 * size * aspect, y1 - 1.35 * size * (len(stats.lines) + 1), x1, y1, "brNDC")
        )
        box.SetBorderSize(1)
        box.SetFillColor(0)
        box.SetTextFont(self._font)
        box.SetTextSize(size)
        box.SetTextAlign(12)
        box.AddText(stats.name)
        for what, value in stats.lines:
            box.AddText(f"{what} = {value}")
        box.Draw()
