"""Models, labels, training sets, acknowledgements, heartbeats: kept, and audited where somebody decided something."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text
from support.outcomes import START, Life, at, image, incident, plot, plot_type

from hydra_core.domain import LabelledPlot, ModelRecord, ModelRef
from hydra_core.errors import StoreError
from hydra_core.store import SqlStore

KIND = "CDC_occupancy"


def rows(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def add(store: SqlStore, version: int, parent: int | None = None) -> ModelRecord:
    ref = ModelRef(KIND, version, f"{version:064x}")
    metrics, thresholds = {"balanced_accuracy": 0.987}, {"Good": 0.9, "Bad": 0.8 + version / 100}
    classes = ("Good", "Bad", "NoData")
    return store.add_model(KIND, ref, f"/models/{version}", classes, metrics, thresholds, "anna", parent)


def labelled(numbers: range, class_name: str = "Good", split: str | None = "train") -> list[LabelledPlot]:
    return [LabelledPlot(plot(n), class_name, split, f"run{n // 4}") for n in numbers]


def test_a_model_enters_as_a_candidate(store: SqlStore) -> None:
    assert store.next_version(KIND) == 1
    assert store.active_model(KIND) is None
    first = add(store, 1)
    assert (first.state, first.path, first.created_by, first.parent) == ("candidate", "/models/1", "anna", None)
    assert (first.metrics, first.thresholds) == ({"balanced_accuracy": 0.987}, {"Good": 0.9, "Bad": 0.81})
    assert first.classes == ("Good", "Bad", "NoData")
    assert store.next_version(KIND) == 2
    assert add(store, 2, parent=1).parent == 1
    assert [record.ref.version for record in store.models(KIND)] == [1, 2]
    assert store.models("other") == []
    assert store.models() == store.models(KIND)


def test_the_same_model_again_is_no_work_and_another_one_is_refused(store: SqlStore) -> None:
    first = add(store, 1)
    assert add(store, 1) == first
    with pytest.raises(StoreError, match="take the next version number"):
        store.add_model(KIND, replace(first.ref, sha256="f" * 64), "/x", ("Good",), {}, {}, "ben")
    with pytest.raises(StoreError, match="parent v9"):
        add(store, 2, parent=9)
    assert len(store.models()) == 1


def test_a_model_seen_first_in_a_result_enters_the_library_later(store: SqlStore) -> None:
    outcome = Life().judge(1)
    store.record(outcome)
    assert store.models() == []
    assert store.next_version(KIND) == 4
    assert outcome.prediction is not None
    store.add_model(KIND, outcome.prediction.model, "/models/3", ("Good", "Bad", "NoData"), {}, {}, "anna")
    assert [record.ref for record in store.models()] == [outcome.prediction.model]
    assert store.status()["rows"]["model"] == 1


def test_promote_and_roll_back(store: SqlStore, engine: Engine) -> None:
    for version in (1, 2, 3):
        add(store, version)
        assert store.promote(KIND, version, "anna").state == "active"
    assert [record.state for record in store.models()] == ["retired", "retired", "active"]
    assert store.rollback(KIND, "ben").ref.version == 2
    assert store.rollback(KIND, "ben").ref.version == 1
    active = store.active_model(KIND)
    assert active is not None and active.ref.version == 1
    with pytest.raises(StoreError, match="no model was active before"):
        store.rollback(KIND, "ben")
    store.promote(KIND, 3, "anna")
    assert store.rollback(KIND, "ben").ref.version == 1
    said = rows(
        engine, "SELECT who, what, target, `before`, `after` FROM audit_log WHERE what LIKE '%roll%' ORDER BY id"
    )
    told = [(who, what, target, json.loads(str(b)), json.loads(str(a))) for who, what, target, b, a in said]
    assert told[0] == ("ben", "roll back model", KIND, {"version": 3}, {"version": 2})
    assert len(told) == 3
    changes = [c for c in store.changes_after(0) if c.kind == "model"]
    assert [c.payload["version"] for c in changes] == [1, 2, 3, 2, 1, 3, 1]


def test_promoting_the_active_model_is_no_event(store: SqlStore) -> None:
    add(store, 1)
    store.promote(KIND, 1, "anna")
    before = store.last_change_id()
    store.promote(KIND, 1, "ben")
    assert store.last_change_id() == before


def test_an_unknown_version_is_refused(store: SqlStore) -> None:
    store.record(Life().judge(1))
    with pytest.raises(StoreError, match="CDC_occupancy v3 is not in the library"):
        store.promote(KIND, 3, "anna")


def test_models_of_another_type_stay_active(store: SqlStore) -> None:
    add(store, 1)
    other = store.add_model("B_x", ModelRef("B_x", 1, "a" * 64), "/b", ("Good",), {}, {}, "anna")
    store.promote(KIND, 1, "anna")
    store.promote("B_x", 1, "anna")
    for name in (KIND, other.ref.plot_type):
        active = store.active_model(name)
        assert active is not None and active.ref.plot_type == name


def test_thresholds_are_kept_as_history(store: SqlStore, engine: Engine) -> None:
    add(store, 1)
    changed = store.set_thresholds(KIND, 1, {"Bad": 0.97}, "ben")
    assert changed.thresholds == {"Good": 0.9, "Bad": 0.97}
    assert store.models()[0].thresholds == changed.thresholds
    history = rows(engine, "SELECT value, method, set_by FROM threshold WHERE class_name = 'Bad' ORDER BY id")
    assert history == [(0.81, "evaluate", "anna"), (0.97, "manual", "ben")]


def test_labels_come_back(store: SqlStore, engine: Engine) -> None:
    store.sync_plot_types([plot_type()])
    said = labelled(range(1, 9)) + labelled(range(9, 12), "Bad", None)
    images = {row.plot.sha256: image(row.plot) for row in said}
    assert store.add_labels(said, images, "anna", "labels.csv") == 11
    assert store.labelled(KIND) == store.labelled(plot_type()) == said
    assert store.add_labels(said, images, "anna", "labels.csv") == 0
    assert rows(engine, "SELECT labelled_by, source FROM label_batch") == [("anna", "labels.csv")]
    assert rows(engine, "SELECT COUNT(*) FROM label") == [(11,)]
    assert rows(engine, "SELECT MAX(width), MIN(width) FROM image") == [(1200, 1200)]


def test_a_changed_mind_is_a_new_vote_and_the_new_truth(store: SqlStore, engine: Engine) -> None:
    store.sync_plot_types([plot_type()])
    said = labelled(range(1, 4))
    store.add_labels(said, {}, "anna", "grid")
    corrected = [replace(said[1], class_name="Bad"), said[2]]
    assert store.add_labels(corrected, {}, "ben", "grid") == 1
    assert [row.class_name for row in store.labelled(KIND)] == ["Good", "Bad", "Good"]
    assert rows(engine, "SELECT COUNT(*) FROM label") == [(4,)]


def test_a_label_on_a_plot_that_was_judged(store: SqlStore) -> None:
    store.sync_plot_types([plot_type()])
    store.record(Life().judge(1))
    store.add_labels(labelled(range(1, 2), "NoData"), {}, "anna", "grid")
    assert store.status()["rows"]["plot"] == 1
    assert [row.class_name for row in store.labelled(KIND)] == ["NoData"]


def test_thousands_of_labels_in_one_go(store: SqlStore) -> None:
    store.sync_plot_types([plot_type()])
    said = labelled(range(3000))
    assert store.add_labels(said, {}, "anna", "big.csv") == 3000
    assert len(store.labelled(KIND)) == 3000


def test_an_unknown_class_is_refused_whole(store: SqlStore) -> None:
    store.sync_plot_types([plot_type()])
    with pytest.raises(StoreError, match=r"no class 'good'.*Good, Bad, NoData"):
        store.add_labels(labelled(range(3)) + labelled(range(3, 4), "good"), {}, "anna", "x.csv")
    assert store.labelled(KIND) == []


def test_a_set_is_frozen_with_its_labels(store: SqlStore, engine: Engine) -> None:
    store.sync_plot_types([plot_type()])
    store.add_labels(labelled(range(1, 4)), {}, "anna", "x.csv")
    items = {plot(1).uid: "train", plot(2).uid: "validation", plot(3).uid: "test"}
    frozen = store.freeze_dataset(KIND, items, "d" * 64)
    assert store.freeze_dataset(KIND, items, "d" * 64) == frozen
    assert store.freeze_dataset(KIND, dict(list(items.items())[:2]), "e" * 64) != frozen
    store.add_labels(labelled(range(1, 2), "Bad"), {}, "anna", "x.csv")
    query = (
        "SELECT c.name, i.split FROM dataset_item i JOIN label_class c ON c.id = i.label_class_id "
        f"WHERE i.dataset_id = {frozen} ORDER BY i.plot_id"
    )
    assert rows(engine, query) == [("Good", "train"), ("Good", "validation"), ("Good", "test")]
    with pytest.raises(StoreError, match="1 plots of the set have no label"):
        store.freeze_dataset(KIND, {**items, plot(9).uid: "train"}, "f" * 64)


def test_a_plot_knows_its_side_in_the_newest_set(store: SqlStore) -> None:
    store.sync_plot_types([plot_type()])
    store.add_labels(labelled(range(1, 5)), {}, "anna", "x.csv")
    uids = [plot(number).uid for number in range(1, 5)]
    assert {row.last_split for row in store.labelled(KIND)} == {None}
    store.freeze_dataset(KIND, {uids[0]: "train", uids[1]: "test", uids[2]: "train"}, "d" * 64)
    store.freeze_dataset(KIND, {uids[0]: "train", uids[1]: "validation"}, "e" * 64)
    found = {row.plot.uid: row.last_split for row in store.labelled(KIND)}
    assert found == {uids[0]: "train", uids[1]: "validation", uids[2]: None, uids[3]: None}


def test_a_training_is_written_down(store: SqlStore, engine: Engine) -> None:
    store.sync_plot_types([plot_type()])
    store.add_labels(labelled(range(1, 4)), {}, "anna", "x.csv")
    frozen = store.freeze_dataset(KIND, {plot(1).uid: "train"}, "d" * 64)
    add(store, 1)
    number = store.add_training_run(
        KIND,
        dataset_id=frozen,
        version=1,
        state="done",
        started_at=START,
        finished_at=at(60),
        settings={"epochs": 3, "rate": 1e-3},
        history={"loss": [1.0, 0.5, 0.25]},
        by="anna",
    )
    ((state, settings, curves),) = rows(
        engine, f"SELECT state, settings, history FROM training_run WHERE id = {number} AND model_id IS NOT NULL"
    )
    assert (state, json.loads(str(settings))) == ("done", {"epochs": 3, "rate": 0.001})
    assert json.loads(str(curves)) == {"loss": [1.0, 0.5, 0.25]}


def test_an_episode_is_acknowledged_once(store: SqlStore, engine: Engine) -> None:
    for outcome in incident():
        store.record(outcome)
    uid = next(o.episode.uid for o in incident() if o.episode is not None)
    assert store.acknowledge(uid, "anna")
    assert not store.acknowledge(uid, "ben")
    assert rows(engine, "SELECT acked_by FROM episode") == [("anna",)]
    assert rows(engine, "SELECT who, what, target FROM audit_log") == [("anna", "acknowledge", uid)]
    assert store.changes_after(0)[-1].kind == "acknowledge"
    with pytest.raises(StoreError, match="no episode nope"):
        store.acknowledge("nope", "anna")


def test_acknowledged_stays_acknowledged_when_the_episode_goes_on(store: SqlStore, engine: Engine) -> None:
    outcomes = incident()
    opened = next(i for i, o in enumerate(outcomes) if o.episode is not None)
    for outcome in outcomes[: opened + 1]:
        store.record(outcome)
    store.acknowledge(outcomes[opened].episode.uid, "anna")  # type: ignore[union-attr]
    for outcome in outcomes[opened + 1 :]:
        store.record(outcome)
    ((by, ended),) = rows(engine, "SELECT acked_by, ended_at FROM episode")
    assert by == "anna" and ended is not None


def test_heartbeats_are_one_row_a_service(store: SqlStore, engine: Engine) -> None:
    for state in ("STARTING", "RUNNING"):
        store.heartbeat("ioc", "host1", 4711, state, {"queue": 2})
    store.heartbeat("web", "host1", 4712, "RUNNING", {})
    found = rows(engine, "SELECT service, pid, state FROM service_status ORDER BY service")
    assert found == [("ioc", 4711, "RUNNING"), ("web", 4712, "RUNNING")]


def test_the_audit_log_keeps_before_and_after(store: SqlStore, engine: Engine) -> None:
    store.audit("anna", "mute", KIND, {"until": None}, {"until": at(60)}, "10.0.0.7")
    ((who, what, target, before, after, where),) = rows(
        engine, "SELECT who, what, target, `before`, `after`, where_from FROM audit_log"
    )
    assert (who, what, target, where) == ("anna", "mute", KIND, "10.0.0.7")
    assert json.loads(str(before)) == {"until": None}
    assert json.loads(str(after)) == {"until": at(60).isoformat()}


def test_a_threshold_set_by_a_person_is_told_apart(store: SqlStore) -> None:
    add(store, 1)
    store.promote(KIND, 1, "anna")
    record = store.set_thresholds(KIND, 1, {"Bad": 0.8}, "anna")
    assert record.manual == {"Bad": 0.8}
    chosen = store.set_thresholds(KIND, 1, {"Bad": 0.6}, "anna", "budget")
    assert chosen.manual == {"Bad": 0.6}, "whatever the method, a person put it in force"
    again = store.set_thresholds(KIND, 1, {"Bad": 0.7}, "hydra", "evaluate")
    assert again.manual == {} and again.thresholds["Bad"] == 0.7
