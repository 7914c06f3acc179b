"""Judge history again: the same events through the same `decide`, beside what was decided then."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from hydra_core.decide import changed_episode, decide
from hydra_core.domain import Event, PlotState, Policy, Ruled, Status, Verdict

ALARMS = (Status.WARN, Status.BAD)


@dataclass(frozen=True, slots=True)
class Difference:
    """One event that is judged otherwise now than it was then."""

    at: datetime
    then: Verdict
    now: Verdict | None


@dataclass(slots=True)
class Replay:
    """The result for one plot type: counts of events, incidents and differences, and the first of these."""

    plot_type: str
    events: int = 0
    episodes_then: int = 0
    episodes_now: int = 0
    differing: int = 0
    differences: list[Difference] = field(default_factory=list)


def replay(
    plot_type: str,
    history: Iterable[tuple[datetime, Event, Verdict | None]],
    policy: Policy,
    most: int = 100,
    change: Callable[[Policy], Policy] = lambda policy: policy,
) -> Replay:
    """Judge a history again; keeps the first `most` differences.

    `policy` is the one in force at the start; the history says when another came. Without a `change` to each of them
    the result has no differences; with one it says what those rules would have done.
    """
    result, state, then = Replay(plot_type), PlotState(), Status.UNKNOWN
    policy = change(policy)
    for at, event, stored in history:
        if isinstance(event, Ruled):
            policy = change(event.policy)
            event = Ruled(policy)
        before = state
        state, verdict = decide(state, event, policy, at)
        result.events += 1
        episode = changed_episode(before, state, at)
        result.episodes_now += before.episode is None and episode is not None
        if stored is not None:
            result.episodes_then += stored.status in ALARMS and then not in ALARMS
            then = stored.status
            if not _same(stored, verdict):
                result.differing += 1
                if len(result.differences) < most:
                    result.differences.append(Difference(at, stored, verdict))
    return result


def _same(then: Verdict, now: Verdict | None) -> bool:
    if now is None:
        return False
    said_then = (then.status, then.severity, then.condition, then.class_name, then.confirmed)
    return said_then == (now.status, now.severity, now.condition, now.class_name, now.confirmed)
