"""A TCP proxy that fails on purpose: stalls for ever, cuts the line after so many bytes, or swallows one reply."""

import contextlib
import socket
import threading
from typing import Self


class FaultyProxy:
    """Listens on a loopback port and forwards to another, until told to misbehave.

    `cut_after`: a connection is broken when that many bytes have come from the client. `lose_reply_to`: when the
    client has sent these bytes, the target gets them, but what it answers never arrives and the line breaks.
    `sent` counts the bytes of the last connection's client.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._passing = threading.Event()
        self._passing.set()
        self.cut_after: int | None = None
        self.lose_reply_to: bytes | None = None
        self.sent = 0
        self._lines: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        """Let no byte through from now on: a black hole."""
        self._passing.clear()

    def flow(self) -> None:
        """Be a good line again."""
        self._passing.set()

    def cut(self) -> None:
        """Break every open connection."""
        for line in self._lines:
            _shut(line)

    def close(self) -> None:
        """Stop listening and break every connection."""
        self._passing.set()
        _shut(self._listener)
        self._listener.close()
        self.cut()
        for line in self._lines:
            line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._lines += [client, server]
            self.sent, lost = 0, threading.Event()
            threading.Thread(target=self._upstream, args=(client, server, lost), daemon=True).start()
            threading.Thread(target=self._downstream, args=(server, client, lost), daemon=True).start()

    def _upstream(self, client: socket.socket, server: socket.socket, lost: threading.Event) -> None:
        sent = 0
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                self._passing.wait()
                if self.cut_after is not None and sent + len(data) >= self.cut_after:
                    server.sendall(data[: self.cut_after - sent])
                    break
                if self.lose_reply_to is not None and self.lose_reply_to in data:
                    lost.set()
                server.sendall(data)
                sent += len(data)
                self.sent = sent
        _shut(client)
        _shut(server)

    def _downstream(self, server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                self._passing.wait()
                if lost.is_set():
                    break
                client.sendall(data)
        _shut(client)
        _shut(server)


def _shut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
