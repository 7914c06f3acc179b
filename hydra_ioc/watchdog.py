"""Feeds systemd's watchdog as long as the IOC does its work: its loop turns, its model thread moves, CA answers.

When one of the three stands still nothing is fed, and after WatchdogSec systemd starts the IOC anew: the last states
come back from the database, so that a restart is no alarm storm.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor

logger = logging.getLogger(__name__)


def watchdog_seconds(environ: Mapping[str, str], pid: int | None = None) -> float | None:
    """Return WatchdogSec as systemd says it in the environment; None: there is no watchdog for this process."""
    if environ.get("WATCHDOG_PID", "") not in ("", str(os.getpid() if pid is None else pid)):
        return None
    microseconds = environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isdecimal() and int(microseconds) > 0 else None


class Watchdog:
    """Looks three times per `seconds`. `infer` is the models' thread, `serves` asks CA, `feed` tells systemd."""

    def __init__(
        self, seconds: float, infer: Executor, serves: Callable[[float], Awaitable[bool]], feed: Callable[[], None]
    ) -> None:
        self._pause, self._infer, self._serves, self._feed = seconds / 3, infer, serves, feed
        self._probe: asyncio.Future[None] | None = None
        self._well = True

    async def run(self) -> None:
        """Look and feed until cancelled."""
        while True:
            moves, serves = await asyncio.gather(self._model_thread_moves(), self._serves(self._pause / 2))
            well = moves and serves
            if well:
                self._feed()
            if well != self._well:
                logger.log(
                    logging.INFO if well else logging.ERROR,
                    "watchdog fed=%s model_thread_moves=%s ca_answers=%s", well, moves, serves,
                )  # fmt: skip
            self._well = well
            await asyncio.sleep(self._pause)

    async def _model_thread_moves(self) -> bool:
        """Tell whether the models' thread has done what it was given in half a pause, or has since the last look."""
        if self._probe is None:
            self._probe = asyncio.get_running_loop().run_in_executor(self._infer, _nothing)
        done, _ = await asyncio.wait([self._probe], timeout=self._pause / 2)
        if done:
            self._probe = None
        return bool(done)


def _nothing() -> None:
    """Be done: the thread that ran this is alive."""
