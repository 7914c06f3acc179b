"""Server-sent events: what is sent to one browser, and the queue in front of it that can never grow."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

PING_EVERY = 15.0
"""Seconds of silence after which a browser is told that the line is still open."""

RETRY_AFTER = 2.0
"""Seconds after which a browser that lost the line tries again."""


@dataclass(frozen=True, slots=True)
class Event:
    """One message. A newer one with the same `key` makes it needless; `id` is the change it brings the page to."""

    key: str
    name: str
    data: Mapping[str, object]
    id: int | None = None

    def encode(self) -> bytes:
        """Return the message in the format of the HTML standard; JSON has no raw line feed that could end it."""
        head = "" if self.id is None else f"id: {self.id}\n"
        return f"{head}event: {self.name}\ndata: {json.dumps(self.data, separators=(',', ':'))}\n\n".encode()


class Subscriber:
    """One browser's queue: at most one event per key, the newest, however slow the browser is."""

    def __init__(self) -> None:
        self._pending: dict[str, Event] = {}
        self._wake = asyncio.Event()
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many events wait to be sent."""
        return len(self._pending)

    def put(self, events: Iterable[Event]) -> None:
        """Queue events, replacing older ones of the same key."""
        for event in events:
            self._pending.pop(event.key, None)
            self._pending[event.key] = event
        if self._pending:
            self._wake.set()

    def close(self) -> None:
        """End the stream after what is queued."""
        self._closed = True
        self._wake.set()

    async def take(self, patience: float) -> list[Event]:
        """Return all queued events in the order of their ids, or none after `patience` seconds."""
        try:
            await asyncio.wait_for(self._wake.wait(), patience)
        except TimeoutError:
            return []
        self._wake.clear()
        events, self._pending = list(self._pending.values()), {}
        return sorted(events, key=lambda event: -1 if event.id is None else event.id)

    async def messages(self) -> AsyncIterator[bytes]:
        """Yield the body of the response until `close`."""
        yield f"retry: {RETRY_AFTER * 1000:.0f}\n\n".encode()
        while self._pending or not self._closed:
            events = await self.take(PING_EVERY)
            if events or not self._closed:
                yield b"".join(event.encode() for event in events or [ping()])


def ping() -> Event:
    """Return the event that says nothing but the server's time, by which pages count ages."""
    return Event("ping", "ping", {"now": datetime.now(UTC).isoformat()})
