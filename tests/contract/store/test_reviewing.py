"""The review queue: six reasons, decisions that training reads, asking again, leaving out, taking back."""

import pytest
from sqlalchemy import Engine, text
from support.outcomes import Life, image, plot, plot_type, prediction

from hydra_core.domain import LabelledPlot
from hydra_core.errors import StoreError
from hydra_core.store import SqlStore
from hydra_core.store.label_pages import Wish
from hydra_core.store.label_queue import BadCursorError, Filters, NoSuchError, Order, Show
from hydra_core.store.review import KINDS
from hydra_core.store.reviewing import ReviewRow

KIND = "CDC_occupancy"
NAMES = ("Good", "Bad", "NoData")


@pytest.fixture
def disputed(store: SqlStore) -> SqlStore:
    """Six judged plots, of which plot 1 is disputed by ann (Good) and ben (Bad), and plot 2 is Good for both."""
    store.sync_plot_types([plot_type()])
    life = Life()
    for number in range(6):
        store.record(life.judge(number, "Good", 0.9))
    store.add_model(KIND, prediction(plot(0)).model, "m/v3", NAMES, {}, {}, "test")
    store.promote(KIND, 3, "test")
    store.save_votes(KIND, "ann", {uid(1): "Good", uid(2): "Good"})
    store.save_votes(KIND, "ben", {uid(1): "Bad", uid(2): "Good"})
    return store


def uid(number: int) -> str:
    return plot(number).uid


def only(store: SqlStore) -> ReviewRow:
    (row,) = store.review_page(None, None, None).rows
    return row


def labels(store: SqlStore) -> dict[int, str]:
    return {int(one.plot.uid[-16:], 16): one.class_name for one in store.labelled(KIND)}


def unlabelled(store: SqlStore) -> set[str]:
    page = store.tile_page(KIND, "cid", Wish(Order.NEW, Filters(), 60, False), None)
    return {tile.uid for tile in page.tiles}


def test_a_case_shows_votes_by_name_scores_and_a_reference(disputed: SqlStore) -> None:
    case = disputed.review_case(only(disputed).id)
    assert case is not None and case.row.plot == plot(1) and case.row.kind == "disagreement"
    assert [(v.person, v.class_name, v.counts) for v in case.votes] == [("ann", "Good", True), ("ben", "Bad", True)]
    assert case.opinion is not None and case.opinion.class_name == "Good" and case.opinion.score == 0.9
    assert case.reference is not None and case.reference.uid == uid(2) and not case.reference.pinned
    assert disputed.review_case(10**6) is None


def test_the_pinned_reference_comes_first(disputed: SqlStore, engine: Engine) -> None:
    with engine.begin() as connection:
        query = "UPDATE plot_type SET reference_plot_id = (SELECT id FROM plot WHERE uid = :uid)"
        connection.execute(text(query), {"uid": uid(5)})
    found = disputed.reference(KIND)
    assert found is not None and found.uid == uid(5) and found.pinned
    assert disputed.reference("other") is None


def test_a_decision_goes_to_training_and_later_votes_do_not_overrule_it(disputed: SqlStore) -> None:
    disputed.decide_review(only(disputed), "Bad", "eve", "10.0.0.9")
    assert labels(disputed) == {1: "Bad", 2: "Good"} and disputed.open_reviews() == []
    disputed.save_votes(KIND, "cid", {uid(1): "Good"})
    disputed.save_votes(KIND, "ben", {uid(1): "Good"})
    assert labels(disputed)[1] == "Bad" and disputed.open_reviews() == []
    with pytest.raises(NoSuchError, match="no class 'Ugly'"):
        disputed.decide_review(only_any(disputed), "Ugly", "eve")


def only_any(store: SqlStore) -> ReviewRow:
    store.flag(KIND, "ann", [uid(3)], "look")
    return only(store)


def test_a_decision_survives_an_import_and_can_be_undone(disputed: SqlStore) -> None:
    batch = disputed.decide_review(only(disputed), "Bad", "eve")
    row = LabelledPlot(plot(1), "Good", "test", "r1")
    disputed.add_labels([row], {plot(1).sha256: image(plot(1))}, "root", "import x.csv")
    assert disputed.labelled(KIND)[0] == LabelledPlot(plot(1), "Bad", "test", "r1")
    disputed.set_undone(KIND, "eve", batch.id, True)
    assert labels(disputed) == {2: "Good"} and only(disputed).plot.uid == uid(1)
    with pytest.raises(StoreError, match="in the review queue again"):
        disputed.set_undone(KIND, "eve", batch.id, False)


def test_a_plot_that_is_left_out_is_never_trained_on(disputed: SqlStore) -> None:
    disputed.flag(KIND, "ann", [uid(2)], "two plots in one")
    flagged = next(row for row in disputed.review_page(KIND, "flag", None).rows)
    batch = disputed.exclude_plot(flagged, "eve", "broken file")
    assert labels(disputed) == {} and uid(2) not in unlabelled(disputed)
    disputed.save_votes(KIND, "cid", {uid(2): "Good"})
    row = LabelledPlot(plot(2), "Good", None, None)
    disputed.add_labels([row], {plot(2).sha256: image(plot(2))}, "root", "import x.csv")
    assert labels(disputed) == {}
    with pytest.raises(StoreError, match="no label"):
        disputed.freeze_dataset(KIND, {uid(2): "train"}, "ab" * 32)
    assert disputed.count_matching(KIND, "ann", Filters(show=Show.ALL)) == 6
    disputed.set_undone(KIND, "eve", batch.id, True)
    assert labels(disputed) == {2: "Good"}


def test_asking_again_sets_the_votes_aside(disputed: SqlStore) -> None:
    batch = disputed.ask_again(only(disputed), "eve", "look at the rim")
    assert disputed.open_reviews() == [] and uid(1) in unlabelled(disputed)
    assert uid(1) in {t.uid for t in disputed.tile_page(KIND, "ann", Wish(Order.NEW, Filters()), None).tiles}
    disputed.save_votes(KIND, "cid", {uid(1): "NoData"})
    assert labels(disputed) == {1: "NoData", 2: "Good"}
    disputed.save_votes(KIND, "ann", {uid(1): "Good"})
    assert labels(disputed) == {2: "Good"}
    case = disputed.review_case(only(disputed).id)
    assert case is not None and [vote.counts for vote in case.votes] == [False, False, True, True]
    disputed.set_undone(KIND, "eve", batch.id, True)
    assert only(disputed).score == pytest.approx(2 / 3)


def test_one_decision_answers_every_question_about_the_plot(disputed: SqlStore) -> None:
    disputed.flag(KIND, "ann", [uid(1)], "why")
    disputed.queue_review(KIND, "label_error", {uid(1): 0.9})
    assert len(disputed.open_reviews()) == 3
    batch = disputed.decide_review(disputed.review_page(None, "flag", None).rows[0], "Bad", "eve")
    assert disputed.open_reviews() == []
    disputed.set_undone(KIND, "eve", batch.id, True)
    assert sorted(row.kind for row in disputed.review_page(None, None, None).rows) == [
        "disagreement", "flag", "label_error",
    ]  # fmt: skip


def test_pages_of_all_kinds_the_most_urgent_of_each_first(disputed: SqlStore) -> None:
    for kind in ("label_error", "misclassified", "false_alarm", "drift"):
        disputed.queue_review(KIND, kind, {uid(n): n / 10 for n in range(3)}, prediction(plot(0)).model)
    disputed.flag(KIND, "ann", [uid(4)], "why")
    assert disputed.review_counts() == dict(zip(KINDS, (1, 1, 3, 3, 3, 3), strict=True))
    assert disputed.review_counts("other") == dict.fromkeys(KINDS, 0)
    whole = disputed.review_page(None, None, None, 99).rows
    assert [row.kind for row in whole] == [kind for kind, n in disputed.review_counts().items() for _ in range(n)]
    assert [row.plot.uid for row in whole[2:5]] == [uid(2), uid(1), uid(0)]
    assert whole[-1].model == f"{KIND} v3"
    found: list[ReviewRow] = []
    after = None
    while True:
        page = disputed.review_page(KIND, None, after, 2)
        found += page.rows
        after = page.next
        if after is None:
            break
    assert tuple(found) == whole
    assert disputed.review_page("other", None, None).rows == ()


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJmbGFnIiwiYSIsMV0", "WyJmbGFnIiwxXQ", "e30"])
def test_a_cursor_of_nobody_is_refused(disputed: SqlStore, cursor: str) -> None:
    with pytest.raises(BadCursorError):
        disputed.review_page(None, None, cursor)


def test_every_decision_is_in_the_audit_log(disputed: SqlStore, engine: Engine) -> None:
    disputed.exclude_plot(only(disputed), "eve", "two in one", "10.0.0.9")
    with engine.connect() as connection:
        row = connection.execute(text("SELECT who, target, where_from FROM audit_log WHERE what = 'review'")).one()
    assert tuple(row) == ("eve", uid(1), "10.0.0.9")
