"""Damaged frames and datagrams, 500 circuits, and clients killed in mid-stream, beside one healthy client.

``python benchmarks/garbage.py --frames 1000000`` prints what was sent, what the server holds afterwards, and how long
the healthy client waited for its answers. The same seed sends the same bytes. Exit code 1: a crash or a leak.
"""

import argparse
import json
import random
import select
import socket
import struct
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from support.ca import frame  # noqa: E402
from support.garbage import TIME_DOUBLE, mutated, sane  # noqa: E402

TIME_CHAR = 18
CIRCUITS, KILLED = 500, 50
WAIT = 60.0
Held = dict[str, int]


def attack(port: int, total: int, seed: int) -> None:
    """Send `total` damaged frames and datagrams, half and half; a circuit that the server closes is replaced."""
    chance, sent = random.Random(seed), 0
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        while sent < total:
            good = sane(f"G:O{chance.randrange(100)}")
            with socket.create_connection(("127.0.0.1", port), WAIT) as sock:
                batch = [*good[: chance.randint(0, 6)], *(mutated(chance, chance.choice(good)) for _ in range(10))]
                with suppress(OSError):
                    sock.sendall(b"".join(batch))
                    sock.shutdown(socket.SHUT_WR)
                    # Only a circuit whose end has been seen was read to its end.
                    while sock.recv(1 << 16):
                        pass
            for _ in range(10):
                datagrams.sendto(mutated(chance, chance.choice(good)), ("127.0.0.1", port))
            sent += 20


def circuit(port: int, *subscriptions: tuple[str, int]) -> socket.socket:
    """Open a circuit that follows PVs with a DBR type each."""
    sock = socket.create_connection(("127.0.0.1", port), WAIT)
    data = frame(0, 0, 13) + frame(20, payload=b"u\0") + frame(21, payload=b"h\0")
    for cid, (name, dbr_type) in enumerate(subscriptions, 1):
        mask = struct.pack(">fffHxx", 0, 0, 0, 5)
        data += frame(18, 0, 0, cid, 13, name.encode() + b"\0") + frame(1, dbr_type, 0, cid, cid, mask)
    sock.sendall(data)
    return sock


def crowd(port: int, number: int) -> int:
    """Open circuits at once, wait until each was told of a value, close them; return how many were told."""
    sockets = [circuit(port, ("G:AI", TIME_DOUBLE)) for _ in range(number)]
    told = 0
    for sock in sockets:
        seen = b""
        while not _event(seen) and (more := sock.recv(4096)):
            seen += more
        told += _event(seen)
        sock.close()
    return told


def _event(data: bytes) -> bool:
    offset = 0
    while offset + 16 <= len(data):
        command, size = struct.unpack_from(">HH", data, offset)
        if command == 1:
            return True
        offset += 16 + size
    return False


def kill(port: int, number: int) -> None:
    """Follow images and end in mid-stream without a goodbye, as a client does that is killed with data unread."""
    for _ in range(number):
        sock = circuit(port, ("G:IMG", TIME_CHAR), ("G:AI", TIME_DOUBLE))
        sock.recv(1000)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()


def healthy(port: int) -> None:
    """Ask for a value every 5 ms until stdin ends; then print the waiting times in ms."""
    sock = circuit(port)
    sock.sendall(frame(18, 0, 0, 1, 13, b"G:O0\0"))
    took: list[float] = []
    stop = False
    rest = b""
    while not stop:
        begun = time.perf_counter()
        sock.sendall(frame(15, TIME_DOUBLE, 1, 1, len(took) + 1))
        answered = False
        while not answered:
            rest += sock.recv(4096)
            while len(rest) >= 16 and len(rest) >= 16 + struct.unpack_from(">H", rest, 2)[0]:
                answered |= struct.unpack_from(">H", rest)[0] == 15
                rest = rest[16 + struct.unpack_from(">H", rest, 2)[0] :]
        took.append(1000 * (time.perf_counter() - begun))
        stop = bool(select.select([sys.stdin], [], [], 0.005)[0])
    took.sort()
    ranks = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    found = {name: round(took[min(len(took) - 1, int(len(took) * rank))], 2) for name, rank in ranks.items()}
    print(json.dumps({"answers": len(took), **found}), flush=True)


class Server:
    """The server's process."""

    def __init__(self, stack: ExitStack, leak: bool) -> None:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = int(sock.getsockname()[1])
        command = [sys.executable, str(HERE / "garbage_server.py"), str(self.port), *(["--leak"] if leak else [])]
        self.process = stack.enter_context(
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        )
        stack.callback(self.process.kill)
        self._hear()

    def held(self) -> Held:
        """Return what it holds now."""
        print(file=self.process.stdin, flush=True)
        return self._hear()

    def settled(self, clients: int) -> Held:
        """Return what it holds once so many clients are left, or after a while."""
        deadline = time.monotonic() + WAIT
        while (now := self.held())["clients"] != clients and time.monotonic() < deadline:
            time.sleep(0.1)
        return now

    def _hear(self) -> Held:
        line = next(iter(self.process.stdout or ()), "")
        if not line:
            raise SystemExit(f"the server died with {self.process.wait()}")
        return dict(json.loads(line))


def run(frames: int, seed: int, leak: bool) -> dict[str, Any]:
    """Do all of it and return the figures."""
    with ExitStack() as stack:
        server = Server(stack, leak)
        attack(server.port, 2000, seed + 1)
        crowd(server.port, CIRCUITS)
        before = server.settled(0)
        patient = stack.enter_context(
            subprocess.Popen([sys.executable, __file__, "--healthy", str(server.port)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )  # fmt: skip
        stack.callback(patient.kill)
        begun = time.monotonic()
        attack(server.port, frames, seed)
        attacked = time.monotonic() - begun
        told = crowd(server.port, CIRCUITS)
        kill(server.port, KILLED)
        waited = dict(json.loads(patient.communicate("enough\n", WAIT)[0]))
        after = server.settled(0)
    lost = {name: after[name] - before[name] for name in ("clients", "channels", "subscriptions", "files", "errors")}
    return {
        "frames": frames, "seconds": round(attacked, 1), "circuits": CIRCUITS, "circuits_told": told, "killed": KILLED,
        "left_behind": lost, "rss_growth_kib": after["rss_kib"] - before["rss_kib"], "healthy_ms": waited,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--leak", action="store_true", help="a server that leaks, to see that it is noticed")
    parser.add_argument("--healthy", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.healthy:
        healthy(arguments.healthy)
        return
    figures = run(arguments.frames, arguments.seed, arguments.leak)
    print(json.dumps(figures))
    sys.exit(any(figures["left_behind"].values()) or figures["circuits_told"] != CIRCUITS)


if __name__ == "__main__":
    main()
