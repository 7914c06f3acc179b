"""A running IOC with stub models and the screen of an expert who puts to its PVs."""

from collections.abc import Callable, Iterator

import pytest
from support.ca import CaClient
from support.screen import Screen
from support.stub_hall import StubHall, StubIoc

Watching = Callable[..., Screen]


@pytest.fixture
def started() -> Iterator[Callable[..., StubIoc]]:
    """Start IOCs; all are ended with the test, and none may have met an error that nobody expected."""
    running: list[StubIoc] = []

    def begin(hall: StubHall, **environment: str) -> StubIoc:
        running.append(StubIoc(hall, **environment))
        return running[-1].wait_ready()

    yield begin
    for ioc in running:
        ioc.kill()
        assert "Traceback" not in ioc.text(), ioc.text()


@pytest.fixture
def look() -> Iterator[Callable[[StubHall], Screen]]:
    """Start libca clients; all are ended with the test."""
    clients: list[CaClient] = []

    def at(hall: StubHall) -> Screen:
        clients.append(hall.client())
        return Screen(hall, clients[-1])

    yield at
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    """A screen on one IOC for all tests of a module; each test takes a plot type of its own."""
    hall = StubHall(tmp_path_factory.mktemp("stub") / "hall", 12)
    with StubIoc(hall) as ioc, hall.client() as client:
        ioc.wait_ready()
        yield Screen(hall, client)
        assert ioc.process.poll() is None, f"the IOC died:\n{ioc.text()}"
        assert "Traceback" not in ioc.text(), ioc.text()
