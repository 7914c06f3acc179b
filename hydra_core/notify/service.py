"""The service that tells people: follows the database's changes, and sends from threads of its own."""

import logging
import os
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Protocol

from hydra_core.config import HallConfig
from hydra_core.domain import Change, Verdict
from hydra_core.errors import NoticeError, StoreError
from hydra_core.notify.happenings import CLEARED, SERVICE, Alarms, Happening, level_of
from hydra_core.notify.outbox import Message, Outbox
from hydra_core.store import SqlStore
from hydra_core.store.codec import from_json

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
TELL_EVERY = 10.0
"""Seconds between heartbeats, and between looks at those of the IOC."""
SILENT_AFTER = timedelta(seconds=60)
OLD_NEWS = timedelta(minutes=15)
"""What is found at the start and is older than this is told to nobody."""
NAME = "notify"
PAGE = 500


class Address(Protocol):
    """Where messages go."""

    name: str

    def send(self, title: str, body: str) -> None:
        """Send a message. Raises NoticeError."""
        ...


class Channel:
    """One address with its outbox and its thread, so that one that hangs delays no other."""

    def __init__(self, target: Address, outbox: Outbox) -> None:
        self.target, self.outbox = target, outbox
        self.trouble = ""
        self._thread = ThreadPoolExecutor(1, "notify")
        self._sending: tuple[Message, Future[None]] | None = None

    def turn(self, now: float) -> None:
        """Take note of what was sent, and send what is due."""
        if self._sending is not None and self._sending[1].done():
            self._done(*self._sending, now)
            self._sending = None
        if self._sending is None and (message := self.outbox.due(now)) is not None:
            self._sending = message, self._thread.submit(self.target.send, message.title, message.body)

    def is_busy(self, now: float) -> bool:
        """Return whether it is sending, or about to."""
        return self._sending is not None or self.outbox.is_pressing(now)

    def close(self) -> None:
        """Leave the thread; what it sends is still sent."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def report(self) -> Mapping[str, object]:
        """Return how it does, for the heartbeat."""
        counts = {"waiting": self.outbox.waiting, "dropped": self.outbox.dropped}
        return {"target": self.target.name, "trouble": self.trouble, **counts}

    def _done(self, message: Message, sent: "Future[None]", now: float) -> None:
        try:
            sent.result()
        except NoticeError as error:
            if not self.trouble:
                logger.warning("messages do not get through target=%s error=%s", self.target.name, error)
            self.trouble = str(error)
            self.outbox.failed(message, now)
            return
        if self.trouble:
            logger.info("messages get through again target=%s dropped=%d", self.target.name, self.outbox.dropped)
        self.trouble = ""
        self.outbox.sent(message, now)


class NotifyService:
    """Follows one hall. Its heartbeat keeps the last change of which nothing was still to be sent.

    After a kill it goes on from there: what was told in the last seconds may be told again, what waited for the
    minimum interval is forgotten.
    """

    def __init__(self, config: HallConfig, store: SqlStore, channels: Sequence[Channel]) -> None:
        self._config, self._store, self._channels = config, store, channels
        self._plot_types = {one.name: one for one in config.plot_types()}
        self._alarms: Alarms | None = None
        self._cursor = 0
        self._kept: dict[str, object] = {}
        self._alive: set[str] = set()
        self._silent: set[str] = set()
        self._away = False
        self._tell_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Follow until told to stop."""
        logger.info("notify service starts targets=%s", [one.target.name for one in self._channels])
        while not stop.wait(LOOK_EVERY):
            self.turn(time.monotonic())
        for channel in self._channels:
            channel.close()

    def turn(self, now: float) -> None:
        """Look once for what is new, and send what is due. Raises nothing."""
        try:
            self._follow(now)
            if now >= self._tell_at:
                self._tell_at = now + TELL_EVERY
                self._look_at_services(now)
                self._store.heartbeat(NAME, socket.gethostname(), os.getpid(), "RUNNING", self._report())
        except StoreError as error:
            self._database(True, str(error), now)
        else:
            self._database(False, "", now)
        for channel in self._channels:
            channel.turn(now)

    def _follow(self, now: float) -> None:
        if self._alarms is None:
            self._alarms = self._begin()
        while page := self._store.changes_after(self._cursor, PAGE):
            for change in page:
                self._see(change, self._alarms, now)
            self._cursor = page[-1].id
        if not any(one.is_busy(now) for one in self._channels):
            self._kept = {"cursor": self._cursor, "levels": dict(self._alarms.levels)}

    def _begin(self) -> Alarms:
        """Go on from the last heartbeat; without one, from now, and with what alarms already told to nobody."""
        kept = [one for one in self._store.services() if one.service == NAME and "cursor" in one.detail]
        base = self._config.web.base_url
        if kept:
            last = max(kept, key=lambda one: one.at)
            self._cursor, levels = int(str(last.detail["cursor"])), last.detail.get("levels")
            found = {str(k): str(v) for k, v in levels.items()} if isinstance(levels, dict) else {}
            return Alarms(self._plot_types, base, found)
        self._cursor = self._store.last_change_id()
        return Alarms(self._plot_types, base, {w.plot_type: level_of(w.status, w.severity) for w in self._store.wall()})

    def _see(self, change: Change, alarms: Alarms, now: float) -> None:
        said = change.payload.get("verdict")
        if said is None:
            return
        plot, run = change.payload.get("plot"), change.payload.get("run")
        found = alarms.see(
            from_json(Verdict, said), str(plot) if plot else None, int(str(run)) if run is not None else None
        )
        if found is not None and datetime.now(UTC) - change.at < OLD_NEWS:
            self._add(found, now)

    def _look_at_services(self, now: float) -> None:
        moment = datetime.now(UTC)
        for one in self._store.services():
            if one.service != NAME:
                subject, silent = f"{one.service}@{one.host}", moment - one.at > SILENT_AFTER
                if not silent:
                    self._alive.add(subject)
                elif subject not in self._alive:
                    continue  # one that ran here once, long ago
                words = f"The {one.service} service on {one.host} has been silent since {one.at:%Y-%m-%d %H:%M} UTC."
                self._service(subject, silent, words, now)

    def _database(self, away: bool, why: str, now: float) -> None:
        if away and not self._away:
            logger.warning("database away why=%s", why)
        if self._away and not away:
            logger.info("database back")
        self._away = away
        self._service("database", away, f"The database does not answer: {why}.", now)

    def _service(self, subject: str, silent: bool, words: str, now: float) -> None:
        """Tell once that something does not answer, and once that it does again."""
        moment = datetime.now(UTC)
        if silent and subject not in self._silent:
            self._silent.add(subject)
            self._add(Happening(SERVICE, subject, words, moment), now)
        elif not silent and subject in self._silent:
            self._silent.discard(subject)
            self._add(Happening(CLEARED, subject, f"{subject} answers again.", moment), now)

    def _add(self, happening: Happening, now: float) -> None:
        for channel in self._channels:
            channel.outbox.add(happening, now)

    def _report(self) -> dict[str, object]:
        return {**self._kept, "targets": [one.report() for one in self._channels]}
