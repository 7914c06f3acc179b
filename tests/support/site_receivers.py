"""Receivers as sites run them: a log server that keeps lines, and a RecCeiver that speaks RecSync as documented."""

import asyncio
import socket
import struct
from dataclasses import dataclass, field

HEADER = struct.Struct(">HHI")


class LogServer:
    """Like iocLogServer: takes connections and keeps the lines. `lines` has those received so far."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._arrived = asyncio.Event()

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up on everybody and listen no more."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def wait(self, count: int) -> list[str]:
        """Return the lines once there are `count`."""
        async with asyncio.timeout(20):
            while len(self.lines) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.lines

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while line := await reader.readline():
                self.lines.append(line.decode())
                self._arrived.set()
        except OSError:
            pass


@dataclass
class Upload:
    """What one client told: of itself (record 0) and of its records."""

    key: int = 0
    records: dict[int, tuple[str, str]] = field(default_factory=dict)
    info: dict[int, dict[str, str]] = field(default_factory=dict)
    done: bool = False
    pongs: list[int] = field(default_factory=list)


class RecCeiver:
    """Announces itself by UDP to one port and takes uploads by TCP, as RecSync's README says."""

    def __init__(self) -> None:
        self.uploads: list[Upload] = []
        self.greeting = struct.pack(">HHIB", 0x5243, 0x8001, 1, 0)
        self._writers: list[asyncio.StreamWriter] = []
        self._changed = asyncio.Event()

    async def start(self) -> None:
        """Listen on any port."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    def announce(self, port: int, key: int, address: str = "127.0.0.1") -> None:
        """Send one announcement, a few bytes longer than clients look at."""
        data = struct.pack(">HBx4sH2xI", 0x5243, 0, socket.inet_aton(address), self.port, key) + b"more"
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.sendto(data, ("127.0.0.1", port))

    def hang_up(self) -> None:
        """Close every connection."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def ping(self, nonce: int) -> None:
        """Send a message that no client knows, then a ping with bytes to spare, to the newest client."""
        self._writers[-1].write(HEADER.pack(0x5243, 0x9999, 3) + b"new")
        self._writers[-1].write(HEADER.pack(0x5243, 0x8002, 6) + struct.pack(">I", nonce) + b"xx")
        await self._writers[-1].drain()

    async def until(self, count: int, *, pongs: int = 0) -> Upload:
        """Return the `count`th upload once it is done and has answered so many pings."""
        async with asyncio.timeout(20):
            while not (len(self.uploads) >= count and self.uploads[count - 1].done
                       and len(self.uploads[count - 1].pongs) >= pongs):  # fmt: skip
                self._changed.clear()
                await self._changed.wait()
        return self.uploads[count - 1]

    async def stop(self) -> None:
        """End."""
        self.hang_up()
        self._server.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upload = Upload()
        self.uploads.append(upload)
        self._writers.append(writer)
        first = True
        try:
            while True:
                magic, number, size = HEADER.unpack(await reader.readexactly(8))
                assert magic == 0x5243
                body = await reader.readexactly(size)
                assert (number == 1) == first, "the greeting comes first, and alone"
                first = False
                self._understand(upload, writer, number, body)
                self._changed.set()
        except (OSError, EOFError):
            pass

    def _understand(self, upload: Upload, writer: asyncio.StreamWriter, number: int, body: bytes) -> None:
        if number == 1:
            version, kind, upload.key = struct.unpack(">BBxxI", body)
            assert (version, kind) == (0, 0)
            writer.write(self.greeting)
        elif number == 2:
            upload.pongs.append(struct.unpack(">I", body)[0])
        elif number == 3:
            record, alias, kind_size, name_size = struct.unpack_from(">IBBH", body)
            assert record > 0 and alias == 0 and len(body) == 8 + kind_size + name_size and kind_size and name_size
            upload.records[record] = (body[8 + kind_size :].decode(), body[8 : 8 + kind_size].decode())
        elif number == 6:
            record, key_size, value_size = struct.unpack_from(">IBxH", body)
            assert key_size and len(body) == 8 + key_size + value_size and not upload.done
            assert record == 0 or record in upload.records
            text = body[8:]
            upload.info.setdefault(record, {})[text[:key_size].decode()] = text[key_size:].decode()
        elif number == 5:
            assert body == bytes(4)
            upload.done = True
        else:
            raise AssertionError(f"message {number:#06x} is not one of a client's")
