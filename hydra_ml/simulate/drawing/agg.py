"""A canvas of pixels by Matplotlib's Agg renderer, without figures, axes or pyplot: nothing is kept between pictures.

Coordinates are pixels, origin bottom left, y upwards.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.path import Path
from matplotlib.transforms import Bbox, IdentityTransform

from hydra_ml.simulate.content import Colour, Floats
from hydra_ml.simulate.drawing.geometry import Box

Glyphs = npt.NDArray[np.float32]

BLACK: Colour = (0.0, 0.0, 0.0)
WHITE: Colour = (1.0, 1.0, 1.0)
_FAMILIES = {"sans": "DejaVu Sans", "serif": "DejaVu Serif", "mono": "DejaVu Sans Mono"}


@lru_cache(maxsize=1024)
def _glyphs(text: str, tenths: int, vertical: bool, family: str, bold: bool) -> Glyphs:
    """Return the coverage 0…1 (height, width) of a text `tenths` of a pixel high.

    Axis labels repeat from picture to picture; setting them anew takes most of the drawing time.
    """
    font = get_font(findfont(FontProperties(family=_FAMILIES[family], weight="bold" if bold else "normal")))
    font.set_size(tenths / 10, 72)
    font.set_text(text, 0.0)
    font.draw_glyphs_to_bitmap(antialiased=True)
    coverage: Glyphs = np.asarray(font.get_image(), dtype=np.float32) / np.float32(255)
    if vertical:
        coverage = np.rot90(coverage)
    coverage.setflags(write=False)
    return coverage


@dataclass(frozen=True, slots=True)
class _Text:
    x: float
    y: float
    text: str
    size: float
    align: str
    anchor: str
    vertical: bool
    colour: Colour


class AggCanvas:
    """A white canvas of `width` x `height` pixels; texts come on top of everything else."""

    def __init__(self, width: int, height: int, dpi: int, font: str = "sans", bold: bool = False) -> None:
        self.width, self.height = width, height
        self._font, self._bold = font, bold
        self._scale = dpi / 100
        self._agg = RendererAgg(width, height, dpi)
        self._texts: list[_Text] = []
        self.rectangle((0, 0, width, height), fill=WHITE)

    def fill(self, corners: Floats, colour: Colour, clip: Box | None = None) -> None:
        """Fill polygons (n, vertices, 2), sharp edges, one colour."""
        if not len(corners):
            return
        gc = self._agg.new_gc()
        gc.set_linewidth(0)
        gc.set_antialiased(False)
        if clip:
            gc.set_clip_rectangle(Bbox.from_extents(*clip))
        closed = np.concatenate([corners, corners[:, :1]], axis=1)
        codes = np.full(closed.shape[:2], Path.LINETO, dtype=Path.code_type)
        codes[:, 0], codes[:, -1] = Path.MOVETO, Path.CLOSEPOLY
        self._agg.draw_path(gc, Path(closed.reshape(-1, 2), codes.ravel()), IdentityTransform(), (*colour, 1.0))
        gc.restore()

    def rectangle(self, box: Box, fill: Colour | None = None, edge: Colour | None = None, width: float = 1.0) -> None:
        """Fill and outline a box (x0, y0, x1, y1)."""
        x0, y0, x1, y1 = box
        corners = np.array([[(x0, y0), (x1, y0), (x1, y1), (x0, y1)]], dtype=float)
        if fill:
            self.fill(corners, fill)
        if edge:
            self.polyline(np.concatenate([corners[0], corners[0, :1]]), edge, width)

    def polyline(
        self, points: Floats, colour: Colour, width: float = 1.0, clip: Box | None = None, snap: bool = True
    ) -> None:
        """Draw a connected line through points (n, 2)."""
        self._stroke(Path(points), colour, width, clip=clip, snap=snap)

    def segments(self, ends: Floats, colour: Colour, width: float = 1.0, dotted: bool = False) -> None:
        """Draw separate lines (n, 2, 2)."""
        if not len(ends):
            return
        codes = np.tile(np.array([Path.MOVETO, Path.LINETO], dtype=Path.code_type), len(ends))
        self._stroke(Path(ends.reshape(-1, 2), codes), colour, width, dotted=dotted)

    def _stroke(
        self,
        path: Path,
        colour: Colour,
        width: float,
        clip: Box | None = None,
        snap: bool = True,
        dotted: bool = False,
    ) -> None:
        gc = self._agg.new_gc()
        gc.set_foreground(colour)
        gc.set_linewidth(width * self._scale)
        gc.set_snap(snap)
        if dotted:
            gc.set_dashes(0, (1.0, 2.0))
        if clip:
            gc.set_clip_rectangle(Bbox.from_extents(*clip))
        self._agg.draw_path(gc, path, IdentityTransform())
        gc.restore()

    def image(self, rgba: npt.NDArray[np.uint8], x: int, y: int) -> None:
        """Put pixels (rows from the top, columns, 4) with their lower left corner at x, y."""
        gc = self._agg.new_gc()
        self._agg.draw_image(gc, x, y, np.ascontiguousarray(rgba[::-1]))
        gc.restore()

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        align: str = "centre",
        anchor: str = "middle",
        vertical: bool = False,
        colour: Colour = BLACK,
    ) -> None:
        """Write `size` pixels high: `align` left, centre, right along x; `anchor` bottom, middle, top along y."""
        if text:
            self._texts.append(_Text(x, y, text, size, align, anchor, vertical, colour))

    def width_of(self, text: str, size: float) -> int:
        """Return the width of a text in pixels."""
        return int(_glyphs(text, round(size * 10), False, self._font, self._bold).shape[1])

    def rgb(self) -> npt.NDArray[np.uint8]:
        """Return the picture, uint8 (height, width, 3), row 0 at the top."""
        pixels = np.array(self._agg.buffer_rgba())[..., :3]
        for item in self._texts:
            self._write(pixels, item)
        return pixels

    def _write(self, pixels: npt.NDArray[np.uint8], item: _Text) -> None:
        mask = _glyphs(item.text, round(item.size * 10), item.vertical, self._font, self._bold)
        rows, columns = mask.shape
        left = round(item.x - columns * {"left": 0.0, "centre": 0.5, "right": 1.0}[item.align])
        top = round(self.height - item.y - rows * {"top": 0.0, "middle": 0.5, "bottom": 1.0}[item.anchor])
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + columns, self.width), min(top + rows, self.height)
        if x0 >= x1 or y0 >= y1:
            return
        part = mask[y0 - top : y1 - top, x0 - left : x1 - left, None]
        ink = np.array(item.colour, dtype=np.float32) * 255
        under = pixels[y0:y1, x0:x1]
        pixels[y0:y1, x0:x1] = np.rint(under * (1 - part) + ink * part).astype(np.uint8)
