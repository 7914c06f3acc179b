"""How the alarms themselves behave, in the words of ISA-18.2: rate, flood, chattering, standing.

An incident is announced once, when it is confirmed, and stands until it ends. Nothing here reads a clock.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
FLOOD_WINDOW = timedelta(minutes=10)
FLOOD = 10
"""More alarms than this in `FLOOD_WINDOW` are a flood: nobody can answer them."""
CHATTER_WINDOW = timedelta(minutes=1)
CHATTER = 3
"""The same alarm this often in `CHATTER_WINDOW` chatters."""
STANDING_AFTER = timedelta(hours=24)
"""An alarm that stands this long is part of the scenery."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One alarm of a plot type: announced at `raised`, gone at `cleared` (None: it stands)."""

    plot_type: str
    class_name: str
    raised: datetime
    cleared: datetime | None = None
    acknowledged: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The state of the alarms at one time: alarms in the last hour and ten minutes, and plot types that misbehave.

    `active` are the alarms that stand now, `standing` those of them that have stood for a day; `chattering` names
    the plot types whose alarm came three times within some minute of the last hour.
    """

    per_hour: int
    in_ten_minutes: int
    active: int
    standing: tuple[str, ...]
    chattering: tuple[str, ...]

    @property
    def flood(self) -> bool:
        """Whether more alarms come than anybody can answer."""
        return self.in_ten_minutes > FLOOD


@dataclass(frozen=True, slots=True)
class ShiftFigures:
    """A shift's alarms for its report; times in seconds, None where there is nothing to take them of.

    `per_hour` is the mean, `worst_ten_minutes` the most alarms in any ten minutes, `by_type` the number of each
    plot type, most first; `to_acknowledge` and `to_clear` are medians of the alarms raised in the shift.
    """

    raised: int
    per_hour: float
    worst_ten_minutes: int
    standing: tuple[str, ...]
    chattering: tuple[str, ...]
    unacknowledged: int
    to_acknowledge: float | None
    to_clear: float | None
    by_type: tuple[tuple[str, int], ...]


def figures(incidents: Iterable[Incident], now: datetime) -> Figures:
    """Return how the alarms behave now; incidents that ended more than an hour ago do not matter."""
    known = [one for one in incidents if one.raised <= now]
    recent = [one for one in known if now - one.raised < HOUR]
    active = [one for one in known if one.cleared is None or one.cleared > now]
    return Figures(
        per_hour=len(recent),
        in_ten_minutes=sum(now - one.raised < FLOOD_WINDOW for one in recent),
        active=len(active),
        standing=_names(one for one in active if now - one.raised >= STANDING_AFTER),
        chattering=_chattering(recent),
    )


def shift_figures(incidents: Iterable[Incident], since: datetime, until: datetime) -> ShiftFigures:
    """Return the figures of a time span, `since` ≤ raised < `until`. Raises ValueError for an empty span."""
    if until <= since:
        raise ValueError(f"a shift from {since} to {until} has no length")
    known = [one for one in incidents if one.raised < until]
    raised = sorted((one for one in known if one.raised >= since), key=lambda one: one.raised)
    at_end = [one for one in known if one.cleared is None or one.cleared >= until]
    acknowledged = [(one.acknowledged - one.raised).total_seconds() for one in raised if one.acknowledged]
    cleared = [(one.cleared - one.raised).total_seconds() for one in raised if one.cleared]
    return ShiftFigures(
        raised=len(raised),
        per_hour=len(raised) / ((until - since) / HOUR),
        worst_ten_minutes=_most_within([one.raised for one in raised], FLOOD_WINDOW),
        standing=_names(one for one in at_end if until - one.raised >= STANDING_AFTER),
        chattering=_chattering(raised),
        unacknowledged=len(raised) - len(acknowledged),
        to_acknowledge=_median(acknowledged),
        to_clear=_median(cleared),
        by_type=tuple(sorted(Counter(one.plot_type for one in raised).items(), key=lambda item: (-item[1], item[0]))),
    )


def _chattering(incidents: Iterable[Incident]) -> tuple[str, ...]:
    times: dict[str, list[datetime]] = {}
    for one in sorted(incidents, key=lambda one: one.raised):
        times.setdefault(one.plot_type, []).append(one.raised)
    return tuple(sorted(name for name, raised in times.items() if _most_within(raised, CHATTER_WINDOW) >= CHATTER))


def _most_within(times: Sequence[datetime], window: timedelta) -> int:
    """Return how many sorted times at most lie within a window."""
    most = first = 0
    for last, time in enumerate(times):
        while time - times[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most


def _names(incidents: Iterable[Incident]) -> tuple[str, ...]:
    return tuple(sorted({one.plot_type for one in incidents}))


def _median(values: Sequence[float]) -> float | None:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if not ordered:
        return None
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
