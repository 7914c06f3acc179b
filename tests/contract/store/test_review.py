"""What the audits read and write: judgements in columns, counts of pictures, and a review queue without repetitions."""

import pytest
from sqlalchemy import Engine, text
from support.outcomes import Life, at, image, plot, plot_type, prediction

from hydra_core.domain import LabelledPlot
from hydra_core.errors import StoreError
from hydra_core.store import SqlStore
from hydra_core.store import judgements as reading

KIND = "CDC_occupancy"
NAMES = ("Good", "Bad", "NoData")


def label(store: SqlStore, numbers: range, class_name: str = "Good") -> None:
    store.sync_plot_types([plot_type()])
    rows = [LabelledPlot(plot(n), class_name, None, None) for n in numbers]
    store.add_labels(rows, {r.plot.sha256: image(r.plot) for r in rows}, "anna", "test")


@pytest.mark.parametrize("page", [2, 5000])
def test_judgements_come_in_columns(store: SqlStore, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    monkeypatch.setattr(reading, "PAGE", page)
    store.sync_plot_types([plot_type()])
    life = Life()
    for number in (99, 98, 100, 101, 102, 103):
        store.record(life.judge(number, "Bad" if number == 100 else "Good", 0.96))
    label(store, range(101, 103))
    ref = prediction(plot(1)).model
    found = store.judgements(ref, NAMES, at(0))
    assert found.blocks.tolist() == [12000, 12000, 12001, 12001, 12001, 12001] and len(found) == 6
    order = store.plots_by_id(found.plot_ids.tolist())
    assert [order[i].uid for i in found.plot_ids.tolist()] == [plot(n).uid for n in (98, 99, 100, 101, 102, 103)]
    assert found.scores[2].tolist() == pytest.approx([0.02, 0.96, 0.02]) and found.scores.shape == (6, 3)
    assert found.novelty.tolist() == [0.125] * 6
    assert found.labelled.tolist() == [False, False, False, True, True, False]
    assert len(store.judgements(ref, NAMES, at(1000), at(1020))) == 2
    assert store.judgements(ref, ("Bad",), at(1000), at(1010)).scores.tolist() == [pytest.approx([0.96])]
    assert len(store.judgements(prediction(plot(1), version=4).model, NAMES, at(0))) == 0


def test_plots_without_a_run_share_a_block_by_the_hour(store: SqlStore, engine: Engine) -> None:
    life = Life()
    for number in (1, 2, 400):
        store.record(life.judge(number))
    with engine.begin() as connection:
        connection.execute(text("UPDATE plot SET run = 0"))
    blocks = store.judgements(prediction(plot(1)).model, NAMES, at(0)).blocks.tolist()
    assert blocks[0] == blocks[1] != blocks[2] and max(blocks) < 0


def test_pictures_are_counted_and_hashes_found(store: SqlStore) -> None:
    label(store, range(8))
    assert store.count_pictures(KIND) == (8, 6)
    hashes = store.stored_hashes(KIND)
    assert hashes == {plot(n).sha256: image(plot(n)).dhash for n in range(8)}
    assert store.count_pictures("other") == (0, 0)


def test_a_plot_is_queued_once_for_each_reason(store: SqlStore) -> None:
    label(store, range(4))
    uids = [plot(n).uid for n in range(4)]
    assert store.queue_review(KIND, "label_error", {uids[0]: 0.5, uids[1]: 0.9}) == 2
    assert store.queue_review(KIND, "label_error", {uids[0]: 0.95, uids[2]: 0.1}) == 1
    assert store.queue_review(KIND, "drift", {uids[0]: 0.3}) == 1
    found = store.open_reviews(KIND, "label_error")
    assert [(i.plot.uid, i.score) for i in found] == [(uids[0], 0.95), (uids[1], 0.9), (uids[2], 0.1)]
    assert [i.kind for i in store.open_reviews()] == ["drift"] + ["label_error"] * 3
    assert store.open_reviews("other") == []


def test_a_decided_plot_comes_back_only_with_another_label(store: SqlStore, engine: Engine) -> None:
    label(store, range(2))
    scores = {plot(0).uid: 0.5, plot(1).uid: 0.6}
    store.queue_review(KIND, "label_error", scores)
    with engine.begin() as connection:
        now = connection.execute(text("SELECT max(created_at) FROM review_item")).scalar_one()
        connection.execute(text("UPDATE review_item SET state = 'done', resolved_at = :now"), {"now": now})
    assert store.queue_review(KIND, "label_error", scores) == 0
    label(store, range(1, 2), "Bad")
    assert store.queue_review(KIND, "label_error", scores) == 1
    assert [i.plot.uid for i in store.open_reviews()] == [plot(1).uid]


def test_an_unknown_plot_cannot_be_queued(store: SqlStore) -> None:
    label(store, range(1))
    with pytest.raises(StoreError, match=f"has no plot {plot(7).uid}"):
        store.queue_review(KIND, "label_error", {plot(0).uid: 0.5, plot(7).uid: 0.5})
    assert store.open_reviews() == []
