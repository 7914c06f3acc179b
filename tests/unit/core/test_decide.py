"""The rules of `decide`, one by one, as an operator would put them."""

from dataclasses import replace

import pytest
from support.plots import at, plot, policy, prediction

from hydra_core.decide import changed_episode, decide
from hydra_core.domain import (
    Condition,
    Event,
    Failure,
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

GOOD, BAD, NODATA = prediction("Good"), prediction("Bad"), prediction("NoData")
UNSURE = prediction("Bad", 0.6)


def run(
    events: list[Event], rules: Policy | None = None, state: PlotState | None = None, start: float = 0
) -> tuple[PlotState, list[Verdict | None]]:
    """Give the events one second apart and return the last state and all verdicts."""
    state = state or PlotState(active_since=at(start))
    verdicts = []
    for second, event in enumerate(events):
        state, verdict = decide(state, event, rules or policy(), at(start + second))
        verdicts.append(verdict)
    return state, verdicts


def statuses(events: list[Event], rules: Policy | None = None) -> list[str]:
    return [v.status.name if v else "-" for v in run(events, rules)[1]]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([GOOD], ["GOOD"]),
        ([BAD], ["SUSPECT"]),
        ([UNSURE], ["SUSPECT"]),
        ([BAD, BAD], ["SUSPECT", "BAD"]),
        ([BAD, GOOD, BAD], ["SUSPECT", "GOOD", "BAD"]),
        ([BAD, GOOD, GOOD, BAD], ["SUSPECT", "GOOD", "GOOD", "SUSPECT"]),
        ([BAD, BAD, GOOD, GOOD], ["SUSPECT", "BAD", "BAD", "GOOD"]),
        ([BAD, BAD, GOOD, GOOD, BAD], ["SUSPECT", "BAD", "BAD", "GOOD", "SUSPECT"]),
        ([BAD, BAD, UNSURE, UNSURE, GOOD], ["SUSPECT", "BAD", "BAD", "BAD", "BAD"]),
        ([NODATA, NODATA], ["SUSPECT", "WARN"]),
        ([NODATA, NODATA, BAD, BAD], ["SUSPECT", "WARN", "WARN", "BAD"]),
        ([BAD, NODATA], ["SUSPECT", "WARN"]),
        ([BAD, BAD, NODATA, NODATA], ["SUSPECT", "BAD", "BAD", "WARN"]),
    ],
)
def test_k_of_n(events: list[Event], expected: list[str]) -> None:
    assert statuses(events) == expected


def test_an_old_count_does_not_bring_an_alarm_back() -> None:
    wide = policy(confirm=KofN(2, 5))
    assert statuses([BAD, BAD, GOOD, GOOD, GOOD, BAD], wide)[-3:] == ["GOOD", "GOOD", "SUSPECT"]


def test_severity_and_condition_follow_the_design() -> None:
    table = {
        Status.GOOD: (Severity.NO_ALARM, Condition.NO_ALARM),
        Status.SUSPECT: (Severity.NO_ALARM, Condition.NO_ALARM),
        Status.WARN: (Severity.MINOR, Condition.STATE),
        Status.BAD: (Severity.MAJOR, Condition.STATE),
    }
    for events in ([GOOD], [BAD], [NODATA, NODATA], [BAD, BAD]):
        state, _ = run(list(events))
        assert (state.severity, state.condition) == table[state.status]


def test_suspect_may_be_made_minor() -> None:
    state, _ = run([UNSURE], replace(policy(), suspect_severity=Severity.MINOR))
    assert (state.status, state.severity, state.condition) == (Status.SUSPECT, Severity.MINOR, Condition.STATE)


def test_the_reason_says_score_threshold_and_count() -> None:
    _, verdicts = run([prediction("Bad", 0.993), prediction("Bad", 0.97), GOOD])
    assert [v and v.reason for v in verdicts] == [
        "Bad 0.993 >= 0.90, 1 of 2",
        "Bad 0.970 >= 0.90, 2 of 2",
        "Good 0.990 >= 0.90, clearing 1 of 2",
    ]


def test_silence_is_stale_and_keeps_an_alarm_for_afterwards() -> None:
    state, _ = run([BAD, BAD])
    state, quiet = decide(state, Tick(), policy(), at(60))
    assert quiet is None
    state, stale = decide(state, Tick(), policy(), at(62))
    assert stale is not None
    assert (stale.status, stale.severity, stale.condition) == (Status.STALE, Severity.INVALID, Condition.TIMEOUT)
    state, first = decide(state, GOOD, policy(), at(63))
    assert first is not None and first.status is Status.BAD, "one good plot does not clear a confirmed alarm"
    state, second = decide(state, GOOD, policy(), at(64))
    assert second is not None and second.status is Status.GOOD


def test_a_silent_gap_makes_old_plots_not_count() -> None:
    state, _ = run([BAD])
    _, verdict = decide(state, BAD, policy(), at(500))
    assert verdict is not None and verdict.status is Status.SUSPECT


def test_never_any_plot_is_unknown_not_stale() -> None:
    state, verdict = decide(PlotState(active_since=at(0)), Tick(), policy(), at(1000))
    assert verdict is None
    assert (state.status, state.severity, state.condition) == (Status.UNKNOWN, Severity.INVALID, Condition.UDF)


@pytest.mark.parametrize(
    ("tick", "reason"),
    [
        (Tick(enabled=False), "disabled"),
        (Tick(has_model=False), "no model"),
        (Tick(gate_open=False), "gate closed"),
    ],
)
def test_off_has_no_alarm_and_says_why(tick: Tick, reason: str) -> None:
    state, _ = run([BAD, BAD])
    state, verdict = decide(state, tick, policy(), at(3))
    assert verdict is not None
    assert (verdict.status, verdict.severity, verdict.reason) == (Status.OFF, Severity.NO_ALARM, reason)
    state, back = decide(state, Tick(), policy(), at(4))
    assert back is not None and back.status is Status.BAD, "what was confirmed is still true"


def test_after_a_long_pause_it_waits_for_a_plot_and_then_goes_stale() -> None:
    state, _ = run([GOOD])
    state, _ = decide(state, Tick(gate_open=False), policy(), at(2))
    state, opened = decide(state, Tick(), policy(), at(1000))
    assert opened is not None and opened.reason == "waiting for the first plot"
    assert state.status is Status.OFF
    assert decide(state, Tick(), policy(), at(1001)) == (state, None)
    state, stale = decide(state, Tick(), policy(), at(1061))
    assert stale is not None and stale.status is Status.STALE


def test_a_restart_is_no_alarm() -> None:
    state, _ = run([BAD, BAD])
    state, resumed = decide(state, Tick(resumed=True), policy(), at(5000))
    assert resumed is not None and resumed.status is Status.BAD and state.since == at(1)
    good, _ = run([GOOD])
    good, resumed = decide(good, Tick(resumed=True), policy(), at(20))
    assert resumed is not None and resumed.status is Status.GOOD and good.since == at(0)


def test_plots_while_the_gate_is_closed_do_not_count() -> None:
    _state, verdicts = run([Tick(gate_open=False), BAD, BAD, BAD, Tick(), BAD])
    assert [v.status.name if v else "-" for v in verdicts] == ["OFF", "OFF", "OFF", "OFF", "UNKNOWN", "SUSPECT"]


@pytest.mark.parametrize("condition", [Condition.READ, Condition.CALC, Condition.SOFT])
def test_a_failure_is_error_until_a_plot_is_judged(condition: Condition) -> None:
    failure = Failure("CDC_occupancy", condition, "PNG without IEND", plot(1))
    state, verdicts = run([GOOD, failure])
    assert verdicts[1] is not None
    assert (verdicts[1].status, verdicts[1].severity, verdicts[1].condition) == (
        Status.ERROR,
        Severity.INVALID,
        condition,
    )
    assert verdicts[1].reason == "PNG without IEND"
    state, verdict = decide(state, GOOD, policy(), at(3))
    assert verdict is not None and verdict.status is Status.GOOD


def test_an_error_never_heals_by_itself() -> None:
    state, _ = run([GOOD, Failure("CDC_occupancy", Condition.READ, "truncated", plot(1))])
    state, verdict = decide(state, Tick(), policy(), at(30))
    assert verdict is None and state.status is Status.ERROR
    state, verdict = decide(state, Tick(), policy(), at(70))
    assert verdict is not None and verdict.status is Status.STALE


def test_mute_takes_the_severity_and_gives_it_back() -> None:
    state, _ = run([BAD, BAD])
    state, muted = decide(state, Mute(at(30), "shift"), policy(), at(3))
    assert muted is not None
    assert (muted.status, muted.severity, muted.condition) == (Status.BAD, Severity.NO_ALARM, Condition.NO_ALARM)
    assert "muted by shift until 04:00 UTC" in muted.reason
    state, still = decide(state, BAD, policy(), at(10))
    assert still is not None and still.severity is Severity.NO_ALARM
    state, over = decide(state, Tick(), policy(), at(30))
    assert over is not None and (over.status, over.severity) == (Status.BAD, Severity.MAJOR)
    assert state.muted_until is None and state.muted_by == ""


def test_unmute_by_hand() -> None:
    state, _ = run([BAD, BAD, Mute(at(600), "shift"), Mute(None)])
    assert state.severity is Severity.MAJOR


def test_a_novel_plot_is_suspect_whatever_its_class() -> None:
    strange = prediction("Good", 1.0, novelty=0.99)
    rules = policy(novelty=0.95)
    _, verdicts = run([strange, prediction("Bad", 1.0, novelty=0.99), prediction("Bad", 1.0, novelty=0.99)], rules)
    assert [v and v.status for v in verdicts] == [Status.SUSPECT] * 3
    assert verdicts[0] is not None and "unlike the Good plots it was trained on (novelty 0.99)" in verdicts[0].reason
    assert verdicts[2] is not None and "unlike the Bad plots it was trained on" in verdicts[2].reason


def test_one_novel_plot_confirms_neither_good_nor_bad() -> None:
    rules, strange = policy(novelty=0.99), [prediction(name, 1.0, novelty=0.995) for name in ("Good", "Bad")]
    _, verdicts = run([BAD, strange[1], strange[1], GOOD], rules)
    assert [v and v.status for v in verdicts] == [Status.SUSPECT] * 3 + [Status.GOOD]
    _, verdicts = run([BAD, BAD, strange[0], strange[0], strange[0]], rules)
    assert [v and v.status for v in verdicts][1:] == [Status.BAD] * 4


def test_a_class_without_threshold_or_severity_is_never_sure() -> None:
    rules = replace(policy(), thresholds={}, severities={})
    assert statuses([prediction("Bad", 0.999)] * 3, rules) == ["SUSPECT"] * 3


def test_one_incident_is_one_episode() -> None:
    state = PlotState(active_since=at(0))
    written = []
    for second, event in enumerate([GOOD, BAD, BAD, prediction("Bad", 0.999), GOOD, GOOD]):
        before = state
        state, _ = decide(state, event, policy(), at(second))
        if episode := changed_episode(before, state, at(second)):
            written.append(episode)
    opened, worse, ended = written
    assert (opened.started_at, opened.confirmed_at, opened.ended_at) == (at(1), at(2), None)
    assert opened.class_name == "Bad" and worse.worst_score == 0.999
    assert ended.ended_at == at(5) and ended.uid == opened.uid == worse.uid


def test_since_is_when_the_status_began() -> None:
    state, _ = run([GOOD, GOOD, BAD, BAD, BAD])
    assert state.since == at(3)


def test_a_healthy_plot_never_alarms() -> None:
    _state, verdicts = run([prediction("Good", 0.9 + 0.0001 * i) for i in range(600)])
    assert {v.severity for v in verdicts if v} == {Severity.NO_ALARM}


def test_with_a_threshold_to_leave_an_alarm_ends_below_it_and_not_before() -> None:
    rules = policy(leave={"Bad": 0.5})
    between, below = prediction("Bad", 0.6), prediction("Bad", 0.45)
    assert statuses([BAD, BAD, between, between, between], rules)[-1] == "BAD"
    assert statuses([BAD, BAD, below, between, below], rules)[-1] == "BAD", "2 of 2 in a row"
    assert statuses([BAD, BAD, below, below], rules)[-2:] == ["BAD", "SUSPECT"], "gone, but nothing sure instead"
    assert statuses([BAD, BAD, GOOD, GOOD], rules)[-1] == "GOOD"
    assert statuses([BAD, BAD, NODATA, NODATA], rules)[-1] == "WARN", "gone, and sure of something less severe"
    assert statuses([NODATA, NODATA, below, below], rules)[-1] == "WARN", "another class keeps its own rule"


def test_a_novel_plot_ends_no_alarm() -> None:
    rules = policy(leave={"Bad": 0.5}, novelty=0.9)
    odd = prediction("Good", 0.99, novelty=0.95)
    assert statuses([BAD, BAD, odd, odd, odd], rules)[-1] == "BAD"


def test_an_alarm_waits_for_its_delay_and_a_tick_raises_it() -> None:
    rules = policy(on_delay=30)
    state, verdicts = run([BAD, BAD], rules)
    assert [v and v.status.name for v in verdicts] == ["SUSPECT", "SUSPECT"]
    assert verdicts[1] is not None and verdicts[1].reason == "Bad 0.990 >= 0.90, 2 of 2, must hold 30 s"
    state, early = decide(state, Tick(), rules, at(30.9))
    assert early is None
    state, late = decide(state, Tick(), rules, at(31))
    assert late is not None and (late.status, late.severity) == (Status.BAD, Severity.MAJOR)
    assert state.episode is not None
    assert (state.episode.started_at, state.episode.confirmed_at) == (at(0), at(31))
    assert state.episode.first_plot == BAD.plot.uid


def test_what_goes_away_within_the_delay_raises_nothing() -> None:
    rules = policy(on_delay=30)
    state, _ = run([BAD, BAD, GOOD, GOOD], rules)
    assert (state.status, state.pending) == (Status.GOOD, None)
    assert decide(state, Tick(), rules, at(40))[1] is None


def test_an_alarm_waits_for_its_delay_to_clear() -> None:
    rules = policy(off_delay=20)
    state, _ = run([BAD, BAD, GOOD, GOOD], rules)
    assert state.status is Status.BAD
    assert run([BAD, BAD, GOOD, GOOD, BAD], rules)[0].pending is None
    state, verdict = decide(state, Tick(), rules, at(23))
    assert verdict is not None and verdict.status is Status.GOOD and state.episode is None


@pytest.mark.parametrize("between", [Tick(gate_open=False), Tick(trouble=(Condition.COMM, "feed lost"))])
def test_a_delay_does_not_run_while_nothing_is_watched(between: Tick) -> None:
    rules = policy(on_delay=10)
    state, _ = run([BAD, BAD, between, Tick()], rules)
    assert decide(state, Tick(), rules, at(20))[0].status is not Status.BAD


def test_a_common_trouble_hides_every_level_and_silence_counts_anew_after_it() -> None:
    trouble = (Condition.COMM, "no plots can come: hung")
    for events in ([], [GOOD], [BAD, BAD]):
        state, _ = run(list(events))
        state, verdict = decide(state, Tick(trouble=trouble), policy(), at(10))
        assert verdict is not None
        assert (verdict.status, verdict.severity) == (Status.ERROR, Severity.INVALID)
        assert (verdict.condition, verdict.reason) == trouble
        for second in (100, 200, 300):
            assert decide(state, Tick(trouble=trouble), policy(), at(second))[1] is None, "announced once, never STALE"
        _, after = decide(state, Tick(), policy(), at(301))
        assert after is not None and after.status is not Status.STALE


def test_modes_take_severities_and_nothing_else() -> None:
    for mode, kept in ((Mode.MAINT, {Severity.MAJOR}), (Mode.TEST, set())):
        for events in ([BAD, BAD], [Failure("CDC_occupancy", Condition.CALC, "NaN")]):
            plain = run(list(events))[1][-1]
            quiet = run(list(events), policy(mode=mode))[1][-1]
            assert plain is not None and quiet is not None
            assert quiet.status is plain.status and quiet.reason == f"{mode.name}: {plain.reason}"
            expected = plain.severity if plain.severity in kept else Severity.NO_ALARM
            assert quiet.severity is expected
            assert (quiet.condition is Condition.NO_ALARM) == (expected is Severity.NO_ALARM)


def test_a_class_made_harmless_ends_its_alarm_at_once() -> None:
    state, _ = run([BAD, BAD])
    harmless = replace(policy(), severities={**policy().severities, "Bad": Severity.NO_ALARM})
    state, verdict = decide(state, Ruled(harmless), policy(), at(5))
    assert verdict is not None and verdict.status is Status.GOOD and state.episode is None
    back, verdict = decide(state, Ruled(policy()), harmless, at(6))
    assert verdict is not None and verdict.status is Status.SUSPECT, "rules alone raise no alarm"
    assert decide(back, BAD, policy(), at(7))[0].status is Status.BAD
