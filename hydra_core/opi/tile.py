"""The tile of one plot type: shape, word, class, score and age, with or without the picture."""

from dataclasses import dataclass

from hydra_core.opi.names import plot_pv
from hydra_core.opi.palette import Colour, Font
from hydra_core.opi.widgets import (
    Label,
    Picture,
    Screen,
    Shape,
    Test,
    Value,
    Widget,
    coloured_by_severity,
    hidden_unless,
)
from hydra_core.pvs import THUMBNAIL_SIZE


@dataclass(frozen=True, slots=True)
class TileKind:
    """A tile's file and size in pixels."""

    file: str
    width: int
    height: int


LARGE = TileKind("tile", 360, 366)
SMALL = TileKind("tile-small", 204, 54)


def tiles() -> tuple[Screen, ...]:
    """Return both tiles; they take the macros P and R."""
    return _screen(LARGE, _large()), _screen(SMALL, _small())


def status(x: int, y: int, width: int, height: int, font: Font) -> tuple[Widget, ...]:
    """Return the shape and the word of STATUS, coloured by its severity."""
    pv = plot_pv("STATUS")
    rules = (coloured_by_severity(pv),)
    return (
        Shape(x=x, y=y, width=height, height=height, pv=pv, rules=rules),
        Value(
            x=x + height, y=y, width=width - height, height=height, pv=pv, font=font, centred=True, rules=rules,
        ),
    )  # fmt: skip


def marks(x: int, y: int) -> tuple[Widget, ...]:
    """Return the words that are shown only while an operator has muted, acknowledged or disabled the plot type."""
    shown = (
        ("MUTED", 46, hidden_unless(plot_pv("MUTE"), Test.ABOVE, 0)),
        ("SEEN", 38, hidden_unless(plot_pv("ACK"), Test.EQUAL, 1)),
        ("DISABLED", 66, hidden_unless(plot_pv("ENABLE"), Test.EQUAL, 0)),
    )
    found = []
    for text, width, rule in shown:
        found.append(
            Label(
                x=x, y=y, width=width, height=16, text=text, font=Font.SMALL, centred=True,
                colour=Colour.PAPER, rules=(rule,), shown=False,
            )
        )  # fmt: skip
        x += width + 4
    return tuple(found)


def _screen(kind: TileKind, widgets: tuple[Widget, ...]) -> Screen:
    macros = {"P": "", "R": ""}
    return Screen(kind.file, "Hydra tile", kind.width, kind.height, macros, widgets, Colour.CARD)


def _large() -> tuple[Widget, ...]:
    return (
        *status(4, 4, 156, 34, Font.HEADING),
        Value(x=166, y=4, width=128, height=34, pv=plot_pv("CLASS"), font=Font.BOLD),
        Value(x=296, y=4, width=60, height=34, pv=plot_pv("CONF")),
        Picture(x=4, y=44, width=352, height=264, pv=plot_pv("IMAGE"), pixels=THUMBNAIL_SIZE),
        Value(
            x=4, y=310, width=352, height=34, pv=plot_pv("MSG"), font=Font.SMALL, long_text=True, wrap=True,
        ),
        Label(x=4, y=346, width=26, height=16, text="age", font=Font.SMALL),
        Value(x=30, y=346, width=60, height=16, pv=plot_pv("AGE"), font=Font.SMALL),
        Label(x=94, y=346, width=24, height=16, text="run", font=Font.SMALL),
        Value(x=118, y=346, width=70, height=16, pv=plot_pv("RUN"), font=Font.SMALL, units=False),
        *marks(194, 346),
    )  # fmt: skip


def _small() -> tuple[Widget, ...]:
    return (
        *status(2, 2, 118, 26, Font.BOLD),
        Value(x=124, y=2, width=78, height=26, pv=plot_pv("CLASS")),
        Label(x=2, y=30, width=24, height=22, text="age", font=Font.SMALL),
        Value(x=26, y=30, width=54, height=22, pv=plot_pv("AGE"), font=Font.SMALL),
        Value(x=82, y=30, width=40, height=22, pv=plot_pv("CONF"), font=Font.SMALL),
        Label(
            x=124, y=33, width=46, height=16, text="MUTED", font=Font.SMALL, centred=True, colour=Colour.PAPER,
            rules=(hidden_unless(plot_pv("MUTE"), Test.ABOVE, 0),), shown=False,
        ),
        Label(
            x=171, y=33, width=32, height=16, text="SEEN", font=Font.SMALL, centred=True, colour=Colour.PAPER,
            rules=(hidden_unless(plot_pv("ACK"), Test.EQUAL, 1),), shown=False,
        ),
    )  # fmt: skip
