"""A screen as a description that knows neither Phoebus nor BOY: what is where, and which PVs it follows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hydra_core.domain import Severity
from hydra_core.opi.palette import SEVERITY_COLOURS, Colour, Font


class Follows(StrEnum):
    """The property that a rule changes."""

    BACKGROUND = "background_color"
    VISIBLE = "visible"


class Test(StrEnum):
    """What a case of a rule asks of its PV."""

    SEVERITY = "severity"
    EQUAL = "equal"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class Case:
    """When `test` with `operand` holds of the rule's PV, the property gets `value`."""

    test: Test
    operand: int
    value: Colour | bool


@dataclass(frozen=True, slots=True)
class Rule:
    """How one property follows one PV; the first case that holds wins, and without one the property is as drawn."""

    follows: Follows
    pv: str
    cases: tuple[Case, ...]


def coloured_by_severity(pv: str) -> Rule:
    """Return the rule that gives a widget the colour of a PV's alarm, and no colour without one."""
    cases = (Case(Test.SEVERITY, int(severity), colour) for severity, colour in SEVERITY_COLOURS.items())
    return Rule(Follows.BACKGROUND, pv, tuple(cases))


def coloured_above(pv: str, limit: int, severity: Severity) -> Rule:
    """Return the rule that colours a widget while a PV is above a limit."""
    return Rule(Follows.BACKGROUND, pv, (Case(Test.ABOVE, limit, SEVERITY_COLOURS[severity]),))


def hidden_unless(pv: str, test: Test, operand: int) -> Rule:
    """Return the rule that shows a widget only while a test holds; such a widget is drawn with `shown=False`."""
    return Rule(Follows.VISIBLE, pv, (Case(test, operand, True),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """What all widgets have: a place in pixels from the top left corner, and rules."""

    x: int
    y: int
    width: int
    height: int
    rules: tuple[Rule, ...] = ()
    shown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Box(Widget):
    """A plain rectangle behind other widgets."""

    colour: Colour = Colour.CARD


@dataclass(frozen=True, slots=True, kw_only=True)
class Label(Widget):
    """A text that does not change. With a `colour` it is filled."""

    text: str
    font: Font = Font.DEFAULT
    centred: bool = False
    wrap: bool = False
    colour: Colour | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Value(Widget):
    """A PV's value as text. `long_text`: the PV is an array of characters; with an alarm it has a border."""

    pv: str
    font: Font = Font.DEFAULT
    centred: bool = False
    wrap: bool = False
    units: bool = True
    long_text: bool = False
    colour: Colour = Colour.CARD


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape(Widget):
    """The shape of a status PV."""

    pv: str
    font: Font = Font.TITLE
    colour: Colour = Colour.CARD


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture(Widget):
    """An RGB picture from a waveform of bytes; `pixels` are its width and height."""

    pv: str
    pixels: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars(Widget):
    """The elements of a waveform of fractions as bars."""

    pv: str
    title: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Widget):
    """A data browser plot from a file beside the screen."""

    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Embed(Widget):
    """Another screen inside this one; `file` is without its ending and may use macros."""

    file: str
    macros: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenScreen:
    """Open another screen (without its ending), in place of this one."""

    file: str
    macros: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenFile:
    """Open a file beside the screen with the program for it, e.g. the data browser."""

    file: str


@dataclass(frozen=True, slots=True)
class OpenPage:
    """Open a web page."""

    url: str


@dataclass(frozen=True, slots=True)
class Write:
    """Write a value to a PV."""

    pv: str
    value: str


Action = OpenScreen | OpenFile | OpenPage | Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Button(Widget):
    """A push button; `confirm` is the question that is asked first ("": none)."""

    text: str
    action: Action
    confirm: str = ""
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Widget):
    """A field to type a value into."""

    pv: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Toggle(Widget):
    """A button that shows and changes a binary PV, after a question."""

    pv: str
    off: str
    on: str
    confirm: str


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen. `file` is its path without ending, `macros` their defaults, `widgets` in drawing order."""

    file: str
    title: str
    width: int
    height: int
    macros: Mapping[str, str]
    widgets: tuple[Widget, ...]
    colour: Colour = Colour.CANVAS

    def pvs(self) -> Iterator[str]:
        """Yield every PV that the screen uses, macros not yet replaced."""
        for widget in self.widgets:
            yield from (rule.pv for rule in widget.rules)
            if isinstance(widget, Value | Shape | Picture | Bars | Entry | Toggle):
                yield widget.pv
            elif isinstance(widget, Button) and isinstance(widget.action, Write):
                yield widget.action.pv
