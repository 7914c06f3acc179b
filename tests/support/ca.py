"""Tools for tests that speak Channel Access: a libca client process, raw frames and sockets."""

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from support.ports import free_port

T = TypeVar("T")
Serve = Callable[..., Any]
"""How tests start an IOC of ours: PvSpecs, then keywords."""
Libca = Callable[..., "CaClient"]
Raw = Callable[..., "RawClient"]

VALUE, LOG, ALARM, PROPERTY = 1, 2, 4, 8
NORMAL, PUTFAIL, NOWTACCESS = 1, 160, 376
PUT_ACKT, PUT_ACKS, STSACK_STRING, CLASS_NAME = 35, 36, 37, 38
HEADER = struct.Struct(">HHHHII")


def ca_env(port: int) -> dict[str, str]:
    """Return this process's environment changed so that CA clients and IOCs see only 127.0.0.1 and `port`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EPICS_", "PYEPICS_"))}
    return kept | {
        "EPICS_CA_ADDR_LIST": "127.0.0.1",
        "EPICS_CA_AUTO_ADDR_LIST": "NO",
        "EPICS_CA_SERVER_PORT": str(port),
        "EPICS_CA_REPEATER_PORT": str(free_port()),
        "EPICS_CA_MAX_ARRAY_BYTES": "4000000",
        "EPICS_CAS_INTF_ADDR_LIST": "127.0.0.1",
        "EPICS_CAS_SERVER_PORT": str(port),
        "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_CAS_BEACON_ADDR_LIST": "127.0.0.1",
    }


class CaClient:
    """A libca client (pyepics) in a process of its own. A method raises RuntimeError when the client reports one."""

    def __init__(self, port: int, **environment: str) -> None:
        script = Path(__file__).with_name("ca_client_process.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=ca_env(port) | environment,
        )

    def __enter__(self) -> "CaClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the client."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def _do(self, command: str, **arguments: Any) -> Any:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": command, "with": arguments}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the CA client died at {command} {arguments}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def connect(self, *names: str, timeout: float = 5.0) -> list[bool]:
        """Connect channels; tell which are there."""
        return self._do("connect", names=list(names), timeout=timeout)

    def get(self, name: str, ftype: int | None = None, count: int = 0) -> dict[str, Any]:
        """Read once: a dict with `value` and the metadata of the DBR type; `failed` with the ECA status."""
        return self._do("get", name=name, ftype=ftype, count=count)

    def value(self, name: str, ftype: int | None = None) -> Any:
        """Read the value alone."""
        return self.get(name, ftype)["value"]

    def info(self, name: str) -> dict[str, Any]:
        """Return native type, number of elements and access rights."""
        return self._do("info", name=name)

    def put(self, name: str, value: Any, ftype: int | None = None, callback: bool = True) -> int:
        """Put, with callback or without, and return the ECA status."""
        return self._do("put", name=name, value=value, ftype=ftype, callback=callback)

    def monitor(self, name: str, mask: int = VALUE | ALARM, key: str | None = None, ftype: int | None = None) -> str:
        """Subscribe; return the key for `events` and `wait`."""
        key = key or f"{name}/{mask}"
        self._do("monitor", name=name, mask=mask, key=key, ftype=ftype)
        return key

    def unmonitor(self, key: str) -> None:
        """Cancel a subscription."""
        self._do("unmonitor", key=key)

    def events(self, key: str, clear: bool = False) -> list[dict[str, Any]]:
        """Return what a subscription was told so far: value, status, severity, time."""
        return self._do("events", key=key, clear=clear)

    def wait(self, key: str, count: int = 1, value: Any = None, timeout: float = 5.0) -> list[dict[str, Any]]:
        """Return the events once there are `count` and the last has `value`, or what there is after `timeout`."""
        return self._do("wait", key=key, count=count, value=value, timeout=timeout)

    def rights(self, name: str, wanted: str | None = None, timeout: float = 5.0) -> list[str]:
        """Return what libca's access rights callback was told so far, e.g. "read-only", once that is `wanted`."""
        return self._do("rights", name=name, wanted=wanted, timeout=timeout)

    def clear(self, *names: str) -> None:
        """Clear channels."""
        self._do("clear", names=list(names))


class LoopThread:
    """An event loop in a thread, for a server that blocking tests talk to."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.errors: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _, context: self.errors.append(context))
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call a plain function on the loop and return its result."""

        async def call() -> T:
            return function(*arguments, **named)

        return self.wait(call())

    def wait(self, coroutine: Any, timeout: float = 60.0) -> Any:
        """Run a coroutine on the loop and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout)

    def close(self) -> None:
        """Stop the loop and join the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


def eventually(condition: Callable[[], Any], timeout: float = 10.0) -> Any:
    """Return the first true result of `condition`, asked again and again; its last result after `timeout`."""
    deadline = time.monotonic() + timeout
    while not (result := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return result


def rss(pid: int) -> int:
    """Return a process's resident memory in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise RuntimeError(f"process {pid} has no VmRSS")


def frame(
    command: int, dbr_type: int = 0, count: int = 0, first: int = 0, second: int = 0, payload: bytes = b""
) -> bytes:
    """Build a CA frame."""
    payload += bytes(-len(payload) % 8)
    return HEADER.pack(command, len(payload), dbr_type, count, first, second) + payload


Frame = tuple[int, int, int, int, int, bytes]
"""Command, DBR type, count, parameter 1, parameter 2, payload."""


def split(data: bytes) -> tuple[list[Frame], bytes]:
    """Split bytes into the frames that are complete and the rest."""
    found, offset = [], 0
    while offset + 24 <= len(data) or (offset + 16 <= len(data) and data[offset + 2 : offset + 4] != b"\xff\xff"):
        command, size, dbr_type, count, first, second = HEADER.unpack_from(data, offset)
        start = offset + 16
        if size == 0xFFFF and count == 0:
            size, count = struct.unpack_from(">II", data, start)
            start += 8
        if start + size > len(data):
            break
        found.append((command, dbr_type, count, first, second, data[start : start + size]))
        offset = start + size
    return found, data[offset:]


class RawClient:
    """A bare socket that speaks CA frame by frame, for what libca would never send."""

    def __init__(self, port: int, *, receive_buffer: int | None = None) -> None:
        self.sock = socket.socket()
        if receive_buffer is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.connect(("127.0.0.1", port))
        self.sock.settimeout(5.0)
        self._frames: deque[Frame] = deque()
        self._rest = b""
        self.send(frame(0, 0, 13), frame(20, payload=b"raw\0"), frame(21, payload=b"rawhost\0"))

    def __enter__(self) -> "RawClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, *data: bytes) -> None:
        """Send frames."""
        self.sock.sendall(b"".join(data))

    def until(self, wanted: Callable[[Frame], bool]) -> list[Frame]:
        """Read until a frame is wanted; return all up to and with it. Raises ConnectionError when the server closes."""
        seen: list[Frame] = []
        while True:
            while self._frames:
                seen.append(self._frames.popleft())
                if wanted(seen[-1]):
                    return seen
            more = self.sock.recv(1 << 18)
            if not more:
                raise ConnectionError("the server closed the circuit")
            found, self._rest = split(self._rest + more)
            self._frames += found

    def create(self, *names: str) -> list[int]:
        """Create channels with cids 1, 2, …; return their sids."""
        for cid, name in enumerate(names, 1):
            self.send(frame(18, 0, 0, cid, 13, name.encode() + b"\0"))
        sids: dict[int, int] = {}
        while len(sids) < len(names):
            answer = self.until(lambda one: one[0] in (18, 26))[-1]
            if answer[0] == 26:
                raise KeyError(names[answer[3] - 1])
            sids[answer[3]] = answer[4]
        return [sids[cid] for cid in range(1, len(names) + 1)]

    def subscribe(self, sid: int, subscription: int, dbr_type: int = 20, mask: int = 5, count: int = 0) -> None:
        """Send an EVENT_ADD."""
        self.send(frame(1, dbr_type, count, sid, subscription, struct.pack(">fffHxx", 0, 0, 0, mask)))


def closed_by_server(client: RawClient) -> bool:
    """Tell whether the server has closed this client's circuit (reads away what it sent before)."""
    try:
        while client.sock.recv(1 << 16):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True
