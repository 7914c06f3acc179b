"""A real MariaDB goes away and comes back: PVs go on, results wait on disk and are written once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from support.ca import CaClient, eventually
from support.hall import PATIENCE, Hall, IocProcess, Trained
from support.mariadb import MariaDb
from support.screen import BAD, GOOD, UNKNOWN, Screen

from hydra_core.domain import Severity

TRIGGER = "Trigger-Bits"
CONNECTED_WITHIN = 5.0
"""Seconds; the promise of the issue."""

Start = Callable[..., IocProcess]
Client = Callable[[Hall], CaClient]


@pytest.fixture
def hall_on_mariadb(tmp_path: Path, trained: Trained, mariadb: MariaDb) -> Hall:
    made = Hall(tmp_path / "hall", mariadb.url(mariadb.new_database()))
    made.use_models(trained)
    return made


def counts(hall: Hall) -> tuple[int, int]:
    """Return how many plots and inferences are in the database."""
    engine = create_engine(hall.config.database_url())
    with engine.connect() as connection:
        found = [int(connection.scalar(text(f"select count(*) from {table}"))) for table in ("plot", "inference")]
    engine.dispose()
    return found[0], found[1]


def database_is(screen: Screen, word: str) -> None:
    assert eventually(lambda: screen.label("SYS", "DB") == word, PATIENCE), screen.text("SYS", "MSG")


@pytest.mark.slow
def test_an_outage_is_bridged(
    hall_on_mariadb: Hall, mariadb: MariaDb, trained: Trained, start: Start, client: Client
) -> None:
    hall, bank = hall_on_mariadb, trained.bank[TRIGGER]
    start(hall).wait_ready()
    screen = Screen(hall, client(hall))
    assert screen.judged(TRIGGER, bank["Good"][0]) == GOOD
    database_is(screen, "OK")
    assert screen.alarm("SYS", "DB")[0] is Severity.NO_ALARM
    assert eventually(lambda: counts(hall) == (1, 1), PATIENCE)
    mariadb.stop()
    try:
        shown = [screen.judged(TRIGGER, data) for data in bank["Bad"][:10]]
        assert shown[1:] == [BAD] * 9
        database_is(screen, "DOWN")
        assert screen.alarm("SYS", "DB")[0] is Severity.MAJOR
        assert eventually(lambda: screen.value("SYS", "SPOOL") >= 10, PATIENCE)
        assert screen.alarm("SYS", "SPOOL")[0] is Severity.NO_ALARM, "DB alarms, once"
        assert screen.label("SYS", "STATE") == "DEGRADED"
        assert str(mariadb.port) in screen.text("SYS", "MSG")
    finally:
        mariadb.start()
    database_is(screen, "OK")
    assert eventually(lambda: screen.value("SYS", "SPOOL") == 0, PATIENCE)
    assert eventually(lambda: counts(hall) == (11, 11), PATIENCE), counts(hall)
    assert eventually(lambda: screen.label("SYS", "STATE") == "RUNNING", PATIENCE)
    assert hall.hydra("replay", TRIGGER).stdout.count("no differences") == 1


@pytest.mark.slow
def test_a_start_without_database_serves_at_once_and_judges_later(
    hall_on_mariadb: Hall, mariadb: MariaDb, trained: Trained, start: Start, client: Client
) -> None:
    hall = hall_on_mariadb
    screen = Screen(hall, client(hall))
    mariadb.stop()
    try:
        ioc = start(hall)
        took = seconds_to_connect(screen, ioc)
        assert screen.status(TRIGGER) == UNKNOWN
        database_is(screen, "DOWN")
        chunk = hall.drop(TRIGGER, trained.bank[TRIGGER]["Good"][0])
        assert not any(line.startswith("READY") for line in ioc.text().splitlines())
    finally:
        mariadb.start()
    ioc.wait_ready()
    screen.shows_chunk(TRIGGER, chunk)
    assert screen.status(TRIGGER) == GOOD
    database_is(screen, "OK")
    assert eventually(lambda: counts(hall) == (1, 1), PATIENCE), counts(hall)
    assert took <= CONNECTED_WITHIN


def seconds_to_connect(screen: Screen, ioc: IocProcess) -> float:
    name = screen.hall.pv(TRIGGER, "STATUS")
    while not screen.client.connect(name, timeout=0.2)[0]:
        # libca searches less and less often; a new channel is searched for at once.
        screen.client.clear(name)
        assert ioc.age() < 60, ioc.text()
    return ioc.age()


def test_a_database_of_a_newer_schema_is_refused(tmp_path: Path, start: Start) -> None:
    hall = Hall(tmp_path / "hall")
    url = hall.config.database_url()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = 'another'"))
    engine.dispose()
    ioc = start(hall)
    assert ioc.process.wait(PATIENCE) == 1
    assert "has schema another" in ioc.text() and "Traceback" not in ioc.text()


def test_classes_in_another_order_are_refused_at_the_start(tmp_path: Path, start: Start) -> None:
    hall = Hall(tmp_path / "hall")
    with hall.store() as store:
        store.sync_plot_types(hall.config.plot_types())
    hall.write_yaml(
        defaults={"classes": {"Bad": {"severity": "major", "key": "b"}, "Good": {"severity": "none", "key": "g"}}}
    )
    ioc = start(hall)
    assert ioc.process.wait(PATIENCE) == 1
    assert "order" in ioc.text() and "Traceback" not in ioc.text()


def test_an_empty_database_is_refused_with_the_command(tmp_path: Path, start: Start) -> None:
    hall = Hall(tmp_path / "hall")
    (hall.config.data_dir / "hydra.sqlite3").unlink()
    ioc = start(hall)
    assert ioc.process.wait(PATIENCE) == 1
    assert "hydra db upgrade" in ioc.text() and "Traceback" not in ioc.text()
