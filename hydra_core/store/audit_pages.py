"""Reads the audit log, page by page, by who, what and target."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from db_schema.tables import audit_log
from hydra_core.store.engine import Database


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One change: who did what to which target, from where, and how it was before and after."""

    id: int
    at: datetime
    who: str
    what: str
    target: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None
    where: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which lines are wanted; None: any. `since` ≤ at < `until`."""

    who: str | None = None
    what: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def audit_lines(connection: Connection, wanted: AuditFilter, before_id: int | None, limit: int) -> list[AuditLine]:
    """Return the newest lines with a smaller id."""
    query = select(audit_log)
    for name in ("who", "what", "target"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(audit_log.c[name] == value)
    if wanted.since is not None:
        query = query.where(audit_log.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(audit_log.c.at < wanted.until)
    if before_id is not None:
        query = query.where(audit_log.c.id < before_id)
    rows = connection.execute(query.order_by(audit_log.c.id.desc()).limit(limit))
    return [
        AuditLine(row.id, row.at, row.who, row.what, row.target, row.before, row.after, row.where_from) for row in rows
    ]


class AuditStore:
    """The part of the store that reads the audit log."""

    _db: Database

    def audit_lines(
        self, wanted: AuditFilter | None = None, before_id: int | None = None, limit: int = 100
    ) -> list[AuditLine]:
        """Return the newest lines, or those with an id smaller than `before_id`."""
        return self._db.read(lambda connection: audit_lines(connection, wanted or AuditFilter(), before_id, limit))
