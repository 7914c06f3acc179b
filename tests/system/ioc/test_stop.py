"""The end of an IOC: it says that nobody watches any more, writes what is left, and leaves nothing behind."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, text
from support.ca import CaClient, eventually
from support.hall import PATIENCE, Hall, IocProcess, NotifySocket, Trained
from support.screen import GOOD, Screen
from support.writer import Writer, always

from hydra_core.domain import Condition, Severity, Status
from hydra_core.store.spool import Spool

TRIGGER = "Trigger-Bits"

Start = Callable[..., IocProcess]
Client = Callable[[Hall], CaClient]


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[NotifySocket]:
    made = NotifySocket(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_says_so_and_writes_everything(
    number: signal.Signals, hall: Hall, trained: Trained, start: Start, client: Client
) -> None:
    ioc = start(hall).wait_ready()
    screen = Screen(hall, client(hall))
    assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][0]) == GOOD
    key, state = screen.follow(TRIGGER), screen.follow("SYS", "STATE")
    with Writer(hall, {TRIGGER: always(trained.bank[TRIGGER]["Good"])}, 0.05):
        assert eventually(lambda: screen.value(TRIGGER, "CHUNK") >= 10, PATIENCE)
        family = [psutil.Process(ioc.process.pid), *psutil.Process(ioc.process.pid).children(recursive=True)]
        assert ioc.stop(number) == 0, ioc.text()
    last = screen.history(key)[-1]
    assert last.alarm == (Status.GOOD, Severity.INVALID, Condition.COMM)
    assert screen.client.events(state)[-1]["severity"] == Severity.INVALID
    assert not any(process.is_running() for process in family)
    assert "Traceback" not in ioc.text(), ioc.text()
    assert Spool(hall.config.spool_dir).depth() == 0
    assert shown_is_recorded(hall, screen, last.time)


def shown_is_recorded(hall: Hall, screen: Screen, until: float) -> bool:
    """Say whether the last state that was shown is the one in the database, with a plot for every inference."""
    engine = create_engine(hall.config.database_url())
    with engine.connect() as connection:
        plots, judged = (connection.scalar(text(f"select count(*) from {table}")) for table in ("plot", "inference"))
    engine.dispose()
    with hall.store() as store:
        row = next(row for row in store.wall() if row.plot_type == TRIGGER)
    return bool(plots >= judged >= 2 and row.status is Status.GOOD and row.updated_at.timestamp() <= until)


def test_the_next_start_goes_on_where_the_stop_was(hall: Hall, trained: Trained, start: Start, client: Client) -> None:
    ioc = start(hall).wait_ready()
    screen = Screen(hall, client(hall))
    assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Bad"][0]) != GOOD
    screen.judged(TRIGGER, trained.bank[TRIGGER]["Bad"][1])
    assert screen.client.put(hall.pv(TRIGGER, "THRESH"), 0.9) == 1
    assert screen.client.put(hall.pv(TRIGGER, "ACK"), 1) == 1
    assert screen.client.put(hall.pv(TRIGGER, "MUTE"), 60.0) == 1
    before = {suffix: screen.value(TRIGGER, suffix) for suffix in ("CLASS", "CONF", "CHUNK", "THRESH", "MUTEBY", "ACK")}
    ioc.stop()
    start(hall).wait_ready()
    again = Screen(hall, client(hall))
    assert again.status(TRIGGER).alarm == (Status.BAD, Severity.NO_ALARM, Condition.NO_ALARM)
    assert before == {suffix: again.value(TRIGGER, suffix) for suffix in before}
    assert 59 <= again.value(TRIGGER, "MUTE") <= 60
    with hall.store() as store:
        assert len([row for row in store.wall() if row.plot_type == TRIGGER]) == 1


def test_a_stop_while_models_are_loading_is_as_clean(hall: Hall, start: Start, client: Client) -> None:
    ioc = start(hall)
    screen = Screen(hall, client(hall))
    assert eventually(lambda: screen.client.connect(hall.pv("SYS", "STATE"), timeout=0.2)[0], PATIENCE)
    assert ioc.stop() == 0, ioc.text()
    assert "Traceback" not in ioc.text(), ioc.text()


def test_systemd_is_told(hall: Hall, start: Start, systemd: NotifySocket) -> None:
    ioc = start(hall, NOTIFY_SOCKET=str(systemd.path))
    assert "READY=1" not in systemd.states()
    ioc.wait_ready()
    assert eventually(lambda: "READY=1" in systemd.states(), PATIENCE)
    assert "STOPPING=1" not in systemd.states()
    assert ioc.stop() == 0
    assert systemd.states() == ["READY=1", "STOPPING=1"]


def test_a_port_that_is_taken_is_said_in_one_line(hall: Hall, start: Start) -> None:
    start(hall).wait_ready()
    second = start(hall)
    assert second.process.wait(PATIENCE) == 1
    assert str(hall.port) in second.text() and "Traceback" not in second.text(), second.text()
