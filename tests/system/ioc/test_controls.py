"""What operators may put, through libca: each control does what it says, refuses nonsense, and is audited."""

from typing import Any

import pytest
from sqlalchemy import create_engine, text
from support.ca import NORMAL
from support.hall import Trained
from support.screen import BAD, GOOD, OFF, SUSPECT, Screen, Shown

from hydra_core.domain import Condition, Severity, Status

TRIGGER = "Trigger-Bits"
MUTED = Shown(Status.BAD, Severity.NO_ALARM, Condition.NO_ALARM)
FOUR_SECONDS = 4 / 60


def put(screen: Screen, suffix: str, value: Any) -> int:
    return screen.client.put(screen.hall.pv(TRIGGER, suffix), value)


def query(screen: Screen, sql: str) -> list[tuple[Any, ...]]:
    engine = create_engine(screen.hall.config.database_url())
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(sql))]
    engine.dispose()
    return rows


def audited(screen: Screen, what: str) -> list[tuple[Any, ...]]:
    return query(screen, f"select who, target, after from audit_log where what = '{what}' order by id")


@pytest.fixture
def bad(screen: Screen, trained: Trained):
    """A plot type that shows BAD; GOOD again after the test."""
    for number in range(2):
        screen.judged(TRIGGER, trained.bank[TRIGGER]["Bad"][number])
    assert screen.status(TRIGGER) == BAD
    yield
    for number in range(2):
        screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][number])
    assert screen.status(TRIGGER) == GOOD


def test_a_mute_takes_the_severity_keeps_the_status_and_ends_by_itself(screen: Screen, bad: None) -> None:
    key = screen.follow(TRIGGER)
    assert put(screen, "MUTE", FOUR_SECONDS) == NORMAL
    assert screen.status(TRIGGER) == MUTED
    assert 0 < screen.value(TRIGGER, "MUTE") <= FOUR_SECONDS
    assert "@" in screen.value(TRIGGER, "MUTEBY")
    assert f"muted by {screen.value(TRIGGER, 'MUTEBY')}" in screen.text(TRIGGER, "MSG")
    screen.becomes(TRIGGER, BAD)
    assert (screen.value(TRIGGER, "MUTE"), screen.value(TRIGGER, "MUTEBY")) == (0, "")
    assert [shown.alarm for shown in screen.history(key)] == [BAD.alarm, MUTED.alarm, BAD.alarm]
    assert audited(screen, "mute")[-1][1] == TRIGGER


def test_a_mute_can_be_taken_back(screen: Screen, bad: None) -> None:
    put(screen, "MUTE", 60.0)
    assert screen.status(TRIGGER) == MUTED
    assert put(screen, "MUTE", 0.0) == NORMAL
    assert screen.status(TRIGGER) == BAD


def test_an_incident_is_acknowledged_once_in_the_database(screen: Screen, bad: None) -> None:
    assert screen.label(TRIGGER, "ACK") == "Open"
    assert put(screen, "ACK", 1) == NORMAL
    assert screen.label(TRIGGER, "ACK") == "Acknowledged"
    who, when = query(screen, "select acked_by, acked_at from episode order by id desc limit 1")[0]
    assert who and when
    assert put(screen, "ACK", 0) != NORMAL
    assert screen.label(TRIGGER, "ACK") == "Acknowledged"


def test_the_next_incident_is_open_again(screen: Screen, trained: Trained, bad: None) -> None:
    put(screen, "ACK", 1)
    for label in ("Good", "Good"):
        screen.judged(TRIGGER, trained.bank[TRIGGER][label][0])
    assert screen.label(TRIGGER, "ACK") == "Open"
    for label in ("Bad", "Bad"):
        screen.judged(TRIGGER, trained.bank[TRIGGER][label][0])
    assert (screen.status(TRIGGER), screen.label(TRIGGER, "ACK")) == (BAD, "Open")


def test_without_an_incident_there_is_nothing_to_acknowledge(screen: Screen, trained: Trained) -> None:
    assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][0]) == GOOD
    assert put(screen, "ACK", 1) != NORMAL
    assert screen.label(TRIGGER, "ACK") == "Open"


def test_a_disabled_plot_type_is_off_and_comes_back(screen: Screen, trained: Trained, bad: None) -> None:
    assert put(screen, "ENABLE", 0) == NORMAL
    assert screen.becomes(TRIGGER, OFF)
    assert screen.text(TRIGGER, "MSG") == "disabled"
    assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Bad"][3]) == OFF
    assert put(screen, "ENABLE", 1) == NORMAL
    screen.becomes(TRIGGER, BAD)
    assert [(target, after) for _, target, after in audited(screen, "enable")][-2:] == [
        (TRIGGER, '{"value":"False"}'),
        (TRIGGER, '{"value":"True"}'),
    ]


def test_a_threshold_is_in_force_at_once(screen: Screen, trained: Trained) -> None:
    bad = trained.bank[TRIGGER]["Bad"]
    assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][0]) == GOOD
    assert put(screen, "THRESH", 1.0) == NORMAL
    assert screen.value(TRIGGER, "THRESH") == 1.0
    shown = [screen.judged(TRIGGER, data) for data in bad[:3] if screen.value(TRIGGER, "CONF") < 1.0]
    assert shown and {s.alarm for s in shown} == {SUSPECT.alarm}
    assert "< 1.00" in screen.text(TRIGGER, "MSG")
    assert put(screen, "THRESH", 0.7) == NORMAL
    assert [screen.judged(TRIGGER, data) for data in bad[:2]] == [SUSPECT, BAD]
    assert ">= 0.70" in screen.text(TRIGGER, "MSG")
    for number in range(2):
        screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][number])
    assert [target for _, target, _ in audited(screen, "set thresholds")] == [f"{TRIGGER} v1"] * 2


@pytest.mark.parametrize(
    ("suffix", "value"),
    [("THRESH", 1.5), ("THRESH", -0.1), ("THRESH", float("nan")), ("MUTE", -1.0), ("MUTE", 1441.0), ("ENABLE", 2)],
)
def test_a_senseless_value_is_refused_and_changes_nothing(
    screen: Screen, trained: Trained, suffix: str, value: float
) -> None:
    assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][0]) == GOOD
    before = (
        screen.value(TRIGGER, suffix),
        screen.alarm(TRIGGER, suffix),
        len(query(screen, "select id from audit_log")),
    )
    keys = [screen.follow(TRIGGER, name) for name in (suffix, "STATUS")]
    assert put(screen, suffix, value) != NORMAL
    after = (
        screen.value(TRIGGER, suffix),
        screen.alarm(TRIGGER, suffix),
        len(query(screen, "select id from audit_log")),
    )
    assert before == after
    assert screen.status(TRIGGER) == GOOD
    for key in keys:
        assert {event["severity"] for event in screen.client.events(key)} <= {0}


def test_what_is_not_a_control_cannot_be_put(screen: Screen) -> None:
    for suffix, value in (("STATUS", 1), ("CLASS", 0), ("CONF", 0.5), ("MUTEBY", "me")):
        assert put(screen, suffix, value) != NORMAL, suffix
    assert screen.client.put(screen.hall.pv("SYS", "NBAD"), 7) != NORMAL
