"""Who is told of a change: subscriptions, their masks and filters, and one packed payload for all who want the same."""

import time
from dataclasses import dataclass
from enum import IntEnum
from math import isfinite
from typing import Protocol

from caproto import CAStatus

from hydra_ioc.ca.shapes import Shape
from hydra_ioc.ca.wire import (
    CLASS_NAME,
    EPOCH_1990,
    NO_METADATA,
    SIZE,
    STSACK_STRING,
    TIME,
    Alarm,
    ConversionError,
    Metadata,
    head,
    padded,
    stsack,
    text,
)

ECA_NORMAL, ECA_GETFAIL, ECA_PUTFAIL, ECA_BADTYPE, ECA_BADCOUNT, ECA_NOWTACCESS, ECA_NORDACCESS = (
    int(status.value.code_with_severity)
    for status in (
        CAStatus.ECA_NORMAL,
        CAStatus.ECA_GETFAIL,
        CAStatus.ECA_PUTFAIL,
        CAStatus.ECA_BADTYPE,
        CAStatus.ECA_BADCOUNT,
        CAStatus.ECA_NOWTACCESS,
        CAStatus.ECA_NORDACCESS,
    )
)


class Mask(IntEnum):
    """DBE_… event classes; an enumeration of plain integers, whose combinations are fast."""

    VALUE = 1
    LOG = 2
    ALARM = 4
    PROPERTY = 8


@dataclass(frozen=True, slots=True)
class Filter:
    """A channel filter: `pick` elements of an array, pass only beyond a dead band, stamp with the time of sending."""

    pick: slice | None = None
    band: float | None = None
    relative: bool = False
    stamped: bool = False


NO_FILTER = Filter()
View = tuple[int, int, Filter]
"""What several subscribers may share a payload of: DBR type, number of elements asked for (0: all), filter."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A value as a client gets it: ECA status, number of elements, payload."""

    status: int
    count: int
    payload: bytes


class Outlet(Protocol):
    """A client's way out, as a subscription sees it."""

    blocked: bool

    def event(self, subscription: "Subscription", reading: Reading) -> None:
        """Send an update."""
        ...

    def owe(self, subscription: "Subscription") -> None:
        """Remember to send the latest value once the client takes data again."""
        ...


class Subscription:
    """One client's wish to be told of one variable's changes."""

    __slots__ = ("id", "last", "mask", "outlet", "variable", "view")

    def __init__(self, variable: "Variable", view: View, mask: int, subscription_id: int, outlet: Outlet) -> None:
        self.variable, self.view, self.mask, self.id, self.outlet = variable, view, mask, subscription_id, outlet
        self.last: float | None = None

    def reading(self) -> Reading:
        """Return the latest value as this subscriber wants it."""
        return self.variable.reading(self.view)

    def wants(self, flags: int) -> bool:
        """Tell whether mask and dead-band filter let an event through; the filter never holds an alarm back."""
        if not self.mask & flags:
            return False
        band = self.view[2].band
        return band is None or self._beyond(band, flags)

    def _beyond(self, band: float, flags: int) -> bool:
        value = self.variable.value
        if not isinstance(value, float | int):
            return True
        if not flags & Mask.ALARM and self.last is not None and isfinite(value) and isfinite(self.last):
            width = abs(self.last) * band / 100 if self.view[2].relative else band
            if abs(value - self.last) <= width:
                return False
        self.last = float(value)
        return True


class Variable:
    """Anything that a channel can be connected to: a record or one of its fields."""

    __slots__ = ("_views", "name", "shape")

    def __init__(self, name: str, shape: Shape) -> None:
        self.name, self.shape = name, shape
        self._views: dict[View, dict[Subscription, None]] = {}

    @property
    def value(self) -> object:
        """The stored value."""
        raise NotImplementedError

    @property
    def alarm(self) -> Alarm:
        """Alarm and time stamp."""
        raise NotImplementedError

    @property
    def metadata(self) -> Metadata:
        """Units, limits and states."""
        raise NotImplementedError

    @property
    def writable(self) -> bool:
        """Whether clients may put at all."""
        return False

    @property
    def access_group(self) -> str:
        """The access security group (ASG) of the record."""
        raise NotImplementedError

    @property
    def access_level(self) -> int:
        """The access security level: 0 a record's value, 1 its other fields."""
        return 0

    @property
    def record_type(self) -> str:
        """The record type, as .RTYP and DBR_CLASS_NAME tell it."""
        raise NotImplementedError

    def acknowledgement(self) -> tuple[bool, int]:
        """Return ACKT and ACKS."""
        raise NotImplementedError

    def subscribe(self, subscription: Subscription) -> None:
        """Add a subscription; the caller sends it the first value."""
        self._views.setdefault(subscription.view, {})[subscription] = None

    def unsubscribe(self, subscription: Subscription) -> None:
        """Remove a subscription; removing it twice is no error."""
        subscriptions = self._views.get(subscription.view)
        if subscriptions is not None:
            subscriptions.pop(subscription, None)
            if not subscriptions:
                del self._views[subscription.view]

    def publish(self, flags: int) -> None:
        """Tell every subscriber whose mask wants it; each view is packed once."""
        for view, subscriptions in self._views.items():
            reading: Reading | None = None
            for subscription in subscriptions:
                if not subscription.wants(flags):
                    continue
                outlet = subscription.outlet
                if outlet.blocked:
                    outlet.owe(subscription)
                    continue
                if reading is None:
                    reading = self.reading(view)
                outlet.event(subscription, reading)

    def reading(self, view: View) -> Reading:
        """Pack the present value; what cannot be converted is an ECA_GETFAIL with a zeroed value, no exception."""
        dbr_type, count, channel_filter = view
        if dbr_type == CLASS_NAME:
            return Reading(ECA_NORMAL, 1, text(self.record_type))
        if dbr_type == STSACK_STRING:
            shown = self.shape.elements(self.value, 0, slice(0, 1))[1][:40].split(b"\0", 1)[0].decode()
            return Reading(ECA_NORMAL, 1, padded(stsack(self.alarm, *self.acknowledgement(), shown)))
        family, native = divmod(dbr_type, 7)
        alarm = self.alarm
        if channel_filter.stamped and family == TIME:
            alarm = alarm._replace(stamp=now())
        start = head(family, native, alarm, self.metadata)
        try:
            present, data = self.shape.elements(self.value, native, channel_filter.pick)
        except ConversionError:
            return blank(view, ECA_GETFAIL)
        if count and count != present:
            size = count * SIZE[native]
            present, data = count, data[:size].ljust(size, b"\0")
        return Reading(ECA_NORMAL, present, padded(start + data))


def blank(view: View, status: int) -> Reading:
    """Return a zeroed value that says why there is no other."""
    dbr_type, count, _ = view
    if dbr_type in (CLASS_NAME, STSACK_STRING):
        return Reading(status, 1, bytes(40 if dbr_type == CLASS_NAME else 48))
    family, native = divmod(dbr_type, 7)
    start = head(family, native, Alarm(0, 0, 0), NO_METADATA)
    return Reading(status, count or 1, padded(start + bytes((count or 1) * SIZE[native])))


def now() -> int:
    """Return the present time in nanoseconds since 1990."""
    return time.time_ns() - EPOCH_1990 * 1_000_000_000


def readable(dbr_type: int) -> bool:
    """Tell whether a client may ask for this DBR type at all."""
    return 0 <= dbr_type < 35 or dbr_type in (STSACK_STRING, CLASS_NAME)
