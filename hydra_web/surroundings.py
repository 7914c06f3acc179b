"""What the wall knows of Hydra itself and of the machine, from the IOC's heartbeat, and why a plot shows nothing yet.

Pure: the heartbeats of the database and the hall's plot types go in, words come out.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hydra_core.domain import PlotType, Status
from hydra_core.store.services import Service

SILENT_AFTER = 60.0
"""Seconds without a heartbeat after which the IOC is taken for stopped; it tells of itself every ten."""

LOST = "LOST"
"""What the FEED PV says when no source can be read."""

_GATE = "gate closed"
_EXPLAINED = (Status.UNKNOWN, Status.OFF, Status.STALE)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The IOC's last heartbeat. `silent_since` is set when it is too old; `pvs` are its SYS PVs by suffix."""

    known: bool = False
    silent_since: datetime | None = None
    ready: bool = False
    pvs: Mapping[str, Any] = field(default_factory=dict)
    stages: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    @property
    def run(self) -> int | None:
        """The run number, None when no run is known."""
        run = self.pvs.get("RUN")
        return int(run) if isinstance(run, int | float) and run > 0 else None

    @property
    def beam(self) -> str:
        """The beam current in words, empty when no input gives it."""
        beam = self.pvs.get("BEAM")
        return f"{beam:.1f} nA" if isinstance(beam, int | float) else ""

    @property
    def stuck(self) -> bool:
        """Whether plots wait and none is judged."""
        return bool(self.pvs.get("QUEUE")) and not self.pvs.get("RATE")


def surroundings(services: Iterable[Service], now: datetime) -> Surroundings:
    """Return what the IOC last told; of several hosts the one that spoke last counts."""
    beats = [one for one in services if one.service == "ioc"]
    if not beats:
        return Surroundings()
    last = max(beats, key=lambda one: one.at)
    detail: Mapping[str, Any] = last.detail
    return Surroundings(
        known=True,
        silent_since=last.at if (now - last.at).total_seconds() > SILENT_AFTER else None,
        ready=bool(detail.get("ready")),
        pvs=detail.get("pvs", {}),
        stages=detail.get("stages", {}),
        models={one["plot_type"]: one["trouble"] for one in detail.get("models", [])},
        sources=tuple(one["trouble"] for one in detail.get("sources", []) if one["trouble"]),
    )


def why_nothing(
    plot_type: PlotType, status: Status, reason: str, around: Surroundings, clock: Callable[[datetime], str]
) -> str:
    """Return in words why a plot type is not judged or has no new plot, empty where its own reason says all.

    The causes that stop everything come first; only then what is the plot type's own.
    """
    if status not in _EXPLAINED:
        return ""
    if status is Status.OFF:
        return _off(reason)
    if not around.known:
        return "Hydra's IOC has not run yet: nothing is judged."
    if around.silent_since is not None:
        return f"Hydra's IOC is silent since {clock(around.silent_since)}: nothing is judged."
    if around.pvs.get("FEED") == LOST:
        return f"The plots' source is away: {'; '.join(around.sources) or 'see the status page'}."
    if not around.ready:
        return "Hydra starts: its models are loading."
    return _own(plot_type, status, around)


def _off(reason: str) -> str:
    if reason.startswith(_GATE):
        why = reason.removeprefix(_GATE).removeprefix(": ")
        return f"Not judged now: {why}." if why else "Not judged now: no beam, or the run is not on."
    words = {
        "no model": "No model: collected and labelled, not judged.",
        "disabled": "Switched off in the control room.",
    }
    return words.get(reason, "")


def _own(plot_type: PlotType, status: Status, around: Surroundings) -> str:
    if plot_type.judged and plot_type.name not in around.models:
        return "No model is active: train one, or promote one."
    if trouble := around.models.get(plot_type.name):
        return f"Its model cannot be used: {trouble}"
    if around.stuck:
        return "Plots wait and none is judged: the queue is stuck."
    return "No plot has come yet." if status is Status.UNKNOWN else ""
