"""Every store test runs on SQLite and on a real MariaDB."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from support.mariadb import MariaDb, running_mariadb

import db_schema
from db_schema.tables import metadata
from hydra_core.store import SqlStore, open_store

ENGINES = ("sqlite", "mariadb")


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    with running_mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_mariadb(mariadb: MariaDb) -> str:
    """The name of a database with the newest schema; `clean` empties it for each test."""
    name = mariadb.new_database()
    db_schema.upgrade(mariadb.url(name))
    return name


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    db_schema.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database with the newest schema."""
    if request.param == "sqlite":
        path = tmp_path / "hydra.sqlite"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite:///{path}"
    server: MariaDb = request.getfixturevalue("mariadb")
    found = server.url(request.getfixturevalue("migrated_mariadb"))
    _empty(found)
    return found


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """The database beside the store, to look at what it wrote."""
    made = create_engine(url)
    yield made
    made.dispose()


@pytest.fixture(params=ENGINES)
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'bare.sqlite'}"
    server: MariaDb = request.getfixturevalue("mariadb")
    return server.url(server.new_database())


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = open_store(url)
    yield opened
    opened.close()


def _empty(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("SET FOREIGN_KEY_CHECKS=0"))
        for table in metadata.sorted_tables:
            connection.execute(table.delete())
    engine.dispose()
