"""What `hydra replay` reads is what `decide` was given, in order: judging it again gives the same verdicts."""

from dataclasses import replace

import numpy as np
import pytest
from support.outcomes import Life, at, incident, plot, plot_type, prediction

from hydra_core.decide import decide
from hydra_core.domain import Condition, Event, Failure, Mute, Outcome, PlotState, Prediction, Tick, Verdict
from hydra_core.store import SqlStore, history

NAMES = ("Good", "Bad", "NoData")


def given(outcome: Outcome) -> Event:
    event = outcome.prediction or outcome.event
    assert event is not None
    return event


def random_day(seed: int, steps: int) -> tuple[Life, list[Outcome]]:
    """A plot type's life under random events; failures with and without a plot, mutes, gates, restarts."""
    draw = np.random.default_rng(seed)
    life, now, out = Life(), 0.0, []
    for number in range(steps):
        now += float(draw.choice([0.5, 10.0, 400.0], p=[0.3, 0.6, 0.1]))
        item = plot(number)
        events: list[Event] = [
            prediction(item, NAMES[draw.integers(3)], float(draw.uniform(0.5, 1.0))),
            Failure(life.kind.name, Condition.READ, f"broken {number}", item),
            Failure(life.kind.name, Condition.SOFT, "model refused"),
            Tick(*(bool(b) for b in draw.random(4) < (0.9, 0.95, 0.95, 0.1))),
            Mute(at(now + 900), "anna"),
            Mute(None, "ben"),
        ]
        out.append(life.step(events[draw.choice(6, p=[0.6, 0.1, 0.05, 0.15, 0.05, 0.05])], now))
    return life, out


def test_events_come_back_in_order_and_whole(store: SqlStore) -> None:
    outcomes = incident()
    for outcome in outcomes:
        store.record(outcome)
    told = [o for o in outcomes if o.state is not None]
    past = list(store.history(plot_type()))
    assert [event for _, event, _ in past] == [given(o) for o in told]
    assert [verdict for _, _, verdict in past] == [o.verdict for o in told]
    assert [when for when, _, _ in past] == [o.at for o in told]
    assert {type(event) for _, event, _ in past} == {Prediction, Failure, Tick, Mute}


@pytest.mark.parametrize("seed", range(3))
def test_judging_history_again_gives_the_same_verdicts(store: SqlStore, seed: int) -> None:
    life, outcomes = random_day(seed, 120)
    for outcome in outcomes:
        store.record(outcome)
    state, verdicts, stored = PlotState(), list[Verdict | None](), list[Verdict | None]()
    for when, event, verdict in store.history(life.kind):
        state, again = decide(state, event, life.kind.policy, when)
        verdicts.append(again)
        stored.append(verdict)
    assert len(stored) == len(outcomes)
    assert verdicts == stored == [o.verdict for o in outcomes]
    assert state == life.state
    assert store.restore(life.kind, 3)[0] == life.state


def test_another_types_history_is_its_own(store: SqlStore) -> None:
    lives = [Life(plot_type(name)) for name in ("A_x", "B_x")]
    for number in (1, 2, 3):
        for life in lives:
            store.record(life.judge(number))
    for life in lives:
        assert [e.plot.plot_type for _, e, _ in store.history(life.kind)] == [life.kind.name] * 3  # type: ignore[union-attr]
    assert list(store.history(plot_type("C_x"))) == []


def test_since_and_until(store: SqlStore) -> None:
    life = Life()
    outcomes = [life.judge(number) for number in range(1, 7)]
    for outcome in outcomes:
        store.record(outcome)
    times = [outcome.at for outcome in outcomes]
    part = [when for when, _, _ in store.history(life.kind, times[1], times[4])]
    assert part == times[1:4]


def test_long_histories_are_read_in_pages(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PAGE", 7)
    life = Life()
    for number in range(21):
        store.record(life.judge(number))
    assert [e.plot.chunk for _, e, _ in store.history(life.kind)] == list(range(21))  # type: ignore[union-attr]


def test_without_its_event_an_outcome_still_tells_the_failure_and_the_gate(store: SqlStore) -> None:
    life = Life()
    failed = life.step(Failure(life.kind.name, Condition.CALC, "NaN", plot(1)), 10)
    closed = life.step(Tick(gate_open=False), 20)
    for outcome in (failed, closed):
        store.record(replace(outcome, event=None))
    assert [event for _, event, _ in store.history(life.kind)] == [failed.event, closed.event]
