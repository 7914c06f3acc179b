"""How values, alarms and metadata look on the Channel Access wire: DBR structures, and nothing about PVs.

A DBR type is one of seven native types in five families (plain, status, time, graphic, control), or one of four
special types. Times are nanoseconds since 1990-01-01 UTC, the EPICS epoch.
"""

import struct
from dataclasses import dataclass
from math import isfinite, isnan, nan
from typing import NamedTuple

from caproto import AlarmSeverity, AlarmStatus, ChannelType

STRING, INT, FLOAT, ENUM, CHAR, LONG, DOUBLE = (int(ChannelType(number)) for number in range(7))
PUT_ACKT, PUT_ACKS, STSACK_STRING, CLASS_NAME = (int(ChannelType(number)) for number in range(35, 39))
STATUS, TIME, GRAPHIC, CONTROL = 1, 2, 3, 4

SIZE = (40, 2, 4, 2, 1, 4, 8)
"""Bytes of one element of each native type."""
NUMPY = ("S40", ">i2", ">f4", ">u2", "u1", ">i4", ">f8")
STAT_NAMES = tuple(str(status.name) for status in AlarmStatus)
SEVR_NAMES = ("NO_ALARM", *(str(severity.name).removesuffix("_ALARM") for severity in list(AlarmSeverity)[1:]))

EPOCH_1990 = 631_152_000
"""POSIX seconds of the EPICS epoch."""

_STATUS_HEAD = tuple(struct.Struct(f">HH{pad}x") for pad in (0, 0, 0, 0, 1, 0, 4))
_TIME_HEAD = tuple(struct.Struct(f">HHII{pad}x") for pad in (0, 2, 0, 2, 3, 0, 4))
_LIMIT = ("", "h", "f", "", "B", "i", "d")
_WHOLE_RANGE = {INT: (-(1 << 15), (1 << 15) - 1), CHAR: (0, 255), LONG: (-(1 << 31), (1 << 31) - 1)}
_FLOAT_MAX = 3.4028234e38
_PADDING = tuple(b"\0" * (-length % 8) for length in range(8))


class ConversionError(ValueError):
    """A value has no meaning in the DBR type that a client asked for."""


class Alarm(NamedTuple):
    """What every DBR_STS and DBR_TIME structure says of a value. `stamp` is nanoseconds since 1990."""

    status: int
    severity: int
    stamp: int


@dataclass(frozen=True, slots=True)
class Metadata:
    """What DBR_GR and DBR_CTRL structures say of a PV. `limits` is LOLO, LOW, HIGH, HIHI; NaN: no such limit."""

    units: str = ""
    precision: int = 0
    display: tuple[float, float] = (0.0, 0.0)
    control: tuple[float, float] = (0.0, 0.0)
    limits: tuple[float, float, float, float] = (nan, nan, nan, nan)
    states: tuple[str, ...] = ()


NO_METADATA = Metadata()


def head(family: int, native: int, alarm: Alarm, metadata: Metadata) -> bytes:
    """Return the part of a DBR structure that comes before the value."""
    if family == TIME:
        seconds, nanoseconds = divmod(alarm.stamp, 1_000_000_000)
        return _TIME_HEAD[native].pack(alarm.status, alarm.severity, seconds, nanoseconds)
    if family == 0:
        return b""
    if family == STATUS or native == STRING:
        return _STATUS_HEAD[native].pack(alarm.status, alarm.severity)
    if native == ENUM:
        return _enum_head(alarm, metadata)
    return _numeric_head(family, native, alarm, metadata)


def padded(payload: bytes) -> bytes:
    """Fill a payload up to the multiple of eight bytes that the protocol wants."""
    return payload + _PADDING[len(payload) & 7]


def text(value: str, size: int = 40) -> bytes:
    """Return a string as its NUL-terminated, zero-filled field of `size` bytes, cut if it is too long."""
    return value.encode("ascii", "replace")[: size - 1].ljust(size, b"\0")


def number_text(value: float, precision: int) -> str:
    """Format a double as EPICS base does for DBR_STRING (`cvtDoubleToString`)."""
    if isnan(value):
        return "nan"
    if abs(value) > 1e16 or precision > 8:
        return f"{value:.{min(precision, 17)}e}"
    return f"{value:.{min(precision, 3) if abs(value) > 1e7 else precision}f}"


def stsack(alarm: Alarm, ackt: bool, acks: int, value: str) -> bytes:
    """Return a DBR_STSACK_STRING structure."""
    return struct.pack(">HHHH", alarm.status, alarm.severity, ackt, acks) + text(value)


def _enum_head(alarm: Alarm, metadata: Metadata) -> bytes:
    states = metadata.states[:16]
    names = b"".join(text(state, 26) for state in states)
    return struct.pack(">HHH416s", alarm.status, alarm.severity, len(states), names)


def _numeric_head(family: int, native: int, alarm: Alarm, metadata: Metadata) -> bytes:
    real = native in (FLOAT, DOUBLE)
    precision = struct.pack(">hxx", metadata.precision) if real else b""
    low, high = metadata.display
    lolo, warn_low, warn_high, hihi = metadata.limits
    values = [high, low, hihi, warn_high, warn_low, lolo]
    if family == CONTROL:
        values += [metadata.control[1], metadata.control[0]]
    return (
        struct.pack(">HH", alarm.status, alarm.severity)
        + precision
        + text(metadata.units, 8)
        + struct.pack(f">{len(values)}{_LIMIT[native]}", *(_limit(value, native) for value in values))
        + (b"\0" if native == CHAR else b"")
    )


def _limit(value: float, native: int) -> float:
    """Return a limit as it fits into its type; as an integer, "no limit" is 0, as in base."""
    if native == DOUBLE:
        return value
    if native == FLOAT:
        return min(max(value, -_FLOAT_MAX), _FLOAT_MAX) if isfinite(value) else value
    lowest, highest = _WHOLE_RANGE[native]
    return min(max(int(value), lowest), highest) if isfinite(value) else 0
