"""What pages read: the wall in one query, changes by cursor, heat maps and plots."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import Engine, event, insert
from support.outcomes import CLASSES, Life, incident, plot, plot_type, prediction

from db_schema.tables import change
from hydra_core.domain import LabelClass, Severity, Status
from hydra_core.errors import StoreError
from hydra_core.store import SqlStore


def test_the_wall_shows_every_configured_type_in_order(store: SqlStore) -> None:
    names = ["Z_last", "A_first", "M_mid"]
    store.sync_plot_types([plot_type(name) for name in names])
    rows = store.wall()
    assert [row.plot_type for row in rows] == names
    assert {(row.status, row.severity, row.plot, row.score) for row in rows} == {
        (Status.UNKNOWN, Severity.INVALID, None, 0.0)
    }
    store.sync_plot_types([plot_type(name) for name in names[1:]])
    assert [row.plot_type for row in store.wall()] == names[1:]


def test_a_row_holds_all_that_the_card_shows(store: SqlStore) -> None:
    life = Life()
    store.sync_plot_types([life.kind])
    outcome = life.judge(1, "Bad", 0.95 + 1e-16 * 7)
    store.record(outcome)
    (row,) = store.wall()
    verdict = outcome.verdict
    assert verdict is not None and outcome.prediction is not None
    assert (row.title, row.group, row.pv) == ("CDC occupancy", "CDC", "CDC_OCCUPANCY")
    assert (row.status, row.severity, row.reason) == (verdict.status, verdict.severity, verdict.reason)
    assert (row.class_name, row.score) == ("Bad", outcome.prediction.top()[1])
    assert (row.plot, row.model, row.cam_shape) == (outcome.plot, "CDC_occupancy v3", (5, 7))
    assert (row.since, row.updated_at) == (life.state.since, outcome.at)
    assert row.inference_id is not None
    assert np.array_equal(store.cam(row.inference_id), outcome.prediction.cam)  # type: ignore[arg-type]


def test_quotes_and_other_letters_reach_the_wall(store: SqlStore) -> None:
    odd = 'a "quoted" \\ title, Ω\n\t🐉'
    store.sync_plot_types([replace(plot_type(), title=odd)])
    assert store.wall()[0].title == odd


def test_silence_keeps_the_last_plot_on_the_wall(store: SqlStore) -> None:
    outcomes = [o for o in incident() if o.state is not None]
    stale = next(i for i, o in enumerate(outcomes) if o.state is not None and o.state.status is Status.STALE)
    for outcome in outcomes[: stale + 1]:
        store.record(outcome)
    row = store.wall()[0]
    assert row.status is Status.STALE
    assert row.plot == [o.plot for o in outcomes[: stale + 1] if o.plot is not None][-1]


def test_the_wall_is_one_query(store: SqlStore) -> None:
    for name in ("A_x", "B_x", "C_x"):
        store.record(Life(plot_type(name)).judge(1))
    store.wall()
    statements: list[str] = []
    event.listen(
        store._db.engine, "before_cursor_execute", lambda _c, _k, statement, *_rest: statements.append(statement)
    )
    assert len(store.wall()) == 3
    assert sum(statement.lstrip().startswith("SELECT") for statement in statements) == 1


def test_changes_come_after_the_cursor(store: SqlStore) -> None:
    outcomes = incident()
    assert (store.last_change_id(), store.changes_after(0)) == (0, [])
    for outcome in outcomes:
        store.record(outcome)
    changes = store.changes_after(0)
    kinds = ["transition", *["verdict"] * 4, "transition", "verdict", "transition", *["verdict"] * 3]
    kinds += ["failure", "passed", "transition", "transition", "verdict", "transition", "reject"]
    assert [c.kind for c in changes] == kinds
    assert [c.at for c in changes] == [o.at for o in outcomes]
    assert {c.plot_type for c in changes} == {"CDC_occupancy"}
    assert changes[-1].id == store.last_change_id()
    assert store.changes_after(changes[4].id, limit=3) == changes[5:8]
    assert store.changes_after(changes[-1].id) == []
    assert changes[1].payload["plot"] == plot(1).uid
    json.dumps([dict(c.payload) for c in changes])


def test_a_reader_waits_at_a_fresh_gap_and_not_at_an_old_one(store: SqlStore, engine: Engine) -> None:
    now = datetime.now(UTC)

    def put(number: int, age: float) -> None:
        row = {"uid": f"{number:032x}", "kind": "news", "payload": {}, "at": now}
        with engine.begin() as connection:
            values = {**row, "id": number, "recorded_at": now - timedelta(seconds=age)}
            connection.execute(insert(change).values(values))

    put(100001, 3600)
    put(100003, 3600)
    put(100004, 0)
    put(100006, -3600)
    put(100008, 0)
    start = 100000
    assert [c.id - start for c in store.changes_after(start)] == [1, 3, 4, 6]
    put(100007, 0)
    assert [c.id - start for c in store.changes_after(start + 6)] == [7, 8]


def test_missing_things_are_none(store: SqlStore) -> None:
    assert store.cam(99) is None
    assert store.plot(99) is None
    assert store.plot("0" * 32) is None
    assert store.episode("x") is None
    assert store.plot_page("0" * 32) is None


def test_a_prediction_without_heat_map(store: SqlStore) -> None:
    said = replace(prediction(plot(1)), cam=None)
    store.record(Life().step(said, 10))
    (row,) = store.wall()
    assert row.cam_shape is None
    assert row.inference_id is not None
    assert store.cam(row.inference_id) is None


def test_new_classes_go_to_the_end_and_lost_ones_are_kept(store: SqlStore, engine: Engine) -> None:
    kind = plot_type()
    led = LabelClass("LED", Severity.NO_ALARM, "l", "#fff")
    store.sync_plot_types([kind])
    store.sync_plot_types([kind])
    store.sync_plot_types([replace(kind, classes=(*CLASSES, led))])
    assert _classes(engine) == [("Good", 0, 0), ("Bad", 1, 0), ("NoData", 2, 0), ("LED", 3, 0)]
    store.sync_plot_types([replace(kind, classes=CLASSES)])
    assert _classes(engine) == [("Good", 0, 0), ("Bad", 1, 0), ("NoData", 2, 0), ("LED", 3, 1)]
    store.sync_plot_types([replace(kind, classes=(*CLASSES, led))])
    assert _classes(engine)[3] == ("LED", 3, 0)


@pytest.mark.parametrize(
    "classes",
    [CLASSES[::-1], CLASSES[1:], (CLASSES[0], CLASSES[2]), (*CLASSES[:2], LabelClass("X", Severity.MINOR, "x", "#0"))],
)
def test_reordered_classes_are_refused_and_nothing_changes(
    store: SqlStore, engine: Engine, classes: tuple[LabelClass, ...]
) -> None:
    store.sync_plot_types([plot_type()])
    before = _classes(engine)
    with pytest.raises(StoreError, match=r"Good, Bad, NoData.*add new ones at the end"):
        store.sync_plot_types([plot_type("B_x"), replace(plot_type(), classes=classes)])
    assert _classes(engine) == before
    assert [row.plot_type for row in store.wall()] == ["CDC_occupancy"]


def _classes(engine: Engine) -> list[tuple[str, int, int]]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name, position, retired FROM label_class ORDER BY position")
        return [(row[0], row[1], int(row[2])) for row in rows]
