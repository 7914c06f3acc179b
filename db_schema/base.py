"""What all tables share: the metadata, column types that mean the same on both engines, and the table options."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, MetaData, String, Table, types
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Binary collation, so that "CDC" and "cdc" are two names on both engines.
_OPTIONS = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
TABLE_OPTIONS: dict[str, Any] = {
    f"{dialect}_{key}": value for dialect in ("mysql", "mariadb") for key, value in _OPTIONS.items()
}

Key = BigInteger().with_variant(Integer(), "sqlite")
"""Keys are BIGINT; SQLite counts up by itself only in an INTEGER."""

Uid = String(32)
"""32 hex digits."""

Sha256 = String(64)
Name = String(190)
Short = String(64)


class Utc(types.TypeDecorator[datetime]):
    """An aware UTC datetime in Python, a naive DATETIME(6) in the database."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Ask for microseconds where the database would drop them."""
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone: nobody could say later what it meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"time without a zone: {value.isoformat()}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say that it is UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Hash64(types.TypeDecorator[int]):
    """An unsigned 64-bit hash, kept as the signed BIGINT with the same bits (SQLite has no unsigned one)."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Fold the upper half to negative numbers."""
        return value if value is None or value < 1 << 63 else value - (1 << 64)

    def process_result_value(self, value: int | None, dialect: Dialect) -> int | None:
        """Undo the fold."""
        return value if value is None or value >= 0 else value + (1 << 64)


def table(name: str, *items: SchemaItem, comment: str) -> Table:
    """Make a table of Hydra's metadata with the options that all of them have."""
    return Table(name, metadata, *items, comment=comment, **TABLE_OPTIONS)


def key() -> Column[int]:
    """Make the usual primary key."""
    return Column("id", Key, primary_key=True, autoincrement=True)


def index(*columns: str, serves: str) -> Index:
    """Make an index; `serves` names the query that needs it."""
    return Index(None, *columns, info={"serves": serves})
