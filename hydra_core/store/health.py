"""Say whether the database has the right schema, and how full it is."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select, text

from db_schema import HEAD, current_revision
from db_schema.tables import metadata
from hydra_core.errors import SchemaError


def check_schema(engine: Engine, where: str) -> None:
    """Raise SchemaError unless the database has the schema of this version."""
    revision = current_revision(engine)
    if revision == HEAD:
        return
    if revision is None:
        raise SchemaError(f"the database {where} is empty: run `hydra db upgrade`")
    if _is_newer(revision):
        raise SchemaError(
            f"the database {where} has schema {revision}, this Hydra knows {HEAD}: "
            "this database is newer; install the Hydra that it was upgraded with"
        )
    raise SchemaError(f"the database {where} has schema {revision}, this Hydra needs {HEAD}: run `hydra db upgrade`")


def status(connection: Connection) -> dict[str, Any]:
    """Return the server's version, its size in bytes and the number of rows of each table."""
    rows = {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in metadata.sorted_tables
    }
    return {"server": server_version(connection), "needs": HEAD, "size_bytes": size_of(connection), "rows": rows}


def server_version(connection: Connection) -> str:
    """Return which database server it is, with its version."""
    if connection.dialect.name == "sqlite":
        return "SQLite " + str(connection.scalar(text("SELECT sqlite_version()")))
    return str(connection.scalar(text("SELECT version()")))


def size_of(connection: Connection) -> int:
    """Return how many bytes the database takes."""
    if connection.dialect.name == "sqlite":
        return _file_size(connection)
    tables = "SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = DATABASE()"
    return int(connection.scalar(text(tables)) or 0)


def _is_newer(revision: str) -> bool:
    """Revisions are numbers that count up; one that is none comes from a Hydra that we do not know."""
    return not revision.isdigit() or int(revision) > int(HEAD)


def _file_size(connection: Connection) -> int:
    file = Path(str(connection.engine.url.database))
    parts = (file, Path(f"{file}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())
