"""How clients find the server: searches that are answered from the datagram callback, and where to hear them."""

import asyncio
import contextlib
import fcntl
import socket
import struct
from collections.abc import Callable, Sequence
from typing import cast

VERSION, SEARCH = 0, 6
RECEIVE_BUFFER = 4 << 20
"""Bytes of searches that may wait while the loop is busy: a control room that starts sends many at once."""
ANY = "0.0.0.0"
_SIOCGIFADDR, _SIOCGIFBRDADDR = 0x8915, 0x8919
_SO_RCVBUFFORCE = 33
_HEADER = struct.Struct(">HHHHII")
_REPLY_PAYLOAD = struct.pack(">H6x", 13)


class SearchPort(asyncio.DatagramProtocol):
    """Answers UDP name searches; whatever is not a search it understands gets no answer."""

    def __init__(self, known: Callable[[str], bool], port: Callable[[], int]) -> None:
        self._known, self._port = known, port
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer the searches of one datagram in one datagram."""
        answer = search_answer(data, self._known, self._port())
        if answer and self._transport is not None:
            self._transport.sendto(answer, addr)

    def error_received(self, exc: Exception) -> None:
        """An earlier answer could not be delivered: that client has gone."""


def search_answer(data: bytes, known: Callable[[str], bool], port: int) -> bytes:
    """Return the datagram that answers the searches in `data`; empty when there is nothing to say."""
    answers: list[bytes] = []
    version = b""
    offset = 0
    while offset + 16 <= len(data):
        command, size, kind, _, first, _ = _HEADER.unpack_from(data, offset)
        payload = data[offset + 16 : offset + 16 + size]
        if len(payload) < size:
            break
        if command == VERSION:
            # The client's sequence number goes back: libca paces its searches by it.
            version = _HEADER.pack(VERSION, 0, kind & 1, 13, first, 0)
        elif command == SEARCH and known(payload.split(b"\0", 1)[0].decode("latin-1")):
            answers.append(_HEADER.pack(SEARCH, 8, port, 0, 0xFFFFFFFF, first) + _REPLY_PAYLOAD)
        offset += 16 + size
    return version + b"".join(answers) if answers else b""


def search_socket(address: str, port: int) -> socket.socket:
    """Return a bound UDP socket that shares its port with other IOCs of this host. Raises OSError."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        with contextlib.suppress(OSError):
            # Beyond the system's limit, where the process may.
            sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
        sock.setblocking(False)
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock


def broadcasts() -> dict[str, str]:
    """Return the broadcast address of each network interface by its own address; loopback has none."""
    found: dict[str, str] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            try:
                address, broadcast = (
                    socket.inet_ntoa(fcntl.ioctl(sock, wanted, request)[20:24])
                    for wanted in (_SIOCGIFADDR, _SIOCGIFBRDADDR)
                )
            except OSError:
                continue
            if broadcast != ANY and not address.startswith("127."):
                found[address] = broadcast
    return found


def search_addresses(interfaces: Sequence[str]) -> list[str]:
    """Return where to listen: the interfaces, and their broadcast addresses, which Linux keeps from a bound socket."""
    known = broadcasts()
    return [*interfaces, *(known[interface] for interface in interfaces if interface in known)]
