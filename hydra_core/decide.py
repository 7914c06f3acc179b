"""How predictions become verdicts: k-of-n confirmation, staleness, gate and mute, as one pure function.

`decide` is the heart of Hydra. It reads no clock and does no I/O, so the same events always give the same
verdicts: live, in a test, or in `hydra replay`. The rules, in the order in which they apply:

1. disabled, no model, gate closed      → OFF, no alarm
2. never a plot                         → UNKNOWN, INVALID (UDF)
3. silent for `stale_after`             → STALE, INVALID (TIMEOUT); after a pause OFF until a plot comes
4. the last plot could not be judged    → ERROR, INVALID
5. confirmed level BAD or WARN          → MAJOR or MINOR (STATE), left only by `clear` k of n good plots
6. the last plot is confident and good  → GOOD, else SUSPECT

A change into or out of an alarm level starts the count anew, so that one plot is never counted both ways
and an alarm cannot flicker on the memory of old plots. Mute changes severity, never status.
"""

from dataclasses import replace
from datetime import datetime

from hydra_core.domain import (
    Condition,
    Episode,
    Event,
    Failure,
    Judgement,
    Mute,
    PlotState,
    Policy,
    Prediction,
    Severity,
    Status,
    Tick,
    Verdict,
)

_LEVEL_SEVERITY = {Status.WARN: Severity.MINOR, Status.BAD: Severity.MAJOR}


def decide(state: PlotState, event: Event, policy: Policy, now: datetime) -> tuple[PlotState, Verdict | None]:
    """Return the next state and what to tell the operator; None when a Tick or Mute changes nothing at all.

    `now` is when the event happened (for a plot: when it was received). Never raises for any sequence of events.
    """
    if isinstance(event, Prediction):
        return _plot_judged(state, event, policy, now)
    if isinstance(event, Failure):
        return _plot_failed(state, event, policy, now)
    after = _muted(state, event) if isinstance(event, Mute) else _ticked(state, event, now)
    shown, verdict = _show(after, policy, now)
    return shown, None if shown == state else verdict


def judge(prediction: Prediction, policy: Policy, at: datetime) -> Judgement:
    """Reduce a prediction to what is counted: sure of a class of some severity, or not sure (None)."""
    name, score = prediction.top()
    sure = score >= policy.thresholds.get(name, 1.0) and not _novel(prediction, policy)
    return Judgement(name, score, policy.severities.get(name) if sure else None, at)


def is_active(state: PlotState) -> bool:
    """Return whether the plot type is judged at all now."""
    return state.enabled and state.has_model and state.gate_open


def changed_episode(before: PlotState, after: PlotState, now: datetime) -> Episode | None:
    """Return the episode that has to be written after a step: opened, worsened or ended; None if none was."""
    if before.episode is not None and after.episode is None:
        return replace(before.episode, ended_at=now)
    return after.episode if after.episode != before.episode else None


def _novel(prediction: Prediction, policy: Policy) -> bool:
    return policy.novelty is not None and prediction.novelty >= policy.novelty


def _plot_judged(
    state: PlotState, event: Prediction, policy: Policy, now: datetime
) -> tuple[PlotState, Verdict | None]:
    judgement = judge(event, policy, now)
    fresh = replace(_forget_old(state, policy, now), last_plot_at=now, failure=None)
    if not is_active(fresh):
        return _show(fresh, policy, now, event)
    window = max(policy.confirm.n, policy.clear.n)
    counted = replace(fresh, recent=(*fresh.recent, judgement)[-window:])
    level = _next_level(counted.level, counted.recent, policy)
    streak = _streak(counted.level, counted.recent, policy)
    stepped = replace(counted, level=level, episode=_next_episode(counted, level, event))
    shown, verdict = _show(stepped, policy, now, event, streak)
    if level != counted.level and (_alarms(level) or _alarms(counted.level)):
        shown = replace(shown, recent=shown.recent[-1:])
    return shown, verdict


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
    return replace(state, recent=(), level=state.level if _alarms(state.level) else Status.UNKNOWN)


def _too_old(last: datetime | None, policy: Policy, now: datetime) -> bool:
    return last is not None and policy.stale_after is not None and (now - last).total_seconds() > policy.stale_after


def _muted(state: PlotState, event: Mute) -> PlotState:
    return replace(state, muted_until=event.until, muted_by=event.by if event.until is not None else "")


def _ticked(state: PlotState, event: Tick, now: datetime) -> PlotState:
    expired = state.muted_until is not None and state.muted_until <= now
    after = replace(
        state,
        gate_open=event.gate_open,
        enabled=event.enabled,
        has_model=event.has_model,
        muted_until=None if expired else state.muted_until,
        muted_by="" if expired else state.muted_by,
    )
    begins = event.resumed or (is_active(after) and not is_active(state))
    return replace(after, active_since=now) if begins else after


def _alarms(level: Status) -> bool:
    return level in _LEVEL_SEVERITY


def _count(recent: tuple[Judgement, ...], n: int, low: Severity, high: Severity) -> int:
    """Return how many of the last `n` are sure and of a severity from `low` to `high`."""
    return sum(j.severity is not None and low <= j.severity <= high for j in recent[-n:])


def _next_level(level: Status, recent: tuple[Judgement, ...], policy: Policy) -> Status:
    confirm, clear = policy.confirm, policy.clear
    if level is not Status.BAD and _count(recent, confirm.n, Severity.MAJOR, Severity.MAJOR) >= confirm.k:
        return Status.BAD
    if not _alarms(level):
        if _count(recent, confirm.n, Severity.MINOR, Severity.MAJOR) >= confirm.k:
            return Status.WARN
        good = recent[-1].severity is Severity.NO_ALARM
        return Status.GOOD if good else level
    if _count(recent, clear.n, Severity.NO_ALARM, Severity.NO_ALARM) >= clear.k:
        return Status.GOOD
    less = level is Status.BAD and _count(recent, clear.n, Severity.NO_ALARM, Severity.MINOR) >= clear.k
    return Status.WARN if less else level


def _streak(level: Status, recent: tuple[Judgement, ...], policy: Policy) -> int:
    """Return how many plots speak for the change that comes next: towards alarm, or out of it."""
    if _alarms(level):
        return _count(recent, policy.clear.n, Severity.NO_ALARM, Severity.NO_ALARM)
    return _count(recent, policy.confirm.n, Severity.MINOR, Severity.MAJOR)


def _next_episode(state: PlotState, level: Status, event: Prediction) -> Episode | None:
    if not _alarms(level):
        return None
    latest, episode = state.recent[-1], state.episode
    alarming = [j for j in state.recent if j.severity is not None and j.severity >= Severity.MINOR]
    if episode is None:
        start = alarming[0].at
        name = event.plot.plot_type
        worst = max(j.score for j in alarming)
        return Episode(f"{name}@{start.isoformat()}", name, latest.class_name, start, latest.at, worst, event.plot.uid)
    if latest not in alarming:
        return episode
    name = latest.class_name if level is not state.level else episode.class_name
    return replace(episode, class_name=name, worst_score=max(episode.worst_score, latest.score))


def _show(
    state: PlotState, policy: Policy, now: datetime, event: Prediction | None = None, streak: int = 0
) -> tuple[PlotState, Verdict]:
    """Derive what is shown from what is known, and the verdict that says so."""
    status, severity, condition, reason = _shown(state, policy, now, event, streak)
    if severity is not Severity.NO_ALARM and state.muted_until is not None and state.muted_until > now:
        severity, condition = Severity.NO_ALARM, Condition.NO_ALARM
        reason += f" (muted by {state.muted_by or 'operator'} until {state.muted_until:%H:%M} UTC)"
    since = now if status is not state.status else state.since
    after = replace(state, status=status, severity=severity, condition=condition, since=since)
    last = state.recent[-1] if state.recent else None
    name, score = event.top() if event is not None else (last.class_name, last.score) if last else ("", 0.0)
    plot = event.plot if event is not None else None
    confirmed = last is not None and last.severity is not None and status is _status_of(last.severity)
    return after, Verdict(
        policy.plot_type, plot, name, score, status, severity, condition, confirmed, streak, reason, now
    )


def _status_of(severity: Severity) -> Status:
    return {Severity.NO_ALARM: Status.GOOD, Severity.MINOR: Status.WARN}.get(severity, Status.BAD)


def _shown(
    state: PlotState, policy: Policy, now: datetime, event: Prediction | None, streak: int
) -> tuple[Status, Severity, Condition, str]:
    ok = (Severity.NO_ALARM, Condition.NO_ALARM)
    if not is_active(state):
        return Status.OFF, *ok, _why_off(state)
    if state.last_plot_at is None and state.failure is None:
        return Status.UNKNOWN, Severity.INVALID, Condition.UDF, "no plot yet"
    if _too_old(state.last_plot_at, policy, now):
        if state.active_since is None or _too_old(state.active_since, policy, now):
            return Status.STALE, Severity.INVALID, Condition.TIMEOUT, f"no plot for {_silence(state, now):.0f} s"
        if not _alarms(state.level):
            return Status.OFF, *ok, "waiting for the first plot"
    if state.failure is not None:
        return Status.ERROR, Severity.INVALID, *state.failure
    if not state.recent and state.level is Status.UNKNOWN:
        return Status.UNKNOWN, Severity.INVALID, Condition.UDF, "not judged yet"
    reason = _reason(state, policy, event, streak)
    if _alarms(state.level):
        return state.level, _LEVEL_SEVERITY[state.level], Condition.STATE, reason
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
    return "no model" if not state.has_model else "gate closed (no beam)"


def _reason(state: PlotState, policy: Policy, event: Prediction | None, streak: int) -> str:
    """Say the score against its threshold and how far the count has come, in ASCII (it goes into a PV)."""
    if not state.recent:
        return "waiting for a new plot"
    last = state.recent[-1]
    threshold = policy.thresholds.get(last.class_name, 1.0)
    text = f"{last.class_name} {last.score:.3f} {'>=' if last.score >= threshold else '<'} {threshold:.2f}"
    if event is not None and _novel(event, policy):
        text += f", unlike anything known ({event.novelty:.2f})"
    if event is None or streak == 0:
        return text
    clearing = _alarms(state.level) and last.severity is Severity.NO_ALARM
    return text + (f", clearing {streak} of {policy.clear.k}" if clearing else f", {streak} of {policy.confirm.k}")
