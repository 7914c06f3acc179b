"""Checks what is pushed in, puts it into the inbox, and keeps the inbox small."""

import logging
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore, Lock

from hydra_core.config import HallConfig
from hydra_core.config.sections import INBOX_LOOKBACK
from hydra_core.errors import ImageError, StoreError
from hydra_core.images import Limits, decode
from hydra_core.inbox import MOST_WAITING, Inbox, Pushed

logger = logging.getLogger(__name__)

SWEEP_EVERY = 60.0
AHEAD = timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours."""

OLDEST = timedelta(seconds=INBOX_LOOKBACK) - timedelta(hours=1)
"""What is older may be passed over by an IOC that starts; `hydra import` is for the past."""


class RefusedError(Exception):
    """A plot that is not taken; the message is for its sender."""


class FullError(Exception):
    """The IOC takes nothing."""


class Intake:
    """The inbox of a hall, as the web service sees it. May be used from several threads.

    `known` returns the uids of the plots that the database has since a time; it may raise StoreError.
    """

    def __init__(self, inbox: Inbox, limits: Limits, known: Callable[[datetime], Collection[str]]) -> None:
        self.limits = limits
        self._inbox = inbox
        self._known = known
        self._decoding = BoundedSemaphore(1)
        self._lock = Lock()
        self._swept = -SWEEP_EVERY
        self._waiting = 0

    def take(self, plot_type: str, run: int, chunk: int, data: bytes, taken_at: datetime | None) -> Pushed:
        """Put a plot in. Raises RefusedError, FullError, and StoreError when the disk fails."""
        now = datetime.now(UTC)
        if taken_at is not None and not now - OLDEST <= taken_at <= now + AHEAD:
            raise RefusedError(
                f"taken_at {taken_at.isoformat()} is not of the last {OLDEST}; `hydra import` takes those"
            )
        try:
            with self._decoding:  # a picture may take 100 MB while it is decoded
                decode(data, self.limits)
        except ImageError as error:
            raise RefusedError(f"{error.code}: {error}") from error
        self._sweep()
        if self._waiting >= MOST_WAITING:
            raise FullError
        pushed = self._inbox.push(plot_type, run, chunk, data, taken_at)
        self._waiting += pushed.is_new
        return pushed

    def _sweep(self) -> None:
        with self._lock:
            if time.monotonic() - self._swept < SWEEP_EVERY:
                return
            self._swept = time.monotonic()
            try:
                gone = self._inbox.sweep(self._known)
            except StoreError as error:
                logger.info("inbox not swept why=%s", error)
                gone = 0
            self._waiting = self._inbox.waiting()
        logger.debug("inbox swept removed=%d waiting=%d", gone, self._waiting)


def make_intake(config: HallConfig, known: Callable[[datetime], Collection[str]]) -> Intake | None:
    """Return the intake of a hall; None when its configuration has no source of kind http."""
    if config.inbox is None:
        return None
    return Intake(Inbox(config.inbox), Limits(config.archive.max_bytes, config.archive.max_pixels), known)
