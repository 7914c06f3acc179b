"""Channel Access beside the C IOC and plain caproto: `python benchmarks/ca.py` prints three tables within five minutes.

One libca client written in C (ca_client.c, compiled here against the epicscorelibs wheel) holds the clock for all.
`--quick` takes a tenth of everything, to see that it works.
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
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from epicscorelibs.path import include_path, lib_path

HERE = Path(__file__).parent
RATES = (2_000, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000)
WANTED = {"connect": "≤ 1.5 s", "pv": "≤ 60 KiB", "ten": "≥ 300,000", "echo": "≤ 0.3 ms", "plots": "≤ 20 ms"}
"""What issue 4 asks of ours."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    pvs: int = 10_000
    rate_pvs: int = 1000
    seconds: float = 1.5
    plots: int = 500
    watchers: int = 20
    plot_seconds: int = 20

    def tenth(self) -> "Sizes":
        """Return what only shows that it works."""
        return Sizes(self.pvs // 10, self.rate_pvs // 10, 0.3, self.plots // 10, self.watchers // 10, 2)


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


def connecting(kind: str, client: Path, sizes: Sizes) -> dict[str, str]:
    """Measure one client that connects to all PVs, the server's memory by then, and puts that come back."""
    with ExitStack() as stack:
        server, port, before = start(stack, kind, sizes.pvs)
        empty = server.ask("memory")["rss"]
        watcher = Process(stack, port, str(client), "watch", "B:", str(sizes.pvs)).hear()
        memory = server.ask("memory")["rss"]
        echo = Process(stack, port, str(client), "ping", "B:PING", "500").hear()
    all_there = watcher["first_values"] == sizes.pvs
    return {
        "connect": f"{watcher['seconds']:.2f}" if all_there else f"{watcher['first_values']} only",
        "memory": f"{memory - before:.0f}",
        "pv": f"{(memory - empty) * 1024 / sizes.pvs:.1f} + {(empty - before) * 1024 / sizes.pvs:.1f}",
        "echo": f"{echo['p50']:.2f} ({echo['p99']:.2f})",
    }


def record_memory() -> float:
    """Return KiB that a PV of ours takes with every field in use and subscribed to, on top of Python and libraries."""
    code = (
        "import resource, sys; from hydra_core.pvs import Kind, PvSpec;"
        "from hydra_ioc.ca import field_names, make_record;"
        "spec = PvSpec('A', Kind.AI, 'an ai', 'mm', 3, 0.1, 0.1, 0, 1, alarms=True, limits=(0.1, 0.2, 0.8, 0.9));"
        "rss = lambda: int(open('/proc/self/status').read().split('VmRSS:')[1].split()[0]);"
        "make_record('warm', spec).get_field('HIHI'); before = rss();"
        "made = [make_record(f'P:{n}', spec) for n in range(1000)];"
        "[record.get_field(name) for record in made for name in field_names(spec)];"
        "print((rss() - before) / 1000)"
    )
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def lossless(kind: str, client: Path, clients: int, sizes: Sizes) -> str:
    """Return the highest number of deliveries a second at which no client lost one, and the server kept up."""
    best = 0.0
    with ExitStack() as stack:
        server, port, _ = start(stack, kind, sizes.rate_pvs)
        watchers = [Process(stack, port, str(client), "watch", "B:", str(sizes.rate_pvs)) for _ in range(clients)]
        if any(watcher.hear()["first_values"] != sizes.rate_pvs for watcher in watchers):
            return "not connected"
        for rate in RATES:
            reached = server.ask(f"{rate} {sizes.seconds}")
            if any(not arrived(watcher, int(reached["counter"])) for watcher in watchers):
                break
            best = float(reached["rate"])
            if best < 0.8 * rate:
                break
    return f"{best * clients:,.0f}" if best else f"< {RATES[0] * clients:,}"


def plots(kind: str, client: Path, sizes: Sizes) -> str:
    """Return by how many ms updates of plots at 1 Hz come late to many clients: p50 (p99, worst)."""
    with ExitStack() as stack:
        server, port, _ = start(stack, kind, sizes.plots)
        watchers = [Process(stack, port, str(client), "watch", "B:", str(sizes.plots)) for _ in range(sizes.watchers)]
        if any(watcher.hear()["first_values"] != sizes.plots for watcher in watchers):
            return "not connected"
        for watcher in watchers:
            watcher.ask("report")
        server.ask(f"{sizes.plots} {sizes.plot_seconds}")
        time.sleep(0.2)
        seen = [watcher.ask("report") for watcher in watchers]
    if any(one["lost"] or one["events"] != sizes.plots * sizes.plot_seconds for one in seen):
        return f"lost {sum(one['lost'] for one in seen)}"
    return " ".join(f"{max(one[name] for one in seen):.1f}" for name in ("p50", "p99", "worst"))


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


def table(*rows: Sequence[str]) -> str:
    """Return a table whose first row is its head."""
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", nargs="*", default=list(NAMES), choices=list(NAMES))
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    arguments = parser.parse_args()
    sizes = Sizes().tenth() if arguments.quick else Sizes()
    pvs, rate = f"{sizes.pvs:,}", f"{sizes.rate_pvs:,}"
    with tempfile.TemporaryDirectory() as folder:
        client = build(Path(folder))
        measured = {kind: connecting(kind, client, sizes) for kind in arguments.servers}
        head = (
            "server",
            f"connect {pvs} PVs, s",
            "RSS above start, MB",
            "KiB a PV: channel + record",
            "put to monitor, ms",
        )
        cells = ("connect", "memory", "pv", "echo")
        rows = [(NAMES[kind], *(found[cell] for cell in cells)) for kind, found in measured.items()]
        print(
            table(head, *rows, ("asked of ours", WANTED["connect"], "", WANTED["pv"], WANTED["echo"])), "\n", flush=True
        )
        print(f"A PV of ours with all its fields in use: {record_memory():.1f} KiB (asked: {WANTED['pv']}).\n")
        head = ("server", f"deliveries/s of {rate} PVs without loss, 1 client", "10 clients")
        rows = [
            (NAMES[kind], *(lossless(kind, client, number, sizes) for number in (1, 10))) for kind in arguments.servers
        ]
        print(table(head, *rows, ("asked of ours", "", WANTED["ten"])), "\n", flush=True)
        head = (f"{sizes.plots} plots at 1 Hz to {sizes.watchers} clients", "late by ms: p50, p99, worst")
        kinds = {"ours": "ours, idle beside", "infers": "ours, while TensorFlow infers in the process"}
        rows = [(title, plots(kind, client, sizes)) for kind, title in kinds.items() if "ours" in arguments.servers]
        print(table(head, *rows, ("asked of ours while it infers", f"p99 {WANTED['plots']}")))
    print("\nPut to monitor: p50 (p99). Lateness: the client's clock less the time stamp, the worst client's figure.")


if __name__ == "__main__":
    main()
