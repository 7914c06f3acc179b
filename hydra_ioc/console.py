"""Where people reach the IOC's shell: a unix socket that only its owner may open, and the terminal it started in."""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from hydra_ioc.shell import PROMPT, Shell

MAX_LINE = 1 << 12
MAX_VISITORS = 8

logger = logging.getLogger(__name__)


class Console:
    """Serves a shell on `path`; a socket that a dead IOC left is replaced, one that answers is not."""

    def __init__(self, shell: Shell, path: Path) -> None:
        self._shell, self._path = shell, path
        self._visitors = 0

    async def run(self) -> None:
        """Serve until cancelled. A socket that cannot be made is logged, and that is all."""
        try:
            server = await asyncio.start_unix_server(self._visit, sock=_listening(self._path), limit=MAX_LINE)
        except OSError as error:
            logger.warning("no shell: its socket cannot be made path=%s error=%s", self._path, error)
            return
        logger.info("shell path=%s", self._path)
        try:
            await server.serve_forever()
        finally:
            server.close()
            self._path.unlink(missing_ok=True)

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._visitors += 1
        try:
            if self._visitors <= MAX_VISITORS:
                await converse(self._shell, reader, writer)
        except (OSError, ValueError) as error:
            logger.info("shell closed why=%s", error)
        finally:
            self._visitors -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def converse(shell: Shell, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Prompt, answer, and prompt again until ``exit`` or the end of the input. Raises OSError, ValueError."""
    while True:
        writer.write(PROMPT.encode())
        await writer.drain()
        line = (await reader.readline()).decode(errors="replace")
        if not line or line.split()[:1] == ["exit"]:
            return
        for text in await shell.run(line):
            writer.write(f"{text}\n".encode())
            await writer.drain()


async def read_terminal(shell: Shell) -> None:
    """Answer what is typed (or what procServ passes on) into the terminal that the IOC was started in."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        # A thread of its own: a terminal that is made non-blocking would be so for what the IOC prints, too.
        with contextlib.suppress(RuntimeError):
            for line in sys.stdin:
                loop.call_soon_threadsafe(lines.put_nowait, line)

    threading.Thread(target=read, name="terminal", daemon=True).start()
    while True:
        line = await lines.get()
        for text in await shell.run(line):
            print(text)
        print(PROMPT, end="", flush=True)


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """Give a name by which a socket is made or opened however long its path is (the kernel takes 107 bytes)."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _listening(path: Path) -> socket.socket:
    """Return a listening socket that only its owner may open. Raises OSError when the place is taken."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sock = socket.socket(socket.AF_UNIX)
    try:
        with short_path(path) as short:
            _make_room(path, short)
            os.fchmod(sock.fileno(), 0o600)
            sock.bind(short)
    except OSError:
        sock.close()
        raise
    return sock


def _make_room(path: Path, short: str) -> None:
    """Remove a dead socket. Raises OSError for a living one, or for a file that is none."""
    if not path.exists():
        return
    if not path.is_socket():
        raise FileExistsError("a file of this name is there, and it is no socket")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(short)
        except ConnectionRefusedError:
            path.unlink()
            return
    raise FileExistsError("another IOC answers there")
