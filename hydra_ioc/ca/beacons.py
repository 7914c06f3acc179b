"""Beacons: they tell clients that the server is there, often at first and whenever the network has changed.

A client that hears a server come back searches again at once, instead of at its own slow pace.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable, Sequence

from caproto import Beacon

from hydra_ioc.ca.discovery import ANY, broadcasts

FIRST, LAST = 0.02, 15.0
"""Seconds between the first two beacons, doubling up to the last: as every CA server does."""
LOOPBACK = "127.0.0.1"
_VERSION = 13
Target = tuple[str, str, int]
"""Our interface (0.0.0.0: any), and the address and port that a beacon goes to."""

logger = logging.getLogger(__name__)


def beacon_targets(interfaces: Sequence[str], wanted: Sequence[str] | None) -> list[Target]:
    """Return where beacons go: the addresses wanted (``host`` or ``host:port``), else where each interface reaches."""
    if wanted is not None:
        return [(interface, *_parsed(address)) for interface in interfaces for address in wanted]
    known = broadcasts()
    found: list[Target] = []
    for interface in interfaces:
        reached = sorted(set(known.values())) or [LOOPBACK] if interface == ANY else [known.get(interface, LOOPBACK)]
        found += [(interface, *_parsed(address)) for address in reached]
    return sorted(set(found))


def _parsed(address: str) -> tuple[str, int]:
    host, _, port = address.partition(":")
    return host, int(port) if port else int(os.environ.get("EPICS_CA_REPEATER_PORT", "5065"))


class Beacons:
    """Sends beacons for a server on `port`; `targets` is asked every time, and a change of it starts the pace anew."""

    def __init__(self, targets: Callable[[], Sequence[Target]], port: int) -> None:
        self._targets, self._port = targets, port
        self._sockets: dict[str, socket.socket] = {}
        self._refused: set[Target] = set()
        self._number = 0

    async def run(self) -> None:
        """Send beacons until cancelled; an address that refuses them is logged once, and when it takes them again."""
        pause = FIRST
        known: Sequence[Target] = ()
        try:
            while True:
                targets = self._targets()
                if targets != known:
                    known, pause = targets, FIRST
                    self._close()
                if self._send(targets):
                    pause = FIRST
                self._number = (self._number + 1) & 0xFFFFFFFF
                await asyncio.sleep(pause)
                pause = min(2 * pause, LAST)
        finally:
            self._close()

    def _send(self, targets: Sequence[Target]) -> bool:
        """Send one beacon to each target; tell whether one takes them again that had refused."""
        back = False
        for target in targets:
            interface, host, port = target
            beacon = bytes(Beacon(_VERSION, self._port, self._number, interface))
            try:
                self._socket(interface).sendto(beacon, (host, port))
            except OSError as error:
                if target not in self._refused:
                    self._refused.add(target)
                    logger.warning("beacon refused address=%s:%d error=%s", host, port, error)
            else:
                back |= target in self._refused
                self._refused.discard(target)
        return back

    def _socket(self, interface: str) -> socket.socket:
        """Return the socket whose beacons come from our interface. Raises OSError."""
        if interface not in self._sockets:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                sock.setblocking(False)
                sock.bind((interface, 0))
            except OSError:
                sock.close()
                raise
            self._sockets[interface] = sock
        return self._sockets[interface]

    def _close(self) -> None:
        for sock in self._sockets.values():
            with contextlib.suppress(OSError):
                sock.close()
        self._sockets.clear()
