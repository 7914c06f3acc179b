"""Read what pages show: the wall, one row a plot type, and the changes since a cursor."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from db_schema.tables import change, current_status, episode, image, inference, model, plot, plot_type
from hydra_core.domain import Change, Plot, Severity, Status, WallRow

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""`updated_at` of a plot type that has no status yet."""

SETTLED = timedelta(seconds=1)
"""After this long a gap in the ids is a transaction that was rolled back, not one that is still to commit."""

_COLUMNS = (
    plot_type.c.name,
    plot_type.c.title,
    plot_type.c.group_name,
    plot_type.c.pv,
    current_status.c.status,
    current_status.c.severity,
    current_status.c.since,
    current_status.c.reason,
    current_status.c.muted_until,
    current_status.c.muted_by,
    current_status.c.updated_at,
    plot.c.uid,
    plot.c.run,
    plot.c.chunk,
    plot.c.taken_at,
    plot.c.received_at,
    plot.c.source,
    image.c.sha256,
    inference.c.id,
    inference.c.top_class,
    inference.c.cam_height,
    inference.c.cam_width,
    model.c.version,
    episode.c.uid,
    episode.c.acked_by,
)

WALL = (
    select(func.json_array(*_COLUMNS), inference.c.top_score)
    .select_from(plot_type)
    .outerjoin(current_status, current_status.c.plot_type_id == plot_type.c.id)
    .outerjoin(plot, plot.c.id == current_status.c.plot_id)
    .outerjoin(image, image.c.id == plot.c.image_id)
    .outerjoin(inference, inference.c.id == current_status.c.inference_id)
    .outerjoin(model, model.c.id == inference.c.model_id)
    .outerjoin(episode, episode.c.id == current_status.c.episode_id)
    .where(plot_type.c.active)
    .order_by(plot_type.c.id)
)
"""One query for the whole wall; every join goes by primary key.

A row comes as one JSON text, because drivers take far longer for 25 values a row than the database does for all of it.
The score has a column of its own: SQLite writes only 15 digits into JSON.
"""


def wall(connection: Connection) -> list[WallRow]:
    """Return every plot type that is configured, in the order of the configuration."""
    rows = connection.execute(WALL).all()
    values = json.loads(f"[{','.join(text for text, _ in rows)}]")
    return [_wall_row(value, score) for value, (_, score) in zip(values, rows, strict=True)]


@dataclass(frozen=True, slots=True)
class Unseen:
    """An incident that is over and that nobody has acknowledged, the last one of its plot type."""

    uid: str
    plot_type: str
    class_name: str
    started_at: datetime
    ended_at: datetime


def unseen(connection: Connection, since: datetime) -> list[Unseen]:
    """Return, for each plot type, the last incident that began since a time, if it is over and not acknowledged."""
    last = select(func.max(episode.c.id)).where(episode.c.started_at >= since).group_by(episode.c.plot_type_id)
    query = (
        select(episode, plot_type.c.name)
        .join(plot_type, plot_type.c.id == episode.c.plot_type_id)
        .where(episode.c.id.in_(last), episode.c.ended_at.is_not(None), episode.c.acked_at.is_(None))
        .order_by(episode.c.id)
    )
    return [
        Unseen(row.uid, row.name, row.class_name, row.started_at, row.ended_at) for row in connection.execute(query)
    ]


def last_change_id(connection: Connection) -> int:
    """Return the id of the newest change, 0 when there is none."""
    return connection.scalar(select(func.max(change.c.id))) or 0


def changes_after(connection: Connection, change_id: int, limit: int) -> list[Change]:
    """Return the changes with a greater id, oldest first, up to the first that may still have a late predecessor.

    Two writers may commit their ids in the other order. A reader that had stepped over the gap would never see the
    late one, so it waits at a fresh gap (for a second at most).
    """
    query = (
        select(change, plot_type.c.name)
        .outerjoin(plot_type, plot_type.c.id == change.c.plot_type_id)
        .where(change.c.id > change_id)
        .order_by(change.c.id)
        .limit(limit)
    )
    now, found, before = datetime.now(UTC), list[Change](), change_id
    for row in connection.execute(query):
        fresh = timedelta(0) <= now - row.recorded_at < SETTLED
        if fresh and row.id != before + 1 and before:
            break
        found.append(Change(row.id, row.kind, row.name, row.payload, row.at))
        before = row.id
    return found


def _wall_row(values: Sequence[Any], score: float | None) -> WallRow:
    (name, title, group, pv, status, severity, since, reason, muted_until, muted_by, updated_at) = values[:11]
    (inference_id, top_class, height, width, version, episode_uid, acked_by) = values[18:]
    return WallRow(
        plot_type=name,
        title=title,
        group=group,
        pv=pv,
        status=Status(status or 0),
        severity=Severity(severity) if severity is not None else Severity.INVALID,
        since=_time(since),
        reason=reason or "",
        class_name=top_class or "",
        score=score or 0.0,
        plot=_plot(values[11:18], name),
        model=f"{name} v{version}" if version is not None else "",
        inference_id=inference_id,
        cam_shape=(height, width) if height is not None else None,
        muted_until=_time(muted_until),
        muted_by=muted_by or "",
        updated_at=_time(updated_at) or NEVER,
        episode=episode_uid,
        acked_by=acked_by or "",
    )


def _plot(values: Sequence[Any], name: str) -> Plot | None:
    uid, run, chunk, taken_at, received_at, source, sha256 = values
    taken, received = _time(taken_at), _time(received_at)
    if taken is None or received is None:
        return None
    return Plot(uid, name, run, chunk, taken, received, source, sha256)


def _time(text: str | None) -> datetime | None:
    """Return a time as the database writes it into JSON."""
    return None if text is None else datetime.fromisoformat(text + "+00:00")
