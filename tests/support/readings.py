"""Values of every PV of a hall as a client would have them, good and bad, for previews of screens."""

from collections.abc import Mapping
from typing import Any

from hydra_core.config import HallConfig
from hydra_core.domain import PlotType, Severity, Status
from hydra_core.opi.listing import all_pvs
from hydra_core.opi.readings import Reading
from hydra_core.pvs import TOP, Kind, PvSpec

SEVERITIES = {
    Status.UNKNOWN: Severity.INVALID,
    Status.WARN: Severity.MINOR,
    Status.BAD: Severity.MAJOR,
    Status.STALE: Severity.INVALID,
    Status.ERROR: Severity.INVALID,
}
BAD_DAY = (Status.GOOD, Status.BAD, Status.WARN, Status.STALE, Status.ERROR, Status.SUSPECT, Status.UNKNOWN, Status.OFF)
"""One plot type after the other in each status there is."""


def readings(hall: HallConfig, statuses: Mapping[str, Status], pictures: Mapping[str, str]) -> dict[str, Reading]:
    """Return a value for every PV, as after hours of running; `pictures` are PNG files by plot type."""
    found = {name: _plain(spec) for name, spec in all_pvs(hall)}
    for plot_type in hall.plot_types():
        device = f"{hall.epics.prefix}{plot_type.pv}:"
        found |= {device + key: value for key, value in _plot(plot_type, statuses[plot_type.name], pictures).items()}
    service = f"{hall.epics.prefix}SYS:"
    found |= {service + key: value for key, value in _service(hall, statuses).items()}
    return {f"{name}.VAL$" if spec.kind is Kind.LSI else name: found[name] for name, spec in all_pvs(hall)}


def _plain(spec: PvSpec) -> Reading:
    if spec.states:
        return Reading(spec.states[0], index=0)
    value: Any = {Kind.STRINGIN: "", Kind.LSI: "", Kind.WAVEFORM: []}.get(spec.kind, 0)
    return Reading(value, units=spec.units, precision=spec.precision)


def _plot(plot_type: PlotType, status: Status, pictures: Mapping[str, str]) -> dict[str, Reading]:
    classes = plot_type.class_names()
    index = 1 if status is Status.BAD else len(classes) - 1 if status is Status.WARN else 0
    scores = [0.994 if i == index else 0.006 / max(1, len(classes) - 1) for i in range(len(classes))]
    muted = status is Status.WARN
    severity = SEVERITIES.get(status, Severity.NO_ALARM)
    unsure = status in (Status.UNKNOWN, Status.STALE, Status.ERROR)
    said = Severity.INVALID if unsure else Severity.NO_ALARM
    found = {
        "STATUS": Reading(status.name, Severity.NO_ALARM if muted else severity, int(status)),
        "CLASS": Reading(classes[index], said, index),
        "CONF": Reading(0.994, said, precision=3),
        "SCORE": Reading(-0.988 if index else 0.988, said, precision=3),
        "SCORES": Reading(scores),
        "CLASSES": Reading(list(classes)),
        "THRESH": Reading(0.9, precision=3),
        "CONFIRM": Reading("2 of 3"),
        **{f"SEV{n}": Reading(("none", "minor", "major")[int(c.severity)]) for n, c in enumerate(plot_type.classes)},
        **{f"ENTER{n}": Reading(0.9, precision=3) for n in range(len(classes))},
        "CONFIRMK": Reading(2),
        "CONFIRMN": Reading(3),
        "CLEARK": Reading(2),
        "CLEARN": Reading(2),
        "STALET": Reading(300.0, units="s"),
        "MUTEWHY": Reading("cable swap" if muted else ""),
        "STREAK": Reading(3),
        "RUN": Reading(120001),
        "CHUNK": Reading(42),
        "TAKEN": Reading("2026-11-24T14:02:11.000000Z"),
        "AGE": Reading(412.0 if status is Status.STALE else 17.0, units="s", precision=0),
        "LATENCY": Reading(0.081, units="s", precision=3),
        "MODEL": Reading(f"{plot_type.name} v12"),
        "MSG": Reading(f"{classes[index]} 0.994 \N{GREATER-THAN OR EQUAL TO} 0.90, 3 of 3"),
        "ENABLE": Reading("Disabled", index=0) if status is Status.OFF else Reading("Enabled", index=1),
        "MUTE": Reading(24.5 if muted else 0.0, units="min", precision=1),
        "MUTEBY": Reading("shift" if muted else ""),
        "ACK": Reading("Acknowledged", index=1) if muted else Reading("Open", index=0),
    }
    if plot_type.name in pictures:
        found["IMAGE"] = found["HEATMAP"] = Reading(pictures[plot_type.name])
    return found


def _service(hall: HallConfig, statuses: Mapping[str, Status]) -> dict[str, Reading]:
    order = (
        Status.BAD,
        Status.WARN,
        Status.ERROR,
        Status.STALE,
        Status.UNKNOWN,
        Status.SUSPECT,
        Status.GOOD,
        Status.OFF,
    )
    ranked = sorted(hall.plot_types(), key=lambda plot_type: order.index(statuses[plot_type.name]))
    found = {}
    for rank, plot_type in enumerate(ranked[:TOP], 1):
        status = statuses[plot_type.name]
        found[f"TOP{rank}"] = Reading(plot_type.title)
        found[f"TOP{rank}:STATUS"] = Reading(status.name, index=int(status))
        found[f"TOP{rank}:AGE"] = Reading(412.0 if status is Status.STALE else 17.0, units="s", precision=0)
    counts = {"NBAD": Status.BAD, "NWARN": Status.WARN, "NSTALE": Status.STALE, "NERROR": Status.ERROR}
    found |= {suffix: Reading(list(statuses.values()).count(status)) for suffix, status in counts.items()}
    worst = statuses[ranked[0].name]
    down = Status.ERROR in statuses.values()
    return found | {
        "WORST": Reading(worst.name, index=int(worst)),
        "WORSTPLOT": Reading(ranked[0].name),
        "STATE": Reading("DEGRADED", Severity.MINOR, 2) if down else Reading("RUNNING", index=1),
        "DB": Reading("DOWN", Severity.MAJOR, 1) if down else Reading("OK", index=0),
        "MSG": Reading("database away since 13:58, 112 results wait on disk" if down else "ok"),
        "HEARTBEAT": Reading(18211, units="s"),
        "RUN": Reading(120001),
        "BEAM": Reading(148.2, units="nA", precision=1),
        "GATE": Reading("Open", index=1),
        "LATENCY": Reading(0.081, units="s", precision=3),
        "DISK": Reading(71.3, units="%", precision=1),
    }
