"""The Channel Access server: listens, lets clients in up to a limit, and counts them. Runs in the caller's loop."""

import asyncio
import contextlib
import logging
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from hydra_core.errors import ServiceError
from hydra_ioc.ca.beacons import Beacons, beacon_targets
from hydra_ioc.ca.circuit import Circuit
from hydra_ioc.ca.discovery import SearchPort, search_addresses, search_socket
from hydra_ioc.ca.hooks import Access, OpenAccess, PutDone
from hydra_ioc.ca.names import Target, find
from hydra_ioc.ca.puts import Puts
from hydra_ioc.ca.record import Record

BACKLOG = 512
ACCEPTED = 8
"""Clients that are let in before those who are in get their turn."""
GOODBYE_SECONDS = 1.0
"""How long a client has to take the last updates when the server stops."""

logger = logging.getLogger(__name__)


class Visitor(NamedTuple):
    """One client that is connected. `coalesced` counts the updates that it was spared because it was slow."""

    address: str
    user: str
    host: str
    channels: int
    subscriptions: int
    coalesced: int


class CaServer:
    """Serves records to Channel Access clients on the given interfaces, TCP and UDP, on one port (0: any free one).

    `stall_seconds` is how long a client may take no data before it is dropped; beacons go to `beacon_addresses`,
    by default to the broadcast address of each interface (loopback: only to loopback). `access` says who may do what
    (default: everybody what the records allow), `on_put` is told of every kept put that the rules trap.
    """

    def __init__(
        self,
        records: Iterable[Record],
        *,
        interfaces: Sequence[str],
        port: int,
        beacon_addresses: Sequence[str] | None = None,
        stall_seconds: float = 30.0,
        max_circuits: int = 512,
        max_circuits_per_host: int = 64,
        max_put_bytes: int = 1 << 20,
        access: Access | None = None,
        on_put: Callable[[PutDone], None] = lambda done: None,
    ) -> None:
        self.records: dict[str, Record] = {}
        for record in records:
            if self.records.setdefault(record.name, record) is not record:
                raise ServiceError(f"{record.name} is defined twice: PV names must be unique")
        self.interfaces, self.port = tuple(interfaces), port
        self.stall_seconds, self.max_put_bytes = stall_seconds, max_put_bytes
        self.puts = Puts()
        self.access: Access = access or OpenAccess()
        self.on_put = on_put
        self.dropped_clients = 0
        self._max_circuits, self._max_per_host = max_circuits, max_circuits_per_host
        self._beacon_addresses = beacon_addresses
        self._circuits: set[Circuit] = set()
        self._hosts: Counter[str] = Counter()
        self._coalesced = 0
        self._quiet_until = 0.0
        self._closers: list[asyncio.Server | asyncio.DatagramTransport] = []
        self._beacon_task: asyncio.Task[None] | None = None

    @property
    def clients(self) -> int:
        """Clients connected now."""
        return len(self._circuits)

    @property
    def full(self) -> bool:
        """Whether further clients are turned away."""
        return len(self._circuits) >= self._max_circuits or max(self._hosts.values(), default=0) >= self._max_per_host

    @property
    def channels(self) -> int:
        """Channels open now."""
        return sum(len(circuit.session.channels) for circuit in self._circuits if circuit.session is not None)

    def visitors(self) -> list["Visitor"]:
        """Return who is connected, in the order of addresses."""
        found = [
            Visitor(c.address, c.session.permits.who.user, c.session.permits.who.host, len(c.session.channels),
                    len(c.session.subscriptions), c.session.outbox.coalesced)
            for c in self._circuits if c.session is not None
        ]  # fmt: skip
        return sorted(found)

    @property
    def coalesced(self) -> int:
        """Updates that a slow client was spared because a newer one had come."""
        return self._coalesced + sum(_coalesced(circuit) for circuit in self._circuits)

    async def start(self) -> None:
        """Listen, answer searches and send beacons. Raises ServiceError when a port or an interface cannot be had."""
        _quieten(logging.getLogger("caproto"))
        loop = asyncio.get_running_loop()
        try:
            for sock in self._tcp_sockets():
                self._closers.append(await loop.create_server(lambda: Circuit(self), sock=sock, backlog=ACCEPTED))
                sock.listen(BACKLOG)
            for address in search_addresses(self.interfaces):
                transport, _ = await loop.create_datagram_endpoint(
                    lambda: SearchPort(lambda name: self.find(name) is not None, lambda: self.port),
                    sock=self._bound(search_socket, address, "UDP"),
                )
                self._closers.append(transport)
        except ServiceError:
            await self.stop()
            raise
        beacons = Beacons(lambda: beacon_targets(self.interfaces, self._beacon_addresses), self.port)
        self._beacon_task = loop.create_task(beacons.run())
        logger.info("serving pvs=%d interfaces=%s port=%d", len(self.records), ",".join(self.interfaces), self.port)

    async def stop(self) -> None:
        """Send the last updates, disconnect every client and release the ports."""
        if self._beacon_task is not None:
            self._beacon_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beacon_task
            self._beacon_task = None
        for closer in self._closers:
            closer.close()
        self._closers.clear()
        await self.puts.stop()
        for circuit in list(self._circuits):
            circuit.close()
        deadline = time.monotonic() + GOODBYE_SECONDS
        while self._circuits and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        for circuit in list(self._circuits):
            circuit.abort()
        await asyncio.sleep(0)

    def find(self, name: str) -> Target | None:
        """Return what a channel name means; None: it is not ours."""
        return find(self.records, name)

    def access_changed(self) -> None:
        """Look again who may do what, and tell the clients whose rights are others now."""
        for circuit in list(self._circuits):
            if circuit.session is not None:
                circuit.session.access_changed()

    def admit(self, circuit: Circuit) -> bool:
        """Tell whether one more client may come in, and count it."""
        if len(self._circuits) < self._max_circuits and self._hosts[circuit.host_address] < self._max_per_host:
            self._circuits.add(circuit)
            self._hosts[circuit.host_address] += 1
            return True
        if time.monotonic() >= self._quiet_until:
            self._quiet_until = time.monotonic() + 10.0
            logger.warning("too many clients: turned away client=%s clients=%d", circuit.address, self.clients)
        return False

    def gone(self, circuit: Circuit) -> None:
        """Count a client out."""
        if circuit in self._circuits:
            self._circuits.discard(circuit)
            self._coalesced += _coalesced(circuit)
            self._hosts[circuit.host_address] -= 1
            if not self._hosts[circuit.host_address]:
                del self._hosts[circuit.host_address]

    def stalled(self, circuit: Circuit) -> None:
        """Count a client that was dropped because it took no data."""
        self.dropped_clients += 1

    def _tcp_sockets(self) -> list[socket.socket]:
        sockets: list[socket.socket] = []
        try:
            for interface in self.interfaces:
                sockets.append(self._bound(_listener, interface, "TCP"))
                self.port = sockets[0].getsockname()[1]
        except ServiceError:
            for sock in sockets:
                sock.close()
            raise
        return sockets

    def _bound(self, make: Callable[[str, int], socket.socket], address: str, kind: str) -> socket.socket:
        try:
            return make(address, self.port)
        except OSError as error:
            raise ServiceError(
                f"cannot listen on {kind} {address}:{self.port}: {error.strerror}. "
                "Is another IOC running on this port? Choose another port or interface, or stop it"
            ) from error


def _quieten(log: logging.Logger) -> None:
    """Keep caproto from logging what it parses, unless somebody asked for it; what matters is logged here."""
    if log.level == logging.NOTSET:
        log.setLevel(logging.ERROR)


def _coalesced(circuit: Circuit) -> int:
    return circuit.session.outbox.coalesced if circuit.session is not None else 0


def _listener(address: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)
        sock.bind((address, port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
