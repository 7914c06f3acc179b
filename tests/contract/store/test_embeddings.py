"""What models find alike: kept small, asked by the model's own measure, forgotten when old and never labelled."""

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import create_engine, func, select
from support.outcomes import Life, image

from db_schema.tables import embedding
from hydra_core.domain import LabelledPlot, Outcome
from hydra_core.store import SqlStore, embeddings


def judged(life: Life, number: int, vector: list[float], version: int = 3) -> Outcome:
    outcome = life.judge(number)
    assert outcome.prediction is not None
    ref = replace(outcome.prediction.model, version=version)
    said = replace(outcome.prediction, embedding=np.array(vector, np.float32), model=ref)
    return replace(outcome, prediction=said)


def inference_of(store: SqlStore, outcome: Outcome) -> int:
    assert outcome.plot is not None
    page = store.plot_page(outcome.plot.uid)
    assert page is not None
    return page.opinions[0].inference_id


@pytest.fixture
def life(store: SqlStore) -> Life:
    made = Life()
    store.sync_plot_types([made.kind])
    return made


def test_the_most_alike_come_first_with_their_labels(store: SqlStore, life: Life) -> None:
    vectors = {1: [1, 0, 0], 4: [0.9, 0.1, 0], 5: [0, 1, 0], 6: [1, 0.5, 0], 8: [0, 0, 0]}
    outcomes = {n: judged(life, n, vector) for n, vector in vectors.items()}
    other_model = judged(life, 9, [1, 0, 0], version=4)
    for outcome in (*outcomes.values(), other_model):
        store.record(outcome)
    near = outcomes[4].plot
    assert near is not None
    store.add_labels([LabelledPlot(near, "Bad")], {near.sha256: image(near)}, "anna", "web")
    found = store.neighbours(inference_of(store, outcomes[1]), 3)
    assert [one.plot for one in found] == [outcomes[n].plot for n in (4, 6, 5)]
    assert found[0].likeness == pytest.approx(0.9939, abs=1e-3)
    assert [one.truth for one in found] == ["Bad", None, None]
    assert found[0].class_name == "Good" and found[0].score == pytest.approx(0.97)


def test_copies_of_the_picture_are_left_out(store: SqlStore, life: Life) -> None:
    outcomes = {n: judged(life, n, [1, n / 100, 0]) for n in (2, 3, 5, 6, 7)}  # 3 has the picture of 2, 7 that of 6
    for outcome in outcomes.values():
        store.record(outcome)
    found = store.neighbours(inference_of(store, outcomes[2]))
    assert [one.plot.chunk for one in found] == [5, 6]


def test_an_unknown_or_forgotten_one_has_none(store: SqlStore, life: Life) -> None:
    outcome = life.judge(1)
    assert outcome.prediction is not None
    store.record(replace(outcome, prediction=replace(outcome.prediction, embedding=None)))
    assert store.neighbours(inference_of(store, outcome)) == []
    assert store.neighbours(99_999) == []


def test_old_ones_are_forgotten_unless_labelled(
    store: SqlStore, url: str, life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "KEPT", 3)
    monkeypatch.setattr(embeddings, "FORGET_EVERY", 1)
    first = judged(life, 1, [1, 0])
    store.record(first)
    assert first.plot is not None
    store.add_labels([LabelledPlot(first.plot, "Bad")], {first.plot.sha256: image(first.plot)}, "anna", "web")
    for n in range(2, 9):
        store.record(judged(life, n, [1, n]))
    engine = create_engine(url)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(embedding)) == 4
        assert connection.scalar(select(func.min(embedding.c.inference_id))) == inference_of(store, first)
    engine.dispose()


def test_what_is_too_large_for_sixteen_bits_stays_a_number(store: SqlStore, life: Life) -> None:
    outcomes = [judged(life, 1, [1e9, 0]), judged(life, 4, [1e9, 1])]
    for outcome in outcomes:
        store.record(outcome)
    (one,) = store.neighbours(inference_of(store, outcomes[0]))
    assert one.likeness == pytest.approx(1.0, abs=1e-3)
