"""What the IOC tells of itself: PVs as people read them, the time of each stage, models and sources in words."""

import json
from types import SimpleNamespace

import pytest
from support.outcomes import at, plot_type

from hydra_core.domain import ModelRef
from hydra_ioc.records import make_records
from hydra_ioc.report import Stopwatch, report


class Heads:
    def __init__(self, loaded):
        self._loaded = loaded

    def current(self):
        return self._loaded

    def engine(self, name):
        return "" if isinstance(self._loaded[name], str) else "TensorFlow float32"

    def troubles(self):
        for name, head in self._loaded.items():
            yield name, head if isinstance(head, str) else ""


@pytest.fixture
def service():
    return make_records("X:", {"CDC": plot_type("CDC")})[1]


def said(service, heads=None, sources=()):
    found = report(service, Stopwatch(), Heads(heads or {}), sources)
    return json.loads(json.dumps(found, allow_nan=False))


def test_pvs_are_told_as_people_read_them_and_only_once_posted(service):
    assert said(service)["pvs"] == {}
    service["STATE"].post("RUNNING")
    service["QUEUE"].post(3)
    service["MSG"].post("ok")
    assert said(service)["pvs"] == {"STATE": "RUNNING", "QUEUE": 3, "MSG": "ok"}


def test_a_number_that_is_none_has_no_json_and_is_left_out(service):
    service["DISK"].post(float("nan"))
    assert "DISK" not in said(service)["pvs"]


def test_models_and_sources_come_with_what_is_wrong(service):
    heads = {"CDC": SimpleNamespace(ref=ModelRef("CDC", 3, "a" * 64)), "FCAL": "hash is wrong"}
    source = SimpleNamespace(trouble="away", last_arrival=at(1))
    found = said(service, heads, [("{plot}.png", source)])
    assert found["models"] == [
        {"plot_type": "CDC", "model": "CDC v3", "engine": "TensorFlow float32", "trouble": ""},
        {"plot_type": "FCAL", "model": "", "engine": "", "trouble": "hash is wrong"},
    ]
    assert found["sources"] == [{"pattern": "{plot}.png", "trouble": "away", "last": at(1).isoformat()}]


def test_stages_add_up_and_no_stage_is_negative():
    watch = Stopwatch()
    assert watch.summary() == {}
    for n in range(1, 101):
        watch.note(wait=n / 1000, judge=0.02, total=n / 1000 + 0.03)
    found = watch.summary()
    assert found["wait"] == {"p50": 0.0505, "p95": 0.09505, "plots": 100}
    assert found["publish"]["p95"] == pytest.approx(0.01)
    assert found["total"]["p50"] == pytest.approx(0.0805)
    watch.note(wait=1.0, judge=1.0, total=1.5)  # a clock that was set back
    assert min(watch.summary()["publish"].values()) >= 0.0
