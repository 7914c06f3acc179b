"""Bring a database to the newest schema, say which schema it has, and write the same as SQL for a DBA."""

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, create_engine, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0003"
"""The schema revision that this version of Hydra needs."""

DIALECTS = ("mysql", "sqlite")
_FOLDER = Path(__file__).parent


def upgrade(target: str | Engine) -> None:
    """Bring the database to `HEAD`. A run that was cut short may be repeated. Raises SQLAlchemy's errors."""
    from alembic import command

    engine = create_engine(target) if isinstance(target, str) else target
    try:
        with engine.connect() as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, HEAD)
            connection.commit()
    finally:
        if engine is not target:
            engine.dispose()


def current_revision(engine: Engine) -> str | None:
    """Return the database's revision; None when no migration has been completed."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return revision


def plain_sql(dialect: str) -> str:
    """Return the SQL that makes an empty database of this dialect (``mysql``, ``sqlite``) the newest schema."""
    from alembic import command

    config = _config()
    config.attributes["dialect"] = dialect
    config.output_buffer = StringIO()
    command.upgrade(config, HEAD, sql=True)
    lines = [line.rstrip() for line in config.output_buffer.getvalue().strip().splitlines()]
    title = f"-- Hydra's tables, revision {HEAD}, for {dialect}. Written by `python -m db_schema`; do not edit.\n\n"
    return title + "\n".join(lines) + "\n"


def write_plain_sql(folder: Path = _FOLDER) -> list[Path]:
    """Write ``mysql.sql`` and ``sqlite.sql`` and return their paths."""
    paths = []
    for dialect in DIALECTS:
        path = folder / f"{dialect}.sql"
        path.write_text(plain_sql(dialect), encoding="utf-8")
        paths.append(path)
    return paths


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
