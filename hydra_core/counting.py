"""From predictions to a level: what one plot speaks for, k of n to enter and to leave, and how long it must hold.

Pure parts of `hydra_core.decide`. A level is UNKNOWN, GOOD, WARN or BAD; WARN and BAD alarm.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from hydra_core.domain import Episode, Judgement, Pending, PlotState, Policy, Prediction, Severity, Status

LEVEL_SEVERITY: Mapping[Status, Severity] = {Status.WARN: Severity.MINOR, Status.BAD: Severity.MAJOR}
_LEVEL = {Severity.NO_ALARM: Status.GOOD, Severity.MINOR: Status.WARN, Severity.MAJOR: Status.BAD}


def judge(prediction: Prediction, policy: Policy, at: datetime, incident: str | None = None) -> Judgement:
    """Reduce a prediction to what is counted: sure of a class of some severity, or not sure (None).

    `incident` is the class of the incident that is open.
    """
    name, score = prediction.top()
    sure = score >= policy.thresholds.get(name, 1.0) and not is_novel(prediction, policy)
    severity = policy.severities.get(name) if sure else None
    return Judgement(name, score, severity, at, _holds(prediction, severity, policy, incident))


def is_novel(prediction: Prediction, policy: Policy) -> bool:
    """Return whether the plot is unlike those of the class it was given, so that the class says nothing."""
    return policy.novelty is not None and prediction.novelty >= policy.novelty


def alarms(level: Status) -> bool:
    """Return whether the level is one that alarms."""
    return level in LEVEL_SEVERITY


def level_of(severity: Severity) -> Status:
    """Return the level that a class of this severity means."""
    return _LEVEL.get(severity, Status.BAD)


def next_level(level: Status, recent: tuple[Judgement, ...], policy: Policy) -> Status:
    """Return the level that k of n of the last plots speak for; the present one when they speak for no other."""
    confirm, clear = policy.confirm, policy.clear
    if level is not Status.BAD and _raising(recent, confirm.n, Severity.MAJOR) >= confirm.k:
        return Status.BAD
    if not alarms(level):
        if _raising(recent, confirm.n, Severity.MINOR) >= confirm.k:
            return Status.WARN
        return Status.GOOD if recent[-1].severity is Severity.NO_ALARM else level
    if _leaving(recent, clear.n, Severity.NO_ALARM) >= clear.k:
        return Status.GOOD
    less = level is Status.BAD and _leaving(recent, clear.n, Severity.MINOR) >= clear.k
    return Status.WARN if less else level


def streak(level: Status, recent: tuple[Judgement, ...], policy: Policy) -> int:
    """Return how many plots speak for the change that comes next: towards alarm, or out of it."""
    if alarms(level):
        return _leaving(recent, policy.clear.n, Severity.NO_ALARM)
    return _raising(recent, policy.confirm.n, Severity.MINOR)


def towards(state: PlotState, policy: Policy, now: datetime, plot: str) -> PlotState:
    """Go to the level that the plots speak for if they have done so long enough; else remember since when they do.

    `plot` is the uid of the plot that was judged last.
    """
    level = next_level(state.level, state.recent, policy)
    if level is state.level:
        return enter(replace(state, pending=None), level, policy, now, plot)
    before = state.pending
    if before is not None and _raises(before.level, state) is not _raises(level, state):
        before = None
    since = now if before is None else before.since
    if before is not None and state.recent[-1].severity in (None, Severity.NO_ALARM):
        plot = before.plot or plot
    if (now - since).total_seconds() >= _delay(state.level, level, policy):
        return enter(replace(state, pending=None), level, policy, now, plot)
    good = not alarms(state.level) and state.recent[-1].severity is Severity.NO_ALARM
    meanwhile = Status.GOOD if good else state.level
    return replace(enter(state, meanwhile, policy, now, plot), pending=Pending(level, since, plot))


def matured(state: PlotState, policy: Policy, now: datetime) -> PlotState:
    """Go to the level that is pending if its time has come; the plots must still say so, which only plots can undo."""
    pending = state.pending
    if pending is None or not state.recent:
        return replace(state, pending=None)
    if (now - pending.since).total_seconds() < _delay(state.level, pending.level, policy):
        return state
    return enter(replace(state, pending=None), pending.level, policy, now, pending.plot)


def enter(state: PlotState, level: Status, policy: Policy, now: datetime, plot: str | None) -> PlotState:
    """Return the state at a level, with its incident opened, worsened or ended.

    A change into or out of an alarm starts the count anew, so that one plot is never counted both ways.
    """
    changed = level is not state.level and (alarms(level) or alarms(state.level))
    recent = state.recent[-1:] if changed else state.recent
    return replace(state, level=level, episode=_next_episode(state, level, policy, now, plot), recent=recent)


def ruled(state: PlotState, policy: Policy) -> PlotState:
    """Return the state under another policy: a class's new severity holds for an open incident at once.

    Plots that were judged before count by their class's new severity, but they raise no alarm by themselves.
    """
    recent = tuple(
        replace(j, severity=policy.severities.get(j.class_name) if j.severity is not None else None, holds=None)
        for j in state.recent
    )
    level, episode = state.level, state.episode
    if episode is not None and episode.class_name in policy.severities:
        level = level_of(policy.severities[episode.class_name])
    if level is not state.level:
        recent = recent[-1:]
        if not alarms(level):
            episode, level = None, level if recent else Status.UNKNOWN
    elif not alarms(level) and recent and recent[-1].severity is Severity.NO_ALARM:
        level = Status.GOOD
    return replace(state, recent=recent, level=level, episode=episode, pending=None)


def _holds(prediction: Prediction, severity: Severity | None, policy: Policy, incident: str | None) -> Severity | None:
    """Return the severity that a plot still speaks for while an incident of a class with a threshold to leave is open.

    Below that threshold the class is gone, and only what the plot is sure of counts; None: the class has none.
    """
    if incident is None or incident not in policy.leave or incident not in prediction.classes:
        return None
    if is_novel(prediction, policy):
        return Severity.MAJOR
    score = prediction.scores[prediction.classes.index(incident)]
    least = policy.severities.get(incident, Severity.MAJOR) if score >= policy.leave[incident] else Severity.NO_ALARM
    return max(least, severity or Severity.NO_ALARM)


def _raising(recent: tuple[Judgement, ...], n: int, least: Severity) -> int:
    """Return how many of the last `n` are sure of a class of at least this severity."""
    return sum(j.severity is not None and j.severity >= least for j in recent[-n:])


def _leaving(recent: tuple[Judgement, ...], n: int, most: Severity) -> int:
    """Return how many of the last `n` rule out everything above this severity."""
    return sum((held := j.severity if j.holds is None else j.holds) is not None and held <= most for j in recent[-n:])


def _rank(level: Status) -> int:
    return int(LEVEL_SEVERITY.get(level, Severity.NO_ALARM))


def _raises(level: Status, state: PlotState) -> bool:
    return _rank(level) > _rank(state.level)


def _delay(level: Status, target: Status, policy: Policy) -> float:
    """Return the seconds that plots must speak for a change; one between levels that do not alarm needs none."""
    if _rank(target) == _rank(level):
        return 0.0
    return policy.on_delay if _rank(target) > _rank(level) else policy.off_delay


def _next_episode(state: PlotState, level: Status, policy: Policy, now: datetime, plot: str | None) -> Episode | None:
    if not alarms(level):
        return None
    latest, episode = state.recent[-1], state.episode
    alarming = [j for j in state.recent if j.severity is not None and j.severity >= Severity.MINOR]
    if episode is None:
        start, name = alarming[0].at, policy.plot_type
        worst = max(j.score for j in alarming)
        uid = f"{name}@{start.isoformat()}"
        return Episode(uid, name, alarming[-1].class_name, start, now, worst, plot)
    if latest not in alarming:
        return episode
    name = latest.class_name if level is not state.level else episode.class_name
    return replace(episode, class_name=name, worst_score=max(episode.worst_score, latest.score))
