"""What the library's pages read and write: the past as a tape, candidates in shadow, thresholds, trainings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import create_engine, text, update
from support.outcomes import START, Life, at, image, incident, plot, plot_type, prediction

from db_schema.tables import training_run
from hydra_core.domain import (
    Condition,
    Event,
    Failure,
    LabelledPlot,
    ModelRecord,
    Mute,
    Outcome,
    Policy,
    Ruled,
    Tick,
)
from hydra_core.errors import StoreError
from hydra_core.replay import replay
from hydra_core.simulator import Tape, simulate
from hydra_core.store import SqlStore
from hydra_core.store.library import Pairing
from hydra_core.store.tapes import PAGE
from hydra_core.store.trainings import CANCELLED, CANCELLING, FAILED, FINISHED, RUNNING

KIND = plot_type()
NAME = KIND.name
CLASSES = KIND.class_names()


def random_life(seed: int, steps: int) -> list[Outcome]:
    """A plot type's life under random events, among them changes of its rules."""
    draw = np.random.default_rng(seed)
    life, now, out = Life(), 0.0, []
    for number in range(steps):
        now += float(draw.choice([10.0, 400.0], p=[0.95, 0.05]))
        item = plot(number)
        others: list[Event] = [
            Failure(NAME, Condition.READ, f"broken {number}", item),
            Failure(NAME, Condition.SOFT, "model refused"),
            Tick(gate_open=bool(draw.random() < 0.5)),
            Mute(at(now + 900), "anna"),
            Ruled(replace(KIND.policy, thresholds=dict.fromkeys(CLASSES, float(draw.choice([0.6, 0.9]))))),
        ]
        class_name = CLASSES[draw.choice(3, p=[0.7, 0.2, 0.1])]
        said = prediction(item, class_name, float(draw.uniform(0.5, 1.0)))
        out.append(life.step(said if draw.random() < 0.85 else others[draw.integers(5)], now))
    return out


def enter(store: SqlStore, version: int, kind: str = NAME) -> ModelRecord:
    ref = prediction(plot(0), version=version).model
    return store.add_model(kind, replace(ref, plot_type=kind), f"/{version}", CLASSES, {}, {"Bad": 0.7}, "anna")


def labels(store: SqlStore, said: dict[int, str]) -> None:
    rows = [LabelledPlot(plot(number), class_name) for number, class_name in said.items()]
    store.add_labels(rows, {p.plot.sha256: image(p.plot) for p in rows}, "anna", "test")


@pytest.mark.parametrize("seed", range(3))
def test_the_tape_gives_the_incidents_that_the_replay_gives(store: SqlStore, seed: int) -> None:
    for outcome in random_life(seed, 150):
        store.record(outcome)
    tape = Tape(NAME, store.tape_rows(NAME, 1000))
    for threshold in (0.55, 0.75, 0.9):

        def change(policy: Policy, threshold: float = threshold) -> Policy:
            return replace(policy, thresholds=dict.fromkeys(CLASSES, threshold))

        slow = replay(NAME, store.history(KIND), KIND.policy, change=change)
        fast = simulate(tape, KIND.policy, change)
        assert (slow.events, slow.episodes_now) == (len(tape), len(fast.alarms))


def test_only_what_is_new_is_read_and_never_more_than_was_asked_for(store: SqlStore) -> None:
    outcomes = incident()
    for outcome in outcomes[:8]:
        store.record(outcome)
    first = store.tape_rows(NAME, 1000)
    for outcome in outcomes[8:]:
        store.record(outcome)
    later = store.tape_rows(NAME, 1000, first[-1].id)
    assert [*first, *later] == store.tape_rows(NAME, 1000)
    assert later and later[0].at > first[-1].at
    assert store.tape_rows(NAME, 3) == [*first, *later][-3:]
    assert store.tape_rows("nothing", 10) == []


def test_a_past_longer_than_a_page_comes_whole(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hydra_core.store.tapes.PAGE", 7)
    assert PAGE > 7
    for outcome in random_life(1, 40):
        store.record(outcome)
    rows = store.tape_rows(NAME, 1000)
    assert len(rows) == 40
    assert [row.at for row in rows] == sorted(row.at for row in rows)


def test_truths_and_what_was_said_of_incidents_come_with_it(store: SqlStore, url: str) -> None:
    store.sync_plot_types([KIND])
    for outcome in incident():
        store.record(outcome)
    labels(store, {1: "Good", 3: "Bad"})
    rows = store.tape_rows(NAME, 1000)
    by_uid = {row.uid: row.plot_id for row in rows if row.uid}
    assert store.truths(NAME) == {by_uid[plot(1).uid]: "Good", by_uid[plot(3).uid]: "Bad"}
    ((episode, said),) = store.past_incidents(NAME, START)
    assert (episode.class_name, episode.first_plot, said) == ("Bad", plot(4).uid, "")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE episode SET feedback = 'true'"))
    engine.dispose()
    assert [word for _, word in store.past_incidents(NAME, START)] == ["true"]
    assert store.past_incidents(NAME, at(5000)) == []


def test_one_candidate_is_in_shadow_and_never_the_active_one(store: SqlStore) -> None:
    for version in (1, 2, 3):
        enter(store, version)
    store.promote(NAME, 1, "anna")
    store.set_shadow(NAME, 2, "ben")
    assert {name: r.ref.version for name, r in store.shadow_models().items()} == {NAME: 2}
    store.set_shadow(NAME, 3, "ben")
    assert [r.state for r in store.models(NAME)] == ["active", "candidate", "shadow"]
    with pytest.raises(StoreError, match="its own shadow"):
        store.set_shadow(NAME, 1, "ben")
    with pytest.raises(StoreError, match="v9 is not in the library"):
        store.set_shadow(NAME, 9, "ben")
    store.promote(NAME, 3, "anna")
    assert store.shadow_models() == {}
    store.set_shadow(NAME, 2, "ben")
    store.set_shadow(NAME, None, "ben")
    assert store.shadow_models() == {}
    kinds = [change.kind for change in store.changes_after(0)]
    assert kinds.count("model") == 6


def test_what_a_candidate_says_is_compared_with_what_operators_were_told(store: SqlStore) -> None:
    store.sync_plot_types([KIND])
    life = Life()
    for number in range(6):
        store.record(life.judge(number, "Bad" if number > 3 else "Good"))
        item = plot(number)
        said = prediction(item, "Bad" if number in (2, 4) else "Good", 0.8, version=4)
        store.add_live_shadow(item, image(item), said)
        store.add_live_shadow(item, image(item), said)
    enter(store, 4)
    labels(store, {2: "Bad", 3: "Good"})
    found = {(p.active, p.shadow, p.truth): p.plots for p in store.pairings(NAME, 4, at(-60))}
    assert found == {
        ("Good", "Good", None): 2,
        ("Good", "Good", "Good"): 1,
        ("Good", "Bad", "Bad"): 1,
        ("Bad", "Bad", None): 1,
        ("Bad", "Good", None): 1,
    }
    newest, *rest = store.disagreements(NAME, 4, limit=1)
    assert (newest.plot.uid, newest.active, newest.shadow, newest.truth, rest) == (
        plot(5).uid, "Bad", "Good", None, [],
    )  # fmt: skip
    older = store.disagreements(NAME, 4, before=newest.id)
    assert [(d.plot.uid, d.truth) for d in older] == [(plot(2).uid, "Bad")]
    assert store.pairings(NAME, 4, at(45)) == [Pairing("Bad", "Good", None, 1)]
    told = store.plot_page(plot(5).uid)
    assert told is not None
    assert [(one.model, one.status is None) for one in told.opinions if one.shadow] == [(f"{NAME} v4", True)]


def test_a_candidate_that_was_faster_than_the_record_spoils_nothing(store: SqlStore) -> None:
    outcome = Life().judge(1)
    assert outcome.plot is not None
    store.add_live_shadow(outcome.plot, image(outcome.plot), prediction(outcome.plot, version=4))
    store.record(outcome)
    assert [row.class_name for row in store.wall()] == ["Good"]
    page = store.plot_page(plot(1).uid)
    assert page is not None
    assert (page.width, len(page.opinions)) == (1200, 2)


def test_a_promotion_carries_thresholds_set_by_hand_only_when_asked(store: SqlStore) -> None:
    for version in (1, 2, 3):
        enter(store, version)
    store.promote(NAME, 1, "anna")
    store.set_thresholds(NAME, 1, {"Bad": 0.93}, "ben")
    assert store.promote_with(NAME, 2, "anna", carry=True).manual == {"Bad": 0.93}
    assert store.promote_with(NAME, 3, "anna", carry=False).manual == {}
    carried, trained = store.threshold_history(NAME, 2)
    assert (carried.value, carried.method, carried.by) == (0.93, "carried over from v1", "anna")
    assert (trained.value, trained.method) == (0.7, "evaluate")
    again = store.promote_with(NAME, 3, "anna", carry=True)
    assert (again.state, again.manual) == ("active", {})
    with pytest.raises(StoreError, match="not in the library"):
        store.threshold_history(NAME, 7)


def test_one_training_of_a_type_at_a_time_and_its_end_is_kept(store: SqlStore) -> None:
    settings = {"architecture": "light", "seed": 1}
    run = store.start_training(NAME, settings, "anna", "10.0.0.1")
    with pytest.raises(StoreError, match="being trained already"):
        store.start_training(NAME, settings, "ben")
    store.start_training("other", settings, "ben")
    assert store.hear_training(run, {"stage": "reading plots"}) == RUNNING
    enter(store, 1)
    dataset = None
    done: dict[str, Any] = {"settings": {"epochs_run": 3}, "history": {"loss": [1.0, 0.5, 0.25]}}
    assert store.finish_training(run, dataset_id=dataset, version=1, **done) == run
    found = store.training(run)
    assert (found.state, found.version, found.settings["seed"], found.settings["epochs_run"]) == (FINISHED, 1, 1, 3)
    assert found.history["loss"] == [1.0, 0.5, 0.25]
    assert store.hear_training(run, {"stage": "late"}) == FINISHED
    store.end_training(run, FAILED, "late")
    assert store.training(run).history["stage"] == "finished"
    assert store.start_training(NAME, settings, "anna") > run


def begun_an_hour_ago(url: str, run: int) -> None:
    engine = create_engine(url)
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    with engine.begin() as connection:
        connection.execute(update(training_run).where(training_run.c.id == run).values(started_at=hour_ago))
    engine.dispose()


def test_a_training_is_cancelled_and_one_that_fell_silent_has_failed(store: SqlStore, url: str) -> None:
    run = store.start_training(NAME, {}, "anna")
    assert store.cancel_training(run, "ben")
    assert not store.cancel_training(run, "ben")
    assert store.hear_training(run, {"stage": "epoch 3"}) == CANCELLING
    store.end_training(run, CANCELLED)
    second = store.start_training(NAME, {}, "anna")
    assert [r.state for r in store.training_runs(NAME)] == [RUNNING, CANCELLED]
    begun_an_hour_ago(url, second)
    newest, _ = store.training_runs(NAME)
    assert (newest.state, "killed" in newest.history["error"]) == (FAILED, True)
    assert [r.id for r in store.training_runs(NAME, before=second)] == [run]
    with pytest.raises(StoreError, match="no training"):
        store.training(999)


def test_an_unknown_model_is_none(store: SqlStore) -> None:
    enter(store, 1)
    assert store.model(NAME, 1) is not None
    assert store.model(NAME, 2) is None
    assert store.model("other", 1) is None


def test_every_change_of_a_rule_is_told_once_however_it_is_paged(store: SqlStore) -> None:
    store.sync_plot_types([KIND])
    enter(store, 1)
    store.set_thresholds(NAME, 1, {"Bad": 0.8, "Good": 0.7}, "anna")
    store.set_settings(NAME, {"confirm": "2 of 4", "severity.NoData": "none"}, "ben", "10.0.0.1")
    store.set_settings(NAME, {"confirm": None}, "cora", "10.0.0.2")
    store.set_settings("other", {"confirm": "1 of 1"}, "ben", "10.0.0.1")
    whole = store.rule_changes(NAME)
    assert [(one.name, one.value, one.by) for one in whole[:1]] == [("confirm", None, "cora")]
    assert {(one.name, one.value) for one in whole[1:]} == {
        ("confirm", "2 of 4"), ("severity.NoData", "none"), ("threshold.Bad", 0.8), ("threshold.Good", 0.7),
    }  # fmt: skip
    assert {one.where for one in whole if one.name.startswith("threshold")} == {"v1, manual"}
    paged, before = [], None
    while page := store.rule_changes(NAME, before, limit=2):
        paged += page
        before = page[-1].at
    assert paged == whole


def test_what_is_being_trained_is_told_of_all_plot_types(store: SqlStore) -> None:
    run, other = store.start_training(NAME, {}, "anna"), store.start_training("other", {}, "anna")
    assert [(one.id, one.plot_type) for one in store.trainings_under_way()] == [(run, NAME), (other, "other")]
    store.end_training(run, FAILED, "no labels")
    assert [one.id for one in store.trainings_under_way()] == [other]


def test_a_training_waits_for_a_trainer_and_is_taken_once(store: SqlStore, url: str) -> None:
    run = store.start_training(NAME, {}, "anna", waiting=True)
    other = store.start_training("other", {}, "anna", waiting=True)
    with pytest.raises(StoreError, match="being trained already"):
        store.start_training(NAME, {}, "ben")
    assert store.cancel_training(other, "ben")
    assert store.training(other).state == CANCELLED
    assert store.take_waiting() == [run]
    assert store.take_waiting() == []
    assert store.training(run).state == RUNNING
    store.end_training(run, FAILED, "no labels")
    third = store.start_training(NAME, {}, "anna", waiting=True)
    begun_an_hour_ago(url, third)
    newest, _ = store.training_runs(NAME)
    assert (newest.state, newest.history["error"]) == (FAILED, "no trainer has taken it up")
