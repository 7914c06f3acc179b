"""Alarm trees for the handlers that halls run: Phoebus and BEAST (XML), ALH, JAWS.

Each has exactly one trigger per plot type, STATUS, and the service's own alarms in a branch of their own.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hydra_core.config import HallConfig
from hydra_core.domain import PlotType
from hydra_core.opi.flow import by_group
from hydra_core.opi.xml import Element, child, children, document
from hydra_core.pvs import CAUSE_STATES, PvSpec, health_pvs

SERVICE = "Hydra itself"
_PARENT = "HEARTBEAT"
"""Masks the plot types in JAWS. It alarms only while the IOC cannot be reached; STATE would hide a BAD plot as soon
as the database is away, though plots are judged all the same."""
COMMON = ("FEED", "MODELS")
"""The service's alarms that go with every plot being INVALID; a plot's own alarm is left out as long as they stand."""
_REMARK = "Hydra judged the plot with a model. Look at the plot first, then do what is written here."
_SERVICE_RESPONSE = "Hydra itself is not well: until it is, its plots are not watched. Call whoever looks after Hydra."


@dataclass(frozen=True, slots=True)
class _Paths:
    """Where handlers find the screens: a directory or URL without a slash at the end, and the prefix of PVs."""

    screens: str
    prefix: str

    def overview(self) -> str:
        return f"{self.screens}/phoebus/overview.bob?P={self.prefix}"

    def detail(self, plot_type: PlotType) -> str:
        return f"{self.screens}/phoebus/plot.bob?P={self.prefix}&R={plot_type.pv}"

    def service(self) -> str:
        return f"{self.screens}/phoebus/service.bob?P={self.prefix}"


def files(hall: HallConfig, screens: str) -> Mapping[str, str]:
    """Return the files by name; `screens` is where the generated directory will be installed."""
    paths = _Paths(screens.rstrip("/"), hall.epics.prefix)
    return {
        "phoebus.xml": _phoebus(hall, paths),
        "hydra.alhConfig": "\n".join(_alh(hall, paths)) + "\n",
        "jaws-actions": "".join(_jaws_actions(hall)),
        "jaws-alarms": "".join(_jaws_alarms(hall, paths)),
    }


def service_alarms(hall: HallConfig) -> tuple[PvSpec, ...]:
    """Return the service's PVs that alarm in this hall; INPUTS only where PVs of the machine are read."""
    return tuple(s for s in health_pvs() if s.alarms and (s.suffix != "INPUTS" or hall.epics.inputs.names()))


def response(plot_type: PlotType) -> str:
    """Return what the operator does about a plot type, and whom to ask."""
    text = plot_type.response or "Nothing is written down for this plot."
    return f"{text} Ask: {plot_type.contact}" if plot_type.contact else text


def _phoebus(hall: HallConfig, paths: _Paths) -> str:
    root = Element("config", name=f"Hydra-{hall.deployment}")
    for group, members in by_group(hall.plot_types()).items():
        branch = child(root, "component", name=_branch(group))
        _titled(branch, "display", "Hydra overview", paths.overview())
        for plot_type in members:
            _trigger(
                branch,
                f"{paths.prefix}{plot_type.pv}:STATUS",
                f"Hydra: {plot_type.title} looks wrong",
                plot_type,
                paths,
            )
    branch = child(root, "component", name=SERVICE)
    _titled(branch, "guidance", "What to do", _SERVICE_RESPONSE)
    _titled(branch, "display", "Hydra's service page", paths.service())
    for spec in service_alarms(hall):
        pv = child(branch, "pv", name=spec.name(paths.prefix, "SYS"))
        children(pv, _plain(f"Hydra itself: {spec.description}"))
    return document(root)


def _trigger(branch: Element, name: str, description: str, plot_type: PlotType, paths: _Paths) -> None:
    pv = child(branch, "pv", name=name)
    children(pv, _plain(description) | {"filter": _unless_common(paths.prefix)})
    _titled(pv, "guidance", "What to do", response(plot_type))
    _titled(pv, "guidance", "What this is", _REMARK)
    if plot_type.guidance:
        _titled(pv, "guidance", "About this plot", plot_type.guidance)
    _titled(pv, "display", "Plot, heat map and history", paths.detail(plot_type))


def _plain(description: str) -> dict[str, object]:
    return {
        "description": description, "enabled": True, "latching": True, "annunciating": True, "delay": 0, "count": 0,
    }  # fmt: skip


def _unless_common(prefix: str) -> str:
    """Return the filter that lets a plot alarm unless all plots are lost alike, which is the service's own alarm.

    A filter PV that is not connected is NaN, which differs from LOST: then the plot alarms.
    """
    lost = CAUSE_STATES.index("LOST")
    return " & ".join(f"('{prefix}SYS:{suffix}' != {lost})" for suffix in COMMON)


def _titled(parent: Element, tag: str, title: str, details: str) -> None:
    children(child(parent, tag), {"title": title, "details": details})


def _branch(group: str) -> str:
    """Return a group's name as a branch: a slash would split it (Phoebus issue 3612)."""
    return group.replace("/", "-")


def _alh(hall: HallConfig, paths: _Paths) -> Iterator[str]:
    root = "HYDRA"
    yield f"GROUP    NULL   {root}"
    for group, members in by_group(hall.plot_types()).items():
        branch = _word(group)
        yield f"GROUP    {root}  {branch}"
        yield f"$ALIAS {group}"
        for plot_type in members:
            yield f"CHANNEL  {branch}  {paths.prefix}{plot_type.pv}:STATUS -----"
            yield f"$ALIAS {plot_type.title}"
            yield from _alh_guidance(response(plot_type))
            yield f"$COMMAND phoebus -resource '{paths.detail(plot_type)}'"
    branch = _word(SERVICE)
    yield f"GROUP    {root}  {branch}"
    yield f"$ALIAS {SERVICE}"
    yield from _alh_guidance(_SERVICE_RESPONSE)
    for spec in service_alarms(hall):
        yield f"CHANNEL  {branch}  {spec.name(paths.prefix, 'SYS')} -----"
        yield f"$ALIAS {spec.description}"


def _alh_guidance(text: str) -> Iterator[str]:
    yield "$GUIDANCE"
    yield from (line.lstrip("$") for line in text.splitlines())
    yield "$END"


def _word(text: str) -> str:
    """Return a name as one word, which ALH separates by blanks."""
    return re.sub(r"\W+", "_", text)


def _jaws_actions(hall: HallConfig) -> Iterator[str]:
    for plot_type in hall.plot_types():
        yield _line(_jaws_name(hall, plot_type.title), _action(plot_type.group, _REMARK, response(plot_type)))
    yield _line(
        _jaws_name(hall, SERVICE), _action("Hydra", "Without Hydra nobody watches the plots.", _SERVICE_RESPONSE)
    )


def _action(system: str, rationale: str, corrective: str) -> dict[str, object]:
    return {
        "system": system,
        "priority": "P3_MINOR",
        "rationale": rationale,
        "correctiveaction": corrective,
        "latchable": True,
        "filterable": True,
        "ondelayseconds": None,
        "offdelayseconds": None,
    }


def _jaws_alarms(hall: HallConfig, paths: _Paths) -> Iterator[str]:
    parent = _jaws_name(hall, "service down")
    for plot_type in hall.plot_types():
        name = _jaws_name(hall, plot_type.title)
        alarm = _alarm(hall, name, f"{paths.prefix}{plot_type.pv}:STATUS", paths.detail(plot_type), parent)
        yield _line(name, {**alarm, "managedby": plot_type.contact or None})
    action = _jaws_name(hall, SERVICE)
    yield _line(parent, _alarm(hall, action, f"{paths.prefix}SYS:{_PARENT}", paths.service(), None))
    for spec in service_alarms(hall):
        name = _jaws_name(hall, spec.description)
        yield _line(name, _alarm(hall, action, spec.name(paths.prefix, "SYS"), paths.service(), None))


def _alarm(hall: HallConfig, action: str, pv: str, screen: str, masked_by: str | None) -> dict[str, object]:
    return {
        "action": action,
        "source": {"org.jlab.jaws.entity.EPICSSource": {"pv": pv}},
        "location": [hall.deployment],
        "managedby": None,
        "maskedby": masked_by,
        "screencommand": f"phoebus -resource '{screen}'",
    }


def _jaws_name(hall: HallConfig, text: str) -> str:
    return f"Hydra {hall.deployment} {text}"


def _line(key: str, value: dict[str, object]) -> str:
    return f"{key}={json.dumps(value, ensure_ascii=False)}\n"
