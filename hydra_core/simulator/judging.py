"""Plays a tape through the real `decide` under other rules, and counts alarms, missed faults and false alarms.

A long stretch of plots that speak for no alarm, met in a calm state, can open no incident whatever its length: of it
only the last plots that `decide` counts are played. The incidents are those of playing every row; a test compares.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from hydra_core.counting import alarms
from hydra_core.decide import changed_episode, decide
from hydra_core.domain import Episode, PlotState, Policy, Ruled, Severity
from hydra_core.simulator.tape import Tape

Change = Callable[[Policy], Policy]
TRUE, FALSE, UNKNOWN = "true", "false", "unknown"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One incident that the rules would have raised. `judged` is true, false or unknown, by what people said."""

    uid: str | None
    class_name: str
    started_at: datetime
    confirmed_at: datetime
    ended_at: datetime | None
    judged: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Plots of an alarming class, by people's word, with no plot that they called good between them.

    `uid` is the first plot's; `raised` whether an alarm of the simulation overlaps with it.
    """

    uid: str | None
    class_name: str
    started_at: datetime
    ended_at: datetime
    plots: int
    raised: bool


@dataclass(frozen=True, slots=True)
class Simulation:
    """What one set of rules would have done; `days` is the time the tape covers, in days."""

    plots: int
    runs: int
    days: float
    alarms: tuple[Alarm, ...]
    faults: tuple[Fault, ...]

    @property
    def alarms_a_day(self) -> float:
        """Alarms a day; a tape of less than an hour counts as one."""
        return len(self.alarms) / max(self.days, 1 / 24)

    @property
    def missed(self) -> tuple[Fault, ...]:
        """Faults that raised no alarm."""
        return tuple(fault for fault in self.faults if not fault.raised)

    def count(self, judged: str) -> int:
        """Return how many alarms were true, false or are unknown."""
        return sum(alarm.judged == judged for alarm in self.alarms)


def simulate(tape: Tape, policy: Policy, change: Change = lambda policy: policy) -> Simulation:
    """Return what `change` of the policies would have done; `policy` is the one in force where the tape starts.

    Policies that came into force on the tape are changed alike, as `hydra_core.replay.replay` does.
    """
    found = list(_episodes(tape, policy, change))
    alarming = {name for name, severity in change(policy).severities.items() if severity is not Severity.NO_ALARM}
    spans = [(one.started_at, one.ended_at) for one in found]
    faults = tuple(_faults(tape, alarming, spans))
    words = _Words(tape, alarming)
    raised = tuple(
        Alarm(e.first_plot, e.class_name, e.started_at, e.confirmed_at, e.ended_at, words.of(e)) for e in found
    )
    judged = tape.columns.top >= 0
    span = (tape.rows[-1].at - tape.rows[0].at).total_seconds() / 86400 if len(tape) else 0.0
    return Simulation(int(judged.sum()), len(np.unique(tape.columns.run[judged])), span, raised, faults)


def _episodes(tape: Tape, policy: Policy, change: Change) -> Iterator[Episode]:
    """Yield every incident in the order of its start, the last one perhaps open."""
    policy = change(policy)
    state, index, stirring = PlotState(), 0, _stirring(tape, policy)
    while index < len(tape):
        if _is_calm(state, policy):
            ahead = int(np.searchsorted(stirring, index))
            following = int(stirring[ahead]) if ahead < len(stirring) else len(tape)
            index = max(index, following - max(policy.confirm.n, policy.clear.n))
            if index >= len(tape):
                break
        event, at = tape.event(index), tape.rows[index].at
        if isinstance(event, Ruled):
            policy = change(event.policy)
            event, stirring = Ruled(policy), _stirring(tape, policy)
        before = state
        state, _ = decide(state, event, policy, at)
        episode = changed_episode(before, state, at)
        if episode is not None and episode.ended_at is not None:
            yield episode
        index += 1
    if state.episode is not None:
        yield state.episode


def _is_calm(state: PlotState, policy: Policy) -> bool:
    """Return whether plots that speak for no alarm leave everything as it is, but for what is counted anew anyway."""
    if alarms(state.level) or state.episode is not None or state.pending is not None:
        return False
    return not any(j.severity for j in state.recent)


def _stirring(tape: Tape, policy: Policy) -> npt.NDArray[np.intp]:
    """Return the rows that may change something in a calm state.

    These are all that are no plots, and plots sure of an alarming class: but not one that has too few of its kind
    around it to be confirmed, unless something else happened near by that changes which plots are counted.
    """
    columns, votes = tape.columns, policy.confirm
    if not len(tape):
        return np.array([], np.intp)
    needed = np.array([policy.thresholds.get(name, 1.0) for name in columns.names] or [1.0])
    grave = np.array([policy.severities.get(name, Severity.NO_ALARM) > 0 for name in columns.names] or [False])
    novel = columns.novelty >= policy.novelty if policy.novelty is not None else np.zeros(len(tape), bool)
    other = columns.top < 0
    sure = grave[columns.top] & (columns.score >= needed[columns.top]) & ~novel & ~other
    crowded = _around(sure, votes.n - 1, 0) >= votes.k
    window = max(votes.n, policy.clear.n)
    matters = (_around(crowded, 0, votes.n - 1) > 0) | (_around(other, window, window) > 0)
    return np.flatnonzero((sure & matters) | other)


def _around(marks: npt.NDArray[np.bool_], before: int, after: int) -> npt.NDArray[np.intp]:
    """Return how many rows are marked from so many before each row to so many after it."""
    total = np.concatenate([[0], np.cumsum(marks)])
    index = np.arange(len(marks))
    counts: npt.NDArray[np.intp] = (
        total[np.minimum(index + after + 1, len(marks))] - total[np.maximum(index - before, 0)]
    )
    return counts


class _Words:
    """What people said of the plots of a tape, and of the alarms that there were."""

    def __init__(self, tape: Tape, alarming: set[str]) -> None:
        self._tape = tape
        self._said = {index: name in alarming for index, name in tape.labelled}
        self._indexes = np.array(sorted(self._said), np.intp)
        self._told = [(one, word) for one, word in tape.incidents if word]

    def of(self, episode: Episode) -> str:
        """Return whether an alarm was true: by the labels of its plots, else by what was said of the alarm then."""
        end = len(self._tape) if episode.ended_at is None else self._tape.index_at(episode.ended_at)
        start = self._tape.index_at(episode.started_at)
        among = self._indexes[np.searchsorted(self._indexes, start) : np.searchsorted(self._indexes, end)]
        said = [self._said[int(i)] for i in among]
        if any(said):
            return TRUE
        told = {word for one, word in self._told if _overlap(one, episode)}
        if TRUE in told:
            return TRUE
        return FALSE if said or FALSE in told else UNKNOWN


def _overlap(one: Episode, other: Episode) -> bool:
    if one.ended_at is not None and one.ended_at < other.started_at:
        return False
    return other.ended_at is None or one.started_at <= other.ended_at


def _faults(tape: Tape, alarming: set[str], spans: Sequence[tuple[datetime, datetime | None]]) -> Iterator[Fault]:
    """Yield what people called faults: by labels, and alarms that they called true where no label says so."""
    stretch: list[tuple[int, str]] = []
    found: list[tuple[datetime, datetime]] = []
    for index, name in (*tape.labelled, (-1, "")):
        if name in alarming:
            stretch.append((index, name))
        elif stretch:
            first, last = tape.rows[stretch[0][0]], tape.rows[stretch[-1][0]]
            found.append((first.at, last.at))
            yield Fault(first.uid, stretch[0][1], first.at, last.at, len(stretch), _is_raised(first.at, last.at, spans))
            stretch = []
    for one, word in tape.incidents:
        end = one.ended_at or one.confirmed_at
        if word == TRUE and not any(start <= end and one.started_at <= stop for start, stop in found):
            raised = _is_raised(one.started_at, end, spans)
            yield Fault(one.first_plot, one.class_name, one.started_at, end, 0, raised)


def _is_raised(start: datetime, end: datetime, spans: Sequence[tuple[datetime, datetime | None]]) -> bool:
    return any(begun <= end and (over is None or over >= start) for begun, over in spans)
