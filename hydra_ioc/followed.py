"""Follows what the web and the commands write into the database: every change is taken up once, in order.

The web never speaks to the IOC. It writes what somebody decided and a row of the `change` table that says so; the IOC
looks for such rows twice a second and does what a put to its PVs would have done.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor

from hydra_core.domain import Change
from hydra_core.errors import StoreError
from hydra_core.store import SqlStore

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.5
AWAY_FOR = 5.0
"""Seconds to leave a database alone that did not answer: the recorder needs the same thread."""
PAGE = 500

Taking = Callable[[Change], Awaitable[None]]
"""Takes up one change; it may be one that the IOC itself wrote, and then must change nothing."""


class Followed:
    """What others wrote, by kind of change. A change that cannot be taken up is logged and stops no other."""

    def __init__(self, store: SqlStore, store_thread: Executor, taking: Mapping[str, Taking]) -> None:
        self._store = store
        self._store_thread = store_thread
        self._taking = taking

    async def run(self, cursor: int, unanswered: Sequence[Change] = ()) -> None:
        """Take up `unanswered`, then for ever what comes after the change `cursor`."""
        await self._take(unanswered)
        while True:
            try:
                cursor = await self._look(cursor)
            except StoreError as error:
                logger.debug("changes not read error=%s", error)
                await asyncio.sleep(AWAY_FOR)
            await asyncio.sleep(LOOK_EVERY)

    async def _look(self, cursor: int) -> int:
        """Take up what there is; return the new cursor."""
        loop = asyncio.get_running_loop()
        while page := await loop.run_in_executor(self._store_thread, self._store.changes_after, cursor, PAGE):
            await self._take(page)
            cursor = page[-1].id
        return cursor

    async def _take(self, changes: Sequence[Change]) -> None:
        for change in changes:
            taking = self._taking.get(change.kind)
            if taking is None:
                continue
            try:
                await taking(change)
            except Exception:
                logger.exception("change not taken up id=%d kind=%s", change.id, change.kind)
