"""Settings and policies outlive a restart, with their history and an audit line for each."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import create_engine, text
from support.outcomes import Life, at, incident

from hydra_core.domain import Mode, Ruled
from hydra_core.kpi import Incident
from hydra_core.store import SqlStore


def test_the_newest_setting_holds_and_none_takes_it_back(store: SqlStore) -> None:
    assert store.settings() == {}
    store.set_settings("CDC", {"on_delay": 10.0, "severity.Bad": "minor"}, "anna", "10.0.0.1:5")
    store.set_settings(None, {"mode": "TEST"}, "ben")
    assert store.set_settings("CDC", {"on_delay": 20.0, "severity.Bad": None}, "ben") == {"on_delay": 20.0}
    assert store.settings() == {"CDC": {"on_delay": 20.0}, None: {"mode": "TEST"}}
    store.set_settings(None, {"mode": None}, "ben")
    assert store.settings() == {"CDC": {"on_delay": 20.0}}


def test_history_says_who_when_from_where(store: SqlStore) -> None:
    store.set_settings("CDC", {"on_delay": 10.0}, "anna", "10.0.0.1:5")
    store.set_settings("FCAL", {"on_delay": 1.0}, "cleo")
    store.set_settings("CDC", {"on_delay": None}, "ben")
    found = store.setting_history("CDC")
    assert [(one.name, one.value, one.by, one.where) for one in found] == [
        ("on_delay", None, "ben", ""),
        ("on_delay", 10.0, "anna", "10.0.0.1:5"),
    ]
    assert found[0].at >= found[1].at
    assert store.setting_history(None) == []
    assert len(store.setting_history("CDC", limit=1)) == 1


def test_each_put_is_one_audit_line_with_before_and_after(store: SqlStore, url: str) -> None:
    store.set_settings("CDC", {"leave.Bad": 0.4}, "anna", "10.0.0.1:5")
    store.set_settings("CDC", {"leave.Bad": 0.3}, "ben", "10.0.0.2:6")
    engine = create_engine(url)
    with engine.connect() as connection:
        query = text("SELECT who, what, target, `before`, `after`, where_from FROM audit_log ORDER BY id")
        rows = [tuple(row) for row in connection.execute(query)]
    engine.dispose()
    assert [row[:3] + row[5:] for row in rows] == [
        ("anna", "set rule", "CDC", "10.0.0.1:5"),
        ("ben", "set rule", "CDC", "10.0.0.2:6"),
    ]
    assert "0.4" in str(rows[1][3]) and "0.3" in str(rows[1][4])


def test_the_policy_of_a_time(store: SqlStore) -> None:
    life = Life()
    later = replace(life.kind.policy, mode=Mode.TEST, leave={"Bad": 0.25}, on_delay=3.5)
    store.record(life.step(Ruled(life.kind.policy), 1))
    ruled = life.step(Ruled(later), 100)
    store.record(ruled)
    store.record(ruled)
    assert store.policy_at(life.kind.name) == later
    assert store.policy_at(life.kind.name, at(100)) == life.kind.policy
    assert store.policy_at(life.kind.name, at(1)) is None
    assert store.policy_at("Other") is None
    assert [event for _, event, _ in store.history(life.kind)] == [Ruled(life.kind.policy), Ruled(later)]


def test_incidents_of_a_time_span(store: SqlStore) -> None:
    life = Life()
    for outcome in incident(life):
        store.record(outcome)
    (first,) = store.incidents(at(0), at(100))
    assert first == Incident(life.kind.name, "Bad", at(40.25), at(70.25), None)
    assert store.incidents(at(71), at(100)) == []
    assert store.incidents(at(0), at(40)) == []
    assert store.incidents(at(60), at(60) + timedelta(hours=8)) == [first]
