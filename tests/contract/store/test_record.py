"""Outcomes go into the database once, whole, and never make it show something older than it knew."""

import threading
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import create_engine, text
from support.outcomes import START, Life, at, image, incident, plot, plot_type, prediction

from hydra_core.domain import Condition, Failure, Image, Outcome, PlotState, Severity, Status
from hydra_core.errors import StoreError
from hydra_core.store import SqlStore, open_store

TABLES = ("image", "plot", "model", "inference", "episode", "current_status", "change")


def counts(store: SqlStore) -> dict[str, int]:
    rows = store.status()["rows"]
    return {name: rows[name] for name in TABLES}


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(statement))]
    engine.dispose()
    return rows


def test_one_outcome_fills_every_table(store: SqlStore) -> None:
    store.record(Life().judge(1))
    assert counts(store) == dict.fromkeys(TABLES, 1) | {"episode": 0}


def test_a_second_time_changes_nothing(store: SqlStore) -> None:
    outcomes = incident()
    for outcome in outcomes:
        store.record(outcome)
    before, wall, last = counts(store), store.wall(), store.last_change_id()
    for outcome in outcomes:
        store.record(outcome)
    assert (counts(store), store.wall(), store.last_change_id()) == (before, wall, last)
    assert before["change"] == len(outcomes)


def test_the_same_plot_and_model_counts_once_even_with_another_verdict(store: SqlStore) -> None:
    first = Life().judge(1)
    store.record(first)
    again = Life().step(prediction(plot(1)), 5000)
    store.record(again)
    assert counts(store)["inference"] == counts(store)["change"] == 1
    assert store.wall()[0].updated_at == first.at


def test_another_model_may_judge_the_same_plot(store: SqlStore) -> None:
    life = Life()
    store.record(life.judge(1))
    store.record(life.step(prediction(plot(1), version=4), 20))
    assert counts(store)["inference"] == counts(store)["model"] == 2
    assert counts(store)["plot"] == 1


def test_the_same_picture_is_kept_once(store: SqlStore) -> None:
    life = Life()
    assert plot(2).sha256 == plot(3).sha256
    store.record(life.judge(2))
    store.record(life.judge(3))
    assert counts(store)["image"] == 1
    assert counts(store)["plot"] == 2


def test_the_status_never_goes_back_in_time(store: SqlStore) -> None:
    outcomes = incident()[:-1]
    shown = [outcome for outcome in outcomes if outcome.state is not None]
    store.record(shown[-1])
    newest = store.wall()[0]
    assert newest.updated_at == shown[-1].at
    for outcome in shown[:-1]:
        store.record(outcome)
        wall = store.wall()[0]
        assert (wall.updated_at, wall.status, wall.since) == (newest.updated_at, newest.status, newest.since)


@pytest.mark.parametrize("seed", range(5))
def test_any_order_ends_in_the_same_status_and_episode(store: SqlStore, seed: int) -> None:
    outcomes = [outcome for outcome in incident() if outcome.reject is None]
    order = np.random.default_rng(seed).permutation(len(outcomes))
    for index in order:
        store.record(outcomes[index])
    last = [outcome for outcome in outcomes if outcome.state is not None][-1]
    state, _ = store.restore(plot_type(), 3)
    assert state == last.state
    ended = [o.episode for o in outcomes if o.episode is not None][-1]
    known = store.episode(ended.uid)
    assert known is not None
    assert (known.ended_at, known.worst_score) == (ended.ended_at, ended.worst_score)


def test_an_episode_is_one_row_from_first_plot_to_end(store: SqlStore, url: str) -> None:
    outcomes = incident()
    for outcome in outcomes:
        store.record(outcome)
    ended = [o.episode for o in outcomes if o.episode is not None][-1]
    assert ended.ended_at is not None
    assert store.episode(ended.uid) == ended
    assert query(url, "SELECT COUNT(*) FROM episode") == [(1,)]


def test_columns_hold_what_was_said(store: SqlStore, url: str) -> None:
    life = Life()
    store.record(life.judge(1, "Bad", 0.96))
    columns = "top_class, top_score, novelty, cam_height, cam_width, status, confirmed, shadow, took_ms"
    ((top_class, top_score, novelty, height, width, status, confirmed, shadow, took_ms),) = query(
        url, f"SELECT {columns} FROM inference"
    )
    assert (top_class, top_score, novelty) == ("Bad", 0.96, 0.125)
    assert (height, width, took_ms) == (5, 7, 31.25)
    assert (status, bool(confirmed), bool(shadow)) == (Status.SUSPECT, False, False)
    assert abs(query(url, "SELECT margin FROM inference")[0][0] - 0.94) < 1e-12  # type: ignore[operator]


def test_the_hash_of_a_picture_keeps_all_64_bits(store: SqlStore) -> None:
    item = replace(plot(1), sha256="f" * 64)
    picture = replace(image(item), dhash=(1 << 64) - 5)
    store.record(replace(Life().judge(1), plot=item, prediction=prediction(item), image=picture))
    _, last = store.restore(plot_type(), 3)
    assert last is not None
    assert last.image == picture


def test_a_plot_that_could_not_be_read_needs_no_picture(store: SqlStore) -> None:
    (failed,) = [o for o in incident() if o.verdict is not None and o.verdict.condition is Condition.READ]
    store.record(replace(failed, image=None))
    _, last = store.restore(plot_type(), 3)
    assert last is not None
    assert last.plot == failed.plot
    assert last.prediction is None
    assert last.image == Image(failed.plot.sha256, "", 0, 0, 0, None)  # type: ignore[union-attr]
    row = store.wall()[0]
    assert (row.status, row.class_name, row.plot, row.inference_id) == (Status.ERROR, "", failed.plot, None)


def test_a_reject_is_a_change_and_nothing_else(store: SqlStore) -> None:
    store.record(Outcome("Nobody_knows", START, reject="no plot type matches x.png"))
    assert counts(store) == dict.fromkeys(TABLES, 0) | {"change": 1}
    (change,) = store.changes_after(0)
    assert (change.kind, change.plot_type) == ("reject", None)
    assert change.payload == {"plot_type": "Nobody_knows", "reason": "no plot type matches x.png"}


def test_what_cannot_be_stored_is_refused_whole(store: SqlStore) -> None:
    outcome = Life().judge(1)
    bad = replace(outcome.prediction, novelty=float("nan"))  # type: ignore[type-var]
    with pytest.raises(StoreError, match="refuses"):
        store.record(replace(outcome, prediction=bad))
    assert counts(store) == dict.fromkeys(TABLES, 0)


def test_any_text_survives(store: SqlStore) -> None:
    item = replace(plot(1), source="Run01/Ω∂ 検出器 🐉 '; DROP TABLE plot; --.png")
    store.record(replace(Life().judge(1), plot=item, prediction=prediction(item)))
    assert store.plot(item.uid) == item


def test_a_file_name_that_is_no_text_is_kept_readable(store: SqlStore) -> None:
    item = replace(plot(1), source="Run01/caf\udce9.png")
    failure = Failure(item.plot_type, Condition.READ, "cannot open caf\udce9.png", item)
    store.record(Life().step(failure, 10))
    known = store.plot(item.uid)
    assert known is not None
    assert known.source == "Run01/caf?.png"
    assert store.wall()[0].reason == "cannot open caf?.png"
    ((_, event, verdict),) = store.history(plot_type())
    assert isinstance(event, Failure) and verdict is not None
    assert event.reason == verdict.reason == "cannot open caf?.png"


def test_times_keep_their_microseconds(store: SqlStore, url: str) -> None:
    item = replace(plot(1), taken_at=START.replace(microsecond=1), received_at=START.replace(microsecond=999999))
    store.record(replace(Life().judge(1), plot=item, prediction=prediction(item)))
    assert store.plot(item.uid) == item
    assert store.plot(_id_of(url, item.uid)) == item


def _id_of(url: str, uid: str) -> int:
    return int(query(url, f"SELECT id FROM plot WHERE uid = '{uid}'")[0][0])  # type: ignore[call-overload]


def test_known_plots_by_either_time(store: SqlStore) -> None:
    life = Life()
    for number in (1, 2, 3):
        store.record(life.judge(number))
    late = replace(plot(4), taken_at=at(500), received_at=at(1))
    store.record(replace(life.judge(4), plot=late, prediction=prediction(late)))
    assert store.known_plots(at(20)) == {plot(2).uid, plot(3).uid, late.uid}
    assert store.known_plots(START - timedelta(days=1)) == {plot(n).uid for n in (1, 2, 3)} | {late.uid}


def test_muting_is_on_the_wall(store: SqlStore) -> None:
    for outcome in incident()[:6]:
        store.record(outcome)
    row = store.wall()[0]
    assert (row.status, row.severity) == (Status.BAD, Severity.NO_ALARM)
    assert (row.muted_until, row.muted_by) == (at(3600), "anna")


def test_two_writers_at_once_lose_nothing(store: SqlStore, url: str) -> None:
    lives = [Life(plot_type(f"T{n}")) for n in range(4)]
    batches = [[life.judge(number) for number in range(12)] for life in lives]
    failed: list[BaseException] = []

    def write(batch: list[Outcome]) -> None:
        mine = open_store(url)
        try:
            for outcome in batch:
                mine.record(outcome)
                store.record(outcome)
        except BaseException as error:
            failed.append(error)
        finally:
            mine.close()

    threads = [threading.Thread(target=write, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert counts(store)["inference"] == counts(store)["change"] == 48


def test_restore_gives_state_and_last_outcome(store: SqlStore) -> None:
    outcomes = [o for o in incident() if o.state is not None]
    for position, outcome in enumerate(outcomes):
        store.record(outcome)
        state, last = store.restore(plot_type(), 3)
        assert state == outcome.state
        assert last is not None
        verdicts = [o.verdict for o in outcomes[: position + 1] if o.verdict is not None]
        assert last.verdict == (verdicts[-1] if verdicts else None)
        judged = [o for o in outcomes[: position + 1] if o.plot is not None]
        if judged:
            assert (last.plot, last.prediction) == (judged[-1].plot, judged[-1].prediction)
            if last.prediction is not None:
                assert np.array_equal(last.prediction.cam, judged[-1].prediction.cam)  # type: ignore[union-attr,arg-type]


def test_restore_gives_no_more_judgements_than_asked(store: SqlStore) -> None:
    life = Life()
    for number in (1, 2, 3):
        store.record(life.judge(number))
    assert len(life.state.recent) == 3
    for window in (0, 1, 2, 3, 9):
        state, _ = store.restore(life.kind, window)
        assert state == replace(life.state, recent=life.state.recent[-window:] if window else ())


def test_nothing_to_restore(store: SqlStore) -> None:
    assert store.restore(plot_type(), 3) == (None, None)


def test_a_state_of_an_older_hydra_is_restored_with_defaults(store: SqlStore, url: str) -> None:
    store.record(Life().judge(1))
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text('UPDATE current_status SET state = \'{"level": 1, "forgotten": 7}\''))
    engine.dispose()
    state, _ = store.restore(plot_type(), 3)
    assert state == PlotState(level=Status.GOOD)
