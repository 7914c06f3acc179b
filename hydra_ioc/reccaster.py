"""Tells ChannelFinder of the PVs: a RecCaster that waits for a RecCeiver, uploads to it, and answers its pings.

The wire format is that of RecSync's documentation: announcements of 16 bytes by UDP; by TCP frames of ``RC``, message
number and length, big-endian. Nothing here ever delays the IOC: what fails is logged, and the next announcement heard.
"""

import asyncio
import contextlib
import logging
import random
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hydra_core.config.site import RecSync

MAGIC = 0x5243
GREET, PONG, ADD_RECORD, UPLOAD_DONE, ADD_INFO = 0x0001, 0x0002, 0x0003, 0x0005, 0x0006
SERVER_GREET, PING = 0x8001, 0x8002
PATIENCE = 80.0
"""Seconds that a RecCeiver may take for its greeting (it lets few upload at a time) and between pings."""
CONNECT_SECONDS = 20.0
_MAX_BODY = 1 << 16
_HEADER = struct.Struct(">HHI")
_ANNOUNCEMENT = struct.Struct(">HBx4sH2xI")
_ANY = "0.0.0.0"
_BATCH = 200
"""Records that are sent before the others of this process get their turn."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Announced:
    """A record as ChannelFinder shall know it."""

    name: str
    record_type: str
    info: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecCeiver:
    """Where a RecCeiver said that it listens, and the number by which it knows that its announcement was heard."""

    host: str
    port: int
    key: int


def announcement(data: bytes, sender: str) -> RecCeiver | None:
    """Return what a datagram announces; None: it is none. An address 0.0.0.0 or all ones means the sender's own."""
    if len(data) < _ANNOUNCEMENT.size:
        return None
    magic, version, address, port, key = _ANNOUNCEMENT.unpack_from(data)
    if magic != MAGIC or version or not port:
        return None
    host = socket.inet_ntoa(address)
    return RecCeiver(sender if host in (_ANY, "255.255.255.255") else host, port, key)


def message(number: int, body: bytes) -> bytes:
    """Return one frame."""
    return _HEADER.pack(MAGIC, number, len(body)) + body


def add_record(record_id: int, record: Announced) -> bytes:
    """Return the frame that adds a record."""
    kind, name = record.record_type.encode()[:255], record.name.encode()[:0xFFFF]
    return message(ADD_RECORD, struct.pack(">IBBH", record_id, 0, len(kind), len(name)) + kind + name)


def add_info(record_id: int, key: str, value: str) -> bytes:
    """Return the frame that says something of a record, or with record 0 of the whole IOC."""
    name, text = key.encode()[:255], value.encode()[:0xFFFF]
    return message(ADD_INFO, struct.pack(">IBxH", record_id, len(name), len(text)) + name + text)


def upload(records: Sequence[Announced], info: Mapping[str, str]) -> Iterator[bytes]:
    """Yield the frames of a whole upload, a batch of records at a time."""
    yield b"".join(add_info(0, key, value) for key, value in info.items())
    for start in range(0, len(records), _BATCH):
        frames = []
        for record_id, record in enumerate(records[start : start + _BATCH], start + 1):
            frames.append(add_record(record_id, record))
            frames += [add_info(record_id, key, value) for key, value in record.info.items()]
        yield b"".join(frames)
    yield message(UPLOAD_DONE, bytes(4))


class _Announcements(asyncio.DatagramProtocol):
    """Keeps the newest announcement."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[RecCeiver] = asyncio.Queue(1)
        self.wanted = True

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        found = announcement(data, addr[0])
        if found is not None and self.wanted and self.heard.empty():
            self.heard.put_nowait(found)


class RecCaster:
    """Keeps one RecCeiver informed. `uploaded` tells whether it has everything now."""

    def __init__(self, config: RecSync, records: Sequence[Announced], info: Mapping[str, str]) -> None:
        self.uploaded = False
        self._config, self._records, self._info = config, records, {**info, **config.info}

    async def run(self) -> None:
        """Wait for announcements and upload, until cancelled. A port that cannot be had is logged, and that is all."""
        loop = asyncio.get_running_loop()
        try:
            sock = _hearing(self._config.interface, self._config.port)
        except OSError as error:
            logger.warning("announcements of ChannelFinder cannot be heard port=%d error=%s", self._config.port, error)
            return
        transport, heard = await loop.create_datagram_endpoint(_Announcements, sock=sock)
        try:
            while True:
                found = await heard.heard.get()
                heard.wanted = False
                await asyncio.sleep(random.uniform(0, self._config.hold_off))
                await self._serve(found)
                heard.wanted = True
        finally:
            transport.close()

    async def _serve(self, server: RecCeiver) -> None:
        """Upload to one RecCeiver and stay with it until one of the two ends it."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(server.host, server.port)
        except OSError as error:
            logger.warning("RecCeiver not reached address=%s:%d error=%s", server.host, server.port, error)
            return
        try:
            await self._talk(reader, writer, server)
        except (OSError, EOFError, ValueError) as error:
            logger.warning("RecCeiver lost address=%s:%d error=%r", server.host, server.port, error)
        finally:
            self.uploaded = False
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: RecCeiver) -> None:
        writer.write(message(GREET, struct.pack(">BBxxI", 0, 0, server.key)))
        number, _ = await _next(reader)
        if number != SERVER_GREET:
            raise ValueError(f"message {number:#06x} where a greeting belongs")
        for frames in upload(self._records, self._info):
            writer.write(frames)
            await asyncio.wait_for(writer.drain(), PATIENCE)
        self.uploaded = True
        logger.info("PVs told to RecCeiver address=%s:%d pvs=%d", server.host, server.port, len(self._records))
        while True:
            number, body = await _next(reader)
            if number == PING:
                if len(body) < 4:
                    raise ValueError("a ping without its number")
                writer.write(message(PONG, body[:4]))
                await asyncio.wait_for(writer.drain(), PATIENCE)


async def _next(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return number and body of the next message. Raises ValueError, EOFError or TimeoutError (an OSError)."""
    async with asyncio.timeout(PATIENCE):
        magic, number, size = _HEADER.unpack(await reader.readexactly(_HEADER.size))
        if magic != MAGIC or size > _MAX_BODY:
            raise ValueError("no message of RecSync")
        return number, await reader.readexactly(size)


def _hearing(interface: str, port: int) -> socket.socket:
    """Return a UDP socket that shares its port with other IOCs of this host. Raises OSError."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        for option in (socket.SO_REUSEADDR, socket.SO_BROADCAST):
            sock.setsockopt(socket.SOL_SOCKET, option, 1)
        sock.setblocking(False)
        sock.bind((interface, port))
    except OSError:
        sock.close()
        raise
    return sock
