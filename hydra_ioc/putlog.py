"""Tells put log servers who put what, in the text and JSON lines of caPutLog over TCP, and never waits for them."""

import asyncio
import contextlib
import json
import logging
import math
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hydra_core.config.site import PutLogServer
from hydra_ioc.ca import PutDone

QUIET_SECONDS = 5.0
"""Puts to one PV that follow each other faster than this become one line with the smallest and the largest value."""
MAX_LINES = 1000
"""Lines that wait for a server that is away; the oldest go first."""
RETRY_SECONDS = 5.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line to be: the last put of a burst, the value before the first, and how far it went."""

    put: PutDone
    old: object
    lowest: object
    highest: object
    burst: bool = False

    @classmethod
    def first(cls, put: PutDone, old: object) -> "Entry":
        """Return the entry that a single put makes."""
        return cls(put, old, put.new, put.new)

    def and_then(self, put: PutDone) -> "Entry":
        """Return the entry that this one and the next put to the same PV make."""
        if not isinstance(put.new, int | float):
            return replace(self, put=put)
        values = [value for value in (self.lowest, self.highest, put.new) if isinstance(value, int | float)]
        return Entry(put, self.old, min(values), max(values), True)


def text_line(entry: Entry) -> str:
    """Return the line as caPutLogInit sends it: ``24-Nov-26 16:02:08 host user pv new=… old=… [min=… max=…]``."""
    put = entry.put
    when = time.strftime("%d-%b-%y %H:%M:%S", time.localtime(put.at))
    line = f"{when} {_host(put)} {put.who.user} {put.pv} new={_text(put.new)} old={_text(entry.old)}"
    return line + (f" min={_text(entry.lowest)} max={_text(entry.highest)}" if entry.burst else "") + "\n"


def json_line(entry: Entry) -> str:
    """Return the line as caPutJsonLogInit sends it, one JSON object."""
    put = entry.put
    at = time.localtime(put.at)
    line = {
        "date": time.strftime("%Y-%m-%d", at),
        "time": f"{time.strftime('%H:%M:%S', at)}.{int(put.at * 1000) % 1000:03d}",
        "host": _host(put),
        "user": put.who.user,
        "pv": put.pv,
        "new": _plain(put.new),
        "old": _plain(entry.old),
    }
    if entry.burst:
        line |= {"min": _plain(entry.lowest), "max": _plain(entry.highest)}
    return json.dumps(line, separators=(",", ":")) + "\n"


class PutLog:
    """The put log of one server; `put` is called for every put that the access rules trap, on the event loop."""

    def __init__(self, server: PutLogServer) -> None:
        self.lost = 0
        self._server = server
        self._make = json_line if server.format == "json" else text_line
        self._pending: Entry | None = None
        self._last: tuple[str, object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._lines: deque[str] = deque()
        self._filled = asyncio.Event()

    def put(self, put: PutDone) -> None:
        """Take note of a put; the line follows when the burst is over."""
        pending = self._pending
        if self._server.log == "unfiltered":
            self._add(Entry.first(put, put.old))
            return
        if pending is not None and pending.put.pv == put.pv:
            self._pending = pending.and_then(put)
        else:
            self._settle()
            same = self._last is not None and self._last[0] == put.pv
            self._pending = Entry.first(put, self._last[1] if same and self._last is not None else put.old)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(QUIET_SECONDS, self._settle)

    async def run(self) -> None:
        """Keep a connection to the server and send it the lines, until cancelled."""
        away = False
        while True:
            try:
                await self._talk()
            except OSError as error:
                if not away:
                    away = True
                    logger.warning(
                        "put log server away address=%s:%d error=%s", self._server.host, self._server.port, error
                    )
                await asyncio.sleep(RETRY_SECONDS)
            else:
                away = False

    def close(self) -> None:
        """Make the line that is still waiting for its burst to end."""
        self._settle()

    async def _talk(self) -> None:
        """Connect when there is something to say, and send until the connection ends."""
        await self._filled.wait()
        async with asyncio.timeout(RETRY_SECONDS):
            reader, writer = await asyncio.open_connection(self._server.host, self._server.port)
        logger.info("put log server connected address=%s:%d", self._server.host, self._server.port)
        ended = asyncio.ensure_future(_until_closed(reader))
        try:
            while not ended.done():
                filled = asyncio.ensure_future(self._filled.wait())
                await asyncio.wait([ended, filled], return_when=asyncio.FIRST_COMPLETED)
                filled.cancel()
                if not ended.done():
                    await self._send(writer)
        finally:
            ended.cancel()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        while self._lines:
            writer.write(self._lines[0].encode())
            await writer.drain()
            self._lines.popleft()
        self._filled.clear()

    def _settle(self) -> None:
        entry, self._pending = self._pending, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if entry is None:
            return
        self._last = (entry.put.pv, entry.put.new)
        if entry.burst or self._server.log != "changes" or entry.put.old != entry.put.new:
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        if len(self._lines) >= MAX_LINES:
            self._lines.popleft()
            self.lost += 1
            if self.lost == 1:
                logger.warning("put log lines lost address=%s:%d", self._server.host, self._server.port)
        self._lines.append(self._make(entry))
        self._filled.set()


async def _until_closed(reader: asyncio.StreamReader) -> None:
    """Read away what a log server should never send, until it hangs up."""
    with contextlib.suppress(OSError):
        while await reader.read(1024):
            pass


def _host(put: PutDone) -> str:
    return put.who.host or put.who.ip


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int):
        return str(value)
    return json.dumps(str(value))


_SPECIAL: Mapping[float, str] = {math.inf: "Infinity", -math.inf: "-Infinity"}


def _plain(value: object) -> object:
    if isinstance(value, float):
        if math.isnan(value):
            return "Nan"
        return _SPECIAL.get(value, int(value) if value.is_integer() and abs(value) < 1 << 53 else value)
    return value if isinstance(value, int) else str(value)
