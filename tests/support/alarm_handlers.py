"""Small executable models of the programs that listen to our alarms, written from what their sources do.

They are fed the events that a real Channel Access client got: (time, severity, condition) and disconnects.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from hydra_core.domain import Condition, Severity


class Level(IntEnum):
    """Severities as the Phoebus alarm server orders them."""

    OK = 0
    MINOR = 1
    MAJOR = 2
    INVALID = 3
    UNDEFINED = 4


@dataclass
class PhoebusAlarm:
    """One PV of the tree in the Phoebus alarm server (`AlarmLogic`): latch, delay and count.

    `said` are the annunciations, `(time, level)`. An update counts when severity or message differ. Latched alarms
    keep the highest level until somebody acknowledges. `delay` seconds must pass in alarm before it is raised, unless
    `count` alarms come within them.
    """

    delay: float = 0.0
    count: int = 0
    latching: bool = True
    current: tuple[Level, str] = (Level.OK, "NO_ALARM")
    alarm: Level = Level.OK
    acknowledged: bool = True
    said: list[tuple[float, Level]] = field(default_factory=list)
    _since: float | None = None
    _worst: Level = Level.OK
    _alarms: list[float] = field(default_factory=list)

    def event(self, at: float, severity: Severity, condition: Condition) -> None:
        """Take a value that the Channel Access client got."""
        self._update(at, Level(int(severity)), condition.name)

    def disconnected(self, at: float) -> None:
        """The PV is gone: at once UNDEFINED."""
        self._update(at, Level.UNDEFINED, "Disconnected")

    def acknowledge(self) -> None:
        """An operator acknowledges; what is over already is gone then."""
        self.acknowledged = True
        self.alarm = min(self.alarm, self.current[0])

    def passed(self, at: float) -> None:
        """Let time pass: a delayed alarm is raised when it has stood for long enough."""
        if self._since is not None and at - self._since >= self.delay:
            self._raise(self._since + self.delay, self._worst)

    def _update(self, at: float, level: Level, message: str) -> None:
        self.passed(at)
        if (level, message) == self.current:
            return
        self.current = (level, message)
        if level is not Level.OK and self.delay and level > self.alarm:
            self._alarms = [one for one in self._alarms if at - one < self.delay] + [at]
            if not self.count or len(self._alarms) < self.count:
                self._since, self._worst = self._since if self._since is not None else at, max(self._worst, level)
                return
        elif level is Level.OK:
            self._since, self._worst = None, Level.OK
        self._follow(at, level)

    def _follow(self, at: float, level: Level) -> None:
        if level > self.alarm:
            self._raise(at, level)
        elif self.acknowledged or not self.latching:
            self.alarm = level

    def _raise(self, at: float, level: Level) -> None:
        self._since, self._worst = None, Level.OK
        self.alarm, self.acknowledged = level, False
        self.said.append((at, level))


@dataclass
class JawsAlarm:
    """JAWS (`EpicsToAlarm`): active is what STAT says. `activations` are the times at which it became so."""

    active: bool = False
    activations: list[float] = field(default_factory=list)

    def event(self, at: float, severity: Severity, condition: Condition) -> None:
        """Take an event. Raises AssertionError where JAWS meets a null: an alarm condition without a severity."""
        assert (condition is Condition.NO_ALARM) == (severity is Severity.NO_ALARM), (severity, condition)
        self._set(at, condition is not Condition.NO_ALARM)

    def disconnected(self, at: float) -> None:
        """A ChannelErrorActivation."""
        self._set(at, True)

    def _set(self, at: float, active: bool) -> None:
        if active and not self.active:
            self.activations.append(at)
        self.active = active


Sample = tuple[object, int, int]
"""Value, severity, condition."""


@dataclass
class ArchiverChannel:
    """The Archiver Appliance's filter of time stamps (`ArchiveChannel`): what is stored, and what is dropped.

    Dropped is a stamp that is not later than the last, one further in the future than `drift` seconds, and after the
    first sample one that is older than that.
    """

    drift: float = 1800.0
    stored: list[tuple[float, Sample]] = field(default_factory=list)
    dropped: list[tuple[float, Sample]] = field(default_factory=list)

    def event(self, stamp: float, sample: Sample, now: float) -> None:
        """Take a sample with its time stamp; `now` is the archiver's clock."""
        last = self.stored[-1][0] if self.stored else None
        late = last is not None and (stamp <= last or stamp < now - self.drift)
        (self.dropped if late or stamp > now + self.drift else self.stored).append((stamp, sample))

    @property
    def steps(self) -> list[Sample]:
        """What a plot of the archive shows: the samples without repetitions."""
        samples = [sample for _, sample in self.stored]
        return [sample for before, sample in zip([None, *samples], samples, strict=False) if sample != before]
