"""Writes a screen as a Phoebus display (`.bob`, format 2.0.0)."""

from collections.abc import Callable, Mapping

from hydra_core.domain import Status
from hydra_core.opi import widgets as w
from hydra_core.opi.palette import FAMILY, SHAPES, Colour, Font
from hydra_core.opi.xml import Element, child, children, document

ENDING = ".bob"
_TESTS = {w.Test.SEVERITY: "pvSev0 == {}", w.Test.EQUAL: "pvInt0 == {}", w.Test.ABOVE: "pv0 > {}"}
"""pvSev0 counts as EPICS does: 0 none, 1 minor, 2 major, 3 invalid (Phoebus 4.7.3 and later)."""
_STRING = 6
"""Format of text updates: an array of characters as text."""
_RGB1, _BARS = 3, 5


def bob(screen: w.Screen) -> str:
    """Return the text of the file."""
    root = Element("display", version="2.0.0")
    child(root, "name", screen.title)
    if screen.macros:
        children(child(root, "macros"), {name: text for name, text in screen.macros.items() if text})
    children(root, {"width": screen.width, "height": screen.height})
    _colour(root, "background_color", screen.colour)
    for number, widget in enumerate(screen.widgets, 1):
        _widget(root, number, widget)
    return document(root)


def _widget(root: Element, number: int, widget: w.Widget) -> None:
    kind, version, write = _KINDS[type(widget)]
    element = child(root, "widget", type=kind, version=version)
    child(element, "name", f"{type(widget).__name__} {number}")
    children(element, {"x": widget.x, "y": widget.y, "width": widget.width, "height": widget.height})
    if not widget.shown:
        child(element, "visible", False)
    write(element, widget)
    if widget.rules:
        rules = child(element, "rules")
        for rule in widget.rules:
            _rule(rules, rule)


def _rule(rules: Element, rule: w.Rule) -> None:
    element = child(rules, "rule", name=f"{rule.follows.value} of {rule.pv}", prop_id=rule.follows, out_exp="false")
    for case in rule.cases:
        value = child(child(element, "exp", bool_exp=_TESTS[case.test].format(case.operand)), "value")
        if isinstance(case.value, Colour):
            _write_colour(value, case.value)
        else:
            value.text = str(case.value).lower()
    child(element, "pv_name", rule.pv)


def _colour(parent: Element, tag: str, colour: Colour) -> None:
    _write_colour(child(parent, tag), colour)


def _write_colour(parent: Element, colour: Colour) -> None:
    red, green, blue = map(str, colour.rgb)
    child(parent, "color", name=colour.phoebus, red=red, green=green, blue=blue)


def _font(parent: Element, font: Font, tag: str = "font") -> None:
    style = "BOLD" if font.bold else "REGULAR"
    child(child(parent, tag), "font", name=font.label, family=FAMILY, style=style, size=f"{font.pixels}.0")


def _text_look(element: Element, font: Font, centred: bool, wrap: bool) -> None:
    _font(element, font)
    children(element, {"horizontal_alignment": int(centred), "vertical_alignment": 1, "wrap_words": wrap})


def _box(element: Element, box: w.Box) -> None:
    child(element, "line_width", 0)
    _colour(element, "line_color", Colour.LINE)
    _colour(element, "background_color", box.colour)


def _label(element: Element, label: w.Label) -> None:
    child(element, "text", label.text)
    _text_look(element, label.font, label.centred, label.wrap)
    if label.colour is not None:
        child(element, "transparent", False)
        _colour(element, "background_color", label.colour)


def _value(element: Element, value: w.Value) -> None:
    child(element, "pv_name", value.pv)
    _text_look(element, value.font, value.centred, value.wrap)
    _colour(element, "background_color", value.colour)
    child(element, "show_units", value.units)
    if value.long_text:
        child(element, "format", _STRING)


def _shape(element: Element, shape: w.Shape) -> None:
    child(element, "pv_name", shape.pv)
    symbols = child(element, "symbols")
    for status in Status:
        child(symbols, "symbol", SHAPES[status])
    _text_look(element, shape.font, True, False)
    child(element, "transparent", False)
    _colour(element, "background_color", shape.colour)
    child(element, "border_alarm_sensitive", False)


def _picture(element: Element, picture: w.Picture) -> None:
    width, height = picture.pixels
    child(element, "pv_name", picture.pv)
    _colour(element, "background_color", Colour.PAPER)
    child(child(element, "color_bar"), "visible", False)
    for axis, most in (("x_axis", width), ("y_axis", height)):
        children(child(element, axis), {"visible": False, "minimum": 0.0, "maximum": float(most)})
    sizes = {"data_width": width, "data_height": height, "color_mode": _RGB1, "unsigned": True, "autoscale": False}
    children(element, {**sizes, "minimum": 0.0, "maximum": 255.0, "border_alarm_sensitive": False})


def _bars(element: Element, bars: w.Bars) -> None:
    _colour(element, "background_color", Colour.CARD)
    child(element, "show_legend", False)
    limits = {"title": "", "minimum": -0.5, "maximum": bars.count - 0.5}
    children(child(element, "x_axis"), limits)
    children(child(child(element, "y_axes"), "y_axis"), {"title": bars.title, "minimum": 0.0, "maximum": 1.0})
    trace = child(child(element, "traces"), "trace")
    children(trace, {"name": bars.title, "y_pv": bars.pv, "axis": 0, "trace_type": _BARS})
    _colour(trace, "color", Colour.LINE)
    child(trace, "line_width", 40)


def _history(element: Element, history: w.History) -> None:
    child(element, "file", history.file)


def _embed(element: Element, embed: w.Embed) -> None:
    child(element, "file", embed.file + ENDING)
    if embed.macros:
        children(child(element, "macros"), embed.macros)
    child(element, "resize", 4)


def _button(element: Element, button: w.Button) -> None:
    _action(child(element, "actions"), button.action, button.text)
    child(element, "text", button.text)
    _font(element, Font.BOLD if button.bold else Font.DEFAULT)
    if isinstance(button.action, w.Write):
        child(element, "pv_name", button.action.pv)
    if button.confirm:
        children(element, {"confirm_dialog": True, "confirm_message": button.confirm})
    child(element, "tooltip", button.text)


def _action(actions: Element, action: w.Action, text: str) -> None:
    fields: Mapping[str, object]
    match action:
        case w.OpenScreen():
            kind, fields = "open_display", {"file": action.file + ENDING, "target": "replace"}
        case w.OpenFile():
            kind, fields = "open_file", {"file": action.file}
        case w.OpenPage():
            kind, fields = "open_webpage", {"url": action.url}
        case w.Write():
            kind, fields = "write_pv", {"pv_name": "$(pv_name)", "value": action.value}
    element = child(actions, "action", type=kind)
    child(element, "description", text)
    children(element, fields)
    if isinstance(action, w.OpenScreen) and action.macros:
        children(child(element, "macros"), action.macros)


def _entry(element: Element, entry: w.Entry) -> None:
    child(element, "pv_name", entry.pv)
    _colour(element, "background_color", Colour.PAPER)
    _font(element, Font.DEFAULT)


def _toggle(element: Element, toggle: w.Toggle) -> None:
    child(element, "pv_name", toggle.pv)
    children(element, {"off_label": toggle.off, "on_label": toggle.on, "show_led": False})
    _colour(element, "off_color", Colour.PAPER)
    _colour(element, "on_color", Colour.CANVAS)
    _font(element, Font.DEFAULT)
    children(element, {"confirm_dialog": 1, "confirm_message": toggle.confirm})


_KINDS: Mapping[type[w.Widget], tuple[str, str, Callable[..., None]]] = {
    w.Box: ("rectangle", "2.0.0", _box),
    w.Label: ("label", "2.0.0", _label),
    w.Value: ("textupdate", "2.0.0", _value),
    w.Shape: ("text-symbol", "2.0.0", _shape),
    w.Picture: ("image", "2.0.0", _picture),
    w.Bars: ("xyplot", "3.0.0", _bars),
    w.History: ("databrowser", "2.0.0", _history),
    w.Embed: ("embedded", "2.0.0", _embed),
    w.Button: ("action_button", "3.0.0", _button),
    w.Entry: ("textentry", "3.0.0", _entry),
    w.Toggle: ("bool_button", "2.0.0", _toggle),
}
"""Type and version of each kind of widget, and what writes its own properties."""
