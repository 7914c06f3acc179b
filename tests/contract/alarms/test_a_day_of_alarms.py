"""A day with flicker, faults, restarts and outages, as alarm handlers and the archiver have it.

Real Channel Access events through libca are fed to models of the Phoebus alarm server, of JAWS and of the archiver.
"""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from support.alarm_day import DAY, NAMES, QUIET, Room, Said, segments
from support.alarm_handlers import ArchiverChannel, JawsAlarm, Level, PhoebusAlarm
from support.ca import ALARM, LOG, VALUE

from hydra_core.domain import Condition, Severity
from hydra_ioc.watch import Surroundings

pytestmark = pytest.mark.slow
HOUR, MINUTE = 3600.0, 60.0
ACKNOWLEDGED_AFTER = 120.0
"""Seconds after an annunciation in which the operator acknowledges it."""
WELL = Surroundings()
NO_FEED = Surroundings(trouble=(Condition.COMM, "no plots can come"))
NO_BEAM = Surroundings(gate_open=False, why="beam 0 nA")


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    """One day: two clean restarts, a kill, a network outage, a lost feed, a pause without beam.

    libca looks for a channel that it lost only after ten seconds, which is what takes time here.
    """
    room = Room(seed=4)
    for hour, what in ((3, "stop"), (8, "network"), (13, "kill"), (19, "stop")):
        room.play(hour * HOUR, around=WELL)
        room.caught_up()
        if what == "stop":
            room.stop()
        else:
            room.disconnect()
        room.play(hour * HOUR + 12 * MINUTE, connected=False, running=what == "network", around=WELL)
        room.connect() if what == "network" else room.start()
        room.caught_up()
        if hour == 8:
            room.play(9 * HOUR, around=WELL)
            room.play(9 * HOUR + 20 * MINUTE, around=NO_FEED)
            room.play(10 * HOUR, around=WELL)
            room.play(11 * HOUR, around=NO_BEAM)
    room.play(DAY, around=WELL)
    room.caught_up()
    yield room
    room.close()


def said(event: dict[str, object]) -> Said:
    return event["value"], Severity(event["severity"]), Condition(event["status"])  # type: ignore[arg-type,return-value]


def received(room: Room, name: str, mask: int = VALUE | ALARM) -> Iterator[tuple[int, float, Said]]:
    """Yield connection, time and content of each event; the first of a connection comes when that is made."""
    for connection, event in segments(room, name, mask):
        yield connection, max(float(str(event["time"])), room.connects[connection]), said(event)


def handled(room: Room, name: str) -> tuple[PhoebusAlarm, JawsAlarm]:
    """Return what both handlers made of a STATUS over the day, with an operator who acknowledges."""
    phoebus, jaws, connection = PhoebusAlarm(), JawsAlarm(), 0
    for number, at, (_, severity, condition) in received(room, name):
        if number != connection:
            operator(phoebus, room.breaks[connection])
            phoebus.disconnected(room.breaks[connection])
            jaws.disconnected(room.breaks[connection])
            connection = number
        operator(phoebus, at)
        phoebus.event(at, severity, condition)
        jaws.event(at, severity, condition)
    return phoebus, jaws


def operator(alarm: PhoebusAlarm, at: float) -> None:
    if not alarm.acknowledged and alarm.said[-1][0] + ACKNOWLEDGED_AFTER <= at:
        alarm.acknowledge()


def raised(told: list[list[Said]], level: Severity) -> int:
    """Return how often what had to be told went from no alarm to a severity, while the client was connected."""
    steps = [pair for part in told for pair in pairwise(part)]
    return sum(not before[1] and after[1] is level for before, after in steps)


def test_the_day_is_rough_enough(room: Room) -> None:
    assert sum(story.odd for story in room.stories.values()) > 150
    assert sum(len(story.faults) for story in room.stories.values()) > 20
    seen = {one for name in NAMES for part in room.told[name] for one in part}
    assert {status.name for status, _, _ in seen} >= {"GOOD", "BAD", "SUSPECT", "STALE", "ERROR", "OFF", "UNKNOWN"}
    assert {condition.name for _, _, condition in seen} >= {"STATE", "TIMEOUT", "READ", "COMM", "UDF"}
    assert len(room.connects) == 5 and room.coalesced == 0


@pytest.mark.parametrize("mask", [VALUE | ALARM, LOG])
@pytest.mark.parametrize("name", NAMES)
def test_no_transition_is_missed(room: Room, name: str, mask: int) -> None:
    got: list[list[Said]] = [[] for _ in room.told[name]]
    for connection, _, one in received(room, name, mask):
        got[connection].append(one)
    assert got == room.told[name]


@pytest.mark.parametrize("name", QUIET)
def test_one_fault_is_one_incident(room: Room, name: str) -> None:
    assert len(room.episodes[name]) == len(room.stories[name].faults)


@pytest.mark.parametrize("name", NAMES)
def test_phoebus_says_each_fault_once(room: Room, name: str) -> None:
    phoebus, _ = handled(room, name)
    times = [at for at, level in phoebus.said if level is Level.MAJOR]
    assert len(times) == raised(room.told[name], Severity.MAJOR) > 0
    assert len(times) <= len(room.episodes[name]) if name in QUIET else True


@pytest.mark.parametrize("name", QUIET)
def test_an_outage_is_said_once_a_level(room: Room, name: str) -> None:
    """Nothing but the stop (INVALID), the lost feed (INVALID) and the connection (UNDEFINED) is told of an outage."""
    phoebus, _ = handled(room, name)
    levels = [level for _, level in phoebus.said]
    assert levels.count(Level.UNDEFINED) == len(room.breaks) == 4
    assert levels.count(Level.INVALID) <= 4, "at the start, two stops and the feed"


@pytest.mark.parametrize("name", NAMES)
def test_a_delay_or_count_in_the_handler_misses_no_fault(room: Room, name: str) -> None:
    """The handler needs none, but a site that sets one still hears of every fault that lasts."""
    for options in ({"delay": 30.0}, {"delay": 300.0, "count": 3}):
        alarm = PhoebusAlarm(**options)  # type: ignore[arg-type]
        for _, at, (_, severity, condition) in received(room, name):
            operator(alarm, at)
            alarm.event(at, severity, condition)
        heard = [at for at, level in alarm.said if level >= Level.MAJOR]
        assert heard, options


@pytest.mark.parametrize("name", NAMES)
def test_jaws_is_active_exactly_as_told(room: Room, name: str) -> None:
    _, jaws = handled(room, name)
    expected, active = 0, False
    for number, part in enumerate(room.told[name]):
        if number:
            expected, active = expected + (not active), True
        for _, severity, _ in part:
            expected += bool(severity) and not active
            active = bool(severity)
    assert len(jaws.activations) == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_archiver_drops_nothing_but_what_it_has(room: Room, name: str) -> None:
    channel, connection = ArchiverChannel(), -1
    for number, event in segments(room, name, LOG):
        status, severity, condition = said(event)
        now = max(float(str(event["time"])), room.connects[number])
        before = len(channel.dropped)
        channel.event(float(str(event["time"])), (status, int(severity), int(condition)), now)
        if len(channel.dropped) > before:
            first = number != connection
            assert first and (condition is Condition.UDF or channel.dropped[-1][1] == channel.stored[-1][1])
        connection = number
    flat = [(status, int(severity), int(condition)) for part in room.told[name] for status, severity, condition in part]
    steps = [one for before, one in zip([None, *flat], flat, strict=False) if one != before]
    assert channel.steps == steps


@pytest.mark.parametrize("name", NAMES)
def test_the_archiver_has_every_score(room: Room, name: str) -> None:
    channel = ArchiverChannel()
    events = room.client.events(room.scores[name])
    for event in events:
        channel.event(event["time"], (event["value"], event["severity"], event["status"]), event["time"])
    late = [stamp for stamp, _ in channel.dropped]
    assert len(late) <= len(room.connects), "at most the first of a connection, which the archive has already"
    assert len(channel.stored) > 100
