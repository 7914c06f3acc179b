"""One PV of ours as a record: alarm, dead bands, time stamp, limits, acknowledgement, and one synchronous `post`.

Differs from EPICS base in one thing: a change of severity alone is posted to VALUE and LOG subscribers too, so that
an archiver sees every alarm step.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import inf, isfinite, isnan, nan

from hydra_core.domain import Condition, Severity, Status
from hydra_core.pvs import PvSpec
from hydra_ioc.ca.arrays import shape_of
from hydra_ioc.ca.events import Mask, Variable, now
from hydra_ioc.ca.fields import Field, make_field
from hydra_ioc.ca.hooks import PutHook
from hydra_ioc.ca.shapes import Number, States
from hydra_ioc.ca.wire import EPOCH_1990, Alarm, Metadata

_STEP = 1000
"""Nanoseconds by which a time stamp moves at least: what a double of POSIX seconds can still tell apart."""
STATUS_SEVERITIES: Mapping[str, Severity] = {
    Status.UNKNOWN.name: Severity.INVALID,
    Status.WARN.name: Severity.MINOR,
    Status.BAD.name: Severity.MAJOR,
    Status.STALE.name: Severity.INVALID,
    Status.ERROR.name: Severity.INVALID,
}
"""What the states of a STATUS PV mean; those not named are NO_ALARM."""


def make_record(
    name: str,
    spec: PvSpec,
    *,
    initial: object = None,
    severities: Mapping[str, Severity] | None = None,
    acknowledgeable: bool = False,
) -> "Record":
    """Make the record that serves a PV; it is UDF/INVALID until the first `post`, whatever its initial value.

    `severities` are those of an enumeration's states (ZRSV, ZSV …), NO_ALARM where none is named. `acknowledgeable`
    makes a PV that carries alarms say "write" to clients, which libca wants before it sends an acknowledgement;
    a put of a value is still refused.
    """
    return Record(name, spec, initial, severities or {}, acknowledgeable)


class Record(Variable):
    """One PV. `on_put` is called with value and `PutContext` for every put that fits.

    It returns, at once or awaited, the value to keep (None: the record is left as it is), or raises `PutRefused`;
    without one every put that fits is kept. `settable` has the hooks of fields that may be put, by the field's name;
    they do what is asked and return None. All methods belong on the event loop that serves the record.
    """

    __slots__ = (
        "_acks",
        "_ackt",
        "_alarm",
        "_fields",
        "_logged",
        "_metadata",
        "_posted",
        "_value",
        "acknowledgeable",
        "on_put",
        "settable",
        "severities",
        "spec",
    )  # fmt: skip

    def __init__(
        self, name: str, spec: PvSpec, initial: object, severities: Mapping[str, Severity], acknowledgeable: bool
    ) -> None:
        super().__init__(name, shape_of(spec))
        self.spec: PvSpec = spec
        self.on_put: PutHook | None = None
        self.settable: Mapping[str, PutHook] = {}
        self.acknowledgeable = acknowledgeable and spec.alarms
        self.severities = tuple(severities.get(state, Severity.NO_ALARM) for state in spec.states)
        self._metadata = self._described(spec)
        self._alarm = Alarm(Condition.UDF, Severity.INVALID, 0)
        self._ackt, self._acks = True, int(Severity.NO_ALARM)
        self._value = self.shape.accept(self.shape.empty if initial is None else initial)
        self._posted: object = self._value
        self._logged: object = self._value
        self._fields: dict[str, Field] | None = None

    @property
    def value(self) -> object:
        """The last value posted: a number, an index of a state, a text, a read-only array or a tuple of texts."""
        return self._value

    @property
    def alarm(self) -> Alarm:
        """Condition, severity and time stamp of the last post."""
        return self._alarm

    @property
    def metadata(self) -> Metadata:
        """Units, precision, ranges, limits and states."""
        return self._metadata

    @property
    def severity(self) -> Severity:
        """The present severity."""
        return Severity(self._alarm.severity)

    @property
    def condition(self) -> Condition:
        """The present condition."""
        return Condition(self._alarm.status)

    @property
    def timestamp(self) -> float:
        """POSIX seconds of the last post; that of the EPICS epoch before the first."""
        return self._alarm.stamp / 1e9 + EPOCH_1990

    @property
    def writable(self) -> bool:
        """Whether clients may put at all."""
        return bool(self.spec.writable)

    @property
    def access_group(self) -> str:
        """The access security group: who may put makes it, and who may acknowledge."""
        return str(self.spec.writable or ("operator" if self.acknowledgeable else "default")).upper()

    @property
    def record_type(self) -> str:
        """The record type, e.g. ``mbbi``."""
        return str(self.spec.kind)

    def post(
        self,
        value: object,
        *,
        severity: Severity | None = None,
        condition: Condition = Condition.NO_ALARM,
        at: float | None = None,
    ) -> None:
        """Set value and alarm and tell the clients what changed; nothing changed tells nobody.

        `at` is POSIX seconds (default now), moved on if it is not later than the last. Without a severity the alarm
        comes from the limits or the state's severity. Raises ValueError for a value that does not fit, when only one
        of severity and condition says "no alarm", or for a time that EPICS cannot express.
        """
        new = self.shape.accept(value)
        status, level = self._judge(new, severity, condition)
        stamp = now() if at is None else _stamp(at)
        before = self._alarm
        self._alarm = Alarm(status, level, max(stamp, before.stamp + _STEP))
        old, self._value = self._value, new
        flags = self._alarmed(before) if (status, level) != before[:2] else 0
        flags |= self._moved(old, new, flags)
        if flags:
            self.publish(flags)

    def _judge(self, value: object, severity: Severity | None, condition: Condition) -> tuple[int, int]:
        if isinstance(value, float) and isnan(value) and severity is not Severity.INVALID:
            return Condition.UDF, Severity.INVALID
        if severity is None:
            return self._own_alarm(value)
        if bool(severity) != bool(condition):
            raise ValueError(f"{self.name}: {severity.name} does not go with condition {condition.name}")
        return int(condition), int(severity)

    def _own_alarm(self, value: object) -> tuple[int, int]:
        """Return the alarm that the record itself sees in a value, in the order in which base looks."""
        if isinstance(self.shape, States) and isinstance(value, int):
            severity = self.severities[value]
            return (Condition.STATE, severity) if severity else (0, 0)
        if self.spec.limits == (None, None, None, None) or not isinstance(value, float | int):
            return 0, 0
        lolo, low, high, hihi = self._metadata.limits
        if value >= hihi:
            return Condition.HIHI, Severity.MAJOR
        if value <= lolo:
            return Condition.LOLO, Severity.MAJOR
        if value >= high:
            return Condition.HIGH, Severity.MINOR
        if value <= low:
            return Condition.LOW, Severity.MINOR
        return 0, 0

    def _moved(self, old: object, new: object, flags: int) -> int:
        """Return the event classes that a change of value calls for, beyond those already due."""
        if not isinstance(new, float | int) or isinstance(self.shape, States):
            if self.shape.same(old, new):
                return 0
            self._tell("NORD", "LEN")
            return Mask.VALUE | Mask.LOG
        moved = 0
        if flags & Mask.VALUE or _beyond(self._posted, new, self.spec.mdel):
            self._posted, moved = new, Mask.VALUE
        if flags & Mask.LOG or _beyond(self._logged, new, self.spec.adel):
            self._logged, moved = new, moved | Mask.LOG
        return moved

    def _alarmed(self, before: Alarm) -> int:
        """Tell the alarm fields, raise what is to be acknowledged, and return the event classes for the value."""
        status, severity, _ = self._alarm
        if not self._ackt or severity >= self._acks:
            self._acks = severity
            self._tell("ACKS")
        if severity != before.severity:
            self._tell("SEVR")
        changed = (Mask.ALARM if severity != before.severity else 0) | (Mask.VALUE if status != before.status else 0)
        self._tell("STAT", mask=changed)
        if (status == Condition.UDF) != (before.status == Condition.UDF):
            self._tell("UDF")
        return Mask.ALARM | Mask.VALUE | Mask.LOG

    def describe(
        self,
        *,
        units: str | None = None,
        display: tuple[float, float] | None = None,
        limits: tuple[float | None, float | None, float | None, float | None] | None = None,
    ) -> None:
        """Change metadata and tell PROPERTY subscribers; nothing changed tells nobody.

        `display` is low and high, `limits` LOLO, LOW, HIGH and HIHI. New limits act from the next post on.
        """
        spec = self.spec
        low, high = display or (spec.low, spec.high)
        units = spec.units if units is None else units
        changed = replace(spec, units=units, low=low, high=high, limits=limits or spec.limits)
        if changed == spec:
            return
        before = {name: field.value for name, field in (self._fields or {}).items()}
        self._metadata = self._described(changed)
        self.spec = changed
        self.publish(Mask.PROPERTY)
        for name, field in (self._fields or {}).items():
            if field.value != before[name]:
                field.publish(Mask.VALUE | Mask.LOG | Mask.PROPERTY)

    def acknowledgement(self) -> tuple[bool, int]:
        """Return ACKT (must a transient alarm be acknowledged) and ACKS (the severity that waits for it)."""
        return self._ackt, self._acks

    def acknowledge(self, severity: int) -> None:
        """Acknowledge up to a severity, as DBR_PUT_ACKS does; a lower one than waits changes nothing."""
        if severity >= self._acks:
            self._acks = int(Severity.NO_ALARM)
            self._tell("ACKS", mask=Mask.VALUE | Mask.ALARM)
            self.publish(Mask.ALARM)

    def acknowledge_transients(self, wanted: bool) -> None:
        """Say whether an alarm that went by itself still waits for acknowledgement, as DBR_PUT_ACKT does."""
        if wanted == self._ackt:
            return
        self._ackt = wanted
        self._tell("ACKT", mask=Mask.VALUE | Mask.ALARM)
        if not wanted and self._acks > self._alarm.severity:
            self._acks = self._alarm.severity
            self._tell("ACKS", mask=Mask.VALUE | Mask.ALARM)
        self.publish(Mask.ALARM)

    def get_field(self, name: str) -> Variable | None:
        """Return a field of the record, made on first use; None: there is no such field."""
        if name in ("", "VAL"):
            return self
        if self._fields is not None and name in self._fields:
            return self._fields[name]
        field = make_field(self, name)
        if field is not None:
            self._fields = self._fields or {}
            self._fields[name] = field
        return field

    def _described(self, spec: PvSpec) -> Metadata:
        if isinstance(self.shape, Number):
            for number in (spec.low, spec.high, *(limit for limit in spec.limits if limit is not None)):
                self.shape.accept(number)
        span = (spec.low, spec.high)
        lolo, low, high, hihi = (nan if limit is None else limit for limit in spec.limits)
        return Metadata(spec.units, spec.precision, span, span, (lolo, low, high, hihi), spec.states)

    def _tell(self, *names: str, mask: int = Mask.VALUE | Mask.LOG) -> None:
        for name in names:
            if self._fields is not None and name in self._fields:
                self._fields[name].publish(mask)


def _stamp(at: float) -> int:
    """Return POSIX seconds as nanoseconds since 1990; an earlier time counts as 1990."""
    if not at < EPOCH_1990 + (1 << 32):
        raise ValueError(f"{at} is not a time before 2126")
    return round((max(at, EPOCH_1990) - EPOCH_1990) * 1e9)


def _beyond(posted: object, new: float, band: float) -> bool:
    """Tell whether a number left the dead band around the one posted last (`recGblCheckDeadband`)."""
    old = posted if isinstance(posted, float | int) else nan
    if isfinite(old) and isfinite(new):
        return abs(new - old) > band
    return (inf if isnan(old) != isnan(new) else 0 if isnan(new) or old == new else inf) > band
