"""The page of one plot type's rules for experts: severities, thresholds, k of n, delays, mode."""

from collections.abc import Iterator

from hydra_core.domain import PlotType
from hydra_core.opi.names import pv_of
from hydra_core.opi.overview import BAR, MARGIN
from hydra_core.opi.palette import Font
from hydra_core.opi.widgets import Box, Button, Entry, Label, OpenScreen, Screen, Value, Widget, coloured_by_severity

_ROW = 36
_WIDTH = 1100
_CLASS_COLUMNS = (
    ("Severity: none, minor, major", "SEV", 250),
    ("Counts from", "ENTER", 160),
    ("Gone below (0: off)", "LEAVE", 200),
)
_SINGLE = (
    ("To alarm: k", "CONFIRMK"),
    ("of the last n plots", "CONFIRMN"),
    ("and for so long", "ONDELAY"),
    ("STALE after silence (0: never)", "STALET"),
    ("To clear: k", "CLEARK"),
    ("of the last n plots", "CLEARN"),
    ("and for so long", "OFFDELAY"),
    ("Mode: RUN, MAINT, TEST", "MODE"),
)


def rules(plot_type: PlotType) -> Screen:
    """Return the page of one plot type; it takes the macro P."""
    classes = plot_type.class_names()
    top = 2 * MARGIN + BAR
    lower = top + 40 + (len(classes) + 1) * _ROW + 2 * MARGIN
    height = lower + 40 + (len(_SINGLE) // 2) * _ROW + 60 + 2 * MARGIN
    widgets = (*_bar(plot_type), *_classes(plot_type, top, lower - top - MARGIN), *_others(plot_type, lower, height))
    return Screen(f"rules/{plot_type.pv}", f"Rules of {plot_type.title}", _WIDTH, height, {"P": ""}, widgets)


def _bar(plot_type: PlotType) -> Iterator[Widget]:
    yield Box(x=MARGIN, y=MARGIN, width=_WIDTH - 2 * MARGIN, height=BAR)
    yield Label(x=24, y=20, width=520, height=32, text=f"Rules: {plot_type.title}", font=Font.TITLE)
    state = pv_of(plot_type.pv, "STATUS")
    yield Value(
        x=560, y=24, width=180, height=44, pv=state, font=Font.TITLE, centred=True, rules=(coloured_by_severity(state),)
    )
    yield Button(
        x=_WIDTH - 240, y=28, width=104, height=40, text="Plot", action=OpenScreen("../plot", {"R": plot_type.pv})
    )
    yield Button(x=_WIDTH - 128, y=28, width=104, height=40, text="Expert", action=OpenScreen("../expert"))


def _classes(plot_type: PlotType, top: int, height: int) -> Iterator[Widget]:
    yield Box(x=MARGIN, y=top, width=_WIDTH - 2 * MARGIN, height=height)
    yield Label(x=24, y=top + 8, width=260, height=24, text="Class", font=Font.BOLD)
    x = 300
    for text, _, width in _CLASS_COLUMNS:
        yield Label(x=x, y=top + 8, width=width, height=24, text=text, font=Font.BOLD)
        x += width + 12
    for index, name in enumerate(plot_type.class_names()):
        y = top + 40 + index * _ROW
        yield Label(x=24, y=y, width=260, height=30, text=name)
        x = 300
        for _, suffix, width in _CLASS_COLUMNS:
            yield Entry(x=x, y=y, width=width, height=30, pv=pv_of(plot_type.pv, f"{suffix}{index}"))
            x += width + 12


def _others(plot_type: PlotType, top: int, height: int) -> Iterator[Widget]:
    yield Box(x=MARGIN, y=top, width=_WIDTH - 2 * MARGIN, height=height - top - MARGIN)
    half = -(-len(_SINGLE) // 2)
    for number, (text, suffix) in enumerate(_SINGLE):
        x, y = 24 + number // half * 530, top + 12 + number % half * _ROW
        yield Label(x=x, y=y, width=300, height=30, text=text)
        yield Entry(x=x + 310, y=y, width=160, height=30, pv=pv_of(plot_type.pv, suffix))
    yield Label(
        x=24, y=top + 20 + half * _ROW, width=_WIDTH - 60, height=40, wrap=True, font=Font.SMALL,
        text="What is written here holds at once and after a restart, over the configuration; it is written to the "
        "audit log. MAINT lets no INVALID alarm out, TEST none at all.",
    )  # fmt: skip
