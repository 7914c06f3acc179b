"""What is worth telling somebody: alarms that begin, get worse, end; services that fall silent. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hydra_core.domain import PlotType, Severity, Status, Verdict

CALM = ""
CLEARED, SERVICE = "cleared", "service"
KINDS = {
    Status.BAD: "bad_confirmed",
    Status.WARN: "warn_confirmed",
    Status.STALE: "stale",
    Status.ERROR: "error",
}
"""What the configuration calls the beginning of each state that alarms."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing to tell. `subject` is the plot type, or for `service` what fell silent."""

    kind: str
    subject: str
    words: str
    at: datetime
    link: str = ""


class Alarms:
    """Which plot types alarm, as far as was seen; turns verdicts into happenings, each change of state once."""

    def __init__(self, plot_types: Mapping[str, PlotType], base_url: str, levels: Mapping[str, str]) -> None:
        self._plot_types = plot_types
        self._base_url = base_url.rstrip("/")
        self._levels = dict(levels)

    @property
    def levels(self) -> Mapping[str, str]:
        """The kind of alarm that each plot type is in, for the next start; those that are calm are missing."""
        return {name: level for name, level in self._levels.items() if level}

    def see(self, verdict: Verdict, plot: str | None, run: int | None) -> Happening | None:
        """Return what a verdict has to tell; `plot` is the uid of its plot."""
        plot_type, before = self._plot_types.get(verdict.plot_type), self._levels.get(verdict.plot_type, CALM)
        if plot_type is None:
            return None
        level = self._levels[verdict.plot_type] = level_of(verdict.status, verdict.severity)
        hushed = verdict.severity is Severity.NO_ALARM and verdict.status in KINDS
        if level == before or hushed or (level == CALM and before == CALM):
            return None
        link = f"{self._base_url}/p/{plot}" if self._base_url and plot else self._base_url
        where = f" Run {run}." if run is not None else ""
        if level == CALM:
            words = f"{plot_type.title} is {verdict.status.name} again.{where}"
            return Happening(CLEARED, plot_type.name, words, verdict.at, link)
        todo = f" What to do: {plot_type.response}" if plot_type.response and level == KINDS[Status.BAD] else ""
        words = f"{plot_type.title} is {verdict.status.name}: {verdict.reason}.{where}{todo}"
        return Happening(level, plot_type.name, words, verdict.at, link)


def level_of(status: Status, severity: Severity) -> str:
    """Return the kind of alarm that a status is, CALM for one that does not alarm (it may be muted)."""
    return KINDS.get(status, CALM) if severity is not Severity.NO_ALARM else CALM
