"""What waits to be sent to one client: flushed once per loop turn, newest value only when the client is slow.

A client that takes nothing costs a bounded buffer and one mark per subscription, and never delays another.
"""

import asyncio
import fcntl
import logging
import struct
import sys
import termios
from collections.abc import Callable

from hydra_ioc.ca.events import Reading, Subscription

HIGH, LOW = 1 << 20, 1 << 18
"""Bytes that may wait in a transport before updates are held back, and at which they go on."""
CHUNK = 1 << 16
"""Bytes that are handed to the transport without waiting for the end of the loop turn."""

_HEADER = struct.Struct(">HHHHII")
_LARGE_HEADER = struct.Struct(">HHHHIIII")

logger = logging.getLogger(__name__)


def frame(command: int, dbr_type: int, first: int, second: int, count: int, payload: bytes) -> bytes:
    """Pack a frame whose payload is a DBR structure, with the large header where the small one does not hold it."""
    size = len(payload)
    if size < 0xFFF0 and count < 0xFFFF:
        return _HEADER.pack(command, size, dbr_type, count, first, second) + payload
    return _LARGE_HEADER.pack(command, 0xFFFF, dbr_type, 0, first, second, size, count) + payload


class Outbox:
    """One client's way out. `blocked` while updates are held back: its socket is full, or it said EVENTS_OFF."""

    def __init__(self, transport: asyncio.Transport, stall_seconds: float, on_stall: Callable[[], None]) -> None:
        self.blocked = False
        self.full = False
        self.coalesced = 0
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._stall_seconds, self._on_stall = stall_seconds, on_stall
        self._events_on = True
        self._buffer = bytearray()
        self._scheduled = False
        self._owed: dict[Subscription, None] = {}
        self._watch: asyncio.TimerHandle | None = None
        transport.set_write_buffer_limits(high=HIGH, low=LOW)

    def write(self, data: bytes) -> None:
        """Send a frame, at the latest at the end of this loop turn."""
        self._buffer += data
        if len(self._buffer) >= CHUNK:
            self.flush()
        elif not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    def event(self, subscription: Subscription, reading: Reading) -> None:
        """Send an update."""
        dbr_type = subscription.view[0]
        self.write(frame(1, dbr_type, reading.status, subscription.id, reading.count, reading.payload))

    def owe(self, subscription: Subscription) -> None:
        """Remember that a subscription's latest value is to be sent when the client takes data again."""
        if subscription in self._owed:
            self.coalesced += 1
        self._owed[subscription] = None

    def forget(self, subscription: Subscription) -> None:
        """Owe a subscription nothing any more."""
        self._owed.pop(subscription, None)

    def flush(self) -> None:
        """Hand everything to the transport now."""
        if self._buffer and not self._transport.is_closing():
            # A new buffer each time: the transport may keep the old one instead of copying it.
            data, self._buffer = self._buffer, bytearray()
            self._transport.write(data)

    def pause(self) -> None:
        """Hold updates back: the transport holds more than it should."""
        self.full = self.blocked = True
        self._look_later(sys.maxsize, self._loop.time())

    def resume(self) -> None:
        """Go on: the client has taken what was waiting."""
        self.full = False
        self._stop_watch()
        self._settle()

    def hold_events(self) -> None:
        """Hold updates back because the client asked for it (EVENTS_OFF)."""
        self._events_on, self.blocked = False, True

    def release_events(self) -> None:
        """Go on with updates, the latest value of all that changed first (EVENTS_ON)."""
        self._events_on = True
        self._settle()

    def close(self) -> None:
        """Drop everything that waits."""
        self._stop_watch()
        self._owed.clear()
        self._buffer.clear()
        self.full = self.blocked = True

    def _turn(self) -> None:
        self._scheduled = False
        self.flush()

    def _settle(self) -> None:
        self.blocked = self.full or not self._events_on
        while self._owed and not self.blocked:
            subscription = next(iter(self._owed))
            del self._owed[subscription]
            self.event(subscription, subscription.reading())

    def _look(self, waiting: int, since: float) -> None:
        """Drop the client when what it has not taken has not shrunk for too long."""
        present, now = self._waiting(), self._loop.time()
        if present < waiting:
            since = now
        elif now - since >= self._stall_seconds:
            self._watch = None
            self._on_stall()
            return
        self._look_later(present, since)

    def _look_later(self, waiting: int, since: float) -> None:
        self._watch = self._loop.call_later(min(1.0, self._stall_seconds / 4), self._look, waiting, since)

    def _waiting(self) -> int:
        """Return the bytes that wait here and in the kernel, which alone sees a slow client take a little."""
        sent = fcntl.ioctl(self._transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
        return self._transport.get_write_buffer_size() + int.from_bytes(sent, sys.byteorder)

    def _stop_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
