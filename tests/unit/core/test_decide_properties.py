"""What `decide` promises whatever happens: 100,000 and more random steps over its invariants."""

from dataclasses import replace
from datetime import datetime, timedelta

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.plots import CLASSES, T0, plot, policy, prediction

from hydra_core.decide import decide, is_active, judge
from hydra_core.domain import (
    Condition,
    Event,
    Failure,
    Judgement,
    KofN,
    Mode,
    Mute,
    PlotState,
    Policy,
    Ruled,
    Severity,
    Status,
    Tick,
    Verdict,
)

ALARMS = (Status.WARN, Status.BAD)
GRADES = (Severity.NO_ALARM, Severity.MINOR, Severity.MAJOR)
kofn = st.integers(1, 5).flatmap(lambda n: st.builds(KofN, st.integers(1, n), st.just(n)))


class Shift(RuleBasedStateMachine):
    """A shift of a plot type's life; the machine keeps a plain history and asks whether `decide` was honest."""

    @initialize(
        confirm=kofn,
        clear=kofn,
        stale=st.sampled_from([None, 30.0, 300.0]),
        novelty=st.sampled_from([None, 0.9]),
        leave=st.sampled_from([{}, {"Bad": 0.5}, {"Bad": 0.2, "NoData": 0.8}]),
        delays=st.tuples(st.sampled_from([0.0, 15.0]), st.sampled_from([0.0, 25.0])),
    )
    def begin(
        self,
        confirm: KofN,
        clear: KofN,
        stale: float | None,
        novelty: float | None,
        leave: dict[str, float],
        delays: tuple[float, float],
    ) -> None:
        waits = {"on_delay": delays[0], "off_delay": delays[1]}
        self.rules: Policy = policy(
            confirm=confirm, clear=clear, stale_after=stale, novelty=novelty, leave=leave, **waits
        )
        self.first_rules = self.rules
        self.now: datetime = T0
        self.number = 0
        self.start = PlotState(active_since=T0)
        self.state = self.start
        self.log: list[tuple[datetime, Event]] = []
        self.verdicts: list[Verdict | None] = []
        self.judged: list[Judgement] = []

    def step(self, event: Event) -> tuple[PlotState, Verdict | None]:
        before = self.state
        self.state, verdict = decide(before, event, self.rules, self.now)
        self.log.append((self.now, event))
        self.verdicts.append(verdict)
        self.enough_seconds(before)
        unmuted, _ = decide(replace(before, muted_until=None), event, self.rules, self.now)
        assert self.state.status is unmuted.status, "muting changes severity, never status"
        return before, verdict

    def enough_seconds(self, before: PlotState) -> None:
        """An alarm is raised and cleared no sooner than the delays allow, unless a rule was changed."""
        if before.level is self.state.level or isinstance(self.log[-1][1], Ruled):
            return
        rank = {Status.WARN: 1, Status.BAD: 2}
        step = rank.get(self.state.level, 0) - rank.get(before.level, 0)
        delay = self.rules.on_delay if step > 0 else self.rules.off_delay if step < 0 else 0.0
        held = (self.now - before.pending.since).total_seconds() if before.pending is not None else 0.0
        assert held >= delay

    @rule(seconds=st.one_of(st.floats(0, 10), st.floats(0, 1000)))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.step(Tick(self.state.gate_open, self.state.enabled, self.state.has_model))

    @rule(
        name=st.sampled_from(CLASSES),
        score=st.sampled_from([0.4, 0.89, 0.9, 0.99, 1.0]),
        novelty=st.sampled_from([0.0, 0.95]),
        seconds=st.floats(0, 20),
    )
    def plot_arrives(self, name: str, score: float, novelty: float, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.number += 1
        event = prediction(name, score, self.number, novelty)
        silent = self.state.last_plot_at and (self.now - self.state.last_plot_at).total_seconds()
        if silent is not None and self.rules.stale_after is not None and silent > self.rules.stale_after:
            self.judged.clear()
        before, verdict = self.step(event)
        assert verdict is not None and verdict.plot is event.plot, "every plot gets a verdict"
        if is_active(before):
            incident = before.episode.class_name if before.episode is not None else None
            self.judged.append(judge(event, self.rules, self.now, incident))
            if not (self.rules.on_delay or self.rules.off_delay):
                self.level_is_earned(before.level, self.state.level)

    def level_is_earned(self, before: Status, after: Status) -> None:
        """BAD is entered with k bad among the last n and left with k good among the last n, never otherwise."""
        confirm, clear = self.rules.confirm, self.rules.clear
        sure = [j.severity for j in self.judged]
        held = [j.severity if j.holds is None else j.holds for j in self.judged]
        if after is Status.BAD and before is not Status.BAD:
            assert sum(s is Severity.MAJOR for s in sure[-confirm.n :]) >= confirm.k
        if after is Status.WARN and before not in ALARMS:
            assert sum(s in (Severity.MINOR, Severity.MAJOR) for s in sure[-confirm.n :]) >= confirm.k
        if before in ALARMS and after not in ALARMS:
            assert after is Status.GOOD
            assert sum(s is Severity.NO_ALARM for s in held[-clear.n :]) >= clear.k
        if before is Status.BAD and after is Status.WARN:
            assert sum(s in (Severity.NO_ALARM, Severity.MINOR) for s in held[-clear.n :]) >= clear.k
        if after is Status.GOOD:
            assert before in ALARMS or sure[-1] is Severity.NO_ALARM or before is Status.GOOD

    @rule(condition=st.sampled_from([Condition.READ, Condition.CALC, Condition.SOFT]), has_plot=st.booleans())
    def plot_fails(self, condition: Condition, has_plot: bool) -> None:
        self.number += 1
        if has_plot and self.state.last_plot_at is not None and self.rules.stale_after is not None:
            if (self.now - self.state.last_plot_at).total_seconds() > self.rules.stale_after:
                self.judged.clear()
        _, verdict = self.step(Failure("CDC_occupancy", condition, "broken", plot(self.number) if has_plot else None))
        assert verdict is not None
        assert (
            verdict.severity is not Severity.NO_ALARM
            or not is_active(self.state)
            or self.muted()
            or self.rules.mode is not Mode.RUN
            or (verdict.status is Status.OFF and verdict.reason == "waiting for the first plot")
        ), "a failure never looks fine"

    @rule(gate=st.booleans(), enabled=st.booleans(), model=st.booleans())
    def surroundings_change(self, gate: bool, enabled: bool, model: bool) -> None:
        self.step(Tick(gate, enabled, model))

    @rule(where=st.sampled_from([None, (Condition.COMM, "feed lost"), (Condition.SOFT, "no model")]))
    def all_are_in_trouble(self, where: tuple[Condition, str] | None) -> None:
        state = self.state
        self.step(Tick(state.gate_open, state.enabled, state.has_model, trouble=where))

    @rule(mode=st.sampled_from(Mode), grades=st.tuples(st.sampled_from(GRADES), st.sampled_from(GRADES)))
    def rules_are_changed(self, mode: Mode, grades: tuple[Severity, Severity]) -> None:
        severities = {"Good": Severity.NO_ALARM, "Bad": grades[0], "NoData": grades[1]}
        self.rules = replace(self.rules, mode=mode, severities=severities)
        before, verdict = self.step(Ruled(self.rules))
        assert verdict is not None
        assert before.level in ALARMS or self.state.level not in ALARMS, "a rule alone raises no alarm"
        self.judged = [
            replace(j, severity=severities[j.class_name] if j.severity is not None else None, holds=None)
            for j in self.judged
        ]

    @rule(open_again=st.just(True))
    def surroundings_fine(self, open_again: bool) -> None:
        self.step(Tick(open_again))

    @rule(minutes=st.one_of(st.none(), st.floats(0.1, 5)))
    def operator_mutes(self, minutes: float | None) -> None:
        self.step(Mute(None if minutes is None else self.now + timedelta(minutes=minutes), "shift"))

    def muted(self) -> bool:
        return self.state.muted_until is not None and self.state.muted_until > self.now

    @invariant()
    def severity_and_condition_agree(self) -> None:
        assert (self.state.severity is Severity.NO_ALARM) == (self.state.condition is Condition.NO_ALARM)
        if self.rules.mode is Mode.TEST:
            assert self.state.severity is Severity.NO_ALARM
        elif not self.muted():
            assert (self.state.severity is Severity.MAJOR) == (self.state.status is Status.BAD)
            assert (self.state.severity is Severity.MINOR) == (self.state.status is Status.WARN)
            invalid = self.state.status in (Status.UNKNOWN, Status.STALE, Status.ERROR)
            assert (self.state.severity is Severity.INVALID) == (invalid and self.rules.mode is Mode.RUN)

    @invariant()
    def status_is_honest(self) -> None:
        state, rules = self.state, self.rules
        if state.status is Status.GOOD and rules.stale_after is not None:
            assert state.last_plot_at is not None
            assert (self.now - state.last_plot_at).total_seconds() <= rules.stale_after
        if state.status is Status.GOOD:
            assert state.recent and state.recent[-1].severity is Severity.NO_ALARM and state.failure is None
        if not is_active(state):
            assert state.status is Status.OFF
        if state.status in ALARMS:
            assert state.status is state.level

    @invariant()
    def silence_is_stale(self) -> None:
        state, stale_after = self.state, self.rules.stale_after
        if stale_after is None or not is_active(state) or state.last_plot_at is None or state.trouble is not None:
            assert state.status is not Status.STALE
            return
        heard = max(t for t in (state.last_plot_at, state.active_since) if t is not None)
        assert (state.status is Status.STALE) == ((self.now - heard).total_seconds() > stale_after)

    @invariant()
    def an_alarm_is_an_open_episode(self) -> None:
        assert (self.state.level in ALARMS) == (self.state.episode is not None)
        assert self.state.since is None or self.state.since <= self.now
        assert self.state.pending is None or self.state.pending.level is not self.state.level

    def teardown(self) -> None:
        """Replaying the log gives the same verdicts and the same state."""
        state = getattr(self, "start", None)
        if state is None:
            return
        rules = self.first_rules
        for (when, event), verdict in zip(self.log, self.verdicts, strict=True):
            rules = event.policy if isinstance(event, Ruled) else rules
            state, again = decide(state, event, rules, when)
            assert again == verdict
        assert state == self.state


Shift.TestCase.settings = settings(
    max_examples=2700,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
TestShift = Shift.TestCase
