"""What stands beside a plot: votes and truth, the reference, the plots before and after; and what nobody has seen."""

import pytest
from sqlalchemy import create_engine, select
from support.outcomes import Life, at, image, plot_type

from db_schema.tables import audit_log
from hydra_core.domain import LabelledPlot, Outcome
from hydra_core.errors import StoreError
from hydra_core.store import SqlStore


@pytest.fixture
def life(store: SqlStore) -> Life:
    made = Life()
    store.sync_plot_types([made.kind, plot_type("other")])
    return made


def uid(outcome: Outcome) -> str:
    assert outcome.plot is not None
    return outcome.plot.uid


def vote(store: SqlStore, who: str, outcome: Outcome, class_name: str) -> None:
    assert outcome.plot is not None
    row = LabelledPlot(outcome.plot, class_name)
    store.add_labels([row], {row.plot.sha256: image(row.plot)}, who, "web")


def test_the_plots_before_and_after_are_by_run_and_chunk_of_the_same_type(store: SqlStore, life: Life) -> None:
    outcomes = [life.judge(number) for number in (205, 3, 104)]  # run 12002, 12000, 12001
    for outcome in (*outcomes, Life(plot_type("other")).judge(104)):
        store.record(outcome)
    middle = store.beside(uid(outcomes[2]))
    assert (middle.before, middle.after) == (uid(outcomes[1]), uid(outcomes[0]))
    assert store.beside(uid(outcomes[1])).before is None
    assert store.beside(uid(outcomes[0])).after is None


def test_votes_and_truth_are_told(store: SqlStore, life: Life) -> None:
    outcome = life.judge(1)
    store.record(outcome)
    assert (store.beside(uid(outcome)).votes, store.beside(uid(outcome)).truth) == ((), None)
    vote(store, "anna", outcome, "Bad")
    found = store.beside(uid(outcome))
    assert [(one.person, one.class_name) for one in found.votes] == [("anna", "Bad")]
    assert found.truth == "Bad"


def test_a_pinned_reference_goes_before_the_last_labelled_good_one(store: SqlStore, url: str, life: Life) -> None:
    outcomes = [life.judge(number) for number in (1, 2)]
    for outcome in outcomes:
        store.record(outcome)
    assert store.beside(uid(outcomes[0])).reference is None
    vote(store, "anna", outcomes[0], "Good")
    found = store.beside(uid(outcomes[0])).reference
    assert found is not None and (found.uid, found.pinned) == (uid(outcomes[0]), False)
    store.pin_reference(life.kind.name, uid(outcomes[1]), "ben", "here")
    found = store.beside(uid(outcomes[0])).reference
    assert found is not None and (found.uid, found.pinned) == (uid(outcomes[1]), True)
    store.pin_reference(life.kind.name, None, "ben", "here")
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(select(audit_log).where(audit_log.c.what == "pin reference")).all()
    engine.dispose()
    assert [(row.who, row.before, row.after) for row in rows] == [
        ("ben", {"plot": None}, {"plot": uid(outcomes[1])}),
        ("ben", {"plot": uid(outcomes[1])}, {"plot": None}),
    ]


def test_a_plot_of_another_type_is_no_reference(store: SqlStore, life: Life) -> None:
    other = Life(plot_type("other")).judge(1)
    store.record(other)
    for name, plot in ((life.kind.name, uid(other)), (life.kind.name, "0" * 32), ("nothing", None)):
        with pytest.raises(StoreError):
            store.pin_reference(name, plot, "ben")


def test_nothing_stands_beside_an_unknown_plot(store: SqlStore) -> None:
    assert store.beside("0" * 32).reference is None


def test_an_incident_that_is_over_is_unseen_until_somebody_acknowledges_it(store: SqlStore, life: Life) -> None:
    for number, label in enumerate(["Good", "Bad", "Bad", "Bad", "Good", "Good", "Good"], 1):
        store.record(life.judge(number, label, 0.99))
        if number == 3:
            assert store.unseen(at(0)) == []  # it is open
            row = next(one for one in store.wall() if one.plot_type == life.kind.name)
            assert row.episode is not None and row.acked_by == ""
    (over,) = store.unseen(at(0))
    assert (over.plot_type, over.class_name) == (life.kind.name, "Bad")
    assert over.started_at < over.ended_at
    assert store.unseen(at(3600)) == []
    store.acknowledge(over.uid, "anna")
    assert store.unseen(at(0)) == []
