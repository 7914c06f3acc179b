"""How a client's put reaches a record: through the record's hook, one put of a record at a time, in order."""

import asyncio
import inspect
import logging
from collections import Counter
from collections.abc import Callable
from typing import cast

from hydra_ioc.ca.fields import Field
from hydra_ioc.ca.hooks import PutContext, PutHook, PutRefused
from hydra_ioc.ca.record import Record

Puttable = Record | Field
MAX_WAITING = 64
"""Puts of one record that may wait for a hook that takes its time."""

Done = Callable[[str | None], None]
"""Called once with None when a put was kept, else with the reason why it was not."""

logger = logging.getLogger(__name__)


class Puts:
    """The puts under way. A hook that waits delays only puts of its own record."""

    def __init__(self) -> None:
        self._waiting: Counter[Puttable] = Counter()
        self._locks: dict[Puttable, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, record: Puttable, value: object, context: PutContext, done: Done) -> None:
        """Offer a checked value to a record's hook and keep what it returns."""
        hook = record.on_put
        if hook is None:
            done(_keep(record, value))
        elif self._waiting[record] >= MAX_WAITING:
            done(f"{MAX_WAITING} puts are waiting already")
        elif self._waiting[record]:
            self._later(record, self._call(record, hook, value, context), done)
        else:
            self._now(record, hook, value, context, done)

    async def stop(self) -> None:
        """Cancel what still waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _now(self, record: Puttable, hook: PutHook, value: object, context: PutContext, done: Done) -> None:
        try:
            kept = hook(value, context)
        except Exception as error:
            done(_reason(record, error))
            return
        if inspect.isawaitable(kept):
            self._later(record, kept, done)
        else:
            done(_keep(record, kept))

    async def _call(self, record: Puttable, hook: PutHook, value: object, context: PutContext) -> object:
        kept = hook(value, context)
        return await kept if inspect.isawaitable(kept) else kept

    def _later(self, record: Puttable, kept: object, done: Done) -> None:
        self._waiting[record] += 1
        task = asyncio.get_running_loop().create_task(self._wait(record, kept, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wait(self, record: Puttable, kept: object, done: Done) -> None:
        try:
            async with self._locks.setdefault(record, asyncio.Lock()):
                reason = _keep(record, await cast("asyncio.Future[object]", kept))
        except Exception as error:
            reason = _reason(record, error)
        finally:
            self._waiting[record] -= 1
        done(reason)


def _keep(record: Puttable, value: object) -> str | None:
    try:
        if value is not None:
            record.post(value)
    except ValueError as error:
        return _reason(record, error)
    return None


def _reason(record: Puttable, error: Exception) -> str:
    if isinstance(error, PutRefused):
        return str(error)
    logger.error("put hook failed pv=%s", record.name, exc_info=error)
    return "internal error, see the log of the IOC"
