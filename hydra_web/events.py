"""The one poller of the web process: follows the database's `change` table and tells all browsers.

The wall as last known lives here, so pages, API and streams ask the database nothing; its load does not
grow with browsers, and when it is away the last known wall stays up with a banner that says since when.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from hydra_core.domain import Change, PlotType, Status, WallRow
from hydra_core.errors import HydraError, SchemaError
from hydra_web.board import Card, announcement, attention, build_cards, newest, quiet_since
from hydra_web.stream import Event, Subscriber

logger = logging.getLogger(__name__)

POLL_EVERY = 0.25
"""Seconds between two looks at the change table (one indexed query)."""

POLL_AWAY = 1.0
"""The same while the database is away."""

REREAD_EVERY = 30.0
"""Seconds after which the whole wall is read again: two writers may commit their changes out of order."""

PAGE = 500
"""Changes read at a time."""

SCHEMA_ADVICE = "Its schema is of another version of Hydra: somebody must run `hydra db upgrade`."
LOG_ADVICE = "The web service's log says why."


class WallStore(Protocol):
    """What the poller asks of the database. Every call may raise StoreError."""

    def check_schema(self) -> None:
        """Raise SchemaError when the database has another schema version."""
        ...

    def last_change_id(self) -> int:
        """Return the id of the newest change, 0 when there is none."""
        ...

    def changes_after(self, change_id: int, limit: int = PAGE) -> list[Change]:
        """Return the changes with a greater id, oldest first."""
        ...

    def wall(self) -> list[WallRow]:
        """Return the last state of every plot type."""
        ...


class Drawing(Protocol):
    """How cards become HTML."""

    def slot(self, card: Card) -> str:
        """Return what stands in the card's place in the grid."""
        ...

    def strip(self, card: Card) -> str | None:
        """Return what stands in the attention strip, None for a card that is not there."""
        ...

    def summary(self, cards: Sequence[Card]) -> str:
        """Return how many plots are how."""
        ...

    def banner(self, away: "Away | None", quiet: datetime | None) -> str:
        """Return the plain words of the banner, empty when all is well."""
        ...


@dataclass(frozen=True, slots=True)
class Away:
    """The database cannot be used since a time. `advice` is for everybody: it names no host and no user."""

    since: datetime
    advice: str


@dataclass(frozen=True, slots=True)
class _Reading:
    cursor: int
    touched: Mapping[str, int]
    rows: Sequence[WallRow] | None


class WallFeed:
    """The wall as last known, and everybody who watches it. Belongs to one event loop."""

    def __init__(self, store: WallStore, plot_types: Sequence[PlotType], prefix: str, drawing: Drawing) -> None:
        self._store = store
        self._plot_types = tuple(plot_types)
        self._prefix = prefix
        self._drawing = drawing
        self._subscribers: set[Subscriber] = set()
        self._cursor: int | None = None
        self._versions: dict[str, int] = {}
        self._told: dict[str, Status] = {}
        self._read_at = 0.0
        self._closed = False
        self.cards = build_cards((), self._plot_types, prefix)
        self.away: Away | None = None
        self.quiet: datetime | None = None

    @property
    def cursor(self) -> int:
        """The id of the newest change that the cards show."""
        return self._cursor or 0

    @property
    def subscribers(self) -> int:
        """How many browsers listen."""
        return len(self._subscribers)

    def banner(self) -> str:
        """Return why the wall may not be trusted, empty when it may."""
        return self._drawing.banner(self.away, self.quiet)

    def card(self, name: str) -> Card | None:
        """Return the card of a plot type, None when the hall does not watch it."""
        return next((card for card in self.cards if card.name == name), None)

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            await asyncio.sleep(POLL_AWAY if self.away else POLL_EVERY)
            await self.poll()

    async def poll(self) -> None:
        """Look once at the database, in a thread, and tell the browsers what is new."""
        loop = asyncio.get_running_loop()
        reread = self.away is not None or loop.time() - self._read_at > REREAD_EVERY
        try:
            reading = await asyncio.to_thread(self._read, self._cursor, reread)
        except HydraError as error:
            self._lost(error)
        except Exception as error:  # the poller must outlive whatever the driver raises
            if self.away is None:
                logger.exception("poll failed")
            self._lost(error)
        else:
            self._found()
            self._cursor = reading.cursor
            if reading.rows is not None:
                self._read_at = loop.time()
                self._take(reading.rows, reading.touched)
            self._listen(datetime.now(UTC))

    @contextmanager
    def subscribe(self, seen: int | None) -> Iterator[Subscriber]:
        """Join a browser that has seen all changes before the id `seen` (None: nothing); it gets the rest at once.

        A browser that comes from another database, with an id that was never given out, gets everything.
        """
        subscriber = Subscriber()
        known = seen if seen is not None and seen <= self.cursor + 1 else -1
        stale = [card for card in self.cards if self._versions.get(card.name, 0) >= known]
        subscriber.put([*(self._card_event(card) for card in stale), self._wall_event(), self._banner()])
        if self._closed:
            subscriber.close()
        self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        for subscriber in self._subscribers:
            subscriber.close()

    def _read(self, cursor: int | None, reread: bool) -> _Reading:
        if cursor is None:
            self._store.check_schema()
            cursor = self._store.last_change_id()
            return _Reading(cursor, {}, self._store.wall())
        if self.away:
            self._store.check_schema()
        touched: dict[str, int] = {}
        page = self._store.changes_after(cursor, PAGE)
        while page:
            touched.update((change.plot_type, change.id) for change in page if change.plot_type)
            cursor = page[-1].id
            page = self._store.changes_after(cursor, PAGE) if len(page) == PAGE else []
        return _Reading(cursor, touched, self._store.wall() if touched or reread else None)

    def _take(self, rows: Sequence[WallRow], touched: Mapping[str, int]) -> None:
        before = {card.name: card for card in self.cards}
        self.cards = build_cards(rows, self._plot_types, self._prefix)
        changed = [card for card in self.cards if card != before[card.name]]
        first = not self._versions
        for card in self.cards if first else changed:
            self._versions[card.name] = touched.get(card.name, self.cursor)
        events = [self._card_event(card, None if first else self._announce(card)) for card in changed]
        if first:
            self._told = {card.name: card.status for card in self.cards}
        if events:
            self._tell([*events, self._wall_event()])

    def _announce(self, card: Card) -> str | None:
        words = announcement(card, self._told.get(card.name))
        if words:
            self._told[card.name] = card.status
        return words

    def _card_event(self, card: Card, announce: str | None = None) -> Event:
        data = {
            "plot": card.name,
            "html": self._drawing.slot(card),
            "strip": self._drawing.strip(card),
            "announce": announce,
        }
        return Event(card.name, "card", data, self._versions.get(card.name, self.cursor))

    def _wall_event(self) -> Event:
        last = newest(self.cards)
        data = {
            "order": [card.name for card in attention(self.cards)],
            "summary": self._drawing.summary(self.cards),
            "run": last.run if last else None,
            "newest": last.received_at.isoformat() if last and last.received_at else None,
        }
        return Event("@wall", "wall", data, self.cursor)

    def _banner(self) -> Event:
        return Event("@banner", "banner", {"text": self.banner()})

    def _lost(self, error: Exception) -> None:
        advice = SCHEMA_ADVICE if isinstance(error, SchemaError) else LOG_ADVICE
        if self.away is None or self.away.advice != advice:
            logger.warning("database away why=%s", error)
            self.away = Away(self.away.since if self.away else datetime.now(UTC), advice)
            self._tell([self._banner()])

    def _found(self) -> None:
        if self.away is not None:
            logger.info("database back away_since=%s", self.away.since.isoformat())
            self.away = None
            self._tell([self._banner()])

    def _listen(self, now: datetime) -> None:
        quiet = quiet_since(self.cards, now)
        if quiet != self.quiet:
            logger.warning("ioc %s last_verdict=%s", "silent" if quiet else "back", quiet or self.quiet)
            self.quiet = quiet
            self._tell([self._banner()])

    def _tell(self, events: Iterable[Event]) -> None:
        batch = list(events)
        for subscriber in self._subscribers:
            subscriber.put(batch)
