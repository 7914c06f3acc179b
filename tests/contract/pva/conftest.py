"""A hall's records served by Channel Access and PVAccess from one loop in a thread, and a client of each."""

from collections.abc import Callable, Iterator, Mapping
from threading import Event
from typing import Any

import pytest
from support.ca import CaClient, LoopThread
from support.ports import free_port
from support.pva import pva_client

from hydra_core.domain import LabelClass, PlotType, Policy, Severity
from hydra_ioc.ca import CaServer, Record
from hydra_ioc.pva import PvaServer
from hydra_ioc.records import make_records

CLASSES = tuple(LabelClass(name, Severity.NO_ALARM, name[0].lower(), "#000000") for name in ("Good", "Bad"))


class Both:
    """An IOC with plot types P0, P1, …; `plots[plot type][suffix]` are its records."""

    def __init__(self, number: int, **server: Any) -> None:
        self.thread, self.port = LoopThread(), free_port()
        self.prefix = f"T{self.port}:"
        types = {f"P{n}": PlotType(f"P{n}", f"Plot {n}", "", f"P{n}", CLASSES, Policy({}, {})) for n in range(number)}
        self.plots: Mapping[str, Mapping[str, Record]]
        self.plots, self.service = make_records(self.prefix, types)
        records = [record for group in (*self.plots.values(), self.service) for record in group.values()]
        self.ca = CaServer(records, interfaces=["127.0.0.1"], port=self.port, **server)
        self.pva = PvaServer(
            records,
            self.ca,
            interfaces=["127.0.0.1"],
            port=free_port(),
            reasons={group["STATUS"].name: group["MSG"] for group in self.plots.values()},
            plots=self.plots,
            titles={name: one.title for name, one in types.items()},
            table=f"{self.prefix}SYS:WORSTTABLE",
        )
        self.thread.wait(self.ca.start())
        self.thread.wait(self.pva.start())

    def name(self, plot: str, suffix: str) -> str:
        return f"{self.prefix}{plot}:{suffix}"

    def post(self, plot: str, suffix: str, value: object, **alarm: Any) -> None:
        self.thread.do((self.service if plot == "SYS" else self.plots[plot])[suffix].post, value, **alarm)
        self.said()

    def said(self) -> None:
        """Wait until p4p was told of all that was posted so far."""
        done = Event()
        assert self.pva._poster is not None
        self.pva._poster.put(done.set)
        assert done.wait(30.0)

    def close(self) -> None:
        self.thread.wait(self.pva.stop())
        self.thread.wait(self.ca.stop())
        self.thread.close()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Both]]:
    """Start IOCs; `serve(number of plot types, ** of CaServer)`."""
    running: list[Both] = []

    def start(number: int = 1, **server: Any) -> Both:
        monkeypatch.setenv("EPICS_PVAS_BROADCAST_PORT", str(free_port()))
        running.append(Both(number, **server))
        return running[-1]

    yield start
    errors = []
    for ioc in running:
        ioc.close()
        errors += ioc.thread.errors
    assert errors == [], "the event loop reported errors"


@pytest.fixture
def both(serve: Callable[..., Both]) -> Both:
    return serve()


@pytest.fixture
def pva(both: Both) -> Iterator[Any]:
    with pva_client(both.pva.port) as context:
        yield context


@pytest.fixture
def ca(both: Both) -> Iterator[CaClient]:
    with CaClient(both.port) as client:
        yield client
