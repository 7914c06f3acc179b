"""The simulator against the replay: the same incidents from the same past, and what people said of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from hydra_core.decide import changed_episode, decide
from hydra_core.domain import (
    Condition,
    Episode,
    Failure,
    KofN,
    Mute,
    PlotState,
    Policy,
    Ruled,
    Severity,
    Tick,
)
from hydra_core.replay import replay
from hydra_core.simulator import Row, Tape, simulate

CLASSES = ("Good", "Bad", "NoData")
SEVERITIES = {"Good": Severity.NO_ALARM, "Bad": Severity.MAJOR, "NoData": Severity.MINOR}
POLICY = Policy(SEVERITIES, dict.fromkeys(CLASSES, 0.9), plot_type="CDC", novelty=0.99)
START = datetime(2026, 11, 1, tzinfo=UTC)


def judged(number: int, class_name: str, score: float = 0.95, run: int = 1, at: datetime | None = None) -> Row:
    rest = (1 - score) / 2
    scores = tuple(score if name == class_name else rest for name in CLASSES)
    when = at or START + timedelta(minutes=number)
    return Row(number, when, number, f"{number:032x}", run, CLASSES, scores)


def tape(*classes: str, **more: object) -> Tape:
    """A plot a minute, of these classes; a class in lower case is one that the model is not sure of."""
    rows = [judged(n, name.capitalize(), 0.95 if name[0].isupper() else 0.6) for n, name in enumerate(classes)]
    return Tape("CDC", rows, **more)  # type: ignore[arg-type]


def played(past: Tape, policy: Policy, change) -> list[Episode]:
    """Every row through `decide`, one after the other, and the incidents that come of it."""
    state, policy, found = PlotState(), change(policy), []
    for at, event, _ in past.events():
        if isinstance(event, Ruled):
            policy = change(event.policy)
            event = Ruled(policy)
        before = state
        state, _ = decide(state, event, policy, at)
        episode = changed_episode(before, state, at)
        if episode is not None and episode.ended_at is not None:
            found.append(episode)
    return [*found, state.episode] if state.episode is not None else found


fractions = st.sampled_from((0.4, 0.6, 0.8, 0.9, 0.95, 1.0))
votes = st.integers(1, 5).flatmap(lambda n: st.integers(1, n).map(lambda k: KofN(k, n)))
policies = st.builds(
    lambda bad, good, confirm, clear, stale, on, off, leave: replace(
        POLICY,
        thresholds={"Good": good, "Bad": bad, "NoData": 0.9},
        confirm=confirm,
        clear=clear,
        stale_after=stale,
        on_delay=on,
        off_delay=off,
        leave={"Bad": min(leave, bad)} if leave else {},
    ),
    fractions,
    fractions,
    votes,
    votes,
    st.sampled_from((None, 45.0, 600.0)),
    st.sampled_from((0.0, 0.0, 45.0)),
    st.sampled_from((0.0, 0.0, 45.0)),
    st.sampled_from((0.0, 0.0, 0.5)),
)
others = st.one_of(
    st.builds(Tick, gate_open=st.booleans(), enabled=st.booleans()),
    st.just(Failure("CDC", Condition.CALC, "no answer")),
    st.builds(Mute, until=st.sampled_from((None, START + timedelta(minutes=3)))),
    st.builds(Ruled, policies),
)
calm = st.tuples(st.just("Good"), st.sampled_from((0.95, 0.6)), st.integers(1, 30))
stirred = st.tuples(st.sampled_from(CLASSES), fractions, st.integers(1, 4))


@st.composite
def pasts(draw) -> Tape:
    rows: list[Row] = []
    at = START
    for piece in draw(st.lists(st.one_of(calm, calm, stirred, stirred, others), max_size=25)):
        many = piece[2] if isinstance(piece, tuple) else 1
        for _ in range(many):
            at += timedelta(seconds=draw(st.sampled_from((20, 20, 20, 100))))
            number = len(rows)
            if isinstance(piece, tuple):
                row = judged(number, piece[0], max(piece[1], 0.4), number // 10, at)
                rows.append(replace(row, novelty=draw(st.sampled_from((0.0, 0.0, 0.0, 0.995)))))
            else:
                rows.append(Row(number, at, event=piece))
    return Tape("CDC", rows)


@settings(max_examples=300)
@given(pasts(), policies, st.one_of(st.none(), policies))
def test_the_incidents_are_those_of_playing_every_row(past, policy, other):
    def change(ruled: Policy) -> Policy:
        return ruled if other is None else replace(ruled, thresholds=other.thresholds, confirm=other.confirm)

    wanted = played(past, policy, change)
    found = simulate(past, policy, change)
    assert [(a.uid, a.class_name, a.started_at, a.confirmed_at, a.ended_at) for a in found.alarms] == [
        (e.first_plot, e.class_name, e.started_at, e.confirmed_at, e.ended_at) for e in wanted
    ]
    assert len(found.alarms) == replay("CDC", past.events(), policy, change=change).episodes_now


def test_a_lower_threshold_raises_what_was_missed_and_more_than_that():
    past = tape("Good", "bad", "bad", "Good", "Good", "bad", "bad", "Good", truth={1: "Bad", 2: "Bad", 3: "Good"})
    as_it_is = simulate(past, POLICY)
    assert (len(as_it_is.alarms), len(as_it_is.missed)) == (0, 1)
    lower = simulate(past, POLICY, lambda p: replace(p, thresholds={**p.thresholds, "Bad": 0.5}))
    assert [alarm.judged for alarm in lower.alarms] == ["true", "unknown"]
    assert not lower.missed


def test_an_alarm_on_plots_that_people_called_good_is_false():
    past = tape("Bad", "Bad", "Good", "Good", truth={0: "Good", 1: "Good"})
    assert [alarm.judged for alarm in simulate(past, POLICY).alarms] == ["false"]


def test_what_was_said_of_an_alarm_counts_where_no_label_does():
    past = tape("Bad", "Bad", "Good", "Good", "Good", "Bad", "Bad", "Good", "Good")
    first, second = (
        Episode("a", "CDC", "Bad", START + timedelta(minutes=m), START + timedelta(minutes=m + 1), 0.95,
                f"{m + 1:032x}", START + timedelta(minutes=m + 3))
        for m in (0, 5)
    )  # fmt: skip
    told = replace(past, incidents=((first, "false"), (second, "true")))
    assert [alarm.judged for alarm in simulate(told, POLICY).alarms] == ["false", "true"]
    strict = simulate(told, POLICY, lambda p: replace(p, thresholds=dict.fromkeys(CLASSES, 1.0)))
    assert [(fault.uid, fault.raised) for fault in strict.faults] == [(f"{6:032x}", False)]


def test_a_fault_ends_at_the_first_plot_that_people_called_good():
    said = {0: "Bad", 1: "Bad", 2: "Good", 3: "NoData", 5: "NoData"}
    found = simulate(tape(*["Good"] * 6, truth=said), POLICY)
    assert [(fault.class_name, fault.plots) for fault in found.faults] == [("Bad", 2), ("NoData", 2)]


def test_the_last_runs_are_the_last_that_were_seen_and_start_at_their_first_plot():
    rows = [judged(n, "Good", run=run) for n, run in enumerate((7, 7, 5, 5, 9, 9, 9))]
    past = Tape("CDC", [*rows[:4], Row(99, rows[4].at, event=Tick()), *rows[4:]])
    assert [row.run for row in past.last_runs(2).rows] == [5, 5, 0, 9, 9, 9]
    assert past.last_runs(3) is past
    assert simulate(past.last_runs(1), POLICY).plots == 3


def test_an_empty_past_raises_nothing():
    found = simulate(Tape("CDC", []), POLICY)
    assert (found.plots, found.runs, found.alarms, found.faults, found.alarms_a_day) == (0, 0, (), (), 0.0)
