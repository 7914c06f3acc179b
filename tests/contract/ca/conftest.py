"""An IOC of ours in a thread, and libca clients for it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.ca import CaClient, LoopThread, RawClient
from support.ports import free_port

from hydra_core.pvs import PvSpec
from hydra_ioc.ca import CaServer, Record, make_record


class ThreadIoc:
    """Records by suffix, served on 127.0.0.1 from a loop in a thread."""

    def __init__(self, specs: list[PvSpec], options: dict[str, Any], server: dict[str, Any]) -> None:
        self.thread = LoopThread()
        self.port = free_port()
        self.prefix = f"T{self.port}:"
        self.records: dict[str, Record] = {
            spec.suffix: make_record(self.prefix + spec.suffix, spec, **options.get(spec.suffix, {})) for spec in specs
        }
        self.server = CaServer(self.records.values(), interfaces=["127.0.0.1"], port=self.port, **server)
        self.thread.wait(self.server.start())

    def name(self, suffix: str) -> str:
        return self.prefix + suffix

    def post(self, suffix: str, value: object, **named: Any) -> None:
        self.thread.do(self.records[suffix].post, value, **named)

    def close(self) -> None:
        self.thread.wait(self.server.stop())
        self.thread.close()


Serve = Callable[..., ThreadIoc]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve PvSpecs; `options` are make_record's by suffix, other keywords CaServer's."""
    running: list[ThreadIoc] = []

    def start(*specs: PvSpec, options: dict[str, Any] | None = None, **server: Any) -> ThreadIoc:
        running.append(ThreadIoc(list(specs), options or {}, server))
        return running[-1]

    yield start
    errors = []
    for ioc in running:
        ioc.close()
        errors += ioc.thread.errors
    assert errors == [], "the event loop reported errors"


@pytest.fixture
def libca() -> Iterator[Callable[..., CaClient]]:
    """Start libca clients for a port."""
    running: list[CaClient] = []

    def start(port: int, **environment: str) -> CaClient:
        running.append(CaClient(port, **environment))
        return running[-1]

    yield start
    for client in running:
        client.close()


@pytest.fixture
def raw() -> Iterator[Callable[..., RawClient]]:
    """Open bare sockets to a port."""
    running: list[RawClient] = []

    def start(port: int, **options: Any) -> RawClient:
        running.append(RawClient(port, **options))
        return running[-1]

    yield start
    for client in running:
        client.sock.close()
