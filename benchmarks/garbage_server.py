"""The server that benchmarks/garbage.py mistreats: ``python garbage_server.py PORT [--leak]``.

Serves G:AI, G:IMG and 100 ao, posts to them 50 times a second, and answers every line on stdin with what it holds:
clients, channels, subscriptions, open files, memory and errors. ``--leak`` forgets to forget subscriptions, to show
that a leak would be seen.
"""

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np

from hydra_core.pvs import Element, Kind, PvSpec
from hydra_ioc.ca import CaServer, Record, make_record
from hydra_ioc.ca.events import Variable

IMAGE = 120_000


class Errors(logging.Handler):
    """Counts what was logged with a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count it."""
        self.count += record.exc_info is not None


def records() -> list[Record]:
    outs = [make_record(f"G:O{i}", PvSpec("O", Kind.AO, "out", writable="expert", alarms=True)) for i in range(100)]
    image = PvSpec("I", Kind.WAVEFORM, "image", element=Element.UCHAR, length=IMAGE)
    return [make_record("G:AI", PvSpec("AI", Kind.AI, "ai")), make_record("G:IMG", image), *outs]


def held(server: CaServer, errors: Errors, loop_errors: list[Any]) -> dict[str, int]:
    variables: list[Variable] = []
    for record in server.records.values():
        variables += [record, *(record._fields or {}).values()]
    return {
        "clients": server.clients,
        "channels": server.channels,
        "subscriptions": sum(len(view) for variable in variables for view in variable._views.values()),  # noqa: SLF001
        "files": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "rss_kib": int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]),
        "errors": errors.count + len(loop_errors),
        "dropped": server.dropped_clients,
    }


async def main(port: int, leak: bool) -> None:
    errors, loop_errors, loop = Errors(), [], asyncio.get_running_loop()
    logging.getLogger().addHandler(errors)
    loop.set_exception_handler(lambda _, context: loop_errors.append(context))
    if leak:
        Variable.unsubscribe = lambda self, subscription: None  # type: ignore[method-assign]
    made = records()
    server = CaServer(made, interfaces=["127.0.0.1"], port=port, max_circuits=640, max_circuits_per_host=640)
    await server.start()
    print(json.dumps({"ready": True}), flush=True)
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    asked = asyncio.ensure_future(lines.readline())
    number = 0
    while not (asked.done() and not asked.result()):
        if asked.done():
            print(json.dumps(held(server, errors, loop_errors)), flush=True)
            asked = asyncio.ensure_future(lines.readline())
        number += 1
        made[0].post(float(number))
        made[1].post(np.full(IMAGE, number % 256, np.uint8))
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), "--leak" in sys.argv))
