"""PVAccess clients for tests: p4p in this process, or in one of its own that can be frozen."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from p4p.client.thread import Context

_SUBSCRIBER = """
import json, sys
from p4p.client.thread import Context
port, names = sys.argv[1], sys.argv[2:]
conf = {conf!r} | {{"EPICS_PVA_NAME_SERVERS": "127.0.0.1:" + port}}
context = Context("pva", conf=conf, useenv=False, nt=False)
subscriptions = [context.monitor(name, lambda value: None) for name in names]
for name in names:
    context.get(name, timeout=60)
print(json.dumps(len(names)), flush=True)
sys.stdin.read()
"""
CONF = {"EPICS_PVA_ADDR_LIST": "", "EPICS_PVA_AUTO_ADDR_LIST": "NO", "EPICS_PVA_INTF_ADDR_LIST": "127.0.0.1"}


@contextmanager
def pva_client(port: int) -> Iterator[Any]:
    """Return a p4p client that finds PVs at this TCP port and nowhere else; values come as plain structures."""
    conf = CONF | {"EPICS_PVA_NAME_SERVERS": f"127.0.0.1:{port}"}
    with Context("pva", conf=conf, useenv=False, nt=False) as context:
        yield context


@contextmanager
def pva_subscriber(port: int, *names: str) -> Iterator[subprocess.Popen[str]]:
    """Subscribe to PVs from a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _SUBSCRIBER.format(conf=CONF), str(port), *names],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == len(names)
        yield process
    finally:
        process.kill()
        process.communicate()
