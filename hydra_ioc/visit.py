"""A visit to the shell of an IOC that runs on this machine: ask a line, get the answer."""

import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from hydra_core.errors import ServiceError
from hydra_ioc.console import short_path
from hydra_ioc.shell import PROMPT

ANSWER_WITHIN = 10.0


class Visit:
    """One connection to an IOC's shell. Raises ServiceError when nobody answers there."""

    prompt = PROMPT

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.settimeout(ANSWER_WITHIN)
        try:
            with short_path(path) as short:
                self._sock.connect(short)
            self._until_prompt()
        except OSError as error:
            self._sock.close()
            raise ServiceError(
                f"no IOC answers at {path}: {error.strerror or error}; is it running, as you?"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sock.close()

    def ask(self, line: str) -> str:
        """Return the answer to a command line. Raises ServiceError when the IOC goes away meanwhile."""
        try:
            self._sock.sendall(line.encode() + b"\n")
            return self._until_prompt()
        except OSError as error:
            raise ServiceError(f"the IOC at {self._path} went away: {error}") from error

    def _until_prompt(self) -> str:
        found = b""
        prompt = PROMPT.encode()
        while not (found == prompt or found.endswith(b"\n" + prompt)):
            more = self._sock.recv(1 << 16)
            if not more:
                raise ConnectionResetError("it hung up")
            found += more
        return found.removesuffix(prompt).decode()
