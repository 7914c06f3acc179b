"""Judging an archive again: every plot once, by the index; every prediction once, and told to nobody."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, Select, text
from support.outcomes import START, Life, at, image, plot, prediction

from hydra_core.domain import LabelledPlot, ModelRef, Plot
from hydra_core.store import SqlStore
from hydra_core.store import rejudging as module
from hydra_core.store.rejudging import Place, page_queries
from hydra_core.store.scratch import Scratch

KIND = "CDC_occupancy"
NEW = ModelRef(KIND, 9, "9" * 64)


def add_plots(store: SqlStore, items: list[Plot]) -> None:
    store.sync_plot_types([Life().kind])
    pictures = {item.sha256: image(item) for item in items}
    store.add_labels([LabelledPlot(item, "Good") for item in items], pictures, "anna", "test")


@pytest.mark.parametrize("runs", ["several", "one", "none"])
def test_every_plot_comes_once_whatever_its_run(store: SqlStore, monkeypatch: pytest.MonkeyPatch, runs: str) -> None:
    monkeypatch.setattr(module, "PAGE", 7)
    items = [plot(n) for n in range(45)]
    if runs == "several":
        items = [replace(item, run=12000 + n % 5, chunk=n % 9) for n, item in enumerate(items)]
    if runs == "none":
        items = [replace(item, run=0, chunk=0) for item in items]
    add_plots(store, items)
    found = list(store.stored_plots(KIND))
    assert sorted(s.plot.uid for s in found) == sorted(item.uid for item in items)
    keys = [(s.plot.run, s.plot.chunk, s.id) for s in found]
    assert keys == sorted(keys)
    assert list(store.stored_plots("unknown")) == []
    early = [s.plot for s in store.stored_plots(KIND, at(99), at(199))]
    assert {p.taken_at for p in early} == {item.taken_at for item in items if at(99) <= item.taken_at < at(199)}


def test_a_page_reads_one_range_of_the_index(store: SqlStore, engine: Engine) -> None:
    items = [replace(plot(n), run=n // 40, chunk=n % 40) for n in range(2000)]
    add_plots(store, items)
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            connection.execute(text("ANALYZE TABLE plot, image"))
        type_id = connection.execute(text("SELECT id FROM plot_type")).scalar_one()
        for query in (*page_queries(type_id, None, 500), *page_queries(type_id, Place(20, 5, 806), 500)):
            plan = explained(connection, query)
            assert "ix_plot_plot_type_id_run_chunk" in plan, plan
            assert "filesort" not in plan and "TEMP B-TREE" not in plan and "SCAN" not in plan, plan


def explained(connection: Connection, query: Select[tuple[object, ...]]) -> str:
    compiled = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    sqlite = connection.dialect.name == "sqlite"
    rows = connection.execute(text(f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{compiled}"))
    plan = "\n".join(str(tuple(row)) for row in rows)
    return plan if sqlite else plan.replace("Using temporary", "filesort")


def test_what_a_model_says_again_is_stored_once_and_told_to_nobody(store: SqlStore, engine: Engine) -> None:
    life = Life()
    store.sync_plot_types([life.kind])
    for number in (1, 2):
        store.record(life.judge(number))
    changes = store.last_change_id()
    stored = list(store.stored_plots(KIND))
    said = [(s.id, replace(prediction(s.plot, "Bad", 0.75), model=NEW)) for s in stored]
    assert store.judged(NEW, [s.id for s in stored]) == set()
    store.add_shadow(said[:1])
    assert store.judged(NEW, [s.id for s in stored]) == {stored[0].id}
    store.add_shadow([(i, replace(p, scores=(1.0, 0.0, 0.0))) for i, p in said])
    store.add_shadow([])
    with engine.connect() as connection:
        query = "SELECT shadow, status, top_class, cam_height, scores FROM inference ORDER BY plot_id, model_id"
        rows = [tuple(row) for row in connection.execute(text(query))]
    assert [(bool(row[0]), row[1] is None) for row in rows] == [(False, False), (True, True)] * 2
    assert (rows[1][2], rows[3][2]) == ("Bad", "Good") and rows[1][3] == 5
    assert dict(json.loads(str(rows[1][4])))["Bad"] == 0.75
    found = store.predictions_of(NEW, [s.plot for s in stored])
    assert found[stored[0].plot.uid] == said[0][1] and found[stored[1].plot.uid].scores == (1.0, 0.0, 0.0)
    assert store.last_change_id() == changes
    assert store.plot_page(stored[0].plot.uid).opinions[0].shadow  # type: ignore[union-attr]


def test_what_the_model_in_service_has_said_stays(store: SqlStore) -> None:
    life = Life()
    store.sync_plot_types([life.kind])
    store.record(life.judge(1))
    (only,) = store.stored_plots(KIND)
    live = prediction(only.plot).model
    assert store.judged(live, [only.id]) == {only.id}
    store.add_shadow([(only.id, prediction(only.plot, "Bad"))])
    page = store.plot_page(only.plot.uid)
    assert page is not None and [(o.class_name, o.shadow) for o in page.opinions] == [("Good", False)]


def test_a_scratch_file_answers_as_the_store_does(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    said = [(n, replace(prediction(plot(n), "Bad", 0.8), model=NEW)) for n in range(1200)]
    scratch.add_shadow(said)
    scratch.add_shadow([(0, prediction(plot(0), "Good"))])
    assert scratch.judged(NEW, [0, 1]) == set()
    found = scratch.predictions_of(NEW, [plot(n) for n in range(1300)])
    assert found == {p.plot.uid: p for _, p in said}
    scratch.close()
    assert START < plot(1).received_at
