"""Ten stopped and ten slow clients beside a healthy one, while values and images are posted fast.

`python benchmarks/frozen_clients.py [--seconds 60] [--json]` prints one table (or one JSON object): what the healthy
client got, what it missed, and the server's memory. All processes are this file; everything stays on 127.0.0.1.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

SCALARS, IMAGES, PIXELS = 100, 2, 360_000
BURST, PERIOD = 100, 0.02
FREEZE_AFTER = 2.0
SUBSCRIBE = struct.Struct(">HHHHIIfffHxx")


def names() -> list[str]:
    return [f"FZ:A{number}" for number in range(SCALARS)] + [f"FZ:I{number}" for number in range(IMAGES)]


def memory(pid: int) -> float:
    """Return a process's resident memory in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def environment(port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EPICS_")}
    return kept | {
        "EPICS_CA_ADDR_LIST": "127.0.0.1",
        "EPICS_CA_AUTO_ADDR_LIST": "NO",
        "EPICS_CA_SERVER_PORT": str(port),
        "EPICS_CA_MAX_ARRAY_BYTES": "4000000",
    }


async def serve(port: int) -> None:
    """Post bursts of scalars and, ten times a second, images, until told to stop; then say what was posted last."""
    import numpy as np

    from hydra_core.pvs import Element, Kind, PvSpec
    from hydra_ioc.ca import CaServer, make_record

    image = PvSpec("I", Kind.WAVEFORM, "image", element=Element.UCHAR, length=PIXELS)
    scalar = PvSpec("A", Kind.AI, "scalar")
    records = [make_record(name, image if ":I" in name else scalar) for name in names()]
    server = CaServer(records, interfaces=["127.0.0.1"], port=port)
    await server.start()
    print("READY", flush=True)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    worst, posted, number = 0.0, 0, 0
    while not stopping.is_set():
        number += 1
        for record in records[:BURST]:
            record.post(float(number))
        if number % 5 == 0:
            for record in records[SCALARS:]:
                record.post(np.full(PIXELS, number % 251, np.uint8))
        posted += BURST
        started = time.monotonic()
        await asyncio.sleep(PERIOD)
        worst = max(worst, time.monotonic() - started - PERIOD)
    for record in records:
        record.post(np.full(PIXELS, 255, np.uint8) if ":I" in record.name else -1.0)
    report = {"posted": posted, "worst_lag_ms": worst * 1e3, "clients": server.clients, "channels": server.channels}
    print(json.dumps(report | {"dropped": server.dropped_clients, "coalesced": server.coalesced}), flush=True)
    await asyncio.sleep(60)


def listen() -> None:
    """Be a libca client that monitors every PV; on a line from stdin, tell how many updates and which last values."""
    from epics import ca

    seen: dict[str, float] = {}
    counts = {"updates": 0, "images": 0}
    gaps = {"longest": 0.0, "since": time.monotonic()}
    lock = threading.Lock()

    def told(pvname: str = "", value: Any = None, **_: Any) -> None:
        with lock:
            image = ":I" in pvname
            counts["images" if image else "updates"] += 1
            seen[pvname] = float(value[-1]) if image else float(value)
            now = time.monotonic()
            gaps["longest"], gaps["since"] = max(gaps["longest"], now - gaps["since"]), now

    channels = [ca.create_channel(name, connect=False, auto_cb=False) for name in names()]
    for channel in channels:
        ca.connect_channel(channel, timeout=20)
    kept = [ca.create_subscription(channel, use_time=True, mask=5, callback=told) for channel in channels]
    ca.flush_io()
    gaps["since"] = time.monotonic()
    print("READY", len(kept), flush=True)
    for line in sys.stdin:
        if line.strip() == "reset":
            gaps["longest"] = 0.0
            continue
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not current(seen):
            ca.poll(0.01, 1.0)
        print(json.dumps(counts | {"missing": missing(seen), "longest_gap_ms": gaps["longest"] * 1e3}), flush=True)


def missing(seen: dict[str, float]) -> list[str]:
    """Return the PVs whose last value is not the one posted last."""
    return [name for name in names() if seen.get(name) != (255.0 if ":I" in name else -1.0)]


def current(seen: dict[str, float]) -> bool:
    return not missing(seen)


def crawl(port: int, stop: threading.Event) -> None:
    """Be a client that monitors every PV and reads 1 kB a second."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", port))
        sock.sendall(struct.pack(">HHHHII", 0, 0, 0, 13, 0, 0))
        for cid, name in enumerate(names(), 1):
            payload = name.encode() + b"\0"
            payload += bytes(-len(payload) % 8)
            sock.sendall(struct.pack(">HHHHII", 18, len(payload), 0, 0, cid, 13) + payload)
        # The server numbers channels from 1 in the order of creation.
        for sid, name in enumerate(names(), 1):
            dbr_type = 18 if ":I" in name else 20
            sock.sendall(SUBSCRIBE.pack(1, 16, dbr_type, 0, sid, sid, 0, 0, 0, 5))
        while not stop.wait(1.0):
            try:
                if not sock.recv(1024):
                    return
            except OSError:
                return


def start(*arguments: str, port: int) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, __file__, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env=environment(port),
    )  # fmt: skip
    return process


def answer(process: "subprocess.Popen[str]") -> str:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        raise SystemExit(f"a process of the benchmark died: {process.args}")
    return line


def ask(process: "subprocess.Popen[str]", line: str) -> None:
    if process.stdin is not None:
        process.stdin.write(line + "\n")
        process.stdin.flush()


def measure(seconds: float) -> dict[str, Any]:
    """Run the whole scene and return its figures."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    stop = threading.Event()
    processes = [start("serve", str(port), port=port)]
    server = processes[0]
    try:
        answer(server)
        healthy = start("listen", port=port)
        frozen = [start("listen", port=port) for _ in range(10)]
        processes += [healthy, *frozen]
        for process in processes[1:]:
            answer(process)
        slow = [threading.Thread(target=crawl, args=(port, stop), daemon=True) for _ in range(10)]
        for thread in slow:
            thread.start()
        time.sleep(FREEZE_AFTER)
        before = memory(server.pid)
        ask(healthy, "reset")
        for process in frozen:
            process.send_signal(signal.SIGSTOP)
        peak, deadline, third = before, time.monotonic() + seconds, 0.0
        while (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, 0.5))
            peak = max(peak, memory(server.pid))
            if left > seconds * 2 / 3:
                third = peak
        server.send_signal(signal.SIGTERM)
        figures = json.loads(answer(server))
        ask(healthy, "report")
        figures |= json.loads(answer(healthy))
        return figures | {"seconds": seconds, "rss_before": before, "rss_first_third": third, "rss_peak": peak}
    finally:
        stop.set()
        for process in processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


def table(figures: dict[str, Any]) -> str:
    rate = figures["posted"] / (figures["seconds"] + FREEZE_AFTER)
    rows = [
        ("seconds with 10 frozen and 10 slow clients", f"{figures['seconds']:.0f}"),
        ("scalars posted a second (about)", f"{rate:.0f}"),
        ("healthy client: scalar updates, images", f"{figures['updates']}, {figures['images']}"),
        ("healthy client: PVs without their latest value", f"{len(figures['missing'])} of {len(names())}"),
        ("healthy client: longest silence, ms", f"{figures['longest_gap_ms']:.0f}"),
        ("server: loop held up at most, ms", f"{figures['worst_lag_ms']:.0f}"),
        ("server: updates coalesced, clients dropped", f"{figures['coalesced']}, {figures['dropped']}"),
        ("server RSS before, after a third, peak, MB",
         f"{figures['rss_before']:.0f}, {figures['rss_first_third']:.0f}, {figures['rss_peak']:.0f}"),
    ]  # fmt: skip
    return "\n".join(f"{name:<50} {value}" for name, value in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", nargs="?", default="measure", choices=["measure", "serve", "listen"])
    parser.add_argument("port", nargs="?", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.role == "serve":
        asyncio.run(serve(options.port))
    elif options.role == "listen":
        listen()
    else:
        figures = measure(options.seconds)
        print(json.dumps(figures) if options.json else table(figures))


if __name__ == "__main__":
    main()
