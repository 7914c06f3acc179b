"""One client's TCP connection: bytes in, frames parsed by caproto, answers out; garbage closes it and nothing else."""

import asyncio
import logging
import socket
from collections import deque
from typing import Any, Protocol, cast

import caproto as ca

from hydra_ioc.ca.outbox import Outbox
from hydra_ioc.ca.session import ProtocolError, Service, Session

CHUNK = 1 << 14
"""Bytes read at a time, so that one busy client does not keep the loop."""

logger = logging.getLogger(__name__)


class Host(Service, Protocol):
    """What a circuit asks of the server it belongs to."""

    stall_seconds: float
    max_put_bytes: int

    def admit(self, circuit: "Circuit") -> bool:
        """Tell whether one more client may come in, and count it."""
        ...

    def gone(self, circuit: "Circuit") -> None:
        """Count a client out."""
        ...

    def stalled(self, circuit: "Circuit") -> None:
        """Count a client that was dropped because it took no data."""
        ...


class Circuit(asyncio.BufferedProtocol):
    """The server's end of one connection. `session` is None for a client that was turned away."""

    def __init__(self, server: Host) -> None:
        self.session: Session | None = None
        self.address = self.host_address = ""
        self._server = server
        self._requests: deque[Any] = deque()
        self._chunk = memoryview(bytearray(CHUNK))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a new client in, or turn it away when there are too many."""
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername") or ("?", 0)
        self.host_address, self.address = str(peer[0]), f"{peer[0]}:{peer[1]}"
        if not self._server.admit(self):
            self._transport.abort()
            return
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        outbox = Outbox(self._transport, self._server.stall_seconds, self._drop_stalled)
        self.session = Session(self._server, outbox, self.address)
        self._protocol = ca.VirtualCircuit(ca.SERVER, peer, None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client and everything it asked for."""
        if self.session is not None:
            self.session.close()
        self._server.gone(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where asyncio puts the next bytes."""
        return self._chunk

    def buffer_updated(self, nbytes: int) -> None:
        """Handle the frames that are complete."""
        if not self._transport.is_closing():
            self._consume(bytes(self._chunk[:nbytes]))

    def pause_writing(self) -> None:
        """Hold updates back, and take no more requests: their answers would have to wait in memory."""
        if self.session is not None:
            self.session.outbox.pause()
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on where the client was left."""
        if self.session is None:
            return
        self.session.outbox.resume()
        self._consume()
        if not self.session.outbox.full and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """Send what waits, then close."""
        if self.session is not None:
            self.session.outbox.flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what waits is lost."""
        self._transport.abort()

    def _drop_stalled(self) -> None:
        logger.warning("client takes no data: dropped client=%s user=%r", self.address, self._user())
        self._server.stalled(self)
        self.abort()

    def _consume(self, data: bytes = b"") -> None:
        """Handle requests as long as the client takes the answers; the rest waits."""
        session = self.session
        if session is None:
            return
        try:
            if data:
                self._parse(data)
            while self._requests and not session.outbox.full:
                session.handle(self._requests.popleft())
        except (ProtocolError, ca.CaprotoError, ValueError) as error:
            logger.info("circuit closed client=%s user=%r why=%r", self.address, session.user, error)
            self._give_up()
        except Exception:
            logger.exception("request failed: circuit closed client=%s user=%r", self.address, session.user)
            self._give_up()

    def _parse(self, data: bytes) -> None:
        try:
            commands, needed = self._protocol.recv(data)
        except Exception as error:
            # caproto's parser raises whatever a damaged frame makes it raise; that is never our fault.
            raise ProtocolError(f"damaged frame: {error!r}") from error
        self._requests += commands
        if needed > self._server.max_put_bytes:
            raise ProtocolError(f"a frame of {needed} more bytes is too large")
        begun = self._protocol._data[:2]
        if len(begun) == 2 and int.from_bytes(begun) not in Session.COMMANDS:
            raise ProtocolError(f"{int.from_bytes(begun)} is no request")

    def _give_up(self) -> None:
        self._requests.clear()
        self.abort()

    def _user(self) -> str:
        return self.session.user if self.session is not None else ""
