"""Channel Access beside the C IOC and plain caproto: `python benchmarks/ca.py` prints one table within three minutes.

One libca client written in C (ca_client.c, compiled here against the epicscorelibs wheel) holds the clock for all.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from epicscorelibs.path import include_path, lib_path

HERE = Path(__file__).parent
PVS, RATE_PVS, SECONDS = 2000, 500, 1.5
RATES = (2_000, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000)
NAMES = {"softioc": "softioc (C IOC in Python)", "caproto": "caproto as shipped", "ours": "ours"}


def build(folder: Path) -> Path:
    """Compile the client. Exits with a hint when there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("this benchmark needs a C compiler: install gcc")
    program = folder / "ca_client"
    libraries = [str(next(Path(lib_path).glob(f"lib{name}.so.*"))) for name in ("ca", "Com")]
    includes = [f"-I{include_path}", f"-I{include_path}/os/Linux", f"-I{include_path}/compiler/gcc"]
    command = [compiler, "-O2", "-o", str(program), str(HERE / "ca_client.c"), *includes, *libraries]
    subprocess.run([*command, f"-Wl,-rpath,{lib_path}", "-lm"], check=True)
    return program


def environment(port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EPICS_", "CAPROTO_"))}
    local = {"EPICS_CA_ADDR_LIST", "EPICS_CAS_INTF_ADDR_LIST", "EPICS_CAS_BEACON_ADDR_LIST"}
    no = {"EPICS_CA_AUTO_ADDR_LIST", "EPICS_CAS_AUTO_BEACON_ADDR_LIST"}
    ports = {"EPICS_CA_SERVER_PORT": str(port), "EPICS_CAS_SERVER_PORT": str(port)}
    return kept | dict.fromkeys(local, "127.0.0.1") | dict.fromkeys(no, "NO") | ports


class Process:
    """A server or client that answers a line with a line of JSON."""

    def __init__(self, stack: ExitStack, port: int, *command: str) -> None:
        self._process = stack.enter_context(
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment(port),
            )
        )
        stack.callback(self._process.kill)

    def hear(self) -> dict[str, Any]:
        """Return the next JSON object; lines that are none are the server's own talk."""
        while line := (self._process.stdout.readline() if self._process.stdout is not None else ""):
            if line.startswith("{"):
                return dict(json.loads(line))
        raise SystemExit(f"died: {self._process.args}")

    def ask(self, line: str) -> dict[str, Any]:
        """Send a line and return the answer."""
        if self._process.stdin is not None:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        return self.hear()


def start(stack: ExitStack, kind: str, pvs: int) -> tuple[Process, int, float]:
    """Start a server; return it, its port and its memory before it imported anything."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    server = Process(stack, port, sys.executable, str(HERE / "ca_servers.py"), kind, str(port), str(pvs))
    return server, port, float(server.hear()["before"])


def connecting(kind: str, client: Path) -> dict[str, str]:
    with ExitStack() as stack:
        server, port, before = start(stack, kind, PVS)
        watcher = Process(stack, port, str(client), "watch", "B:", str(PVS)).hear()
        memory = server.ask("memory")["rss"] - before
        echo = Process(stack, port, str(client), "ping", "B:PING", "500").hear()
    connected = f"{watcher['seconds']:.2f}" if watcher["first_values"] == PVS else f"{watcher['first_values']} only"
    return {"connect": connected, "memory": f"{memory:.0f}", "echo": f"{echo['p50']:.2f} ({echo['p99']:.2f})"}


def lossless(kind: str, client: Path, clients: int) -> str:
    """Return the highest rate at which no client lost an update, and the server kept up."""
    best = 0.0
    with ExitStack() as stack:
        server, port, _ = start(stack, kind, RATE_PVS)
        watchers = [Process(stack, port, str(client), "watch", "B:", str(RATE_PVS)) for _ in range(clients)]
        if any(watcher.hear()["first_values"] != RATE_PVS for watcher in watchers):
            return "not connected"
        for rate in RATES:
            reached = server.ask(f"{rate} {SECONDS}")
            if any(not arrived(watcher, int(reached["counter"])) for watcher in watchers):
                break
            best = float(reached["rate"])
            if best < 0.8 * rate:
                break
    return f"{best:,.0f}" if best else f"< {RATES[0]:,}"


def arrived(watcher: Process, counter: int) -> bool:
    """Wait until a client has every PV's last value; tell whether it lost none on the way."""
    lost, deadline = 0, time.monotonic() + 3.0
    while time.monotonic() < deadline:
        seen = watcher.ask("report")
        lost += seen["lost"]
        if seen["lowest"] == counter:
            return lost == 0
        time.sleep(0.05)
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", nargs="*", default=list(NAMES), choices=list(NAMES))
    servers = parser.parse_args().servers
    heads = (f"connect {PVS} PVs, s", "RSS above start, MB", "updates/s, 1 client", "10 clients", "put to monitor, ms")
    print(f"| server | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}")
    with tempfile.TemporaryDirectory() as folder:
        client = build(Path(folder))
        for kind in servers:
            figures = connecting(kind, client)
            one, ten = (lossless(kind, client, number) for number in (1, 10))
            print(f"| {NAMES[kind]} | {figures['connect']} | {figures['memory']} | {one} | {ten} | {figures['echo']} |")
    print("\nRates: updates posted a second, all of them seen by every client; put to monitor: p50 (p99).")


if __name__ == "__main__":
    main()
