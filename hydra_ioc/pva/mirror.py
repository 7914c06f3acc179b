"""One record as PVAccess clients have it, and a client's puts to it.

p4p calls from threads of its own, where nothing is done but to hand over to the event loop. What the loop has to say
is said by the `Poster`.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from p4p import Value
from p4p.server.raw import SharedPV

from hydra_ioc.ca import Access, PutContext, PutDone, Record, watch
from hydra_ioc.ca.puts import Puts
from hydra_ioc.pva.forms import Form, Shot, changed, form_of, shot, whole
from hydra_ioc.pva.poster import Poster

Reason = Callable[[], str]
"""Returns why a record alarms, in words; "" where the condition's name must do."""

logger = logging.getLogger(__name__)


class Desk(Protocol):
    """Where puts go, whichever protocol they come by: the Channel Access server."""

    puts: Puts
    access: Access
    on_put: Callable[[PutDone], None]


class Mirror:
    """A record under its name for PVAccess. `open` once, on the loop, when the first client asks for it."""

    def __init__(
        self, record: Record, reason: Reason, desk: Desk, loop: asyncio.AbstractEventLoop, poster: Poster
    ) -> None:
        self._record, self._reason, self._desk, self._loop, self._poster = record, reason, desk, loop, poster
        self._form = form_of(record.spec)
        self._metadata = record.metadata
        self._end: Callable[[], None] | None = None
        self.pv = SharedPV(handler=self)

    def open(self) -> None:
        """Let clients have the value, and follow the record from here on."""
        if self._end is None:
            self._end = watch(self._record, self._post, described=True)
            self._poster.put(partial(self._open, shot(self._record, self._reason())))

    def close(self) -> None:
        """Follow the record no more."""
        if self._end is not None:
            self._end()

    def _post(self) -> None:
        if self._poster.full:
            self._poster.owe(self._post)
            return
        record = self._record
        anew = record.metadata is not self._metadata
        self._metadata = record.metadata
        self._poster.put(partial(self._say, whole if anew else changed, shot(record, self._reason())))

    def _open(self, one: Shot) -> None:
        self.pv.open(whole(one, self._form))

    def _say(self, how: Callable[[Shot, Form], Value], one: Shot) -> None:
        self.pv.post(how(one, self._form))

    def put(self, pv: SharedPV, op: Any) -> None:
        """Take a client's put; called by a thread of p4p."""
        who = PutContext(op.account()[:64], "", op.peer())
        try:
            value = self._form.put(op.value(), self._record)
        except (ValueError, TypeError) as error:
            op.done(error=f"{self._record.name}: {error}")
            return
        try:
            self._loop.call_soon_threadsafe(self._offer, value, who, op)
        except RuntimeError:
            op.done(error="the IOC is stopping")

    def _offer(self, value: object, who: PutContext, op: Any) -> None:
        record, desk = self._record, self._desk
        rights = desk.access.rights(record.access_group, record.access_level, who)
        if not record.writable or not rights.write:
            self._answer("the access rules do not allow it" if record.writable else "read-only", who, op)
            return
        try:
            value = record.shape.accept(value)
        except ValueError as error:
            self._answer(str(error), who, op)
            return
        done = PutDone(record.name, record.value, value, who, time.time())

        def answer(reason: str | None) -> None:
            if reason is None and rights.trapped:
                desk.on_put(done)
            self._answer(reason, who, op)

        desk.puts.put(record, value, who, answer)

    def _answer(self, reason: str | None, who: PutContext, op: Any) -> None:
        if reason is None:
            op.done()
            return
        logger.info("put refused pv=%s user=%r client=%s why=%s", self._record.name, who.user, who.peer, reason)
        op.done(error=f"{self._record.name}: {reason}")
