"""Hot swap: while models are promoted one after the other, every plot is judged, each by the model it names."""

import gc
import threading
import weakref
from itertools import pairwise
from pathlib import Path

import pytest
from support import bundles
from support.bad_images import picture as draw
from support.bad_images import saved
from support.lab import make_plot_type
from support.outcomes import at

from hydra_core.config.sections import Models
from hydra_core.domain import Arrival, ModelRecord, Prediction
from hydra_core.images import Limits
from hydra_ioc.heads import Heads
from hydra_ioc.judging import Judge
from hydra_ml.bundle import read_card
from hydra_ml.engines.memory import give_back

NAME = "CDC_occupancy"
SAYS = {1: "Good", 2: "Bad"}
SWAPS = 100
PAUSE = 0.01
"""Seconds between two plots: a hundred a second is more than any hall draws, and leaves time to load models."""


def write(models: Path, seeds: dict[int, int]) -> dict[int, ModelRecord]:
    """Write version 1, which calls everything Good, and version 2, which calls everything Bad."""
    records = {}
    for version, says in SAYS.items():
        about = bundles.card(version=version)
        model = bundles.network(about, seed=seeds[version], says=says)
        path = bundles.write(models, about, model, bundles.golden_of(about, model, 2))
        card = read_card(path)
        where = str(path.relative_to(models))
        records[version] = ModelRecord(card.ref(), "active", where, card.classes, {}, {}, card.created_at, "test")
    return records


def make_heads(models: Path) -> Heads:
    return Heads({NAME: make_plot_type(NAME)}, Models(path=models, threads=1, engine="float32"))


class Stream:
    """Judges one plot after the other in a thread of its own, as the IOC's `infer` does, until stopped."""

    def __init__(self, judge: Judge) -> None:
        self.events: list[object] = []
        self.sent = 0
        self._judge = judge
        self._data = saved(draw(), "PNG")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Stream":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(PAUSE):
            self.sent += 1
            arrival = Arrival(NAME, 1, self.sent, at(0), at(0), f"{self.sent}.png", self._data)
            self.events += [judged.event for judged in self._judge([arrival])]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_swaps_under_load_drop_nothing_and_name_the_right_model(tmp_path: Path) -> None:
    """The two share a body, as models on the light backbone do, so it is used by both threads at once."""
    records = write(tmp_path, {1: 5, 2: 5})
    heads = make_heads(tmp_path)
    heads.load({NAME: records[1]})
    with Stream(Judge(Limits(), heads.current, heads.predict)) as stream:
        for number in range(SWAPS):
            seen = len(stream.events)
            heads.load({NAME: records[2 - number % 2]})
            while len(stream.events) == seen:
                threading.Event().wait(0.001)
    assert len(stream.events) == stream.sent >= SWAPS
    predictions = [event for event in stream.events if isinstance(event, Prediction)]
    assert len(predictions) == stream.sent
    assert {event.model.version for event in predictions} == {1, 2}
    wrong = [event for event in predictions if event.top()[0] != SAYS[event.model.version]]
    assert wrong == []
    changes = sum(a.model != b.model for a, b in pairwise(predictions))
    assert changes >= SWAPS * 0.9


def test_a_model_that_was_replaced_leaves_the_memory(tmp_path: Path) -> None:
    records = write(tmp_path, {1: 5, 2: 6})
    heads = make_heads(tmp_path)
    heads.load({NAME: records[1]})
    head = heads.current()[NAME]
    engine = weakref.ref(head.engine)  # type: ignore[union-attr]
    graph = weakref.ref(head.engine._forward)  # type: ignore[union-attr]
    variable = weakref.ref(head.engine._body.weights[0])  # type: ignore[union-attr]
    heads.load({NAME: records[2]})
    assert engine() is not None, "a plot that is being judged keeps its model"
    del head
    give_back()
    gc.collect()
    assert engine() is None and graph() is None and variable() is None


def test_a_model_that_cannot_be_loaded_leaves_the_old_one_in_service(tmp_path: Path) -> None:
    records = write(tmp_path, {1: 5, 2: 5})
    heads = make_heads(tmp_path)
    heads.load({NAME: records[1]})
    (tmp_path / records[2].path / "model.keras").write_bytes(b"damaged")
    with Stream(Judge(Limits(), heads.current, heads.predict)) as stream:
        heads.load({NAME: records[2]})
        while not stream.events:
            threading.Event().wait(0.001)
    assert {event.model.version for event in stream.events if isinstance(event, Prediction)} == {1}
    assert all(isinstance(event, Prediction) for event in stream.events)


def test_a_candidate_judges_beside_the_model_in_service_and_shares_its_body(tmp_path: Path) -> None:
    records = write(tmp_path, {1: 1, 2: 1})
    heads = make_heads(tmp_path)
    beside = Heads({NAME: make_plot_type(NAME)}, Models(path=tmp_path, threads=1, engine="float32"), heads)
    heads.load({NAME: records[1]})
    beside.load({NAME: records[2]})
    assert beside.shelf() is heads.shelf()
    judge, candidate = Judge(Limits(), heads.current), Judge(Limits(), beside.current)
    arrival = Arrival(NAME, 1, 1, at(0), at(1), "x.png", saved(draw(), "PNG"))
    said = [one([arrival])[0].event for one in (judge, candidate)]
    assert [event.top()[0] for event in said if isinstance(event, Prediction)] == ["Good", "Bad"]
    beside.load({})
    assert beside.current() == {}
    assert isinstance(judge([arrival])[0].event, Prediction)
