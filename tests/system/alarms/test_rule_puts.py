"""The rules as PVs, through libca: limits checked, in force at once, refused with an error, audited, kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from support.ca import NORMAL, PUTFAIL
from support.screen import BAD, GOOD, SUSPECT, WARN, Screen, Shown
from support.stub_hall import StubHall, StubIoc

from hydra_core.domain import Condition, Severity, Status


def put(screen: Screen, plot: str, suffix: str, value: Any) -> int:
    return screen.client.put(screen.hall.pv(plot, suffix), value, ftype=0 if isinstance(value, str) else None)


def drop(screen: Screen, plot: str, label: str, score: float = 0.99) -> Shown:
    hall = screen.hall
    assert isinstance(hall, StubHall)
    screen.shows_chunk(plot, hall.drop_as(plot, label, score))
    return screen.status(plot)


def audited(screen: Screen, target: str) -> list[tuple[Any, ...]]:
    engine = create_engine(screen.hall.config.database_url())
    with engine.connect() as connection:
        query = text(
            "select what, before, after, who, where_from from audit_log "
            "where target = :target and what = 'set rule' order by id"
        )
        rows = [tuple(row) for row in connection.execute(query, {"target": target})]
    engine.dispose()
    return rows


def test_a_severity_holds_at_once_and_is_audited(shown: Screen) -> None:
    for _ in range(2):
        drop(shown, "P0", "Bad")
    assert shown.status("P0") == BAD
    assert put(shown, "P0", "SEV1", "minor") == NORMAL
    assert shown.becomes("P0", WARN)
    assert put(shown, "P0", "SEV1", "none") == NORMAL
    assert shown.becomes("P0", GOOD)
    assert put(shown, "P0", "SEV1", 2) == NORMAL
    assert [drop(shown, "P0", "Bad") for _ in range(2)][-1] == BAD
    what, before, after, who, where = audited(shown, "P0")[1]
    assert (what, '"minor"' in before, '"none"' in after) == ("set rule", True, True)
    assert who and "127.0.0.1" in where


def test_an_alarm_is_left_below_its_leave_threshold(shown: Screen) -> None:
    for _ in range(2):
        drop(shown, "P1", "Bad")
    assert put(shown, "P1", "LEAVE1", 0.5) == NORMAL
    assert [drop(shown, "P1", "Bad", 0.6) for _ in range(3)] == [BAD] * 3
    assert [drop(shown, "P1", "Bad", 0.4) for _ in range(2)] == [BAD, SUSPECT]


def test_enter_thresholds_of_one_class_and_of_all(shown: Screen) -> None:
    assert put(shown, "P2", "ENTER1", 0.95) == NORMAL
    assert (shown.value("P2", "ENTER1"), shown.value("P2", "THRESH")) == (0.95, 0.7)
    assert [drop(shown, "P2", "Bad", 0.9) for _ in range(3)] == [SUSPECT] * 3
    assert put(shown, "P2", "THRESH", 0.8) == NORMAL
    assert [shown.value("P2", f"ENTER{n}") for n in range(3)] == [0.7, 0.8, 0.8]
    assert [drop(shown, "P2", "Bad", 0.9) for _ in range(2)] == [SUSPECT, BAD]


def test_k_of_n_and_delays(shown: Screen) -> None:
    for suffix, value in (("CONFIRMK", 1), ("CONFIRMN", 4), ("CLEARN", 3), ("CLEARK", 3)):
        assert put(shown, "P3", suffix, value) == NORMAL
    assert shown.value("P3", "CONFIRM") == "1 of 4"
    assert drop(shown, "P3", "Bad") == BAD
    assert [drop(shown, "P3", "Good") for _ in range(3)] == [BAD, BAD, GOOD]
    assert put(shown, "P3", "ONDELAY", 2.0) == NORMAL
    assert drop(shown, "P3", "Bad") == SUSPECT
    assert "must hold 2 s" in shown.text("P3", "MSG")
    shown.becomes("P3", BAD)


@pytest.mark.parametrize(
    ("suffix", "value"),
    [
        ("SEV1", 3),
        ("ENTER1", 1.01),
        ("ENTER1", -0.1),
        ("LEAVE1", 0.9),
        ("LEAVE1", float("nan")),
        ("CONFIRMK", 4),
        ("CONFIRMN", 1),
        ("CONFIRMN", 17),
        ("CLEARK", 0),
        ("ONDELAY", -1.0),
        ("OFFDELAY", 86401.0),
        ("STALET", float("inf")),
        ("MODE", 3),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(shown: Screen, suffix: str, value: Any) -> None:
    before = shown.value("P4", suffix), shown.alarm("P4", suffix), audited(shown, "P4")
    assert put(shown, "P4", suffix, value) == PUTFAIL
    assert (shown.value("P4", suffix), shown.alarm("P4", suffix), audited(shown, "P4")) == before
    assert before[1] == (Severity.NO_ALARM, Condition.NO_ALARM)


def test_test_mode_shows_all_and_alarms_nobody(shown: Screen) -> None:
    for _ in range(2):
        drop(shown, "P5", "Bad")
    key = shown.follow("P5")
    assert put(shown, "P5", "MODE", "TEST") == NORMAL
    quiet = Shown(Status.BAD, Severity.NO_ALARM, Condition.NO_ALARM)
    assert shown.becomes("P5", quiet)
    assert shown.text("P5", "MSG").startswith("TEST: Bad ")
    assert put(shown, "P5", "MODE", "RUN") == NORMAL
    assert shown.becomes("P5", BAD)
    assert [one.alarm for one in shown.history(key)] == [BAD.alarm, quiet.alarm, BAD.alarm]


def test_maintenance_suppresses_what_is_no_judgement(shown: Screen) -> None:
    assert put(shown, "P6", "MODE", "MAINT") == NORMAL
    shown.becomes("P6", Shown(Status.UNKNOWN, Severity.NO_ALARM, Condition.NO_ALARM))
    assert [drop(shown, "P6", "Bad") for _ in range(2)][-1] == BAD


def test_the_mode_of_the_service_holds_for_all(shown: Screen) -> None:
    for _ in range(2):
        drop(shown, "P7", "Bad")
    assert put(shown, "SYS", "MODE", "TEST") == NORMAL
    shown.becomes("P7", Shown(Status.BAD, Severity.NO_ALARM, Condition.NO_ALARM))
    assert shown.label("P7", "MODE") == "TEST"
    assert put(shown, "SYS", "MODE", "RUN") == NORMAL
    shown.becomes("P7", BAD)


def test_a_mute_has_a_reason(shown: Screen) -> None:
    for _ in range(2):
        drop(shown, "P8", "Bad")
    assert put(shown, "P8", "MUTEWHY", "cable swap") == NORMAL
    drop(shown, "P8", "Bad")
    assert shown.text("P8", "MUTEWHY") == "cable swap", "a plot in between must not take the reason away"
    assert put(shown, "P8", "MUTE", 60.0) == NORMAL
    shown.becomes("P8", Shown(Status.BAD, Severity.NO_ALARM, Condition.NO_ALARM))
    assert "cable swap" in shown.text("P8", "MSG")
    assert put(shown, "P8", "MUTEWHY", "cable swap, one hour") == NORMAL
    assert "one hour" in shown.text("P8", "MSG")
    assert put(shown, "P8", "MUTE", 0) == NORMAL
    shown.becomes("P8", BAD)
    assert shown.text("P8", "MUTEWHY") == ""


def test_all_of_it_is_remembered(
    tmp_path: Path, started: Callable[[StubHall], StubIoc], look: Callable[[StubHall], Screen]
) -> None:
    hall = StubHall(tmp_path / "hall", 2)
    ioc = started(hall)
    screen = look(hall)
    for _ in range(2):
        drop(screen, "P0", "Bad")
    wanted = {"SEV2": 2, "ENTER1": 0.8, "LEAVE1": 0.3, "CONFIRMK": 1, "CLEARN": 4, "OFFDELAY": 5.0, "STALET": 0.0}
    for suffix, value in {**wanted, "MODE": 1}.items():
        assert put(screen, "P0", suffix, value) == NORMAL
    assert put(screen, "P0", "MUTEWHY", "lunch") == NORMAL
    assert put(screen, "P0", "MUTE", 30.0) == NORMAL
    ioc.stop()
    screen.client.close()
    started(hall)
    screen = look(hall)
    assert {suffix: screen.value("P0", suffix) for suffix in wanted} == pytest.approx(wanted)
    assert screen.label("P0", "MODE") == "MAINT"
    assert (screen.text("P0", "MUTEWHY"), 0 < screen.value("P0", "MUTE") <= 30) == ("lunch", True)
    assert [screen.value("P1", suffix) for suffix in ("SEV2", "LEAVE1")] == [1, 0.0]
    with hall.store() as store:
        assert {one.name for one in store.setting_history("P0")} >= {"severity.NoData", "leave.Bad", "mode", "clear"}
