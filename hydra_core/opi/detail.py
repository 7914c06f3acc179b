"""The page of one plot type: what to do, the judgement, picture and heat map, history, and the operator's controls."""

from collections.abc import Iterator

from hydra_core.domain import PlotType, Severity
from hydra_core.opi.names import plot_pv
from hydra_core.opi.overview import BAR, HEIGHT, MARGIN, WIDTH
from hydra_core.opi.palette import Colour, Font
from hydra_core.opi.tile import marks, status
from hydra_core.opi.widgets import (
    Bars,
    Box,
    Button,
    Embed,
    Entry,
    History,
    Label,
    OpenPage,
    OpenScreen,
    Picture,
    Screen,
    Toggle,
    Value,
    Widget,
    Write,
)
from hydra_core.pvs import THUMBNAIL_SIZE

ABOUT = 168
"""Height of the strip that says what the plot is and what to do."""
_LEFT, _COLUMN, _RIGHT = MARGIN, 616, 1252
_TOP = MARGIN + ABOUT + MARGIN
_PICTURES = _TOP + BAR + 46 + MARGIN
_LOWER = _PICTURES + 30 + 456 + MARGIN
_SIDE = WIDTH - _RIGHT - MARGIN
_MUTES = (15, 30, 60, 240)
"""Minutes that one button mutes for."""


def detail(count: int) -> Screen:
    """Return the page; it takes the macros P and R. `count` is how many classes a plot type has at most."""
    widgets = (
        Embed(x=MARGIN, y=MARGIN, width=WIDTH - 2 * MARGIN, height=ABOUT, file="about/$(R)"),
        *_judgement(),
        *_pictures(),
        *_scores(count),
        *_controls(),
        Box(x=_LEFT, y=_LOWER, width=_RIGHT - _LEFT - MARGIN, height=HEIGHT - _LOWER - MARGIN),
        Label(x=_LEFT + 10, y=_LOWER + 6, width=600, height=22, text="Score, threshold and status", font=Font.HEADING),
        History(
            x=_LEFT + 4, y=_LOWER + 30, width=_RIGHT - _LEFT - MARGIN - 8, height=HEIGHT - _LOWER - MARGIN - 34,
            file="history.plt",
        ),
    )  # fmt: skip
    return Screen("plot", "Hydra $(R)", WIDTH, HEIGHT, {"P": "", "R": ""}, widgets)


def about(plot_type: PlotType) -> Screen:
    """Return the strip of one plot type: everything about it that the configuration knows."""
    return Screen(
        f"about/{plot_type.pv}", plot_type.title, WIDTH - 2 * MARGIN, ABOUT, {}, tuple(_about(plot_type)), Colour.CARD
    )


def _about(plot_type: PlotType) -> Iterator[Widget]:
    yield Label(x=12, y=8, width=520, height=32, text=plot_type.title, font=Font.TITLE)
    yield Label(x=12, y=42, width=520, height=20, text=f"{plot_type.group} \N{MIDDLE DOT} {plot_type.name}")
    yield Label(x=560, y=10, width=900, height=24, text="What to do when it is BAD", font=Font.HEADING)
    response = plot_type.response or "Nothing is written down for this plot. Ask the expert."
    yield Label(x=560, y=40, width=940, height=72, text=response, font=Font.SUBHEADING, wrap=True)
    if plot_type.contact:
        yield Label(x=560, y=130, width=940, height=24, text=f"Ask: {plot_type.contact}")
    if plot_type.guidance:
        page = OpenPage(plot_type.guidance)
        yield Button(x=12, y=122, width=200, height=34, text="About this plot", action=page)
    yield Label(x=1530, y=10, width=350, height=20, text="Classes", font=Font.BOLD)
    words = {Severity.NO_ALARM: "good", Severity.MINOR: "WARN", Severity.MAJOR: "BAD"}
    lines = [f"{index} {one.name}: {words[one.severity]}" for index, one in enumerate(plot_type.classes)]
    yield Label(
        x=1530, y=32, width=350, height=min(128, 17 * len(lines)), text="\n".join(lines), font=Font.SMALL, wrap=True
    )


def _judgement() -> Iterator[Widget]:
    yield Box(x=MARGIN, y=_TOP, width=WIDTH - 2 * MARGIN, height=BAR + 46)
    yield from status(_LEFT + 12, _TOP + 12, 300, 60, Font.TITLE)
    columns = (
        (344, (("Class", "CLASS", 118), ("Score", "CONF", 118))),
        (560, (("Needed", "THRESH", 90), ("Confirmed by", "CONFIRM", 90))),
        (790, (("So far", "STREAK", 90), ("Good - bad", "SCORE", 90))),
        (1010, (("Age", "AGE", 110), ("Run", "RUN", 110))),
        (1220, (("Chunk", "CHUNK", 110), ("Taken", "TAKEN", 240))),
        (1570, (("Novelty", "NOVELTY", 70),)),
    )
    for x, rows in columns:
        for row, (text, suffix, width) in enumerate(rows):
            y = _TOP + 12 + row * 32
            yield Label(x=x, y=y, width=92, height=26, text=text)
            bold = Font.SUBHEADING if suffix in ("CLASS", "CONF", "AGE") else Font.DEFAULT
            yield Value(x=x + 94, y=y, width=width, height=26, pv=plot_pv(suffix), font=bold)
    yield Label(x=_LEFT + 12, y=_TOP + 90, width=50, height=28, text="Why", font=Font.BOLD)
    yield Value(
        x=_LEFT + 64, y=_TOP + 90, width=900, height=28, pv=plot_pv("MSG"), font=Font.SUBHEADING, long_text=True
    )
    yield Label(x=1010, y=_TOP + 90, width=92, height=28, text="Model")
    yield Value(x=1104, y=_TOP + 90, width=400, height=28, pv=plot_pv("MODEL"), long_text=True)
    yield from marks(1530, _TOP + 94)
    yield Button(x=1750, y=_TOP + 14, width=146, height=40, text="Overview", bold=True, action=OpenScreen("overview"))


def _pictures() -> Iterator[Widget]:
    for x, text, suffix in (
        (_LEFT, "As it was taken", "IMAGE"),
        (_LEFT + _COLUMN + 4, "Where the model looked", "HEATMAP"),
    ):
        yield Box(x=x, y=_PICTURES, width=_COLUMN, height=486)
        yield Label(x=x + 10, y=_PICTURES + 6, width=_COLUMN - 20, height=22, text=text, font=Font.HEADING)
        yield Picture(
            x=x + 4, y=_PICTURES + 30, width=_COLUMN - 8, height=452, pv=plot_pv(suffix), pixels=THUMBNAIL_SIZE,
        )  # fmt: skip


def _scores(count: int) -> Iterator[Widget]:
    yield Box(x=_RIGHT, y=_PICTURES, width=_SIDE, height=340)
    yield Label(
        x=_RIGHT + 10, y=_PICTURES + 6, width=_SIDE - 20, height=22, text="Score of each class", font=Font.HEADING
    )
    yield Bars(
        x=_RIGHT + 4, y=_PICTURES + 30, width=_SIDE - 8, height=270, pv=plot_pv("SCORES"), title="score", count=count,
    )  # fmt: skip
    yield Value(x=_RIGHT + 10, y=_PICTURES + 306, width=_SIDE - 20, height=28, pv=plot_pv("CLASSES"), font=Font.BOLD)


def _controls() -> Iterator[Widget]:
    x, y = _RIGHT, _PICTURES + 340 + MARGIN
    yield Box(x=x, y=y, width=_SIDE, height=HEIGHT - y - MARGIN)
    yield Label(x=x + 10, y=y + 6, width=300, height=22, text="You can", font=Font.HEADING)
    yield Label(x=x + 10, y=y + 42, width=280, height=40, text="say that you have seen it", wrap=True)
    yield Button(x=x + 300, y=y + 40, width=160, height=40, text="Acknowledge", action=Write(plot_pv("ACK"), "1"))
    yield Value(x=x + 470, y=y + 40, width=160, height=40, pv=plot_pv("ACK"), centred=True)
    yield Label(x=x + 10, y=y + 98, width=280, height=40, text="silence its alarm for a time: minutes left", wrap=True)
    yield Entry(x=x + 300, y=y + 98, width=160, height=34, pv=plot_pv("MUTE"))
    yield Label(x=x + 470, y=y + 98, width=30, height=34, text="by")
    yield Value(x=x + 500, y=y + 98, width=130, height=34, pv=plot_pv("MUTEBY"))
    for index, minutes in enumerate(_MUTES):
        yield Button(
            x=x + 10 + index * 124, y=y + 142, width=116, height=38, text=f"Mute {minutes} min",
            action=Write(plot_pv("MUTE"), str(minutes)),
        )  # fmt: skip
    yield Button(
        x=x + 10 + len(_MUTES) * 124, y=y + 142, width=126, height=38, text="End the mute",
        action=Write(plot_pv("MUTE"), "0"),
    )  # fmt: skip
    yield Label(x=x + 10, y=y + 190, width=120, height=30, text="and say why first")
    yield Entry(x=x + 136, y=y + 190, width=494, height=30, pv=plot_pv("MUTEWHY"))
    yield Label(
        x=x + 10, y=y + 232, width=280, height=40, text="have it not judged at all, until you undo it", wrap=True
    )
    yield Toggle(
        x=x + 300, y=y + 232, width=160, height=40, pv=plot_pv("ENABLE"), off="Disabled", on="Enabled",
        confirm="Change whether $(R) is judged and may alarm?",
    )  # fmt: skip
    yield Label(
        x=x + 10, y=y + 280, width=_SIDE - 20, height=36, wrap=True, font=Font.SMALL,
        text="A mute ends by itself. It takes away the severity, not the word. All of it is written to the audit log.",
    )  # fmt: skip
