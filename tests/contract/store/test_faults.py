"""What a database can do to us: stop, restart, fall silent, break the line, be read-only, deadlock. Nothing hangs."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
from sqlalchemy import text
from support.mariadb import MariaDb, running_mariadb
from support.outcomes import Life, incident
from support.proxy import FaultyProxy

from hydra_core.domain import Outcome
from hydra_core.errors import StoreDownError, StoreError
from hydra_core.store import Spool, SqlStore, open_store
from hydra_core.store.engine import Database

GIVE_UP = 20.0
"""Seconds that no call may reach with the time-outs of half a second used here."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    """A server of our own: other tests must not notice what happens to it."""
    with running_mariadb(tmp_path_factory.mktemp("faulty")) as running:
        yield running


@pytest.fixture
def database(server: MariaDb) -> str:
    name = server.new_database()
    store = open_store(server.url(name))
    store.upgrade()
    store.close()
    return name


@pytest.fixture
def mine(server: MariaDb, database: str) -> Iterator[SqlStore]:
    opened = open_store(server.url(database))
    yield opened
    opened.close()


def test_stopped_and_started_again(server: MariaDb, mine: SqlStore, tmp_path: Path) -> None:
    outcomes, spool = incident(), Spool(tmp_path / "spool")
    for outcome in outcomes[:5]:
        mine.record(outcome)
    server.stop()
    try:
        for outcome in outcomes[5:12]:
            with pytest.raises(StoreDownError, match="check that the server runs"):
                mine.record(outcome)
            spool.append(outcome)
        with pytest.raises(StoreDownError):
            spool.drain(mine)
        assert spool.depth() == 7
    finally:
        server.start()
    assert spool.drain(mine) == 7
    for outcome in outcomes[12:]:
        mine.record(outcome)
    assert [v for _, _, v in mine.history(Life().kind)] == [o.verdict for o in outcomes if o.state is not None]
    spool.close()


def test_a_restart_between_two_calls_is_not_noticed(server: MariaDb, mine: SqlStore) -> None:
    life = Life()
    mine.record(life.judge(1))
    server.stop()
    server.start()
    mine.record(life.judge(2))
    assert mine.status()["rows"]["inference"] == 2


def test_idle_connections_that_the_server_closed_are_not_noticed(server: MariaDb, mine: SqlStore) -> None:
    life = Life()
    mine.record(life.judge(1))
    _kill_connections(server)
    mine.record(life.judge(2))
    _kill_connections(server)
    assert len(mine.wall()) == 1


def test_a_black_hole_is_an_error_in_time(server: MariaDb, database: str) -> None:
    with FaultyProxy(server.port) as proxy:
        store = open_store(server.url(database, proxy.port), connect_timeout=0.5, io_timeout=0.5)
        life = Life()
        store.record(life.judge(1))
        proxy.stall()
        for call in (store.wall, store.last_change_id, lambda: store.record(life.judge(2))):
            begin = time.monotonic()
            with pytest.raises(StoreDownError):
                call()
            assert time.monotonic() - begin < GIVE_UP
        proxy.cut()
        proxy.flow()
        store.record(life.judge(3))
        assert store.status()["rows"]["inference"] >= 2
        store.close()


def test_a_line_cut_anywhere_leaves_each_row_once(server: MariaDb, database: str, mine: SqlStore) -> None:
    life, number = Life(), 1
    with FaultyProxy(server.port) as proxy:
        url = server.url(database, proxy.port)
        _record_once(url, life.judge(number))
        whole, failed = proxy.sent, 0
        for limit in (*range(0, whole - 60, 131), *range(whole - 60, whole + 1, 3)):
            number += 1
            outcome = life.judge(number)
            proxy.cut_after = limit
            try:
                _record_once(url, outcome)
            except StoreDownError:
                failed += 1
            proxy.cut_after = None
            mine.record(outcome)
            mine.record(outcome)
    assert failed > 25
    rows = mine.status()["rows"]
    assert [rows[name] for name in ("plot", "inference", "change")] == [number] * 3
    assert [verdict.streak for _, _, verdict in mine.history(life.kind) if verdict] == [0] * number


def test_a_commit_whose_answer_was_lost_is_not_written_twice(server: MariaDb, database: str, mine: SqlStore) -> None:
    outcome = Life().judge(1)
    with FaultyProxy(server.port) as proxy:
        store = open_store(server.url(database, proxy.port))
        store.wall()
        proxy.lose_reply_to = b"\x03COMMIT"
        with pytest.raises(StoreDownError, match="unknown whether it was written"):
            store.record(outcome)
        store.close()
    rows = mine.status()["rows"]
    assert rows["change"] == rows["inference"] == 1
    mine.record(outcome)
    assert mine.status()["rows"] == rows


def test_read_only_is_said_and_passes(server: MariaDb, mine: SqlStore) -> None:
    life = Life()
    mine.record(life.judge(1))
    server.admin("SET GLOBAL read_only=1")
    try:
        with pytest.raises(StoreDownError, match="read-only"):
            mine.record(life.judge(2))
        assert len(mine.wall()) == 1
    finally:
        server.admin("SET GLOBAL read_only=0")
    mine.record(life.judge(3))


def test_too_many_connections_is_said(server: MariaDb, database: str) -> None:
    server.admin("SET GLOBAL max_connections=10")
    held = []
    try:
        with pytest.raises(pymysql.err.OperationalError):
            for _ in range(20):
                held.append(pymysql.connect(host="127.0.0.1", port=server.port, user="hydra", password="not-a-secret"))
        with pytest.raises(StoreDownError, match="max_connections"):
            open_store(server.url(database)).wall()
    finally:
        for connection in held:
            connection.close()
        server.admin("SET GLOBAL max_connections=151")


def test_deadlocked_writers_both_succeed(server: MariaDb, database: str) -> None:
    mine = open_store(server.url(database))
    lives = [Life(), Life()]
    lives[1].kind = lives[1].kind.__class__("FCAL", "FCAL", "F", "F", lives[1].kind.classes, lives[1].kind.policy)
    for life in lives:
        mine.record(life.judge(1))
    names = [life.kind.name for life in lives]
    base = Database(server.url(database))
    both = threading.Barrier(2)
    attempts: list[str] = []

    def touch(order: list[str]) -> None:
        waited = threading.Event()

        def work(connection: object) -> None:
            attempts.append(order[0])
            for name in order:
                connection.execute(  # type: ignore[attr-defined]
                    text("UPDATE plot_type SET title = CONCAT(title, 'x') WHERE name = :name"), {"name": name}
                )
                if not waited.is_set():
                    waited.set()
                    both.wait()

        base.write(work)

    threads = [threading.Thread(target=touch, args=(order,)) for order in (names, names[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(GIVE_UP)
    titles = {row.title for row in mine.wall()}
    assert {title.count("x") for title in (t.removeprefix("CDC_occupancy").removeprefix("FCAL") for t in titles)} == {2}
    assert len(attempts) >= 3, "nothing deadlocked: the test proves nothing"
    base.close()
    mine.close()


def test_a_lock_that_is_held_too_long_is_said(server: MariaDb, database: str) -> None:
    store = open_store(server.url(database), io_timeout=2)
    store.record(Life().judge(1))
    holder = pymysql.connect(unix_socket=str(server.socket), user="root", database=database)
    try:
        begin = time.monotonic()
        with holder.cursor() as cursor:
            cursor.execute("SELECT * FROM current_status FOR UPDATE")
            with pytest.raises(StoreDownError, match="another writer holds its lock"):
                store.record(Life().judge(2))
        assert time.monotonic() - begin < GIVE_UP / 2
    finally:
        holder.close()
        store.close()


def test_sqlite_locked_by_another_process_waits_then_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    store, other = open_store(f"sqlite:///{path}"), Database(f"sqlite:///{path}")
    store.upgrade()
    inside, release = threading.Event(), threading.Event()

    def hold(_connection: object) -> None:
        inside.set()
        assert release.wait(GIVE_UP)

    thread = threading.Thread(target=other.write, args=(hold,))
    thread.start()
    assert inside.wait(GIVE_UP)
    try:
        assert store.wall() == []
        done = threading.Thread(target=store.record, args=(Life().judge(1),))
        done.start()
    finally:
        release.set()
    done.join(GIVE_UP)
    thread.join(GIVE_UP)
    assert store.status()["rows"]["inference"] == 1
    store.close()
    other.close()


def test_a_write_that_fails_half_way_leaves_nothing(server: MariaDb, mine: SqlStore, database: str) -> None:
    server.admin(
        f"CREATE TRIGGER {database}.boom BEFORE INSERT ON {database}.`change` FOR EACH ROW SIGNAL SQLSTATE '45000'"
    )
    with pytest.raises(StoreError, match="refuses this"):
        mine.record(Life().judge(1))
    rows = mine.status()["rows"]
    assert {rows[name] for name in ("plot", "image", "inference", "current_status", "change")} == {0}


def test_the_session_is_strict_and_speaks_utc(server: MariaDb, database: str) -> None:
    base = Database(server.url(database))
    query = "SELECT @@time_zone, @@sql_mode, @@tx_isolation, @@innodb_lock_wait_timeout, @@character_set_client"
    zone, mode, isolation, wait, charset = base.read(lambda connection: tuple(connection.execute(text(query)).one()))
    assert (zone, isolation, wait, charset) == ("+00:00", "READ-COMMITTED", 5, "utf8mb4")
    assert "STRICT_ALL_TABLES" in mode
    base.close()


def test_sqlite_is_durable_and_checks_references(tmp_path: Path) -> None:
    base = Database(f"sqlite:///{tmp_path / 'x.sqlite'}")
    asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    found = base.read(lambda connection: [connection.scalar(text(f"PRAGMA {name}")) for name in asked])
    assert found == ["wal", 2, 1, 10000]
    base.close()


def _record_once(url: str, outcome: Outcome) -> None:
    store = open_store(url, connect_timeout=2, io_timeout=2)
    try:
        store.record(outcome)
    finally:
        store.close()


def _kill_connections(server: MariaDb) -> None:
    connection = pymysql.connect(unix_socket=str(server.socket), user="root", autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE user = 'hydra'")
        for (number,) in cursor.fetchall():
            cursor.execute(f"KILL {number}")
    connection.close()
