"""Fonts and lines for previews: what is installed, wrapped and cut to the place there is."""

from functools import cache
from xml.etree import ElementTree

from PIL import ImageFont

_FILES = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}
_NARROWER = 0.9
"""DejaVu is wider than the Liberation Sans that Phoebus brings: drawn this much smaller it takes about as much room."""


def font_of(element: ElementTree.Element) -> ImageFont.FreeTypeFont:
    """Return the font that a widget asks for, as near as this machine has it."""
    found = element.find("font/font")
    bold = found is not None and found.get("style") == "BOLD"
    pixels = float(found.get("size", "14")) if found is not None else 14.0
    return _font(bold, pixels * _NARROWER)


@cache
def _font(bold: bool, pixels: float) -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(_FILES[bold], pixels)
    except OSError:
        default = ImageFont.load_default(pixels)
        if not isinstance(default, ImageFont.FreeTypeFont):
            raise
        return default


def fit(line: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """Return the line, cut with an ellipsis when it is wider than `width` pixels."""
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(line + "\N{HORIZONTAL ELLIPSIS}") > width:
        line = line[:-1]
    return line + "\N{HORIZONTAL ELLIPSIS}"


def wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Return the text in lines of at most `width` pixels, broken at blanks and where it has line ends."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and font.getlength(longer) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines
