"""The history of a plot type for drawing: each judgement counted once, however coarse, with its rules and incidents."""

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, event
from support.outcomes import Life, at, incident, plot_type

from hydra_core.domain import Policy, Ruled
from hydra_core.store import SqlStore
from hydra_core.store import trend as trends


@pytest.fixture
def life(store: SqlStore) -> Life:
    made = Life()
    store.sync_plot_types([made.kind, plot_type("other")])
    store.record(Life(plot_type("other")).judge(3))
    return made


def test_few_judgements_are_told_one_by_one_with_their_plots(store: SqlStore, life: Life) -> None:
    outcomes = [life.judge(n, "Bad" if n in (3, 4) else "Good", 0.9 + n / 100) for n in range(1, 8)]
    for outcome in outcomes:
        store.record(outcome)
    found = store.trend(life.kind.name, at(0), at(1000))
    assert (found.width, found.count) == (0.0, 7)
    assert [(spot.uid, spot.first, spot.class_name) for spot in found.spots] == [
        (one.plot.uid, one.at, one.prediction.top()[0]) for one in outcomes if one.plot and one.prediction
    ]
    assert found.spots[0].low == found.spots[0].high == pytest.approx(0.91)


def test_many_become_buckets_that_count_each_once(store: SqlStore, life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trends, "SINGLE", 3)
    scores = {n: 0.5 + n / 100 for n in range(1, 31)}
    for n, score in scores.items():
        store.record(life.judge(n, "Bad" if n % 10 == 0 else "Good", score))
    found = store.trend(life.kind.name, at(0), at(320), 4)
    assert found.width == 80.0
    assert found.count == sum(spot.count for spot in found.spots) == 30
    good = [spot for spot in found.spots if spot.class_name == "Good"]
    assert [spot.count for spot in good] == [7, 7, 7, 6]
    assert (good[0].low, good[0].high) == (pytest.approx(0.51), pytest.approx(0.57))
    assert good[0].mean == pytest.approx(0.54)
    assert (good[0].first, good[0].last) == (at(10.25), at(70.25))
    assert good[0].novelty_high == 0.125
    assert [spot.count for spot in found.spots if spot.class_name == "Bad"] == [1, 1, 1]
    assert all(spot.uid is None for spot in found.spots)


def test_the_range_is_half_open_and_an_unknown_type_has_none(store: SqlStore, life: Life) -> None:
    for n in (1, 2, 3):
        store.record(life.judge(n))
    assert store.extent(life.kind.name) == (at(10.25), at(30.25))
    assert store.trend(life.kind.name, at(10.25), at(30.25)).count == 2
    assert store.extent("nothing") is None
    assert store.trend("nothing", at(0), at(1000)).count == 0


def test_incidents_that_touch_the_range_come_along(store: SqlStore, life: Life) -> None:
    for outcome in incident(life):
        store.record(outcome)
    (band,) = store.trend(life.kind.name, at(50), at(60)).incidents
    assert band.class_name == "Bad" and band.started_at < at(50) < at(60) < (band.ended_at or at(9999))
    assert store.trend(life.kind.name, at(100), at(110)).incidents == ()


def test_thresholds_are_steps_and_the_one_before_the_range_is_told(store: SqlStore, life: Life) -> None:

    def rule(good: float, seconds: float) -> None:
        rules = life.kind.policy
        other = Policy(rules.severities, {**rules.thresholds, "Good": good}, plot_type=rules.plot_type)
        store.record(life.step(Ruled(other), seconds))

    for good, seconds in ((0.5, 10), (0.6, 20), (0.6, 25), (0.7, 30), (0.8, 90)):
        rule(good, seconds)
    found = store.trend(life.kind.name, at(22), at(80))
    assert [(step.at, step.thresholds["Good"]) for step in found.steps] == [(at(20), 0.6), (at(30), 0.7)]


def test_a_trend_reads_the_index_alone(store: SqlStore, url: str, life: Life) -> None:
    store.record(life.judge(1))
    engine = create_engine(url)
    with engine.connect() as connection:
        statements: list[str] = []
        event.listen(engine, "before_cursor_execute", lambda _c, _k, sql, args, *_: statements.append((sql, args)))  # type: ignore[arg-type]
        trends.trend(connection, life.kind.name, at(0), at(0) + timedelta(days=400), 600)
        sql, arguments = next(one for one in statements if "GROUP BY" in one[0])
        explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
        plan = str(connection.exec_driver_sql(explain + sql, arguments).all())
    engine.dispose()
    assert "USING COVERING INDEX ix_inference_trend" in plan or ("ix_inference_trend" in plan and "Using index" in plan)
