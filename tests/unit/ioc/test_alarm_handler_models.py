"""The models of alarm handlers see what they are there to see: flicker, a null, and stamps that go back."""

import pytest
from support.alarm_handlers import ArchiverChannel, JawsAlarm, Level, PhoebusAlarm

from hydra_core.domain import Condition, Severity

MAJOR, OK = (Severity.MAJOR, Condition.STATE), (Severity.NO_ALARM, Condition.NO_ALARM)
INVALID = (Severity.INVALID, Condition.TIMEOUT)


def test_a_pv_that_toggles_is_said_again_and_again() -> None:
    alarm = PhoebusAlarm()
    for at in range(0, 10, 2):
        alarm.event(at, *MAJOR)
        alarm.event(at + 1, *OK)
        alarm.acknowledge()
    assert [level for _, level in alarm.said] == [Level.MAJOR] * 5


def test_a_latched_alarm_is_said_once_until_it_is_acknowledged_and_over() -> None:
    alarm = PhoebusAlarm()
    for at, one in enumerate((MAJOR, OK, MAJOR, OK)):
        alarm.event(at, *one)
    assert (alarm.said, alarm.alarm) == ([(0, Level.MAJOR)], Level.MAJOR)
    alarm.acknowledge()
    assert alarm.alarm is Level.OK
    alarm.event(9, *MAJOR)
    assert len(alarm.said) == 2


def test_something_worse_is_said_and_something_better_is_not() -> None:
    alarm = PhoebusAlarm()
    alarm.event(0, *MAJOR)
    alarm.event(1, *INVALID)
    alarm.acknowledge()
    alarm.event(2, *MAJOR)
    assert alarm.said == [(0, Level.MAJOR), (1, Level.INVALID)] and alarm.alarm is Level.MAJOR


def test_a_delay_waits_and_a_count_ends_it() -> None:
    waiting = PhoebusAlarm(delay=30)
    waiting.event(0, *MAJOR)
    waiting.passed(29)
    assert waiting.said == []
    waiting.passed(31)
    assert waiting.said == [(30, Level.MAJOR)]
    gone = PhoebusAlarm(delay=30)
    gone.event(0, *MAJOR)
    gone.event(10, *OK)
    gone.passed(60)
    assert gone.said == []
    counting = PhoebusAlarm(delay=30, count=3)
    for at in (0, 5, 10):
        counting.event(at, *MAJOR)
        counting.event(at + 1, *OK)
    assert counting.said == [(10, Level.MAJOR)]


@pytest.mark.parametrize("wrong", [(Severity.NO_ALARM, Condition.STATE), (Severity.MAJOR, Condition.NO_ALARM)])
def test_jaws_meets_a_null(wrong: tuple[Severity, Condition]) -> None:
    with pytest.raises(AssertionError):
        JawsAlarm().event(0, *wrong)


def test_the_archiver_drops_equal_older_and_future_stamps() -> None:
    channel = ArchiverChannel(drift=100)
    for stamp, now in ((10, 10), (10, 11), (9, 12), (200, 50), (150, 151), (160, 400)):
        channel.event(stamp, (stamp, 0, 0), now)
    assert [stamp for stamp, _ in channel.stored] == [10, 150]
    assert [stamp for stamp, _ in channel.dropped] == [10, 9, 200, 160]
