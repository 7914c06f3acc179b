"""What one address is still to be told: gathered, kept apart by the minimum interval, retried within bounds. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from hydra_core.notify.happenings import CLEARED, Happening

GATHER = 5.0
"""Seconds in which what happens goes into one message."""
FIRST_RETRY, LAST_RETRY = 5.0, 300.0
ATTEMPTS = 8
"""So often is a message tried, over about a quarter of an hour; then it is old news and dropped."""
LINES = 20


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: one happening, or a digest of several."""

    title: str
    body: str
    happenings: tuple[Happening, ...]


@dataclass(slots=True)
class _Waiting:
    happening: Happening
    ready_at: float
    times: int = 1


class Outbox:
    """Times are seconds of one clock. `dropped` counts what could not be told."""

    def __init__(self, on: Sequence[str], min_interval: float, hall: str) -> None:
        self._on = frozenset(on)
        self._min_interval = min_interval
        self._hall = hall
        self._waiting: dict[str, _Waiting] = {}
        self._sent: dict[str, tuple[float, str]] = {}
        self._attempts = 0
        self._retry_at = 0.0
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """How many subjects there is something to tell of."""
        return len(self._waiting)

    def is_pressing(self, now: float) -> bool:
        """Return whether something is to be sent at once, or is only being gathered."""
        return any(one.ready_at <= now + GATHER for one in self._waiting.values())

    def add(self, happening: Happening, now: float) -> None:
        """Take something in, if it is asked for; it takes the place of what was not yet told of its subject."""
        subject, held = happening.subject, self._waiting.get(happening.subject)
        last_at, last_kind = self._sent.get(subject, (None, CLEARED))
        if happening.kind == CLEARED and (CLEARED not in self._on or last_kind == CLEARED):
            # It is over before anybody was told, or nobody wants to know.
            self._waiting.pop(subject, None)
            self._sent[subject] = (last_at if last_at is not None else now - self._min_interval, CLEARED)
            return
        if happening.kind not in self._on:
            return
        ready_at = now + GATHER
        if last_at is not None:
            ready_at = max(ready_at, last_at + self._min_interval)
        if held is not None:
            self._waiting[subject] = _Waiting(happening, held.ready_at, held.times + 1)
        else:
            self._waiting[subject] = _Waiting(happening, ready_at)

    def due(self, now: float) -> Message | None:
        """Return what is to be sent now; stays the same until `sent` or `failed` is called with it."""
        if now < self._retry_at:
            return None
        ready = [one for one in self._waiting.values() if one.ready_at <= now]
        if not ready:
            return None
        lines = [_line(one) for one in ready]
        if len(ready) == 1:
            return Message(f"Hydra {self._hall}: {_short(ready[0].happening)}", lines[0], (ready[0].happening,))
        more = [f"… and {len(lines) - LINES} more"] if len(lines) > LINES else []
        body = "\n\n".join([*lines[:LINES], *more])
        return Message(f"Hydra {self._hall}: {len(ready)} messages", body, tuple(one.happening for one in ready))

    def sent(self, message: Message, now: float) -> None:
        """Note that a message got through."""
        self._attempts, self._retry_at = 0, 0.0
        for happening in message.happenings:
            self._sent[happening.subject] = (now, happening.kind)
            self._forget(happening)

    def failed(self, message: Message, now: float) -> None:
        """Note that a message did not get through; it is tried again later, or given up."""
        self._attempts += 1
        self._retry_at = now + min(FIRST_RETRY * 2 ** (self._attempts - 1), LAST_RETRY)
        if self._attempts >= ATTEMPTS:
            self._attempts = 0
            self.dropped += len(message.happenings)
            for happening in message.happenings:
                self._forget(happening)

    def _forget(self, happening: Happening) -> None:
        """Take it out, unless something newer of its subject has come meanwhile."""
        held = self._waiting.get(happening.subject)
        if held is not None and held.happening == happening:
            del self._waiting[happening.subject]


def _short(happening: Happening) -> str:
    return happening.words.partition(". ")[0].rstrip(".")


def _line(one: _Waiting) -> str:
    times = f" ({one.times} times since the last message)" if one.times > 1 else ""
    link = f"\n{one.happening.link}" if one.happening.link else ""
    return f"{one.happening.words}{times}{link}"
