"""The two pages for those who look after Hydra: the service's own PVs, and every plot type's model and thresholds."""

from collections.abc import Iterator

from hydra_core.config import HallConfig
from hydra_core.domain import PlotType
from hydra_core.opi.names import is_long, pv_of, service_pv
from hydra_core.opi.overview import BAR, HEIGHT, MARGIN, WIDTH, coloured_by_status
from hydra_core.opi.palette import Font
from hydra_core.opi.widgets import (
    Box,
    Button,
    Entry,
    History,
    Label,
    OpenScreen,
    Rule,
    Screen,
    Toggle,
    Value,
    Widget,
    Write,
    coloured_by_severity,
)
from hydra_core.pvs import PvSpec, health_pvs

_ROW = 30
_LIST = 760
"""Width of one of the two lists of the service page."""
RULES = "rules"
"""The column of buttons that open the page of a plot type's rules."""
_COLUMNS = (
    ("Plot type", "", 250),
    ("Status", "STATUS", 110),
    ("Class", "CLASS", 110),
    ("Score", "CONF", 76),
    ("Age", "AGE", 80),
    ("Needed", "THRESH", 90),
    ("Confirm", "CONFIRM", 90),
    ("So far", "STREAK", 70),
    ("Novelty", "NOVELTY", 76),
    ("File to PV", "LATENCY", 90),
    ("Model", "MODEL", 150),
    ("Candidate", "SHADOW:CLASS", 110),
    ("its score", "SHADOW:CONF", 80),
    ("Mute", "MUTE", 70),
    ("Mode", "MODE", 70),
    ("", RULES, 44),
    ("Judged", "ENABLE", 110),
)
"""Title, PV ("": the plot type itself) and width of each column of the expert page."""


def service(hall: HallConfig) -> Screen:
    """Return the service page: every PV of the service but the ranks, in the table's order, and the load over time."""
    specs = [spec for spec in health_pvs() if not spec.suffix.startswith("TOP")]
    top, half = 2 * MARGIN + BAR, -(-len(specs) // 2)
    height = max(HEIGHT, top + 2 * MARGIN + half * _ROW + 40)
    widgets = [*_bar(hall, "Hydra itself"), *_reload()]
    for column, members in enumerate((specs[:half], specs[half:])):
        x = MARGIN + column * (_LIST // 2 + 210 + MARGIN)
        width = _LIST // 2 + 210
        widgets.append(Box(x=x, y=top, width=width, height=height - top - MARGIN))
        for row, spec in enumerate(members):
            widgets += _line(spec, x + 10, top + MARGIN + row * _ROW, width - 20)
    left = MARGIN + 2 * (_LIST // 2 + 210 + MARGIN)
    widgets += [
        Box(x=left, y=top, width=WIDTH - left - MARGIN, height=height - top - MARGIN),
        Label(x=left + 10, y=top + 8, width=500, height=22, text="Load", font=Font.HEADING),
        History(
            x=left + 4,
            y=top + 34,
            width=WIDTH - left - MARGIN - 8,
            height=height - top - MARGIN - 40,
            file="service.plt",
        ),
    ]
    return Screen("service", "Hydra itself", WIDTH, height, {"P": hall.epics.prefix}, tuple(widgets))


def expert(hall: HallConfig) -> Screen:
    """Return the expert page: one line per plot type. It is higher than 1080 pixels only for more than about 30."""
    plot_types = hall.plot_types()
    top = 2 * MARGIN + BAR
    height = max(HEIGHT, top + 50 + len(plot_types) * (_ROW + 6) + 2 * MARGIN)
    widgets = [*_bar(hall, "For experts"), *_reload()]
    widgets.append(Box(x=MARGIN, y=top, width=WIDTH - 2 * MARGIN, height=height - top - MARGIN))
    x = MARGIN + 10
    for text, _, width in _COLUMNS:
        widgets.append(Label(x=x, y=top + 10, width=width, height=22, text=text, font=Font.BOLD))
        x += width + 8
    for row, plot_type in enumerate(plot_types):
        widgets += _plot(plot_type, MARGIN + 10, top + 42 + row * (_ROW + 6))
    return Screen("expert", "Hydra for experts", WIDTH, height, {"P": hall.epics.prefix}, tuple(widgets))


def _bar(hall: HallConfig, text: str) -> Iterator[Widget]:
    yield Box(x=MARGIN, y=MARGIN, width=WIDTH - 2 * MARGIN, height=BAR)
    yield Label(x=24, y=20, width=500, height=32, text=f"{text} \N{MIDDLE DOT} {hall.deployment}", font=Font.TITLE)
    yield Label(x=24, y=58, width=500, height=28, text=f"PVs begin with {hall.epics.prefix}", font=Font.SMALL)
    state = service_pv("STATE")
    rules = (coloured_by_severity(state),)
    yield Value(x=560, y=24, width=200, height=48, pv=state, font=Font.TITLE, centred=True, rules=rules)
    yield Value(x=780, y=24, width=560, height=48, pv=service_pv("MSG"), long_text=True, wrap=True)
    for index, (title, file) in enumerate((("Overview", "overview"), ("Service", "service"), ("Expert", "expert"))):
        yield Button(x=1560 + index * 112, y=28, width=104, height=40, text=title, action=OpenScreen(file))


def _reload() -> Iterator[Widget]:
    yield Button(
        x=1370, y=28, width=160, height=40, text="Reload models", action=Write(service_pv("RELOAD"), "1"),
        confirm="Load the active models of all plot types anew?",
    )  # fmt: skip
    yield Label(x=1370, y=70, width=76, height=24, text="Mode of all")
    yield Entry(x=1450, y=70, width=80, height=24, pv=service_pv("MODE"))


def _line(spec: PvSpec, x: int, y: int, width: int) -> Iterator[Widget]:
    pv = service_pv(spec.suffix)
    rules: tuple[Rule, ...] = (coloured_by_severity(pv),) if spec.alarms else ()
    if spec.suffix == "WORST":
        rules = (coloured_by_status(pv),)
    yield Label(x=x, y=y, width=260, height=_ROW - 4, text=spec.description)
    yield Value(
        x=x + 264, y=y, width=width - 264 - 110, height=_ROW - 4, pv=pv, font=Font.BOLD, long_text=is_long(spec),
        rules=rules,
    )  # fmt: skip
    yield Label(x=x + width - 104, y=y, width=104, height=_ROW - 4, text=f"SYS:{spec.suffix}", font=Font.SMALL)


def _plot(plot_type: PlotType, x: int, y: int) -> Iterator[Widget]:
    for _, suffix, width in _COLUMNS:
        yield _cell(plot_type, suffix, x, y, width)
        x += width + 8


def _cell(plot_type: PlotType, suffix: str, x: int, y: int, width: int) -> Widget:
    device = plot_type.pv
    if not suffix:
        action = OpenScreen("plot", {"R": device})
        return Button(x=x, y=y, width=width, height=_ROW, text=plot_type.title, action=action)
    if suffix == RULES:
        return Button(x=x, y=y, width=width, height=_ROW, text="Rules", action=OpenScreen(f"rules/{device}"))
    pv = pv_of(device, suffix)
    if suffix in ("THRESH", "MUTE", "MODE"):
        return Entry(x=x, y=y, width=width, height=_ROW, pv=pv)
    if suffix == "ENABLE":
        question = f"Change whether {plot_type.title} is judged and may alarm?"
        return Toggle(x=x, y=y, width=width, height=_ROW, pv=pv, off="Disabled", on="Enabled", confirm=question)
    if suffix == "STATUS":
        rules = (coloured_by_severity(pv),)
        return Value(x=x, y=y, width=width, height=_ROW, pv=pv, font=Font.BOLD, centred=True, rules=rules)
    return Value(x=x, y=y, width=width, height=_ROW, pv=pv, long_text=suffix == "MODEL")
