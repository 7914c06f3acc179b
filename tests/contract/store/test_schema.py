"""The migrations, the metadata, the SQL for DBAs and the check at start say the same, on both engines."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, inspect, text
from support.mariadb import MariaDb
from support.outcomes import incident
from support.ports import free_port

import db_schema
from db_schema.migrate import DIALECTS, plain_sql, write_plain_sql
from db_schema.tables import metadata
from hydra_core.errors import SchemaError, StoreDownError, StoreError
from hydra_core.store import open_store

SCHEMA = Path(db_schema.__file__).parent


def run_sql(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_migrated_database_is_what_the_metadata_say(bare_url: str) -> None:
    db_schema.upgrade(bare_url)
    engine = create_engine(bare_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_missing_index_would_be_noticed(bare_url: str) -> None:
    db_schema.upgrade(bare_url)
    engine = create_engine(bare_url)
    with engine.begin() as connection:
        on = "" if engine.dialect.name == "sqlite" else " ON plot"
        connection.execute(text(f"DROP INDEX ix_plot_taken_at{on}"))
        assert compare_metadata(MigrationContext.configure(connection), metadata) != []
    engine.dispose()


def test_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCHEMA / "migrations"))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [db_schema.HEAD]


def test_plain_sql_is_up_to_date(tmp_path: Path) -> None:
    for path in write_plain_sql(tmp_path):
        assert path.read_text() == (SCHEMA / path.name).read_text(), "run `python -m db_schema`"


def test_plain_sql_makes_a_database_that_hydra_accepts(bare_url: str) -> None:
    dialect = next(name for name in DIALECTS if bare_url.startswith(name))
    script = "\n".join(line for line in plain_sql(dialect).splitlines() if not line.startswith("--"))
    run_sql(bare_url, *(part for part in script.split(";\n") if part.strip(" \n;")))
    store = open_store(bare_url)
    store.check_schema()
    for outcome in incident():
        store.record(outcome)
    store.close()


def test_every_index_names_the_query_it_serves() -> None:
    indexes = [index for table in metadata.tables.values() for index in table.indexes]
    assert len(indexes) > 20
    assert [index.name for index in indexes if not index.info.get("serves")] == []


def test_mariadb_tables_are_innodb_and_tell_upper_from_lower_case(mariadb: MariaDb, migrated_mariadb: str) -> None:
    engine = create_engine(mariadb.url(migrated_mariadb))
    query = (
        "SELECT DISTINCT engine, table_collation FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND table_name <> 'alembic_version'"
    )
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(text(query))] == [("InnoDB", "utf8mb4_bin")]
    engine.dispose()


def test_upgrade_twice_is_no_work(bare_url: str) -> None:
    store = open_store(bare_url)
    store.upgrade()
    store.upgrade()
    store.check_schema()
    assert store.revision() == db_schema.HEAD
    store.close()


@pytest.mark.parametrize("statements", range(1, 46, 9))
def test_an_upgrade_that_was_cut_short_is_completed_by_the_next(bare_url: str, statements: int) -> None:
    class PowerCutError(Exception):
        pass

    engine = create_engine(bare_url)
    seen = 0

    @event.listens_for(engine, "before_cursor_execute")
    def cut(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        nonlocal seen
        seen += statement.lstrip().upper().startswith("CREATE")
        if seen > statements:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        db_schema.upgrade(engine)
    engine.dispose()
    store = open_store(bare_url)
    with pytest.raises(SchemaError, match="hydra db upgrade"):
        store.check_schema()
    store.upgrade()
    store.check_schema()
    again = create_engine(bare_url)
    with again.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    again.dispose()
    store.close()


def test_an_empty_database_names_the_command(bare_url: str) -> None:
    store = open_store(bare_url)
    with pytest.raises(SchemaError, match="is empty: run `hydra db upgrade`"):
        store.check_schema()
    store.close()


@pytest.mark.parametrize(
    ("revision", "said"),
    [("0000", "run `hydra db upgrade`"), ("9999", "this database is newer"), ("f00d", "this database is newer")],
)
def test_another_revision_is_refused(url: str, revision: str, said: str) -> None:
    store = open_store(url)
    try:
        run_sql(url, f"UPDATE alembic_version SET version_num = '{revision}'")
        with pytest.raises(SchemaError, match=said):
            store.check_schema()
    finally:
        run_sql(url, f"UPDATE alembic_version SET version_num = '{db_schema.HEAD}'")
        store.close()


def test_writing_to_an_empty_database_is_a_schema_error(bare_url: str) -> None:
    store = open_store(bare_url)
    with pytest.raises(SchemaError, match="hydra db upgrade"):
        store.record(incident()[0])
    store.close()


def test_nothing_listening_is_said_without_the_password() -> None:
    store = open_store(f"mysql+pymysql://hydra:not-a-secret@127.0.0.1:{free_port()}/hydra")
    with pytest.raises(StoreDownError, match="check that the server runs") as caught:
        store.check_schema()
    assert "not-a-secret" not in str(caught.value)


def test_a_missing_database_is_named(mariadb: MariaDb) -> None:
    store = open_store(mariadb.url("no_such_database"))
    with pytest.raises(StoreDownError, match="CREATE DATABASE"):
        store.check_schema()


def test_a_wrong_password_is_named(mariadb: MariaDb) -> None:
    store = open_store(mariadb.url("x").replace("not-a-secret", "wrong"))
    with pytest.raises(StoreDownError, match="password_file"):
        store.check_schema()


@pytest.mark.parametrize("bad", ["", "nonsense", "postgresql://host/db", "sqlite://", "sqlite:///:memory:"])
def test_a_url_of_no_use_is_refused(bad: str) -> None:
    with pytest.raises(StoreError, match="database"):
        open_store(bad)


def test_sqlite_in_a_missing_directory_is_explained(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'missing' / 'hydra.sqlite'}")
    with pytest.raises(StoreDownError, match="check that its directory exists"):
        store.check_schema()


def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_bytes(b"Dear diary, " * 1000)
    store = open_store(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with pytest.raises(StoreDownError, match="restore it from a backup"):
        store.check_schema()


def test_both_engines_have_the_same_tables(migrated_sqlite: Path, mariadb: MariaDb, migrated_mariadb: str) -> None:
    found = []
    for url in (f"sqlite:///{migrated_sqlite}", mariadb.url(migrated_mariadb)):
        engine = create_engine(url)
        found.append(sorted(inspect(engine).get_table_names()))
        engine.dispose()
    assert found[0] == found[1]
    assert set(found[0]) == set(metadata.tables) | {"alembic_version"}
