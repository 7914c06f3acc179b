"""The one thread that posts to p4p.

A post wakes p4p's own threads and may wait for their locks: a tenth of a millisecond with a busy client, which the
event loop has not got. So the loop only notes what is to be said, and this thread says it, in order.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread

MOST = 20_000
"""Posts that may wait. What comes beyond that is said once, as it is when there is room again."""

logger = logging.getLogger(__name__)

Work = Callable[[], None]


class Poster:
    """Does work in order in a thread of its own; `owe` notes what was too much, and has it asked for again later."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: SimpleQueue[Work | None] = SimpleQueue()
        self._owed: dict[Work, None] = {}
        self._thread = Thread(target=self._run, name="pva", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """Whether so much waits that nothing should be added."""
        return self._waiting.qsize() >= MOST

    def put(self, work: Work) -> None:
        """Have something done soon."""
        self._waiting.put(work)

    def owe(self, ask: Work) -> None:
        """Call `ask` on the loop once there is room again; several times until then are one."""
        self._owed[ask] = None

    def stop(self) -> None:
        """Do what waits, and end."""
        self._waiting.put(None)
        self._thread.join(5.0)

    def _run(self) -> None:
        while (work := self._waiting.get()) is not None:
            try:
                work()
            except Exception:
                logger.exception("not posted by PVAccess")
            if self._owed and self._waiting.empty():
                with suppress(RuntimeError):  # the loop is closed: the IOC stops
                    self._loop.call_soon_threadsafe(self._pay)

    def _pay(self) -> None:
        owed, self._owed = self._owed, {}
        for ask in owed:
            ask()
