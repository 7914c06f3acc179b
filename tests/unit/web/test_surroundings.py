"""Why a plot shows nothing: the causes that stop everything come before what is the plot type's own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.wall import hall

from hydra_core.domain import Status
from hydra_core.store.services import Service
from hydra_web.surroundings import SILENT_AFTER, Surroundings, surroundings, why_nothing

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def kind(tmp_path):
    return hall(tmp_path).plot_types()[0]


def beat(service="ioc", host="one", seconds_ago=1.0, **detail):
    return Service(service, host, 1, "RUNNING", detail, NOW - timedelta(seconds=seconds_ago))


def well(**more):
    return Surroundings(**{"known": True, "ready": True, "models": {"CDC_occupancy": ""}} | more)


def why(kind, around, status=Status.UNKNOWN, reason="no plot yet"):
    return why_nothing(kind, status, reason, around, lambda moment: f"{moment:%H:%M}")


def test_without_a_heartbeat_nothing_is_known():
    assert surroundings([beat("web")], NOW) == Surroundings()


def test_the_ioc_that_spoke_last_counts():
    old = beat(host="one", seconds_ago=500, pvs={"RUN": 1})
    new = beat(host="two", pvs={"RUN": 2, "BEAM": 12.34}, ready=True)
    found = surroundings([old, new], NOW)
    assert (found.run, found.beam, found.ready, found.silent_since) == (2, "12.3 nA", True, None)


def test_an_old_heartbeat_is_silence():
    found = surroundings([beat(seconds_ago=SILENT_AFTER + 1)], NOW)
    assert found.silent_since == NOW - timedelta(seconds=SILENT_AFTER + 1)


@pytest.mark.parametrize(
    ("around", "words"),
    [
        (Surroundings(), "IOC has not run yet"),
        (well(silent_since=NOW), "silent since 12:00"),
        (well(pvs={"FEED": "LOST"}, sources=("/data is away",)), "source is away: /data is away"),
        (well(ready=False), "models are loading"),
        (well(models={}), "No model is active"),
        (well(models={"CDC_occupancy": "wrong hash"}), "cannot be used: wrong hash"),
        (well(pvs={"QUEUE": 3, "RATE": 0.0}), "queue is stuck"),
        (well(pvs={"QUEUE": 3, "RATE": 0.2}), "No plot has come yet"),
        (well(), "No plot has come yet"),
    ],
)
def test_each_cause_has_its_own_words(kind, around, words):
    assert words in why(kind, around)


def test_what_stops_everything_is_told_before_what_is_the_type_s_own(kind):
    around = well(silent_since=NOW, models={}, pvs={"FEED": "LOST"})
    assert "silent" in why(kind, around)
    assert "source" in why(kind, replace(around, silent_since=None))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("gate closed: beam 0.0 is not above 5.0", "beam 0.0 is not above 5.0"),
        ("gate closed", "no beam"),
        ("no model", "collected and labelled, not judged"),
        ("disabled", "control room"),
        ("waiting for the first plot", ""),
    ],
)
def test_off_is_told_by_its_own_reason(kind, reason, words):
    assert words in why(kind, well(), Status.OFF, reason)


def test_a_type_without_a_model_on_purpose_wants_none(tmp_path):
    kind = next(one for one in hall(tmp_path).plot_types() if not one.judged)
    assert why(kind, well(models={})) == "No plot has come yet."


@pytest.mark.parametrize("status", [Status.GOOD, Status.BAD, Status.ERROR, Status.SUSPECT])
def test_what_shows_a_plot_needs_no_words(kind, status):
    assert why(kind, Surroundings(), status) == ""


def test_silence_of_one_plot_alone_is_told_by_its_reason(kind):
    assert why(kind, well(), Status.STALE, "no plot for 400 s") == ""
