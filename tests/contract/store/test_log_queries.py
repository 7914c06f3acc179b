"""The log, what people decide and the shift report, on SQLite and MariaDB."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from support.wall import Shift, hall

from hydra_core.archive import FileArchive
from hydra_core.errors import StoreError
from hydra_core.store import SqlStore
from hydra_core.store.actions import FALSE_ALARM, Actor
from hydra_core.store.episodes import Filters

BEGIN = datetime(2026, 11, 24, 8, 0, 0, 123456, tzinfo=UTC)
ANN = Actor("ann", "10.0.0.7")


@pytest.fixture
def shift(store: SqlStore, tmp_path: Path) -> Shift:
    """Three incidents a minute a plot: CDC in run 1, which gets worse; FCAL in run 2; CDC again, open, in run 3."""
    config = hall(tmp_path)
    store.sync_plot_types(config.plot_types())
    made = Shift(config, store.record, FileArchive(tmp_path / "images"))
    made.moment = BEGIN
    for run, name, scores, clears in (
        (1, "CDC_occupancy", (0.95, 0.96, 0.99, 0.97), True),
        (2, "FCAL_occupancy", (0.92, 0.91), True),
        (3, "CDC_occupancy", (0.93, 0.94), False),
    ):
        made.run = run
        for class_name, score in (*(("Bad", s) for s in scores), *((("Good", 0.999),) * 2 if clears else ())):
            made.judge(name, class_name, score)
            made.moment += timedelta(minutes=1)
    return made


def found(store: SqlStore, **wanted: object) -> list[tuple[str, int | None]]:
    return [(one.plot_type, one.first.plot.run if one.first else None) for one in store.episodes(Filters(**wanted))]


def test_incidents_are_found(store: SqlStore, shift: Shift) -> None:
    every = [("CDC_occupancy", 3), ("FCAL_occupancy", 2), ("CDC_occupancy", 1)]
    assert found(store) == every
    assert found(store, groups=("CDC",)) == [every[0], every[2]]
    assert found(store, run=2) == [every[1]]
    assert found(store, run=2, plot_types=("CDC_occupancy",)) == []
    assert found(store, run=99) == []
    assert found(store, until=BEGIN + timedelta(minutes=4)) == [every[2]]
    assert found(store, since=BEGIN + timedelta(minutes=7)) == every[:2]


def test_pages_meet_without_gap_or_overlap(store: SqlStore, shift: Shift) -> None:
    mark, seen = None, []
    while page := store.episodes(Filters(), mark, 1):
        seen += page
        mark = page[-1].started_at, page[-1].id
    assert seen == store.episodes(Filters())
    mark, plots = None, []
    while some := store.suspects(Filters(), mark, 2):
        plots += some
        mark = some[-1].at, some[-1].inference_id
    assert plots == store.suspects(Filters())
    assert [one.score for one in plots] == pytest.approx([0.93, 0.92, 0.95])


def test_the_worst_plot_and_the_strip(store: SqlStore, shift: Shift) -> None:
    one = store.episodes(Filters(run=1))[0]
    assert one.worst is not None and one.first is not None
    assert (one.worst.score, one.worst_score, one.first.score) == pytest.approx((0.99, 0.99, 0.96))
    assert [round(shown.score, 3) for shown in store.image_strip(one.uid)] == [0.95, 0.96, 0.99, 0.97, 0.999, 0.999]
    assert [round(shown.score, 3) for shown in store.image_strip(one.uid, 3)] == [0.95, 0.99, 0.999]
    assert store.image_strip("nothing") == []


def test_what_people_decide_is_kept_with_its_audit(store: SqlStore, url: str, shift: Shift) -> None:
    one = store.episodes(Filters(run=1))[0]
    store.acknowledge(one.uid, "ann", "10.0.0.7")
    store.give_feedback(one.uid, False, "hot channel", ANN)
    store.set_logbook_url(one.uid, "https://log/1", ANN)
    store.ask_mute("CDC_occupancy", BEGIN + timedelta(days=9), ANN, "why")
    now = store.logged_episode(one.uid)
    assert now is not None
    assert (now.acked_by, now.true_alarm, now.feedback_by, now.note) == ("ann", False, "ann", "hot channel")
    assert now.logbook_url == "https://log/1"
    assert len(store.open_reviews("CDC_occupancy", FALSE_ALARM)) == 2
    engine = create_engine(url)
    with engine.connect() as connection:
        lines = connection.execute(text("select what, who, where_from from audit_log order by id")).all()
    engine.dispose()
    assert [tuple(line) for line in lines] == [
        (what, "ann", "10.0.0.7") for what in ("acknowledge", "feedback", "logbook", "mute")
    ]
    assert [change.kind for change in store.changes_after(0, 500)][-4:] == [
        "acknowledge",
        "feedback",
        "logbook",
        "mute",
    ]


def test_a_mute_is_unanswered_until_the_ioc_writes_of_that_type(store: SqlStore, shift: Shift) -> None:
    store.ask_mute("CDC_occupancy", BEGIN, ANN, "first")
    store.ask_mute("CDC_occupancy", None, ANN, "second")
    store.ask_mute("FCAL_occupancy", BEGIN, ANN, "other")
    assert [one.payload["reason"] for one in store.unanswered_mutes()] == ["second", "other"]
    shift.judge("CDC_occupancy", "Bad")
    assert [one.payload["reason"] for one in store.unanswered_mutes()] == ["other"]


def test_what_is_unknown_cannot_be_decided_about(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="no plot type nothing"):
        store.ask_mute("nothing", None, ANN)
    for work in (
        lambda: store.give_feedback("nothing", True, "", ANN),
        lambda: store.set_logbook_url("nothing", "u", ANN),
        lambda: store.acknowledge("nothing", "ann"),
    ):
        with pytest.raises(StoreError, match="no episode nothing"):
            work()


def test_the_shift_report(store: SqlStore, shift: Shift) -> None:
    store.acknowledge(store.episodes(Filters(run=1))[0].uid, "ann")
    report = store.shift_report(BEGIN, BEGIN + timedelta(hours=8))
    assert (report.figures.raised, report.figures.unacknowledged) == (3, 2)
    assert [(one.run, one.plots) for one in report.runs] == [(1, 6), (2, 4), (3, 2)]
    assert len(report.incidents) == 3
    quiet = store.shift_report(BEGIN - timedelta(hours=8), BEGIN)
    assert (quiet.figures.raised, quiet.runs, quiet.incidents) == (0, (), ())


def test_who_asks_for_the_report_by_mail(store: SqlStore) -> None:
    for email in ("a@example.org", "b@example.org"):
        store.ask_for_report("ann", email)
    store.ask_for_report("bob", "bob@example.org")
    assert store.report_recipients() == {"ann": "b@example.org", "bob": "bob@example.org"}
    store.ask_for_report("ann", None)
    assert store.report_recipients() == {"bob": "bob@example.org"}
