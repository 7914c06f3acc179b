"""Puts and acknowledgements of one client: who may, what fits, what the record's owner says, and the answer."""

import logging
import struct
import time
from collections.abc import Callable
from typing import Any

import caproto as ca

from hydra_ioc.ca.events import ECA_NORMAL, ECA_NOWTACCESS, ECA_PUTFAIL
from hydra_ioc.ca.fields import Field
from hydra_ioc.ca.hooks import PutDone
from hydra_ioc.ca.names import Target
from hydra_ioc.ca.outbox import frame
from hydra_ioc.ca.permits import Permits
from hydra_ioc.ca.puts import Puts
from hydra_ioc.ca.record import Record
from hydra_ioc.ca.wire import PUT_ACKS, PUT_ACKT

WRITE_NOTIFY = 19
_REFUSALS_LOGGED = 10

logger = logging.getLogger(__name__)


class Putting:
    """One client's puts. `write` sends to it, `error` reports a failed request, `on_put` is told of every kept put."""

    def __init__(
        self,
        puts: Puts,
        permits: Permits,
        on_put: Callable[[PutDone], None],
        write: Callable[[bytes], None],
        error: Callable[[Any, int, int, str], None],
    ) -> None:
        self._puts, self._permits, self._on_put = puts, permits, on_put
        self._write, self._error = write, error
        self._refusals = 0

    def handle(self, command: Any, cid: int, target: Target) -> None:
        """Answer a WRITE or WRITE_NOTIFY request for a channel."""
        data = b"".join(bytes(part) for part in command.buffers)
        dbr_type = command.header.data_type
        if dbr_type in (PUT_ACKT, PUT_ACKS):
            self._acknowledge(command, cid, target, dbr_type, data)
        else:
            self._put(command, cid, target, data)

    def _put(self, command: Any, cid: int, target: Target, data: bytes) -> None:
        variable, rights = target.variable, self._permits.of(target)
        if not isinstance(variable, Record | Field) or not variable.writable:
            self._refuse(command, cid, target, ECA_NOWTACCESS, "read-only")
            return
        if not rights.write:
            self._refuse(command, cid, target, ECA_NOWTACCESS, "the access rules do not allow it")
            return
        try:
            value = variable.shape.put(command.header.data_type, command.header.data_count, data)
        except ValueError as error:
            self._refuse(command, cid, target, ECA_PUTFAIL, str(error))
            return
        done = PutDone(variable.name, variable.value, value, self._permits.who, time.time())

        def answer(reason: str | None) -> None:
            if reason is None and rights.trapped:
                self._on_put(done)
            self._answer(command, cid, target, reason)

        self._puts.put(variable, value, done.who, answer)

    def _acknowledge(self, command: Any, cid: int, target: Target, dbr_type: int, data: bytes) -> None:
        record, who = target.variable, self._permits.who
        if not isinstance(record, Record) or not record.spec.alarms:
            self._refuse(command, cid, target, ECA_NOWTACCESS, "carries no alarm to acknowledge")
            return
        if not self._permits.of(target).write:
            self._refuse(command, cid, target, ECA_NOWTACCESS, "the access rules do not allow it")
            return
        if len(data) < 2:
            self._refuse(command, cid, target, ECA_PUTFAIL, "an acknowledgement without a value")
            return
        (value,) = struct.unpack_from(">H", data)
        if dbr_type == PUT_ACKS:
            record.acknowledge(value)
        else:
            record.acknowledge_transients(bool(value))
        logger.info("acknowledged pv=%s value=%d user=%r client=%s", record.name, value, who.user, who.peer)
        self._answer(command, cid, target, None)

    def _answer(self, command: Any, cid: int, target: Target, reason: str | None) -> None:
        if reason is not None:
            self._refuse(command, cid, target, ECA_PUTFAIL, reason)
        elif isinstance(command, ca.WriteNotifyRequest):
            self._write_done(command, ECA_NORMAL)

    def _refuse(self, command: Any, cid: int, target: Target, status: int, reason: str) -> None:
        if self._refusals < _REFUSALS_LOGGED:
            self._refusals += 1
            who = self._permits.who
            logger.info(
                "put refused pv=%s user=%r host=%r client=%s why=%s",
                target.variable.name, who.user, who.host, who.peer, reason,
            )  # fmt: skip
        if isinstance(command, ca.WriteNotifyRequest):
            self._write_done(command, status)
        else:
            self._error(command, cid, status, f"{target.variable.name}: {reason}")

    def _write_done(self, command: Any, status: int) -> None:
        header = command.header
        self._write(frame(WRITE_NOTIFY, header.data_type, status, command.ioid, header.data_count, b""))
