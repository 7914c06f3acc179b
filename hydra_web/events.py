"""The one poller of the web process: follows the database's `change` table and tells all browsers.

The wall as last known lives here, so pages, API and streams ask the database nothing; its load does not
grow with browsers, and when it is away the last known wall stays up with a banner that says since when.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hydra_core.domain import PlotType, Status, WallRow
from hydra_core.errors import HydraError, SchemaError
from hydra_core.store.services import Service
from hydra_core.store.wall import Unseen
from hydra_web.board import Card, announcement, attention, build_cards, newest, quiet_since, unacknowledged
from hydra_web.needs import Away, Drawing, WallStore
from hydra_web.stream import Event, Subscriber
from hydra_web.surroundings import Surroundings, surroundings

logger = logging.getLogger(__name__)

POLL_EVERY = 0.25
"""Seconds between two looks at the change table (one indexed query)."""

POLL_AWAY = 1.0
"""The same while the database is away."""

REREAD_EVERY = 30.0
"""Seconds after which the whole wall is read again: two writers may commit their changes out of order."""

BEAT_EVERY = 5.0
"""Seconds between two looks at the heartbeats (one small query)."""

BEATS = 360
"""Heartbeats remembered, an hour of them, for the curves of the status page."""

REMIND_FOR = timedelta(hours=24)
"""How long an incident that is over and not acknowledged stays on the wall."""

PAGE = 500
"""Changes read at a time."""

SCHEMA_ADVICE = "Its schema is of another version of Hydra: somebody must run `hydra db upgrade`."
LOG_ADVICE = "The web service's log says why."


@dataclass(frozen=True, slots=True)
class Beat:
    """What the IOC's numbers were at a time; `pvs` by suffix, `stages` by name with p50 and p95 in seconds."""

    at: datetime
    pvs: Mapping[str, float | str]
    stages: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class _Reading:
    cursor: int
    touched: Mapping[str, int]
    rows: Sequence[WallRow] | None = None
    past: Sequence[Unseen] = ()
    services: Sequence[Service] | None = None


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
        self._read_at = self._beat_at = 0.0
        self._closed = False
        self._rows: Sequence[WallRow] = ()
        self._past: Sequence[Unseen] = ()
        self.services: Sequence[Service] = ()
        self._last_wall: Mapping[str, object] = {}
        self.beats: deque[Beat] = deque(maxlen=BEATS)
        self.around = Surroundings()
        self.cards = build_cards((), self._plot_types, prefix)
        self.away: Away | None = None
        self.quiet: datetime | None = None

    @property
    def cursor(self) -> int:
        """The id of the newest change that the cards show."""
        return self._cursor or 0

    @property
    def run_number(self) -> int | None:
        """The run that is on: as the IOC says, else the newest plot's; None when no run is known."""
        last = newest(self.cards)
        return self.around.run or (last.run if last else None)

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
        beat = self._cursor is None or loop.time() - self._beat_at > BEAT_EVERY
        try:
            reading = await asyncio.to_thread(self._read, self._cursor, reread, beat)
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
                self._read_at, self._rows, self._past = loop.time(), reading.rows, reading.past
            if reading.services is not None:
                self._beat_at = loop.time()
                self._hear(reading.services)
            if reading.rows is not None or reading.services is not None:
                self._take(reading.touched)
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

    def _read(self, cursor: int | None, reread: bool, beat: bool) -> _Reading:
        touched: dict[str, int] = {}
        if cursor is None or self.away:
            self._store.check_schema()
        if cursor is None:
            cursor, reread = self._store.last_change_id(), True
        page = self._store.changes_after(cursor, PAGE)
        while page:
            touched.update((change.plot_type, change.id) for change in page if change.plot_type)
            cursor = page[-1].id
            page = self._store.changes_after(cursor, PAGE) if len(page) == PAGE else []
        services = self._store.services() if beat else None
        if not (touched or reread):
            return _Reading(cursor, touched, services=services)
        past = self._store.unseen(datetime.now(UTC) - REMIND_FOR)
        return _Reading(cursor, touched, self._store.wall(), past, services)

    def _hear(self, services: Sequence[Service]) -> None:
        """Take in the heartbeats, and remember the IOC's numbers when they are new."""
        self.services = services
        self.around = surroundings(services, datetime.now(UTC))
        last = max((one.at for one in services if one.service == "ioc"), default=None)
        if last is not None and (not self.beats or last > self.beats[-1].at):
            self.beats.append(Beat(last, self.around.pvs, self.around.stages))

    def _take(self, touched: Mapping[str, int]) -> None:
        before = {card.name: card for card in self.cards}
        clock = self._drawing.clock
        self.cards = build_cards(self._rows, self._plot_types, self._prefix, self.around, self._past, clock)
        changed = [card for card in self.cards if card != before[card.name]]
        first = not self._versions
        for card in self.cards if first else changed:
            self._versions[card.name] = touched.get(card.name, self.cursor)
        events = [self._card_event(card, None if first else self._announce(card)) for card in changed]
        if first:
            self._told = {card.name: card.status for card in self.cards}
        wall = self._wall_event()
        if events or wall.data != self._last_wall:
            self._last_wall = wall.data
            self._tell([*events, wall])

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
            "run": self.run_number,
            "beam": self.around.beam,
            "unacknowledged": unacknowledged(self.cards),
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
