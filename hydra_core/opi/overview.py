"""The hall's overview: the service in one line, every plot type as a tile by group, and the worst first."""

from collections.abc import Iterator

from hydra_core.config import HallConfig
from hydra_core.domain import PlotType, Severity, Status
from hydra_core.opi.flow import GAP, HEADING, TITLE, Placed, kind_for, place, row_height
from hydra_core.opi.names import service_pv
from hydra_core.opi.palette import MEANINGS, SHAPES, Colour, Font
from hydra_core.opi.tile import TileKind
from hydra_core.opi.widgets import (
    Box,
    Button,
    Case,
    Embed,
    Follows,
    Label,
    OpenFile,
    OpenPage,
    OpenScreen,
    Rule,
    Screen,
    Shape,
    Test,
    Value,
    Widget,
    coloured_above,
    coloured_by_severity,
)
from hydra_core.pvs import TOP

WIDTH, HEIGHT = 1920, 1080
MARGIN = 12
BAR = 84
"""Height of the bar at the top of every screen."""
SIDE = 372
"""Width of the column at the right."""
_COUNTERS = (
    ("NBAD", Status.BAD, Severity.MAJOR),
    ("NWARN", Status.WARN, Severity.MINOR),
    ("NSTALE", Status.STALE, Severity.INVALID),
    ("NERROR", Status.ERROR, Severity.INVALID),
)
_STATUS_COLOURS = {
    Status.BAD: Colour.MAJOR,
    Status.WARN: Colour.MINOR,
    Status.STALE: Colour.INVALID,
    Status.ERROR: Colour.INVALID,
    Status.UNKNOWN: Colour.INVALID,
}


def overview(hall: HallConfig) -> Screen:
    """Return the overview. It is higher than 1080 pixels only if a hall has more plot types than fit."""
    plot_types = hall.plot_types()
    top, width = MARGIN + BAR + MARGIN, WIDTH - 3 * MARGIN - SIDE
    kind = kind_for(len(plot_types), width, HEIGHT - top)
    placed = tuple(place(plot_types, kind, MARGIN, top, width))
    height = max(HEIGHT, placed[-1].y + row_height(kind))
    widgets = (
        *_bar(hall),
        *(widget for one in placed for widget in _card(one, kind)),
        *_worst_first(WIDTH - MARGIN - SIDE, top, min(TOP, len(plot_types))),
        *_legend(WIDTH - MARGIN - SIDE, top + 40 + TOP * 62 + 2 * MARGIN),
    )
    return Screen("overview", f"Hydra {hall.deployment}", WIDTH, height, {"P": hall.epics.prefix}, widgets)


def coloured_by_status(pv: str) -> Rule:
    """Return the rule that colours a PV which holds a status but has no severity of its own."""
    cases = (Case(Test.EQUAL, int(status), colour) for status, colour in _STATUS_COLOURS.items())
    return Rule(Follows.BACKGROUND, pv, tuple(cases))


def _bar(hall: HallConfig) -> Iterator[Widget]:
    yield Box(x=MARGIN, y=MARGIN, width=WIDTH - 2 * MARGIN, height=BAR)
    yield Label(x=24, y=20, width=270, height=32, text=f"Hydra {hall.deployment}", font=Font.TITLE)
    yield Label(x=24, y=58, width=270, height=28, text="watches the monitoring plots", font=Font.SMALL)
    yield from _worst()
    x = 570
    for suffix, status, severity in _COUNTERS:
        pv = service_pv(suffix)
        yield Label(
            x=x, y=20, width=84, height=18, text=f"{SHAPES[status]} {status.name}", font=Font.BOLD, centred=True
        )
        yield Value(
            x=x, y=44, width=84, height=40, pv=pv, font=Font.TITLE, centred=True, units=False,
            rules=(coloured_above(pv, 0, severity),),
        )  # fmt: skip
        x += 94
    yield from _machine(966)
    yield from _itself(1190)
    yield from _links(hall, 1690)


def _worst() -> Iterator[Widget]:
    pv = service_pv("WORST")
    rules = (coloured_by_status(pv),)
    yield Label(x=310, y=20, width=230, height=18, text="Worst now", font=Font.BOLD)
    yield Shape(x=310, y=44, width=40, height=40, pv=pv, rules=rules)
    yield Value(x=350, y=44, width=190, height=40, pv=pv, font=Font.TITLE, centred=True, rules=rules)


def _machine(x: int) -> Iterator[Widget]:
    for row, (text, suffix) in enumerate((("Run", "RUN"), ("Beam", "BEAM"), ("Judging", "GATE"))):
        pv = service_pv(suffix)
        yield Label(x=x, y=20 + 23 * row, width=64, height=20, text=text)
        rules = (coloured_by_severity(pv),) if suffix == "BEAM" else ()
        yield Value(x=x + 66, y=20 + 23 * row, width=130, height=20, pv=pv, font=Font.BOLD, rules=rules)


def _itself(x: int) -> Iterator[Widget]:
    yield Label(x=x, y=20, width=90, height=20, text="Hydra itself")
    state, database = service_pv("STATE"), service_pv("DB")
    yield Value(
        x=x + 96, y=20, width=130, height=20, pv=state, font=Font.BOLD, centred=True,
        rules=(coloured_by_severity(state),),
    )  # fmt: skip
    yield Label(x=x + 240, y=20, width=70, height=20, text="Database")
    yield Value(
        x=x + 312, y=20, width=80, height=20, pv=database, font=Font.BOLD, centred=True,
        rules=(coloured_by_severity(database),),
    )  # fmt: skip
    yield Label(x=x, y=43, width=90, height=20, text="Heartbeat")
    yield Value(x=x + 96, y=43, width=130, height=20, pv=service_pv("HEARTBEAT"), units=False)
    yield Label(x=x + 240, y=43, width=70, height=20, text="File to PV")
    yield Value(x=x + 312, y=43, width=80, height=20, pv=service_pv("LATENCY"))
    yield Value(x=x, y=66, width=470, height=20, pv=service_pv("MSG"), font=Font.SMALL, long_text=True)


def _links(hall: HallConfig, x: int) -> Iterator[Widget]:
    yield Button(x=x, y=20, width=98, height=30, text="Service", action=OpenScreen("service"))
    yield Button(x=x + 106, y=20, width=98, height=30, text="Expert", action=OpenScreen("expert"))
    yield Button(x=x, y=56, width=98, height=30, text="History", action=OpenFile("hall.plt"))
    if hall.web.base_url:
        page = OpenPage(hall.web.base_url)
        yield Button(x=x + 106, y=56, width=98, height=30, text="Web page", action=page)


def _card(one: Placed, kind: TileKind) -> Iterator[Widget]:
    plot_type = one.plot_type
    if one.heading:
        yield Label(x=one.x, y=one.y, width=kind.width, height=HEADING, text=one.heading, font=Font.SUBHEADING)
    top = one.y + HEADING
    yield Box(x=one.x, y=top, width=kind.width, height=TITLE + kind.height)
    yield Button(
        x=one.x, y=top, width=kind.width, height=TITLE, text=plot_type.title, bold=True,
        action=OpenScreen("plot", {"R": plot_type.pv}),
    )  # fmt: skip
    yield Embed(x=one.x, y=top + TITLE, width=kind.width, height=kind.height, file=kind.file, macros=_macros(plot_type))


def _macros(plot_type: PlotType) -> dict[str, str]:
    return {"R": plot_type.pv}


def _worst_first(x: int, y: int, count: int) -> Iterator[Widget]:
    yield Box(x=x, y=y, width=SIDE, height=40 + TOP * 62 + GAP)
    yield Label(x=x + 10, y=y + 10, width=SIDE - 20, height=24, text="Worst first", font=Font.HEADING)
    for rank in range(1, count + 1):
        top, pv = y + 42 + (rank - 1) * 62, service_pv(f"TOP{rank}:STATUS")
        rules = (coloured_by_status(pv),)
        yield Shape(x=x + 10, y=top, width=32, height=50, pv=pv, rules=rules)
        yield Value(x=x + 42, y=top, width=104, height=50, pv=pv, font=Font.SUBHEADING, centred=True, rules=rules)
        yield Value(x=x + 156, y=top, width=SIDE - 160, height=26, pv=service_pv(f"TOP{rank}"), font=Font.BOLD)
        yield Label(x=x + 156, y=top + 26, width=26, height=24, text="age", font=Font.SMALL)
        yield Value(
            x=x + 184, y=top + 26, width=SIDE - 194, height=24, pv=service_pv(f"TOP{rank}:AGE"), font=Font.SMALL
        )


def _legend(x: int, y: int) -> Iterator[Widget]:
    yield Box(x=x, y=y, width=SIDE, height=40 + len(MEANINGS) * 26 + GAP)
    yield Label(x=x + 10, y=y + 10, width=SIDE - 20, height=24, text="How to read it", font=Font.HEADING)
    for row, (status, meaning) in enumerate(MEANINGS.items()):
        top = y + 42 + row * 26
        yield Label(x=x + 10, y=top, width=24, height=22, text=SHAPES[status], font=Font.BOLD, centred=True)
        yield Label(x=x + 38, y=top, width=90, height=22, text=status.name, font=Font.BOLD)
        yield Label(x=x + 130, y=top, width=SIDE - 136, height=22, text=meaning, font=Font.SMALL)
