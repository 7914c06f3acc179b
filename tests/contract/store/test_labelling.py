"""Votes, consensus, undo and the label queue, on both engines."""

from itertools import chain

import pytest
from sqlalchemy import Engine, text
from support.outcomes import Life, at, image, plot, plot_type, prediction

from hydra_core.domain import LabelledPlot
from hydra_core.errors import StoreError
from hydra_core.store import SqlStore
from hydra_core.store.label_pages import Tile, Wish
from hydra_core.store.label_queue import BadCursorError, Filters, Order, Show
from hydra_core.store.labelling import ChangedMeanwhileError

KIND = "CDC_occupancy"
NAMES = ("Good", "Bad", "NoData")
ALL = Filters(show=Show.ALL)


@pytest.fixture
def judged(store: SqlStore) -> SqlStore:
    """Twelve plots judged by the active model, the surest first, every fourth called bad; every fourth a copy."""
    store.sync_plot_types([plot_type()])
    life = Life()
    for number in range(12):
        store.record(life.judge(number, "Bad" if number % 4 == 1 else "Good", 0.99 - number * 0.02))
    store.add_model(KIND, prediction(plot(0)).model, "m/v3", NAMES, {}, {}, "test")
    store.promote(KIND, 3, "test")
    return store


def uid(number: int) -> str:
    return plot(number).uid


def votes(*numbers: int, said: str = "Good") -> dict[str, str]:
    return {uid(number): said for number in numbers}


def numbers(tiles: tuple[Tile, ...]) -> list[int]:
    return [int(tile.uid[-16:], 16) for tile in tiles]


def pages(store: SqlStore, wish: Wish, person: str = "ann") -> list[list[int]]:
    found, after = [], None
    while True:
        page = store.tile_page(KIND, person, wish, after)
        found.append(numbers(page.tiles))
        after = page.next
        if after is None:
            return found


def labels(store: SqlStore) -> dict[int, str]:
    return {int(one.plot.uid[-16:], 16): one.class_name for one in store.labelled(KIND)}


def wish(order: Order = Order.NEW, filters: Filters | None = None, size: int = 5, fold: bool = False) -> Wish:
    return Wish(order, filters or Filters(), size, fold)


def test_votes_are_saved_at_once_and_training_reads_them(judged: SqlStore) -> None:
    batch = judged.save_votes(KIND, "ann", {uid(1): "Bad", uid(2): "Good", uid(3): "Good"}, "10.0.0.1")
    assert batch.summary == {"Bad": 1, "Good": 2} and batch.size == 3 and batch.by == "ann"
    assert labels(judged) == {1: "Bad", 2: "Good", 3: "Good"}


@pytest.mark.parametrize("said", [{"0" * 32: "Good"}, {plot(1).uid: "Ugly"}])
def test_a_wrong_vote_saves_nothing_of_its_batch(judged: SqlStore, said: dict[str, str]) -> None:
    with pytest.raises(StoreError, match="has no"):
        judged.save_votes(KIND, "ann", {uid(2): "Good", **said})
    assert labels(judged) == {} and judged.batches(KIND, "ann") == []


def test_people_who_differ_have_no_label_until_a_third_decides(judged: SqlStore) -> None:
    judged.save_votes(KIND, "ann", votes(1, 2))
    judged.save_votes(KIND, "ben", votes(1, said="Bad"))
    assert labels(judged) == {2: "Good"}
    assert [(i.kind, i.plot.uid, i.score) for i in judged.open_reviews()] == [("disagreement", uid(1), 0.5)]
    judged.save_votes(KIND, "cid", votes(1, said="Bad"))
    assert labels(judged) == {1: "Bad", 2: "Good"}
    assert judged.open_reviews()[0].score == pytest.approx(1 / 3)
    judged.save_votes(KIND, "ann", votes(1, said="Bad"))
    assert judged.open_reviews() == []


def test_any_batch_is_undone_at_any_time_and_done_again(judged: SqlStore) -> None:
    first = judged.save_votes(KIND, "ann", votes(1, 2))
    second = judged.save_votes(KIND, "ann", votes(2, 3, said="Bad"))
    assert judged.last_batch(KIND, "ann") == second
    judged.set_undone(KIND, "ann", first.id, True)
    assert labels(judged) == {2: "Bad", 3: "Bad"}
    judged.set_undone(KIND, "ann", second.id, True)
    assert labels(judged) == {} and judged.last_batch(KIND, "ann") is None
    judged.set_undone(KIND, "ann", first.id, False)
    assert labels(judged) == {1: "Good", 2: "Good"}
    assert [(b.id, b.undone_at is None) for b in judged.batches(KIND, "ann")] == [(second.id, False), (first.id, True)]
    assert judged.batches(KIND, "ben") == [] and len(judged.batches(KIND, "ben", everybody=True)) == 2
    with pytest.raises(StoreError, match="no batch 999"):
        judged.set_undone(KIND, "ann", 999, True)


def test_an_undone_dispute_leaves_the_review_queue(judged: SqlStore) -> None:
    judged.save_votes(KIND, "ann", votes(1))
    wrong = judged.save_votes(KIND, "ben", votes(1, said="Bad"))
    judged.set_undone(KIND, "ben", wrong.id, True)
    assert judged.open_reviews() == [] and labels(judged) == {1: "Good"}


def test_the_split_of_an_import_outlives_dispute_and_undo(judged: SqlStore) -> None:
    row = LabelledPlot(plot(1), "Good", "test", "board 7")
    assert judged.add_labels([row], {plot(1).sha256: image(plot(1))}, "root", "import x.csv") == 1
    ann = judged.save_votes(KIND, "ann", votes(1, said="Bad"))
    assert judged.labelled(KIND) == [LabelledPlot(plot(1), "Bad", "test", "board 7")]
    ben = judged.save_votes(KIND, "ben", votes(1))
    assert judged.labelled(KIND) == []
    judged.set_undone(KIND, "ann", ann.id, True)
    assert judged.labelled(KIND) == [LabelledPlot(plot(1), "Good", "test", "board 7")]
    judged.set_undone(KIND, "ben", ben.id, True)
    assert judged.labelled(KIND) == [row]


def test_an_import_does_not_overrule_who_looked_but_may_move_the_split(judged: SqlStore) -> None:
    judged.save_votes(KIND, "ann", votes(1, said="Bad"))
    row = LabelledPlot(plot(1), "Good", "train", None)
    assert judged.add_labels([row], {plot(1).sha256: image(plot(1))}, "root", "import x.csv") == 0
    assert judged.labelled(KIND) == [LabelledPlot(plot(1), "Bad", "train", None)]


def test_newest_first_by_pages(judged: SqlStore) -> None:
    assert pages(judged, wish()) == [[11, 10, 9, 8, 7], [6, 5, 4, 3, 2], [1, 0]]


def test_the_least_sure_first_then_what_the_model_has_not_judged(judged: SqlStore) -> None:
    judged.record(Life().step(prediction(plot(20), version=2), 999))
    assert pages(judged, wish(Order.UNCERTAIN, size=7)) == [[11, 10, 9, 8, 7, 6, 5], [4, 3, 2, 1, 0, 20]]


def test_random_is_the_order_of_hashes_and_the_same_each_time(judged: SqlStore) -> None:
    found = list(chain(*pages(judged, wish(Order.RANDOM))))
    assert found == sorted(range(12), key=uid)


@pytest.mark.parametrize("size", [3, 5, 60])
def test_diverse_shows_every_plot_once_and_other_looks_first(judged: SqlStore, size: int) -> None:
    found = list(chain(*pages(judged, wish(Order.DIVERSE, size=size))))
    assert sorted(found) == list(range(12))
    copies = [(2, 3), (6, 7), (10, 11)]
    assert all(abs(found.index(a) - found.index(b)) > 1 for a, b in copies)


def test_diverse_goes_on_while_its_plots_are_being_labelled(judged: SqlStore) -> None:
    first = judged.tile_page(KIND, "ann", wish(Order.DIVERSE), None)
    judged.save_votes(KIND, "ann", {tile.uid: "Good" for tile in first.tiles})
    second = judged.tile_page(KIND, "ann", wish(Order.DIVERSE), first.next)
    third = judged.tile_page(KIND, "ann", wish(Order.DIVERSE), second.next)
    assert sorted(numbers(first.tiles + second.tiles + third.tiles)) == list(range(12)) and third.next is None


def test_the_most_disputed_first(judged: SqlStore) -> None:
    judged.save_votes(KIND, "ann", votes(1, 2, 3))
    judged.save_votes(KIND, "ben", votes(1, 2, said="Bad"))
    judged.save_votes(KIND, "cid", votes(1))
    assert pages(judged, wish(Order.DISAGREEMENT, ALL, size=1)) == [[2], [1]]


def test_labelled_plots_leave_the_list_and_pages_go_on(judged: SqlStore) -> None:
    page = judged.tile_page(KIND, "ann", wish(), None)
    judged.save_votes(KIND, "ann", votes(11, 10, 9, 4))
    again = judged.tile_page(KIND, "ann", wish(), page.next)
    assert numbers(again.tiles) == [6, 5, 3, 2, 1]
    assert pages(judged, wish(size=20)) == [[8, 7, 6, 5, 3, 2, 1, 0]]


def test_what_was_put_off_comes_last_for_this_person_alone(judged: SqlStore) -> None:
    judged.put_off(KIND, "ann", [uid(11), uid(9)])
    judged.put_off(KIND, "ann", [uid(8)])
    assert pages(judged, wish(size=6)) == [[10, 7, 6, 5, 4, 3], [2, 1, 0, 9, 11, 8]]
    assert pages(judged, wish(size=20), "ben") == [list(range(11, -1, -1))]
    judged.save_votes(KIND, "ann", votes(9))
    assert pages(judged, wish(size=20))[0][-2:] == [11, 8]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(says="Bad"), [9, 5, 1]),
        (Filters(says="Bad", score_from=0.85, score_to=0.95), [5]),
        (Filters(run_from=12000, run_to=12000), list(range(11, -1, -1))),
        (Filters(run_from=12001), []),
        (Filters(since=at(80), until=at(99)), [10, 9]),
        (Filters(show=Show.LABELLED), [3, 2]),
        (Filters(label="Bad"), [3]),
        (Filters(show=Show.UNSEEN), [11, 10, 9, 8, 7, 6, 5, 4, 2, 1, 0]),
    ],
)
def test_filters(judged: SqlStore, filters: Filters, expected: list[int]) -> None:
    judged.save_votes(KIND, "ann", votes(3, said="Bad"))
    judged.save_votes(KIND, "ben", votes(2))
    expected = [one for one in expected if filters.show is not Show.UNLABELLED or filters.label or one not in (2, 3)]
    assert pages(judged, wish(filters=filters, size=50)) == [expected]
    assert judged.count_matching(KIND, "ann", filters) == len(expected)


def test_copies_that_are_judged_alike_are_folded_with_their_count(judged: SqlStore) -> None:
    page = judged.tile_page(KIND, "ann", wish(fold=True, size=60), None)
    found = zip(numbers(page.tiles), page.tiles, strict=True)
    assert [(one, numbers(tile.folded)) for one, tile in found] == [
        (11, [10]), (9, []), (8, []), (7, [6]), (5, []), (4, []), (3, [2]), (1, []), (0, []),
    ]  # fmt: skip
    assert [len(one) for one in pages(judged, wish(fold=True, size=4))] == [4, 4, 1]


def test_a_whole_query_in_one_batch_if_it_is_what_was_shown(judged: SqlStore) -> None:
    with pytest.raises(ChangedMeanwhileError, match="3 plots match now, not 4"):
        judged.save_matching(KIND, "ann", "Bad", Filters(says="Bad"), 4)
    batch = judged.save_matching(KIND, "ann", "Bad", Filters(says="Bad"), 3)
    assert batch.summary == {"Bad": 3} and labels(judged) == {1: "Bad", 5: "Bad", 9: "Bad"}
    judged.set_undone(KIND, "ann", batch.id, True)
    assert labels(judged) == {}
    with pytest.raises(StoreError, match="no class 'Ugly'"):
        judged.save_matching(KIND, "ann", "Ugly", Filters(), 12)


def test_a_flag_asks_an_expert_and_says_why(judged: SqlStore) -> None:
    assert judged.flag(KIND, "ann", [uid(1), uid(2)], "a stripe?") == 2
    assert judged.flag(KIND, "ben", [uid(1)], "a wide stripe") == 0
    found = {row.plot.uid: (row.note, row.asked_by) for row in judged.review_page(None, "flag", None).rows}
    assert found == {uid(1): ("a wide stripe", "ben"), uid(2): ("a stripe?", "ann")}
    page = judged.tile_page(KIND, "ann", wish(size=50), None)
    assert [one for one, tile in zip(numbers(page.tiles), page.tiles, strict=True) if tile.flagged] == [2, 1]
    judged.unflag(KIND, "ann", [uid(1)])
    assert [row.plot.uid for row in judged.review_page(None, None, None).rows] == [uid(2)]


def test_progress_and_agreement(judged: SqlStore) -> None:
    judged.save_votes(KIND, "ann", votes(1, 2, 3, 4))
    judged.save_votes(KIND, "ben", {**votes(1, 2, 3), uid(4): "Bad"})
    found = judged.label_progress(KIND, "ann")
    assert (found.run, found.in_run, found.labelled_in_run, found.labelled, found.disputed) == (12000, 12, 3, 3, 1)
    assert (found.mine, found.agreed) == (4, 3)
    (facts,) = judged.label_index()
    assert facts.labels == (("Good", 3), ("Bad", 0), ("NoData", 0)) and facts.disputed == facts.in_review == 1
    assert facts.labelled == 3 and facts.last is not None


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJuZXciXQ", "WyJyYW5kb20iLCJhIl0", "WyJuZXciLCJhIl0", "e30"])
def test_a_cursor_of_another_order_or_of_nobody_is_refused(judged: SqlStore, cursor: str) -> None:
    if cursor == "WyJuZXciXQ":
        assert judged.tile_page(KIND, "ann", wish(), cursor).tiles
    else:
        with pytest.raises(BadCursorError):
            judged.tile_page(KIND, "ann", wish(), cursor)


def test_without_an_active_model_the_uncertain_are_random(store: SqlStore) -> None:
    store.sync_plot_types([plot_type()])
    for number in range(4):
        store.record(Life().judge(number))
    found = store.tile_page(KIND, "ann", wish(Order.UNCERTAIN), None)
    assert len(found.tiles) == 4 and found.tiles[0].suggestion is None


def test_every_write_is_in_the_audit_log(judged: SqlStore, engine: Engine) -> None:
    batch = judged.save_votes(KIND, "ann", votes(1), "10.0.0.1")
    judged.set_undone(KIND, "ben", batch.id, True, "10.0.0.2")
    judged.flag(KIND, "cid", [uid(1)], "why", "10.0.0.3")
    with engine.connect() as connection:
        query = "SELECT who, what, target, where_from FROM audit_log WHERE what IN ('label','undo labels','flag')"
        found = connection.execute(text(f"{query} ORDER BY id")).all()
    assert [tuple(row) for row in found] == [
        ("ann", "label", KIND, "10.0.0.1"),
        ("ben", "undo labels", KIND, "10.0.0.2"),
        ("cid", "flag", KIND, "10.0.0.3"),
    ]
