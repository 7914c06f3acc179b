"""What is decided on a page, seen through libca: the running IOC follows what the web process writes."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.ca import CaClient, eventually
from support.hall import PATIENCE, Hall, IocProcess, Trained
from support.screen import BAD, GOOD, Screen, Shown

from hydra_core.domain import Condition, Severity, Status
from hydra_core.store import SqlStore
from hydra_core.store.actions import Actor
from hydra_core.store.episodes import Filters, LoggedEpisode

TRIGGER = "Trigger-Bits"
MUTED = Shown(Status.BAD, Severity.NO_ALARM, Condition.NO_ALARM)
ANN = Actor("ann", "127.0.0.1")


@pytest.fixture
def store(screen: Screen) -> Iterator[SqlStore]:
    """What the web process writes with."""
    with screen.hall.store() as opened:
        yield opened


@pytest.fixture
def bad(screen: Screen, trained: Trained) -> Iterator[None]:
    """A plot type that shows BAD; GOOD again after the test."""
    show(screen, trained, "Bad")
    assert screen.status(TRIGGER) == BAD
    yield
    show(screen, trained, "Good")
    assert screen.status(TRIGGER) == GOOD


def show(screen: Screen, trained: Trained, label: str) -> None:
    for number in range(2):
        screen.judged(TRIGGER, trained.bank[TRIGGER][label][number])


def ahead(minutes: float) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


def open_incident(store: SqlStore) -> LoggedEpisode:
    """Return the incident that is open, once it is in the database."""

    def found() -> LoggedEpisode | None:
        newest = store.episodes(Filters(), limit=1)
        return newest[0] if newest and newest[0].ended_at is None else None

    incident = eventually(found, PATIENCE)
    assert incident is not None
    return incident


def becomes(screen: Screen, suffix: str, wanted: Any) -> None:
    assert eventually(lambda: screen.label(TRIGGER, suffix) == wanted, PATIENCE), screen.label(TRIGGER, suffix)


def test_a_mute_asked_for_on_a_page_silences_the_alarm_and_can_be_taken_back(
    screen: Screen, store: SqlStore, bad: None
) -> None:
    key = screen.follow(TRIGGER)
    store.ask_mute(TRIGGER, ahead(30), ANN, "board 7 is off")
    screen.becomes(TRIGGER, MUTED)
    assert (screen.value(TRIGGER, "MUTEBY"), screen.text(TRIGGER, "MUTEWHY")) == ("ann", "board 7 is off")
    assert 29 < screen.value(TRIGGER, "MUTE") <= 30
    assert "muted by ann" in screen.text(TRIGGER, "MSG")
    store.ask_mute(TRIGGER, None, ANN)
    screen.becomes(TRIGGER, BAD)
    assert (screen.value(TRIGGER, "MUTE"), screen.value(TRIGGER, "MUTEBY")) == (0, "")
    assert [shown.alarm for shown in screen.history(key)] == [BAD.alarm, MUTED.alarm, BAD.alarm]


def test_a_mute_asked_for_on_a_page_ends_by_itself(screen: Screen, store: SqlStore, bad: None) -> None:
    store.ask_mute(TRIGGER, ahead(4 / 60), ANN, "for a moment")
    screen.becomes(TRIGGER, MUTED)
    screen.becomes(TRIGGER, BAD)


def test_an_incident_acknowledged_on_a_page_is_acknowledged_for_operators(
    screen: Screen, store: SqlStore, bad: None
) -> None:
    assert screen.label(TRIGGER, "ACK") == "Open"
    assert store.acknowledge(open_incident(store).uid, "ann", "127.0.0.1")
    becomes(screen, "ACK", "Acknowledged")
    assert screen.status(TRIGGER) == BAD


def test_an_old_incident_acknowledged_late_is_not_taken_for_the_open_one(
    screen: Screen, trained: Trained, store: SqlStore, bad: None
) -> None:
    old = open_incident(store)
    show(screen, trained, "Good")
    show(screen, trained, "Bad")
    assert open_incident(store).uid != old.uid
    store.acknowledge(old.uid, "ann")
    store.ask_mute(TRIGGER, ahead(30), ANN, "only to know when the first was taken up")
    screen.becomes(TRIGGER, MUTED)
    assert screen.label(TRIGGER, "ACK") == "Open"
    store.ask_mute(TRIGGER, None, ANN)
    screen.becomes(TRIGGER, BAD)


def test_a_threshold_and_a_rule_set_on_a_page_are_in_force(screen: Screen, store: SqlStore) -> None:
    store.set_thresholds(TRIGGER, 1, {"Bad": 0.95}, "ann")
    store.set_settings(TRIGGER, {"confirm": "1 of 1"}, "ann")
    assert eventually(lambda: screen.value(TRIGGER, "ENTER1") == 0.95, PATIENCE)
    assert eventually(lambda: screen.value(TRIGGER, "CONFIRMN") == 1, PATIENCE)
    store.set_thresholds(TRIGGER, 1, {"Bad": 0.7}, "ann")
    store.set_settings(TRIGGER, {"confirm": None}, "ann")
    assert eventually(lambda: screen.value(TRIGGER, "ENTER1") == 0.7, PATIENCE)
    assert eventually(lambda: screen.value(TRIGGER, "CONFIRMN") == 3, PATIENCE)


def test_what_cannot_be_taken_up_stops_nothing(screen: Screen, store: SqlStore, bad: None) -> None:
    store.ask_mute(TRIGGER, ahead(-1), ANN, "over before it began")
    store.ask_mute(TRIGGER, ahead(30), ANN, "the next one")
    screen.becomes(TRIGGER, MUTED)
    assert screen.text(TRIGGER, "MUTEWHY") == "the next one"
    store.ask_mute(TRIGGER, None, ANN)
    screen.becomes(TRIGGER, BAD)


def test_what_was_asked_for_while_no_ioc_ran_is_done_at_its_start(
    hall: Hall, trained: Trained, start: Callable[..., IocProcess], client: Callable[[Hall], CaClient]
) -> None:
    screen = Screen(hall, client(hall))
    ioc = start(hall).wait_ready()
    show(screen, trained, "Bad")
    with hall.store() as store:
        uid = open_incident(store).uid
        ioc.kill()
        store.ask_mute(TRIGGER, ahead(30), ANN, "while nobody listened")
        store.acknowledge(uid, "ann")
        start(hall).wait_ready()
        screen.becomes(TRIGGER, MUTED)
        assert screen.label(TRIGGER, "ACK") == "Acknowledged"
        store.ask_mute(TRIGGER, None, ANN)
        screen.becomes(TRIGGER, BAD)
