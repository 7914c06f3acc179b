"""Keeps every outcome: first in the spool on disk, then in the database, exactly once."""

import asyncio
import logging
from concurrent.futures import Executor
from enum import IntEnum
from typing import Protocol

from hydra_core.domain import Outcome
from hydra_core.errors import SchemaError, StoreError
from hydra_core.ports import Store

logger = logging.getLogger(__name__)

FIRST_RETRY, LAST_RETRY = 1.0, 30.0
"""Seconds between attempts while the database is away."""
GATHER = 0.1
"""Seconds to gather outcomes, so that a busy hall does not open one spool file each."""


class Database(IntEnum):
    """States of the SYS:DB PV."""

    OK = 0
    DOWN = 1
    SCHEMA = 2


class Journal(Protocol):
    """The spool on disk."""

    def append(self, outcome: Outcome) -> None:
        """Write one outcome; it survives the process from here on. Raises StoreError."""
        ...

    def drain(self, store: Store) -> int:
        """Write what waits into the store, in order; return how many. Raises StoreError, keeping the rest."""
        ...

    def depth(self) -> int:
        """Return how many outcomes wait."""
        ...


class Recorder:
    """Outcomes on their way to the database.

    `keep` returns once the outcome is safe from a kill of this process, which is before it is published:
    what operators saw is never forgotten. `lost` counts outcomes that not even the disk would take,
    `refusing` is why it would not take the last one.
    """

    def __init__(self, journal: Journal, store: Store, journal_thread: Executor, store_thread: Executor) -> None:
        self.lost = 0
        self.refusing = ""
        self.database = Database.OK
        self.trouble = ""
        self._journal = journal
        self._store = store
        self._journal_thread = journal_thread
        self._store_thread = store_thread
        self._waiting = asyncio.Event()

    @property
    def depth(self) -> int:
        """How many outcomes wait on disk."""
        return self._journal.depth()

    async def keep(self, outcome: Outcome) -> None:
        """Make one outcome durable. Never raises: if the disk refuses, the loss is counted and alarmed."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._journal_thread, self._journal.append, outcome)
        except StoreError as error:
            if self.lost == 0:
                logger.error("spool refused an outcome error=%s", error)
            self.lost += 1
            self.refusing = str(error)
            return
        self.refusing = ""
        self._waiting.set()

    async def run(self) -> None:
        """Move outcomes into the database for ever; retries with back-off while it is away."""
        delay = FIRST_RETRY
        while True:
            if await self.drain():
                delay = FIRST_RETRY
                await self._waiting.wait()
                await asyncio.sleep(GATHER)
            else:
                await asyncio.sleep(delay)
                delay = min(delay * 2, LAST_RETRY)

    async def drain(self) -> bool:
        """Try once to empty the spool into the database; return whether that worked."""
        self._waiting.clear()
        loop = asyncio.get_running_loop()
        try:
            written = await loop.run_in_executor(self._store_thread, self._journal.drain, self._store)
        except StoreError as error:
            self.away(error)
            return False
        if written:
            # An empty spool asks nothing of the database, so it says nothing about it.
            self.back()
        return True

    def back(self) -> None:
        """Note that the database has answered."""
        if self.database is not Database.OK:
            logger.info("database is back")
        self.database, self.trouble = Database.OK, ""

    def away(self, error: StoreError) -> None:
        """Note that the database cannot be used now, and why."""
        if self.database is Database.OK:
            logger.warning("database is away, results go to the spool error=%s", error)
        self.database = Database.SCHEMA if isinstance(error, SchemaError) else Database.DOWN
        self.trouble = str(error)
