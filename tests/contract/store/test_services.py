"""How Hydra itself does: heartbeats, arrivals by hour, last arrivals, who labels and agrees."""

from datetime import timedelta

import pytest
from support.outcomes import Life, at, image, plot_type

from hydra_core.domain import LabelledPlot, Outcome
from hydra_core.store import SqlStore


@pytest.fixture
def life(store: SqlStore) -> Life:
    made = Life()
    store.sync_plot_types([made.kind, plot_type("other")])
    return made


def vote(store: SqlStore, who: str, outcomes: list[Outcome], class_name: str) -> None:
    plots = [one.plot for one in outcomes if one.plot is not None]
    store.save_votes(plots[0].plot_type, who, {plot.uid: class_name for plot in plots})


def test_services_tell_what_they_told_last(store: SqlStore) -> None:
    assert store.services() == []
    store.heartbeat("web", "b", 2, "RUNNING", {})
    store.heartbeat("ioc", "a", 1, "STARTING", {})
    store.heartbeat("ioc", "a", 1, "RUNNING", {"pvs": {"QUEUE": 3, "STATE": "RUNNING"}})
    found = store.services()
    assert [(one.service, one.host, one.pid, one.state) for one in found] == [
        ("ioc", "a", 1, "RUNNING"), ("web", "b", 2, "RUNNING"),
    ]  # fmt: skip
    assert found[0].detail == {"pvs": {"QUEUE": 3, "STATE": "RUNNING"}}


def test_arrivals_are_counted_by_hour(store: SqlStore, life: Life) -> None:
    for number in (1, 2, 400, 401, 402):  # ten seconds apart: the hours begin at 12:00:00
        store.record(life.judge(number))
    noon = at(0).replace(minute=0, second=0, microsecond=0)
    assert store.arrivals(at(-1)) == {noon: 2, noon + timedelta(hours=1): 3}
    assert store.arrivals(at(4005)) == {noon + timedelta(hours=1): 2}


def test_the_last_arrival_of_each_type(store: SqlStore, life: Life) -> None:
    other = Life(plot_type("other"))
    outcomes = [life.judge(1), other.judge(5), life.judge(2)]
    for outcome in outcomes:
        store.record(outcome)
    last = outcomes[2].plot
    assert last is not None
    found = store.last_arrivals()
    assert set(found) == {"CDC_occupancy", "other"}
    assert found["CDC_occupancy"] == (last.received_at, last.source)


def test_the_database_tells_what_it_is(store: SqlStore) -> None:
    server, size = store.database()
    assert ("SQLite" in server) or ("MariaDB" in server)
    assert size > 10_000


def test_leaders_cover_much_and_agree(store: SqlStore, life: Life) -> None:
    other = Life(plot_type("other"))
    mine = [life.judge(number) for number in (1, 2, 4, 5)]
    others = [other.judge(number) for number in (1, 2)]
    for outcome in (*mine, *others):
        store.record(outcome)
    vote(store, "anna", mine[:3], "Good")
    vote(store, "anna", others, "Good")
    vote(store, "ben", mine, "Good")
    vote(store, "chris", mine[:1], "Bad")
    imported = [LabelledPlot(one.plot, "Bad") for one in mine if one.plot is not None]
    store.add_labels(imported, {row.plot.sha256: image(row.plot) for row in imported}, "importer", "labels.csv")
    found = {one.name: one for one in store.leaders()}
    assert [one.name for one in store.leaders()] == ["anna", "ben", "chris"]
    assert (found["anna"].plot_types, found["anna"].plots, found["anna"].shared) == (2, 5, 3)
    assert (found["ben"].plot_types, found["ben"].plots, found["ben"].shared) == (1, 4, 3)
    assert (found["anna"].agreed, found["ben"].agreed, found["chris"].agreed) == (3, 3, 0)
    assert store.leaders(since=at(10**9)) == []
