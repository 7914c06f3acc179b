"""Ports of loopback for tests."""

import contextlib
import socket


def free_port() -> int:
    """Return a port that is free for TCP and UDP on 127.0.0.1 now."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            with contextlib.suppress(OSError):
                udp.bind(("127.0.0.1", port))
                return port
