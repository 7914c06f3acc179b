"""Draws a generated Phoebus screen with Pillow from given PV values, so that a person can look at it without Phoebus.

It knows the widgets that the generator writes, and draws them about as Phoebus does: enough to judge places, texts,
colours and what stands out. It is no Phoebus.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from PIL import Image, ImageDraw

from hydra_core.errors import UsageError
from hydra_core.opi.palette import RGB, SEVERITY_COLOURS
from hydra_core.opi.readings import Reading, read_values
from hydra_core.opi.text import fit, font_of, wrapped

__all__ = ["draw", "read_values"]

Element = ElementTree.Element
_MACRO = re.compile(r"\$\((\w+)\)")
_DISCONNECTED: RGB = (200, 0, 200)
_TEST = re.compile(r"(pvSev0|pvInt0|pv0) (==|>) (-?\d+)")
_ALARMED = 2
"""Width of an alarm border in pixels."""


def draw(screen: Path, values: Mapping[str, Reading], macros: Mapping[str, str] | None = None) -> Image.Image:
    """Return the screen at its own size. A PV without a value is drawn as disconnected.

    Raises UsageError when the file is no Phoebus display.
    """
    root = _read(screen)
    size = int(_text(root, "width")), int(_text(root, "height"))
    picture = Image.new("RGB", size, _colour(root, "background_color"))
    _Drawing(picture, screen.parent, values).screen(root, (0, 0), dict(macros or {}))
    return picture


def _read(path: Path) -> Element:
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise UsageError(f"{path} cannot be read as a display: {error}") from error
    if root.tag != "display" or root.get("version") != "2.0.0" or root.get("typeId"):
        raise UsageError(f"{path} is no Phoebus display; give a .bob file")
    return root


@dataclass(frozen=True, slots=True)
class _Place:
    left: int
    top: int
    width: int
    height: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.left + self.width - 1, self.top + self.height - 1


class _Drawing:
    def __init__(self, picture: Image.Image, directory: Path, values: Mapping[str, Reading]) -> None:
        self._picture, self._directory, self._values = picture, directory, values
        self._pen = ImageDraw.Draw(picture)

    def screen(self, root: Element, origin: tuple[int, int], macros: dict[str, str]) -> None:
        own = {one.tag: one.text or "" for one in root.findall("macros/*")}
        macros = {**own, **macros}
        for widget in root.findall("widget"):
            expanded = _expand(widget, macros)
            place = _Place(*(int(_text(expanded, tag)) for tag in ("x", "y", "width", "height")))
            place = _Place(place.left + origin[0], place.top + origin[1], place.width, place.height)
            self._follow_rules(expanded)
            if _text(expanded, "visible", "true") == "true":
                self._widget(expanded, place, macros)

    def _follow_rules(self, widget: Element) -> None:
        for rule in widget.findall("rules/rule"):
            reading = self._values.get(_text(rule, "pv_name"))
            for case in rule.findall("exp"):
                if reading is not None and _holds(case.get("bool_exp", ""), reading):
                    _set(widget, rule.get("prop_id", ""), case.find("value"))
                    break

    def _widget(self, widget: Element, place: _Place, macros: dict[str, str]) -> None:
        kind = widget.get("type", "").replace("-", "_")
        if kind == "embedded":
            self._embedded(widget, place, macros)
            return
        drawer = getattr(self, f"_{kind}", None)
        if drawer is None:
            raise UsageError(f"cannot draw the widget {widget.get('type')}: only generated screens can be previewed")
        drawer(widget, place)
        reading = self._values.get(_text(widget, "pv_name"))
        if _text(widget, "pv_name") and kind != "action_button":
            self._border(widget, place, reading)

    def _border(self, widget: Element, place: _Place, reading: Reading | None) -> None:
        if reading is None:
            for x in range(place.left, place.left + place.width, 8):
                self._pen.line((x, place.top, x + 4, place.top), _DISCONNECTED, 2)
                self._pen.line((x, place.box[3], x + 4, place.box[3]), _DISCONNECTED, 2)
        elif reading.severity in SEVERITY_COLOURS and _text(widget, "border_alarm_sensitive", "true") == "true":
            self._pen.rectangle(place.box, outline=SEVERITY_COLOURS[reading.severity].rgb, width=_ALARMED)

    def _embedded(self, widget: Element, place: _Place, macros: dict[str, str]) -> None:
        path = self._directory / _text(widget, "file")
        root = _read(path)
        self._pen.rectangle(place.box, fill=_colour(root, "background_color"))
        inner = {**macros, **{one.tag: one.text or "" for one in widget.findall("macros/*")}}
        _Drawing(self._picture, path.parent, self._values).screen(root, (place.left, place.top), inner)

    def _rectangle(self, widget: Element, place: _Place) -> None:
        self._pen.rectangle(place.box, fill=_colour(widget, "background_color"))

    def _label(self, widget: Element, place: _Place) -> None:
        if _text(widget, "transparent", "true") == "false":
            self._pen.rectangle(place.box, fill=_colour(widget, "background_color"))
        self._write(widget, place, _text(widget, "text"))

    def _textupdate(self, widget: Element, place: _Place) -> None:
        self._pen.rectangle(place.box, fill=_colour(widget, "background_color"))
        name = _text(widget, "pv_name")
        reading = self._values.get(name)
        shown = f"<{name}>" if reading is None else reading.text(_text(widget, "show_units") != "false")
        self._write(widget, place, shown)

    def _text_symbol(self, widget: Element, place: _Place) -> None:
        self._pen.rectangle(place.box, fill=_colour(widget, "background_color"))
        reading = self._values.get(_text(widget, "pv_name"))
        symbols = [one.text or "" for one in widget.findall("symbols/symbol")]
        if reading is not None and reading.index is not None:
            self._write(widget, place, symbols[reading.index])

    def _textentry(self, widget: Element, place: _Place) -> None:
        self._textupdate(widget, place)
        self._pen.rectangle(place.box, outline=(90, 90, 90))

    def _bool_button(self, widget: Element, place: _Place) -> None:
        reading = self._values.get(_text(widget, "pv_name"))
        state = "on" if reading is not None and reading.number() == 1 else "off"
        self._push(widget, place, _text(widget, f"{state}_label"), _colour(widget, f"{state}_color"))

    def _action_button(self, widget: Element, place: _Place) -> None:
        self._push(widget, place, _text(widget, "text"), (210, 210, 210))

    def _push(self, widget: Element, place: _Place, text: str, fill: RGB) -> None:
        self._pen.rounded_rectangle(place.box, 4, fill=fill, outline=(150, 150, 150))
        font = font_of(widget)
        centre = place.left + place.width / 2, place.top + place.height / 2
        self._pen.text(centre, fit(text, font, place.width - 8), (0, 0, 0), font, anchor="mm")

    def _image(self, widget: Element, place: _Place) -> None:
        self._pen.rectangle(place.box, fill=_colour(widget, "background_color"))
        reading = self._values.get(_text(widget, "pv_name"))
        if reading is None or len(reading.value) == 0:
            return
        size = int(_text(widget, "data_width")), int(_text(widget, "data_height"))
        pixels = _pixels(reading.value, size)
        self._picture.paste(pixels.resize((place.width, place.height)), (place.left, place.top))

    def _xyplot(self, widget: Element, place: _Place) -> None:
        self._pen.rectangle(place.box, fill=_colour(widget, "background_color"))
        trace = widget.find("traces/trace")
        if trace is None:
            return
        left, bottom, font = place.left + 44, place.box[3] - 24, font_of(widget)
        top, right = place.top + 12, place.box[2] - 10
        self._pen.rectangle((left, top, right, bottom), outline=(120, 120, 120))
        for level in (0.0, 0.5, 1.0):
            y = bottom - level * (bottom - top)
            self._pen.text((left - 6, y), f"{level:.1f}", (0, 0, 0), font, anchor="rm")
        reading = self._values.get(_text(trace, "y_pv"))
        values = list(reading.value) if reading is not None else []
        span = float(_text(widget, "x_axis/maximum")) - float(_text(widget, "x_axis/minimum"))
        for index, value in enumerate(values):
            x = left + (index + 0.5) / span * (right - left)
            self._pen.rectangle((x - 20, bottom - value * (bottom - top), x + 20, bottom), fill=_colour(trace, "color"))
            self._pen.text((x, bottom + 4), str(index), (0, 0, 0), font, anchor="ma")

    def _databrowser(self, widget: Element, place: _Place) -> None:
        self._pen.rectangle(place.box, fill=(255, 255, 255))
        plot = ElementTree.parse(self._directory / _text(widget, "file")).getroot()
        frame = place.left + 60, place.top + 12, place.box[2] - 12, place.box[3] - 50
        self._pen.rectangle(frame, outline=(120, 120, 120))
        font, x = font_of(widget), place.left + 60
        self._pen.text((frame[0], frame[3] + 6), "the last 8 hours", (90, 90, 90), font)
        for trace in plot.findall("pvlist/pv"):
            colour = tuple(int(_text(trace, f"color/{part}")) for part in ("red", "green", "blue"))
            text = _text(trace, "display_name")
            self._pen.text((x, place.box[3] - 22), text, colour, font)
            x += int(font.getlength(text)) + 20

    def _write(self, widget: Element, place: _Place, text: str) -> None:
        font = font_of(widget)
        wrap = _text(widget, "wrap_words", "false") == "true"
        lines = wrapped(text, font, place.width - 4) if wrap else text.split("\n")
        step = font.size * 1.2
        y = place.top + place.height / 2 - step * (len(lines) - 1) / 2
        centred = _text(widget, "horizontal_alignment", "0") == "1"
        x = place.left + (place.width / 2 if centred else 2)
        for line in lines:
            self._pen.text((x, y), fit(line, font, place.width - 2), (0, 0, 0), font, anchor="mm" if centred else "lm")
            y += step


def _expand(widget: Element, macros: Mapping[str, str]) -> Element:
    text = ElementTree.tostring(widget, encoding="unicode")
    return ElementTree.fromstring(_MACRO.sub(lambda found: macros.get(found[1], found[0]), _own_pv(widget, text)))


def _own_pv(widget: Element, text: str) -> str:
    return text.replace("$(pv_name)", _text(widget, "pv_name"))


def _holds(expression: str, reading: Reading) -> bool:
    found = _TEST.fullmatch(expression)
    if found is None:
        raise UsageError(f"cannot evaluate the rule {expression!r}: only generated screens can be previewed")
    what, how, operand = found.groups()
    number = float(reading.severity) if what == "pvSev0" else reading.number()
    if number is None:
        return False
    return number == int(operand) if how == "==" else number > int(operand)


def _set(widget: Element, tag: str, value: Element | None) -> None:
    if value is None:
        return
    target = widget.find(tag)
    if target is None:
        target = ElementTree.SubElement(widget, tag)
    target.text = value.text
    target[:] = list(value)


def _text(element: Element, path: str, default: str = "") -> str:
    return element.findtext(path, default)


def _colour(element: Element, tag: str) -> RGB:
    found = element.find(f"{tag}/color")
    if found is None:
        return (255, 255, 255)
    red, green, blue = (int(found.get(part, "0")) for part in ("red", "green", "blue"))
    return red, green, blue


def _pixels(value: Any, size: tuple[int, int]) -> Image.Image:
    if isinstance(value, str):
        return Image.open(value).convert("RGB").resize(size)
    return Image.fromarray(np.asarray(value, dtype=np.uint8).reshape(size[1], size[0], 3))
