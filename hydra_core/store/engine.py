"""Connections to SQLite and MariaDB with the settings that make them dependable, and transactions that are retried."""

import json
import logging
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from hydra_core.errors import StoreDownError, StoreError
from hydra_core.store.codec import storable
from hydra_core.store.faults import DEADLOCKS, READ_ONLY, code_of, explain, timed_out

logger = logging.getLogger(__name__)

T = TypeVar("T")

ATTEMPTS = 6
"""One try and five repetitions, as for a deadlock."""

_WRITES = {"hydra_writes": True}
_SQL_MODE = "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION"
_SQLITE_PRAGMAS = (
    "PRAGMA busy_timeout=10000",
    "PRAGMA journal_mode=WAL",
    # FULL survives a power cut and costs 4 ms a commit (NORMAL survives only a crash of the process).
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)


class Database:
    """A pool of connections; `read` and `write` run a function in one transaction. May be used from several threads."""

    def __init__(self, url: str, connect_timeout: float = 5.0, io_timeout: float = 10.0) -> None:
        """Prepare connections; the first is opened when it is needed. Raises StoreError for a URL of no use."""
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise StoreError(f"not a database URL: {error}; see `database: {{url: …}}` in the configuration") from error
        self.where = parsed.render_as_string(hide_password=True)
        self._io_timeout = io_timeout
        backend = parsed.get_backend_name()
        if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
            self.engine = _sqlite_engine(parsed)
        elif backend in ("mysql", "mariadb"):
            self.engine = _mariadb_engine(parsed, connect_timeout, io_timeout)
        else:
            raise StoreError(f"database {self.where}: use sqlite:///FILE or mysql+pymysql://USER@HOST/NAME")

    def read(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` reads in one consistent transaction. Raises StoreError."""
        return self._run(work, writes=False)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction and commit it; it may run several times. Raises StoreError."""
        return self._run(work, writes=True)

    def make_room(self) -> None:
        """Make the directory of an SQLite file. Raises StoreError."""
        url = self.engine.url
        if url.get_backend_name() != "sqlite":
            return
        try:
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the directory of {self.where}: {error}") from error

    def guard(self, work: Callable[[Engine], T]) -> T:
        """Return what `work` does with the engine itself. Raises StoreError."""
        try:
            return work(self.engine)
        except SQLAlchemyError as error:
            raise explain(error, self.where) from error

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _run(self, work: Callable[[Connection], T], writes: bool) -> T:
        give_up = time.monotonic() + self._io_timeout
        for attempt in range(ATTEMPTS):
            try:
                return self._once(work, writes)
            except SQLAlchemyError as error:
                if code_of(error) in READ_ONLY:
                    # After a fail-over the name may point elsewhere: the next call looks it up anew.
                    self.engine.dispose()
                if not _worth_repeating(error, attempt) or time.monotonic() > give_up:
                    raise explain(error, self.where) from error
                logger.info("database transaction repeated attempt=%d code=%d", attempt + 1, code_of(error))
                time.sleep(random.uniform(0.005, 0.02) * 2**attempt)
            except (OverflowError, TypeError, ValueError) as error:
                # The drivers' own complaint about a value that no column can hold.
                raise StoreError(f"the database {self.where} refuses this: {error}") from error
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _once(self, work: Callable[[Connection], T], writes: bool) -> T:
        with self.engine.connect() as connection:
            if writes:
                connection = connection.execution_options(**_WRITES)
            transaction = connection.begin()
            try:
                result = work(connection)
            except BaseException:
                _roll_back(connection)
                raise
            if not writes:
                transaction.rollback()
                return result
            try:
                transaction.commit()
            except DBAPIError as error:
                if error.connection_invalidated:
                    text = f"the database {self.where} went away during a commit; it is unknown whether it was written"
                    raise StoreDownError(f"{text} ({error.orig})") from error
                raise
            return result


def _roll_back(connection: Connection) -> None:
    """Roll back without hiding the error that led here."""
    try:
        connection.rollback()
    except SQLAlchemyError as error:
        logger.debug("rollback failed error=%s", error)
        connection.invalidate()


def _worth_repeating(error: SQLAlchemyError, attempt: int) -> bool:
    """Say whether the transaction is surely not committed and may succeed at once.

    Deadlocks up to five times; once for a pooled connection that the server closed while it was idle.
    A server that fell silent is not waited for twice.
    """
    if attempt + 1 >= ATTEMPTS:
        return False
    if code_of(error) in DEADLOCKS:
        return True
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost and attempt == 0 and not timed_out(error)


def _json(value: object) -> str:
    return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, json_serializer=_json)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # The driver's own BEGIN comes too late and never covers DDL; ours is below.
        connection.isolation_level = None
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its lock at once: one that started by reading could not wait for it (SQLITE_BUSY).
        writes = connection.get_execution_options().get("hydra_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _mariadb_engine(url: URL, connect_timeout: float, io_timeout: float) -> Engine:
    if url.drivername in ("mysql", "mariadb"):
        url = url.set(drivername=f"{url.drivername}+pymysql")
    lock_wait = max(1, int(io_timeout / 2))
    settings = f"SET time_zone='+00:00', sql_mode='{_SQL_MODE}', innodb_lock_wait_timeout={lock_wait}"
    return create_engine(
        url,
        pool_timeout=io_timeout,
        json_serializer=_json,
        # Repeatable reads would hide a row that another writer has just made and that we have to refer to.
        isolation_level="READ COMMITTED",
        connect_args={
            "connect_timeout": connect_timeout,
            "read_timeout": io_timeout,
            "write_timeout": io_timeout,
            "charset": "utf8mb4",
            "local_infile": False,
            "init_command": settings,
        },
    )
