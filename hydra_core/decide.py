"""How predictions become verdicts: k-of-n confirmation, staleness, gate and mute, as one pure function.

`decide` is the heart of Hydra. It reads no clock and does no I/O, so the same events always give the same
verdicts: live, in a test, or in `hydra replay`. The rules, in the order in which they apply:

1. disabled, no model, gate closed      → OFF, no alarm
2. feed or models lost for all alike    → ERROR, INVALID (COMM or SOFT)
3. never a plot                         → UNKNOWN, INVALID (UDF)
4. silent for `stale_after`             → STALE, INVALID (TIMEOUT); after a pause OFF until a plot comes
5. the last plot could not be judged    → ERROR, INVALID
6. confirmed level BAD or WARN          → MAJOR or MINOR (STATE), left only by `clear` k of n plots that rule it out
7. the last plot is confident and good  → GOOD, else SUSPECT

Levels are entered and left by the rules of `hydra_core.counting`: k of n, thresholds to enter and to leave, delays.

A change into or out of an alarm level starts the count anew, so that one plot is never counted both ways
and an alarm cannot flicker on the memory of old plots. Mute, maintenance and test change severity, never status.
"""

from dataclasses import replace
from datetime import datetime

from hydra_core.counting import LEVEL_SEVERITY, alarms, is_novel, judge, level_of, matured, ruled, streak, towards
from hydra_core.domain import (
    Condition,
    Episode,
    Event,
    Failure,
    Mode,
    Mute,
    PlotState,
    Policy,
    Prediction,
    Ruled,
    Severity,
    Status,
    Tick,
    Verdict,
)

__all__ = ["changed_episode", "decide", "is_active", "judge"]


def decide(state: PlotState, event: Event, policy: Policy, now: datetime) -> tuple[PlotState, Verdict | None]:
    """Return the next state and what to tell the operator; None when a Tick or Mute changes nothing at all.

    `now` is when the event happened (for a plot: when it was received). `policy` is the one in force; a Ruled
    brings its own. Never raises for any sequence of events.
    """
    if isinstance(event, Prediction):
        return _plot_judged(state, event, policy, now)
    if isinstance(event, Failure):
        return _plot_failed(state, event, policy, now)
    if isinstance(event, Ruled):
        return _show(ruled(state, event.policy), event.policy, now)
    after = _muted(state, event) if isinstance(event, Mute) else _ticked(state, event, policy, now)
    shown, verdict = _show(after, policy, now)
    return shown, None if shown == state else verdict


def is_active(state: PlotState) -> bool:
    """Return whether the plot type is judged at all now."""
    return state.enabled and state.has_model and state.gate_open


def changed_episode(before: PlotState, after: PlotState, now: datetime) -> Episode | None:
    """Return the episode that has to be written after a step: opened, worsened or ended; None if none was."""
    if before.episode is not None and after.episode is None:
        return replace(before.episode, ended_at=now)
    return after.episode if after.episode != before.episode else None


def _plot_judged(
    state: PlotState, event: Prediction, policy: Policy, now: datetime
) -> tuple[PlotState, Verdict | None]:
    judgement = judge(event, policy, now, state.episode.class_name if state.episode is not None else None)
    fresh = replace(_forget_old(state, policy, now), last_plot_at=now, failure=None)
    if not is_active(fresh):
        return _show(fresh, policy, now, event)
    window = max(policy.confirm.n, policy.clear.n)
    counted = replace(fresh, recent=(*fresh.recent, judgement)[-window:])
    so_far = streak(counted.level, counted.recent, policy)
    return _show(towards(counted, policy, now, event.plot.uid), policy, now, event, so_far)


def _plot_failed(state: PlotState, event: Failure, policy: Policy, now: datetime) -> tuple[PlotState, Verdict | None]:
    failed = replace(state, failure=(event.condition, event.reason))
    if event.plot is not None:
        failed = replace(_forget_old(failed, policy, now), last_plot_at=now)
    shown, verdict = _show(failed, policy, now)
    return shown, replace(verdict, plot=event.plot)


def _forget_old(state: PlotState, policy: Policy, now: datetime) -> PlotState:
    """Forget the count of before a silence: old plots say nothing about now. An alarm level stays, GOOD does not."""
    if not _too_old(state.last_plot_at, policy, now):
        return state
    level = state.level if alarms(state.level) else Status.UNKNOWN
    return replace(state, recent=(), level=level, pending=None)


def _too_old(last: datetime | None, policy: Policy, now: datetime) -> bool:
    return last is not None and policy.stale_after is not None and (now - last).total_seconds() > policy.stale_after


def _muted(state: PlotState, event: Mute) -> PlotState:
    if event.until is None:
        return replace(state, muted_until=None, muted_by="", muted_why="")
    return replace(state, muted_until=event.until, muted_by=event.by, muted_why=event.reason)


def _ticked(state: PlotState, event: Tick, policy: Policy, now: datetime) -> PlotState:
    after = replace(
        state,
        gate_open=event.gate_open,
        gate_why="" if event.gate_open else event.why,
        enabled=event.enabled,
        has_model=event.has_model,
        trouble=event.trouble,
    )
    if state.muted_until is not None and state.muted_until <= now:
        after = replace(after, muted_until=None, muted_by="", muted_why="")
    if event.resumed or (_is_watched(after) and not _is_watched(state)):
        after = replace(after, active_since=now)
    if not _is_watched(after) or _too_old(after.last_plot_at, policy, now):
        return replace(after, pending=None)
    return after if after.failure is not None else matured(after, policy, now)


def _is_watched(state: PlotState) -> bool:
    return is_active(state) and state.trouble is None


def _show(
    state: PlotState, policy: Policy, now: datetime, event: Prediction | None = None, so_far: int = 0
) -> tuple[PlotState, Verdict]:
    """Derive what is shown from what is known, and the verdict that says so."""
    status, severity, condition, reason = _shown(state, policy, now, event, so_far)
    if policy.mode is not Mode.RUN:
        reason = f"{policy.mode.name}: {reason}"
        if policy.mode is Mode.TEST or severity is Severity.INVALID:
            severity, condition = Severity.NO_ALARM, Condition.NO_ALARM
    if severity is not Severity.NO_ALARM and state.muted_until is not None and state.muted_until > now:
        severity, condition = Severity.NO_ALARM, Condition.NO_ALARM
        why = f": {state.muted_why}" if state.muted_why else ""
        reason += f" (muted by {state.muted_by or 'operator'} until {state.muted_until:%H:%M} UTC{why})"
    since = now if status is not state.status else state.since
    after = replace(state, status=status, severity=severity, condition=condition, since=since)
    last = state.recent[-1] if state.recent else None
    name, score = event.top() if event is not None else (last.class_name, last.score) if last else ("", 0.0)
    plot = event.plot if event is not None else None
    confirmed = last is not None and last.severity is not None and status is level_of(last.severity)
    return after, Verdict(
        policy.plot_type, plot, name, score, status, severity, condition, confirmed, so_far, reason, now
    )


def _shown(
    state: PlotState, policy: Policy, now: datetime, event: Prediction | None, so_far: int
) -> tuple[Status, Severity, Condition, str]:
    ok = (Severity.NO_ALARM, Condition.NO_ALARM)
    if not is_active(state):
        return Status.OFF, *ok, _why_off(state)
    if state.trouble is not None:
        return Status.ERROR, Severity.INVALID, *state.trouble
    if state.last_plot_at is None and state.failure is None:
        return Status.UNKNOWN, Severity.INVALID, Condition.UDF, "no plot yet"
    if _too_old(state.last_plot_at, policy, now):
        if state.active_since is None or _too_old(state.active_since, policy, now):
            return Status.STALE, Severity.INVALID, Condition.TIMEOUT, f"no plot for {_silence(state, now):.0f} s"
        if not alarms(state.level):
            return Status.OFF, *ok, "waiting for the first plot"
    if state.failure is not None:
        return Status.ERROR, Severity.INVALID, *state.failure
    if not state.recent and state.level is Status.UNKNOWN:
        return Status.UNKNOWN, Severity.INVALID, Condition.UDF, "not judged yet"
    reason = _reason(state, policy, event, so_far)
    if alarms(state.level):
        return state.level, LEVEL_SEVERITY[state.level], Condition.STATE, reason
    if not state.recent or state.recent[-1].severity is Severity.NO_ALARM:
        return state.level, *ok, reason
    suspect = policy.suspect_severity
    return Status.SUSPECT, suspect, Condition.STATE if suspect else Condition.NO_ALARM, reason


def _silence(state: PlotState, now: datetime) -> float:
    times = [t for t in (state.last_plot_at, state.active_since) if t is not None]
    return (now - max(times)).total_seconds()


def _why_off(state: PlotState) -> str:
    if not state.enabled:
        return "disabled"
    if not state.has_model:
        return "no model"
    return f"gate closed: {state.gate_why}" if state.gate_why else "gate closed"


def _reason(state: PlotState, policy: Policy, event: Prediction | None, so_far: int) -> str:
    """Say the score against its threshold and how far the count has come, in ASCII (it goes into a PV)."""
    if not state.recent:
        return "waiting for a new plot"
    last = state.recent[-1]
    threshold = policy.thresholds.get(last.class_name, 1.0)
    text = f"{last.class_name} {last.score:.3f} {'>=' if last.score >= threshold else '<'} {threshold:.2f}"
    if event is not None and is_novel(event, policy):
        text += f", unlike the {last.class_name} plots it was trained on (novelty {event.novelty:.2f})"
    if event is None or so_far == 0:
        return text
    clearing = alarms(state.level) and (last.severity is Severity.NO_ALARM or last.holds is Severity.NO_ALARM)
    text += f", clearing {so_far} of {policy.clear.k}" if clearing else f", {so_far} of {policy.confirm.k}"
    if state.pending is None:
        return text
    raising = LEVEL_SEVERITY.get(state.pending.level, 0) > LEVEL_SEVERITY.get(state.level, 0)
    return text + f", must hold {policy.on_delay if raising else policy.off_delay:g} s"
