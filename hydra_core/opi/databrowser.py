"""Data browser plots (`.plt`), which Phoebus and CSS 3 and 4 read alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hydra_core.config import HallConfig
from hydra_core.opi.names import plot_pv, service_pv
from hydra_core.opi.palette import RGB
from hydra_core.opi.xml import Element, child, children, document

_TRACES: tuple[RGB, ...] = (
    (0, 94, 168),
    (213, 94, 0),
    (0, 130, 100),
    (150, 60, 140),
    (120, 90, 0),
    (70, 70, 70),
    (0, 120, 160),
    (160, 40, 60),
)
"""Colours of lines, told apart by the colour-blind as far as eight can be. The format knows no named colours."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis with its range; None: it follows the values."""

    title: str
    span: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """One PV on an axis."""

    pv: str
    title: str
    axis: int


def plots(hall: HallConfig) -> Mapping[str, str]:
    """Return the plots by file name: a plot type's (macros P and R), the service's load (macro P), the whole hall's."""
    one = [
        Trace(plot_pv("SCORE"), "Good - bad", 0),
        Trace(plot_pv("CONF"), "Score of the class", 0),
        Trace(plot_pv("THRESH"), "Score needed", 0),
        Trace(plot_pv("STATUS"), "Status", 1),
    ]
    load = [
        Trace(service_pv("RATE"), "Plots judged", 0),
        Trace(service_pv("QUEUE"), "Waiting", 1),
        Trace(service_pv("LATENCY"), "File to PV", 2),
        Trace(service_pv("INFER"), "Inference", 3),
    ]
    prefix = hall.epics.prefix
    counts = [
        Trace(f"{prefix}SYS:{suffix}", text, 1)
        for suffix, text in (("NBAD", "BAD"), ("NWARN", "WARN"), ("NSTALE", "STALE"), ("NERROR", "ERROR"))
    ]
    scores = [Trace(f"{prefix}{one.pv}:SCORE", one.title, 0) for one in hall.plot_types()]
    score, status = Axis("Score", (-1.05, 1.05)), Axis("Status (1 GOOD, 4 BAD)", (0.0, 7.5))
    loads = (Axis("Plots/s"), Axis("Plots waiting"), Axis("s"), Axis("ms"))
    return {
        "history.plt": _plot("Score and status", (score, status), one),
        "service.plt": _plot("Load", loads, load),
        "hall.plt": _plot(f"Hydra {hall.deployment}", (score, Axis("Plot types")), [*scores, *counts]),
    }


def _plot(title: str, axes: Iterable[Axis], traces: Iterable[Trace]) -> str:
    root = Element("databrowser")
    children(root, {"title": title, "show_legend": True, "scroll": True, "update_period": 3.0})
    children(root, {"start": "-8 hours", "end": "now", "archive_rescale": "NONE"})
    listed = child(root, "axes")
    for axis in axes:
        _axis(child(listed, "axis"), axis)
    pvs = child(root, "pvlist")
    for number, trace in enumerate(traces):
        _trace(child(pvs, "pv"), trace, _TRACES[number % len(_TRACES)])
    return document(root)


def _axis(element: Element, axis: Axis) -> None:
    low, high = axis.span or (0.0, 10.0)
    children(element, {"visible": True, "name": axis.title, "use_axis_name": True, "use_trace_names": False})
    _rgb(element, (0, 0, 0))
    children(element, {"min": low, "max": high, "grid": False, "autoscale": axis.span is None, "log_scale": False})


def _trace(element: Element, trace: Trace, colour: RGB) -> None:
    children(element, {"display_name": trace.title, "visible": True, "name": trace.pv, "axis": trace.axis})
    _rgb(element, colour)
    children(element, {"trace_type": "AREA", "linewidth": 2, "period": 0.0, "ring_size": 5000, "request": "OPTIMIZED"})


def _rgb(element: Element, colour: RGB) -> None:
    children(child(element, "color"), dict(zip(("red", "green", "blue"), colour, strict=True)))
