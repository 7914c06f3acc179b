"""What is told to whom and when: the beginnings and ends of alarms, gathered, spaced out, retried within bounds."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from hydra_core.domain import Condition, KofN, PlotType, Policy, Severity, Status, Verdict
from hydra_core.notify.happenings import Alarms, Happening
from hydra_core.notify.outbox import ATTEMPTS, GATHER, LINES, Outbox

AT = datetime(2026, 11, 24, 20, tzinfo=UTC)
POLICY = Policy({}, {}, KofN(1, 1))
CDC = PlotType("CDC", "CDC occupancy", "CDC", "CDC", (), POLICY, response="Check the HV.")
HALF_HOUR = 1800.0


def verdict(status, severity=None, name="CDC", reason="Bad 0.993 >= 0.90, 2 of 2"):
    usual = {Status.BAD: 2, Status.WARN: 1, Status.STALE: 3, Status.ERROR: 3}.get(status, 0)
    level = Severity(usual) if severity is None else severity
    condition = Condition.STATE if level else Condition.NO_ALARM
    return Verdict(name, None, "Bad", 0.993, status, level, condition, True, 2, reason, AT)


def alarms(**levels):
    return Alarms({"CDC": CDC}, "https://h.example.org/", levels)


def told(seen, *statuses):
    found = (seen.see(verdict(status), "ab" * 16, 120345) for status in statuses)
    return [one.kind if one else None for one in found]


def test_each_change_is_told_once():
    run = told(alarms(), Status.GOOD, Status.SUSPECT, Status.WARN, Status.WARN, Status.BAD, Status.GOOD, Status.GOOD)
    assert run == [None, None, "warn_confirmed", None, "bad_confirmed", "cleared", None]
    assert told(alarms(), Status.STALE, Status.ERROR, Status.OFF) == ["stale", "error", "cleared"]


def test_an_alarm_that_was_known_at_the_start_is_not_told_again():
    seen = alarms(CDC="bad_confirmed")
    assert told(seen, Status.BAD, Status.GOOD, Status.BAD) == [None, "cleared", "bad_confirmed"]
    assert seen.levels == {"CDC": "bad_confirmed"}


def test_a_mute_is_no_end_and_its_end_is_an_alarm():
    seen = alarms()
    assert told(seen, Status.BAD) == ["bad_confirmed"]
    assert seen.see(verdict(Status.BAD, Severity.NO_ALARM), None, None) is None
    assert told(seen, Status.BAD) == ["bad_confirmed"]


def test_the_words_say_what_where_and_what_to_do():
    found = alarms().see(verdict(Status.BAD), "ab" * 16, 120345)
    assert found.words == "CDC occupancy is BAD: Bad 0.993 >= 0.90, 2 of 2. Run 120345. What to do: Check the HV."
    assert found.link == f"https://h.example.org/p/{'ab' * 16}"
    assert alarms().see(verdict(Status.BAD, name="gone"), None, None) is None


def happening(kind="bad_confirmed", subject="CDC", words="CDC is BAD: 2 of 2. Run 1."):
    return Happening(kind, subject, words, AT, "https://h/p/1")


def outbox(*on):
    return Outbox(on or ("bad_confirmed",), HALF_HOUR, "hall-d")


def send(box, now):
    message = box.due(now)
    if message is not None:
        box.sent(message, now)
    return message


def test_one_happening_is_one_message_after_the_gathering():
    box = outbox()
    box.add(happening(), 100.0)
    box.add(happening("stale", "ST"), 100.0)
    assert box.due(100.0 + GATHER - 0.1) is None
    message = send(box, 100.0 + GATHER)
    assert (message.title, message.body) == (
        "Hydra hall-d: CDC is BAD: 2 of 2",
        "CDC is BAD: 2 of 2. Run 1.\nhttps://h/p/1",
    )
    assert send(box, 1e9) is None


def test_many_at_once_are_one_digest():
    box = outbox()
    for number in range(LINES + 5):
        box.add(happening(subject=f"P{number}", words=f"P{number} is BAD"), 100.0)
    message = send(box, 110.0)
    assert message.title == f"Hydra hall-d: {LINES + 5} messages"
    assert message.body.count("is BAD") == LINES and message.body.endswith("… and 5 more")
    assert box.waiting == 0


def test_the_interval_is_kept_and_what_comes_meanwhile_is_counted():
    box = outbox()
    box.add(happening(), 100.0)
    assert send(box, 105.0)
    for now in (200.0, 300.0, 400.0):
        box.add(happening(), now)
    box.add(happening(subject="ST", words="ST is BAD"), 400.0)
    assert [one.subject for one in send(box, 405.0).happenings] == ["ST"]
    assert send(box, 105.0 + HALF_HOUR - 1) is None
    assert "3 times" in send(box, 105.0 + HALF_HOUR).body


def test_what_is_over_before_it_was_told_is_not_told():
    box = outbox("bad_confirmed", "cleared")
    box.add(happening(), 100.0)
    box.add(happening("cleared"), 102.0)
    assert send(box, 1e9) is None
    box.add(happening(), 2e9)
    assert send(box, 2e9 + GATHER)
    box.add(happening("cleared", words="CDC is GOOD again"), 2e9 + 60)
    assert send(box, 2e9 + 70) is None
    assert send(box, 2e9 + GATHER + HALF_HOUR).happenings[0].kind == "cleared"


def test_an_end_that_nobody_asked_for_takes_back_what_waits_for_the_interval():
    box = outbox()
    box.add(happening(), 100.0)
    assert send(box, 105.0)
    box.add(happening("cleared"), 200.0)
    box.add(happening(), 300.0)
    box.add(happening("cleared"), 400.0)
    assert send(box, 1e6) is None


def test_failures_are_retried_ever_more_slowly_and_given_up():
    box, now, tries = outbox(), 105.0, []
    box.add(happening(), 100.0)
    while (message := box.due(now)) is not None or box.waiting:
        if message is not None:
            tries.append(now)
            box.failed(message, now)
        now += 1.0
        assert now < 10_000
    assert len(tries) == ATTEMPTS and box.dropped == 1
    waits = [after - before for before, after in pairwise(tries)]
    assert waits == sorted(waits) and waits[0] == pytest.approx(5) and waits[-1] == pytest.approx(300)


def test_what_comes_while_a_message_is_under_way_is_not_lost():
    box = outbox()
    box.add(happening(), 100.0)
    message = box.due(105.0)
    box.add(happening(words="CDC is BAD: worse"), 105.5)
    box.sent(message, 106.0)
    assert box.waiting == 1
