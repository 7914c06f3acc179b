"""Writes a screen for BOY (`.opi`, CSS 3 and 4). The same content as the Phoebus display, in the older vocabulary."""

from collections.abc import Callable, Mapping

from hydra_core.domain import Severity, Status
from hydra_core.opi import widgets as w
from hydra_core.opi.palette import FAMILY, SHAPES, Colour, Font
from hydra_core.opi.xml import Element, child, children, document

ENDING = ".opi"
_SEVERITIES = {int(Severity.MINOR): 2, int(Severity.MAJOR): 1, int(Severity.INVALID): -1}
"""BOY's pvSev0 has its own numbers."""
_STRING, _CROP, _REPLACE, _BARS, _CONFIRM_BOTH = 4, 2, 0, 3, 1


def opi(screen: w.Screen) -> str:
    """Return the text of the file."""
    root = Element("display", typeId="org.csstudio.opibuilder.Display", version="1.0.0")
    child(root, "name", screen.title)
    _macros(root, {name: text for name, text in screen.macros.items() if text})
    children(root, {"width": screen.width, "height": screen.height, "show_grid": False, "show_ruler": False})
    _colour(root, "background_color", screen.colour)
    for number, widget in enumerate(screen.widgets, 1):
        _widget(root, number, widget)
    return document(root)


def _widget(root: Element, number: int, widget: w.Widget) -> None:
    kind, version, write = _KINDS[type(widget)]
    element = child(root, "widget", typeId=kind, version=version)
    child(element, "name", f"{type(widget).__name__} {number}")
    children(element, {"x": widget.x, "y": widget.y, "width": widget.width, "height": widget.height})
    if not widget.shown:
        child(element, "visible", False)
    write(element, widget)
    shapes = isinstance(widget, w.Shape)
    if widget.rules or shapes:
        rules = child(element, "rules")
        if isinstance(widget, w.Shape):
            _shape_rule(rules, widget)
        for rule in widget.rules:
            _rule(rules, rule)


def _rule(rules: Element, rule: w.Rule) -> None:
    element = child(rules, "rule", name=f"{rule.follows.value} of {rule.pv}", prop_id=rule.follows, out_exp="false")
    for case in rule.cases:
        value = child(child(element, "exp", bool_exp=_test(case)), "value")
        if isinstance(case.value, Colour):
            _write_colour(value, case.value)
        else:
            value.text = str(case.value).lower()
    child(element, "pv", rule.pv, trig="true")


def _test(case: w.Case) -> str:
    if case.test is w.Test.SEVERITY:
        return f"pvSev0 == {_SEVERITIES[case.operand]}"
    return f"pv0 > {case.operand}" if case.test is w.Test.ABOVE else f"pvInt0 == {case.operand}"


def _shape_rule(rules: Element, shape: w.Shape) -> None:
    element = child(rules, "rule", name=f"text of {shape.pv}", prop_id="text", out_exp="false")
    for status in Status:
        child(child(element, "exp", bool_exp=f"pvInt0 == {int(status)}"), "value", SHAPES[status])
    child(element, "pv", shape.pv, trig="true")


def _macros(parent: Element, macros: Mapping[str, str]) -> None:
    element = child(parent, "macros")
    child(element, "include_parent_macros", True)
    children(element, macros)


def _colour(parent: Element, tag: str, colour: Colour) -> None:
    _write_colour(child(parent, tag), colour)


def _write_colour(parent: Element, colour: Colour) -> None:
    red, green, blue = map(str, colour.rgb)
    child(parent, "color", name=colour.boy, red=red, green=green, blue=blue)


def _font(parent: Element, font: Font) -> None:
    style = "1" if font.bold else "0"
    element = child(parent, "font")
    child(element, "opifont.name", font.label, fontName=FAMILY, height=str(font.pixels), style=style, pixels="true")


def _text_look(element: Element, font: Font, centred: bool, wrap: bool) -> None:
    _font(element, font)
    children(element, {"horizontal_alignment": int(centred), "vertical_alignment": 1, "wrap_words": wrap})
    _colour(element, "foreground_color", Colour.TEXT)


def _box(element: Element, box: w.Box) -> None:
    child(element, "line_width", 0)
    _colour(element, "background_color", box.colour)


def _label(element: Element, label: w.Label) -> None:
    child(element, "text", label.text)
    _text_look(element, label.font, label.centred, label.wrap)
    child(element, "transparent", label.colour is None)
    if label.colour is not None:
        _colour(element, "background_color", label.colour)


def _value(element: Element, value: w.Value) -> None:
    child(element, "pv_name", value.pv)
    _text_look(element, value.font, value.centred, value.wrap)
    _colour(element, "background_color", value.colour)
    children(element, {"show_units": value.units, "precision_from_pv": True, "border_alarm_sensitive": True})
    if value.long_text:
        child(element, "format_type", _STRING)


def _shape(element: Element, shape: w.Shape) -> None:
    child(element, "text", "")
    _text_look(element, shape.font, True, False)
    child(element, "transparent", False)
    _colour(element, "background_color", shape.colour)


def _picture(element: Element, picture: w.Picture) -> None:
    width, height = picture.pixels
    child(element, "pv_name", picture.pv)
    children(element, {"data_width": width, "data_height": height, "rgb_mode": True, "color_depth": 0})
    children(element, {"minimum": 0.0, "maximum": 255.0, "show_ramp": False})
    children(element, {"x_axis_visible": False, "y_axis_visible": False, "border_alarm_sensitive": False})


def _bars(element: Element, bars: w.Bars) -> None:
    children(element, {"axis_count": 2, "trace_count": 1, "show_legend": False, "show_toolbar": False})
    x_axis = {"auto_scale": False, "minimum": -0.5, "maximum": bars.count - 0.5, "axis_title": ""}
    y_axis = {"auto_scale": False, "minimum": 0.0, "maximum": 1.0, "axis_title": bars.title}
    children(element, {f"axis_0_{name}": value for name, value in x_axis.items()})
    children(element, {f"axis_1_{name}": value for name, value in y_axis.items()})
    trace = {"name": bars.title, "y_pv": bars.pv, "trace_type": _BARS, "line_width": 40, "buffer_size": 64}
    children(element, {f"trace_0_{name}": value for name, value in trace.items()})
    _colour(element, "trace_0_trace_color", Colour.LINE)
    _colour(element, "plot_area_background_color", Colour.CARD)


def _history(element: Element, history: w.History) -> None:
    children(element, {"filename": history.file, "show_toolbar": False})


def _embed(element: Element, embed: w.Embed) -> None:
    child(element, "opi_file", embed.file + ENDING)
    _macros(element, embed.macros)
    children(element, {"resize_behaviour": _CROP, "border_style": 0})


def _button(element: Element, button: w.Button) -> None:
    actions = child(element, "actions", hook="false", hook_all="false")
    action = _action(actions, button.action)
    if button.confirm and isinstance(button.action, w.Write):
        child(action, "confirm_message", button.confirm)
    child(action, "description", button.text)
    children(element, {"text": button.text, "push_action_index": 0, "style": 1})
    _font(element, Font.BOLD if button.bold else Font.DEFAULT)
    child(element, "tooltip", button.text)


def _action(actions: Element, action: w.Action) -> Element:
    match action:
        case w.OpenScreen():
            element = child(actions, "action", type="OPEN_DISPLAY")
            child(element, "path", action.file + ENDING)
            _macros(element, action.macros)
            child(element, "mode", _REPLACE)
        case w.OpenFile():
            element = child(actions, "action", type="OPEN_FILE")
            child(element, "path", action.file)
        case w.OpenPage():
            element = child(actions, "action", type="OPEN_WEBPAGE")
            child(element, "hyperlink", action.url)
        case w.Write():
            element = child(actions, "action", type="WRITE_PV")
            children(element, {"pv_name": action.pv, "value": action.value})
    return element


def _entry(element: Element, entry: w.Entry) -> None:
    child(element, "pv_name", entry.pv)
    _colour(element, "background_color", Colour.PAPER)
    _font(element, Font.DEFAULT)
    child(element, "limits_from_pv", True)


def _toggle(element: Element, toggle: w.Toggle) -> None:
    child(element, "pv_name", toggle.pv)
    children(element, {"off_label": toggle.off, "on_label": toggle.on, "show_boolean_label": True, "show_led": False})
    children(element, {"toggle_button": True, "square_button": True, "effect_3d": False})
    _colour(element, "background_color", Colour.CANVAS)
    _font(element, Font.DEFAULT)
    children(element, {"show_confirm_dialog": _CONFIRM_BOTH, "confirm_message": toggle.confirm})


_WIDGETS = "org.csstudio.opibuilder.widgets."
_KINDS: Mapping[type[w.Widget], tuple[str, str, Callable[..., None]]] = {
    w.Box: (_WIDGETS + "Rectangle", "1.0.0", _box),
    w.Label: (_WIDGETS + "Label", "1.0.0", _label),
    w.Value: (_WIDGETS + "TextUpdate", "1.0.0", _value),
    w.Shape: (_WIDGETS + "Label", "1.0.0", _shape),
    w.Picture: (_WIDGETS + "intensityGraph", "1.0.0", _picture),
    w.Bars: (_WIDGETS + "xyGraph", "1.0.0", _bars),
    w.History: ("org.csstudio.trends.databrowser.opiwidget", "1.0.0", _history),
    w.Embed: (_WIDGETS + "linkingContainer", "1.0.0", _embed),
    w.Button: (_WIDGETS + "ActionButton", "2.0.0", _button),
    w.Entry: (_WIDGETS + "TextInput", "2.0.0", _entry),
    w.Toggle: (_WIDGETS + "BoolButton", "1.0.0", _toggle),
}
"""Type and version of each kind of widget, and what writes its own properties."""
