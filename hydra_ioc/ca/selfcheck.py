"""Asks a server of this process, over its own TCP port, as a client would, whether it is found and answers."""

import asyncio
import contextlib
import struct

from hydra_ioc.ca.discovery import ANY, SEARCH
from hydra_ioc.ca.outbox import frame
from hydra_ioc.ca.server import CaServer

ECHO, _VERSION_13 = 23, 13
_DO_REPLY = 10


async def answers(server: CaServer, within: float) -> bool:
    """Tell whether a search for a PV of the server is answered in time. Full of clients is an answer, too."""
    interface = server.interfaces[0] if server.interfaces[0] != ANY else "127.0.0.1"
    try:
        async with asyncio.timeout(within):
            return await _ask(interface, server.port, next(iter(server.records), "")) or server.full
    except OSError:
        return False


async def _ask(host: str, port: int, name: str) -> bool:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        payload = name.encode() + b"\0"
        payload += bytes(-len(payload) % 8)
        version = frame(0, 0, 0, 0, _VERSION_13, b"")
        writer.write(version + frame(SEARCH, _DO_REPLY, 1, 1, _VERSION_13, payload) + frame(ECHO, 0, 0, 0, 0, b""))
        found: bool = False
        while True:
            command, size = struct.unpack_from(">HH", await reader.readexactly(16))
            await reader.readexactly(size)
            found = found or command == SEARCH
            if command == ECHO:
                return found
    except asyncio.IncompleteReadError:
        return False
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
