"""Draw a chart once and show it twice: as SVG elements that follow the reader's theme, and as a PNG.

A drawing is a list of shapes in pixels from the top left. Colours are roles such as "train" or "grid"; the page's
style and `PALETTES` give each role its colour in light and dark.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from xml.etree import ElementTree as ET

from PIL import Image, ImageColor, ImageDraw, ImageFont

SCALE = 2
"""A PNG has so many pixels for each of the drawing's, so that it is sharp on any screen."""
SMOOTHING = 2
"""Pillow draws jagged lines: they are drawn so much larger still, and made smaller."""

PALETTES: Mapping[str, Mapping[str, str]] = {
    "light": {
        "page": "#ffffff",
        "text": "#1b1f24",
        "soft": "#57606a",
        "grid": "#dfe3e8",
        "cell": "#f3f5f7",
        "right": "#0b6b58",
        "wrong": "#b3261e",
        "first": "#0b5cad",
        "second": "#a34a00",
        "third": "#6b4fa3",
        "band": "#cfe0f2",
    },
    "dark": {
        "page": "#14181d",
        "text": "#e6e9ed",
        "soft": "#a3adb8",
        "grid": "#363d46",
        "cell": "#1e242b",
        "right": "#5cc9b0",
        "wrong": "#ff8f84",
        "first": "#74b3f2",
        "second": "#f0a35c",
        "third": "#b9a1ee",
        "band": "#24405c",
    },
}
"""Colours by theme and role; text on "page" and on "cell" has a contrast of at least 4.5."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle (two corners), a line (its points), an area (its corners) or a text at a point."""

    kind: str
    points: tuple[Point, ...]
    role: str
    text: str = ""
    size: float = 13
    anchor: str = "start"
    width: float = 1
    dashed: bool = False


@dataclass(slots=True)
class Drawing:
    """A chart of `width` x `height` pixels; `title` says in a sentence what it shows, for those who cannot see it."""

    width: int
    height: int
    title: str
    shapes: list[Shape] = field(default_factory=list)

    def box(self, left: float, top: float, width: float, height: float, role: str) -> None:
        """Add a filled rectangle."""
        self.shapes.append(Shape("box", ((left, top), (left + width, top + height)), role))

    def line(self, points: Sequence[Point], role: str, width: float = 1, dashed: bool = False) -> None:
        """Add a line through points."""
        self.shapes.append(Shape("line", tuple(points), role, width=width, dashed=dashed))

    def area(self, corners: Sequence[Point], role: str) -> None:
        """Add a filled polygon."""
        self.shapes.append(Shape("area", tuple(corners), role))

    def dot(self, at: Point, role: str, radius: float = 4) -> None:
        """Add a filled circle."""
        self.shapes.append(Shape("dot", (at,), role, size=radius))

    def write(self, at: Point, text: str, role: str = "text", size: float = 13, anchor: str = "start") -> None:
        """Add text on its base line; `anchor` start, middle or end."""
        self.shapes.append(Shape("text", (at,), role, text, size, anchor))

    def svg(self) -> ET.Element:
        """Return an `svg` element; its classes `f-ROLE` (filled) and `s-ROLE` (stroked) need `css()`."""
        box = f"0 0 {self.width} {self.height}"
        root = ET.Element("svg", {"viewBox": box, "width": str(self.width), "role": "img", "aria-label": self.title})
        for shape in self.shapes:
            _svg_shape(root, shape)
        return root

    def svg_file(self) -> bytes:
        """Return the drawing as an SVG file of its own, on the page's colour, with its style."""
        root = self.svg()
        root.set("xmlns", "http://www.w3.org/2000/svg")
        style = ET.Element("style")
        style.text = css() + "text{font-family:sans-serif}"
        root.insert(0, style)
        root.insert(1, ET.Element("rect", {"width": "100%", "height": "100%", "class": "f-page"}))
        file: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return file

    def png(self, theme: str = "light") -> bytes:
        """Return the drawing as a PNG on the theme's page colour."""
        colours = PALETTES[theme]
        factor = SCALE * SMOOTHING
        picture = Image.new("RGB", (self.width * factor, self.height * factor), colours["page"])
        pen = ImageDraw.Draw(picture)
        for shape in self.shapes:
            _png_shape(pen, shape, ImageColor.getrgb(colours[shape.role])[:3], factor)
        small = picture.resize((self.width * SCALE, self.height * SCALE), Image.Resampling.BOX)
        out = io.BytesIO()
        small.save(out, "PNG", optimize=True)
        return out.getvalue()


def css() -> str:
    """Return the style that gives every role its colour, light and dark."""

    def rules(theme: str) -> str:
        return "".join(f".f-{r}{{fill:{c}}}.s-{r}{{stroke:{c};fill:none}}" for r, c in PALETTES[theme].items())

    return f"{rules('light')}\n@media(prefers-color-scheme:dark){{{rules('dark')}}}"


def _svg_shape(root: ET.Element, shape: Shape) -> None:
    (x, y), (right, bottom) = shape.points[0], shape.points[-1]
    spots = " ".join(f"{a:.1f},{b:.1f}" for a, b in shape.points)
    fill = {"class": f"f-{shape.role}"}
    if shape.kind == "box":
        sides = {"x": x, "y": y, "width": right - x, "height": bottom - y}
        ET.SubElement(root, "rect", {**{k: f"{v:.1f}" for k, v in sides.items()}, **fill})
    elif shape.kind == "line":
        stroke = {"class": f"s-{shape.role}", "points": spots, "stroke-width": f"{shape.width:g}"}
        ET.SubElement(root, "polyline", {**stroke, **({"stroke-dasharray": "5 4"} if shape.dashed else {})})
    elif shape.kind == "area":
        ET.SubElement(root, "polygon", {"points": spots, **fill})
    elif shape.kind == "dot":
        ET.SubElement(root, "circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": f"{shape.size:g}", **fill})
    else:
        where = {"x": f"{x:.1f}", "y": f"{y:.1f}", "font-size": f"{shape.size:g}", "text-anchor": shape.anchor}
        ET.SubElement(root, "text", {**where, **fill}).text = shape.text


def _png_shape(pen: ImageDraw.ImageDraw, shape: Shape, colour: tuple[int, ...], factor: int) -> None:
    points = [(x * factor, y * factor) for x, y in shape.points]
    if shape.kind == "box":
        (left, top), (right, bottom) = points
        if right - left >= 1 and bottom - top >= 1:
            pen.rectangle((left, top, right - 1, bottom - 1), fill=colour)
    elif shape.kind == "line":
        for start, end in _dashes(points, factor) if shape.dashed else [(points[:-1], points[1:])]:
            for a, b in zip(start, end, strict=True):
                pen.line((a, b), fill=colour, width=max(1, round(shape.width * factor)), joint="curve")
    elif shape.kind == "area":
        pen.polygon(points, fill=colour)
    elif shape.kind == "dot":
        (x, y), radius = points[0], shape.size * factor
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    else:
        anchor = {"start": "ls", "middle": "ms", "end": "rs"}[shape.anchor]
        pen.text(points[0], shape.text, fill=colour, font=ImageFont.load_default(shape.size * factor), anchor=anchor)


def _dashes(points: Sequence[Point], factor: int) -> list[tuple[list[Point], list[Point]]]:
    """Cut a line into dashes of 5 pixels with gaps of 4."""
    starts: list[Point] = []
    ends: list[Point] = []
    for (x0, y0), (x1, y1) in pairwise(points):
        length = max(1e-9, ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)
        at = 0.0
        while at < length:
            to = min(at + 5 * factor, length)
            starts.append((x0 + (x1 - x0) * at / length, y0 + (y1 - y0) * at / length))
            ends.append((x0 + (x1 - x0) * to / length, y0 + (y1 - y0) * to / length))
            at += 9 * factor
    return [(starts, ends)]
