"""Write who changed what, that an operator has seen an episode, and that a service is alive."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

from db_schema.tables import audit_log, episode, service_status
from hydra_core.errors import StoreError
from hydra_core.store.codec import to_json
from hydra_core.store.rows import add_change

Json = Mapping[str, object]


def audit(
    connection: Connection,
    who: str,
    what: str,
    target: str,
    before: Json | None = None,
    after: Json | None = None,
    where: str = "",
) -> None:
    """Add a line to the audit log."""
    values = {"who": who, "what": what, "target": target, "before": to_json(before), "after": to_json(after)}
    connection.execute(insert(audit_log).values(at=datetime.now(UTC), where_from=where, **values))


def acknowledge(connection: Connection, episode_uid: str, by: str, where: str = "") -> bool:
    """Say that somebody has seen an episode; False when somebody had before. Raises StoreError for an unknown one."""
    row = connection.execute(select(episode).where(episode.c.uid == episode_uid).with_for_update()).one_or_none()
    if row is None:
        raise StoreError(f"no episode {episode_uid}: it cannot be acknowledged")
    if row.acked_at is not None:
        return False
    now = datetime.now(UTC)
    connection.execute(update(episode).where(episode.c.id == row.id).values(acked_by=by, acked_at=now))
    audit(connection, by, "acknowledge", episode_uid, None, {"acked_at": now}, where)
    payload = {"episode": episode_uid, "by": by}
    add_change(connection, uuid4().hex, "acknowledge", row.plot_type_id, row.id, payload, now, now)
    return True


def heartbeat(connection: Connection, service: str, host: str, pid: int, state: str, detail: Json) -> None:
    """Say that a service on a host is alive and how it is."""
    mine = (service_status.c.service == service) & (service_status.c.host == host)
    values = {"pid": pid, "state": state, "detail": to_json(detail), "at": datetime.now(UTC)}
    if connection.execute(update(service_status).where(mine).values(values)).rowcount == 0:
        connection.execute(insert(service_status).values(service=service, host=host, **values))
