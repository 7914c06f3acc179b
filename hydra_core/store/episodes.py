"""Read incidents as the log shows them: with their first and worst plot, who saw them, and whether they were true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from db_schema.tables import episode, image, inference, label_class, plot, plot_type
from hydra_core.domain import Plot, Severity, Status
from hydra_core.store.engine import Database
from hydra_core.store.rows import PLOT_COLUMNS, AnyRow, to_plot

STRIP = 60
"""Most plots that the image strip of an incident shows."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the log is wanted; None and empty mean: no matter. `since` ≤ time < `until`.

    An incident is found by any run, and any time, in which it was open.
    """

    plot_types: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    run: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """One judged plot: the plot, the model's class and score, what operators were told, its inference."""

    plot: Plot
    inference_id: int
    class_name: str
    score: float
    status: Status | None
    at: datetime
    has_cam: bool


@dataclass(frozen=True, slots=True)
class LoggedEpisode:
    """One incident. `severity` is that of its class now; `true_alarm` None: nobody has said.

    `first` and `worst` are None when no model's answer is kept for them.
    """

    id: int
    uid: str
    plot_type: str
    title: str
    group: str
    class_name: str
    severity: Severity | None
    started_at: datetime
    confirmed_at: datetime
    ended_at: datetime | None
    worst_score: float
    acked_by: str | None
    acked_at: datetime | None
    true_alarm: bool | None
    feedback_by: str | None
    feedback_at: datetime | None
    note: str
    logbook_url: str | None
    first: Shown | None
    worst: Shown | None


Mark = tuple[datetime, int]
"""Where a page ended: time and id of its last row."""


def episodes(connection: Connection, wanted: Filters, after: Mark | None, limit: int) -> list[LoggedEpisode]:
    """Return incidents, the newest first, that come after a mark."""
    query = _EPISODES.where(*_conditions(connection, wanted)).limit(limit)
    if after is not None:
        query = query.where(_before(episode.c.started_at, episode.c.id, after))
    rows = connection.execute(query.order_by(episode.c.started_at.desc(), episode.c.id.desc())).all()
    return _logged(connection, rows)


def logged_episode(connection: Connection, uid: str) -> LoggedEpisode | None:
    """Return one incident; None for an unknown uid."""
    return next(iter(_logged(connection, connection.execute(_EPISODES.where(episode.c.uid == uid)).all())), None)


def suspects(connection: Connection, wanted: Filters, after: Mark | None, limit: int) -> list[Shown]:
    """Return plots that looked wrong or odd and were not confirmed, the newest first."""
    types = _type_ids(connection, wanted)
    query = _SHOWN.where(inference.c.status == Status.SUSPECT.value, inference.c.shadow.is_(False))
    if types is not None:
        query = query.where(inference.c.plot_type_id.in_(types))
    if wanted.classes:
        query = query.where(inference.c.top_class.in_(wanted.classes))
    if wanted.run is not None:
        query = query.where(plot.c.run == wanted.run)
    if wanted.since is not None:
        query = query.where(inference.c.created_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(inference.c.created_at < wanted.until)
    if after is not None:
        query = query.where(_before(inference.c.created_at, inference.c.id, after))
    query = query.order_by(inference.c.created_at.desc(), inference.c.id.desc()).limit(limit)
    return [_shown(row) for row in connection.execute(query)]


def strip(connection: Connection, uid: str, limit: int) -> list[Shown]:
    """Return the first judged plots of an incident, oldest first; of a long one every n-th."""
    found = connection.execute(select(episode).where(episode.c.uid == uid)).one_or_none()
    if found is None:
        return []
    mine = [
        inference.c.plot_type_id == found.plot_type_id,
        inference.c.created_at >= found.started_at,
        inference.c.shadow.is_(False),
    ]
    if found.ended_at is not None:
        mine.append(inference.c.created_at <= found.ended_at)
    ids = list(connection.scalars(select(inference.c.id).where(*mine).order_by(inference.c.created_at)))
    if len(ids) > limit:
        ids = [ids[index * (len(ids) - 1) // (limit - 1)] for index in range(limit)]
    rows = connection.execute(_SHOWN.where(inference.c.id.in_(ids)).order_by(inference.c.created_at, inference.c.id))
    return [_shown(row) for row in rows]


def _type_ids(connection: Connection, wanted: Filters) -> list[int] | None:
    """Return the plot types that are asked for; None: all."""
    if not (wanted.plot_types or wanted.groups):
        return None
    query = select(plot_type.c.id)
    if wanted.plot_types:
        query = query.where(plot_type.c.name.in_(wanted.plot_types))
    if wanted.groups:
        query = query.where(plot_type.c.group_name.in_(wanted.groups))
    return list(connection.scalars(query))


def _conditions(connection: Connection, wanted: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    types = _type_ids(connection, wanted)
    if types is not None:
        found.append(episode.c.plot_type_id.in_(types))
    if wanted.classes:
        found.append(episode.c.class_name.in_(wanted.classes))
    if wanted.since is not None:
        found.append(or_(episode.c.ended_at.is_(None), episode.c.ended_at >= wanted.since))
    if wanted.until is not None:
        found.append(episode.c.started_at < wanted.until)
    if wanted.run is not None:
        found.append(_open_in_run(connection, wanted.run, types))
    return found


def _open_in_run(connection: Connection, run: int, types: Sequence[int] | None) -> ColumnElement[bool]:
    """Return the condition that an incident was open while plots of the run came, for each plot type by its own."""
    wanted = types if types is not None else list(connection.scalars(select(plot_type.c.id)))
    span = (
        select(
            plot.c.plot_type_id, func.min(plot.c.received_at).label("first"), func.max(plot.c.received_at).label("last")
        )
        .where(plot.c.plot_type_id.in_(wanted), plot.c.run == run)
        .group_by(plot.c.plot_type_id)
    )
    spans = [
        and_(
            episode.c.plot_type_id == row.plot_type_id,
            episode.c.started_at <= row.last,
            or_(episode.c.ended_at.is_(None), episode.c.ended_at >= row.first),
        )
        for row in connection.execute(span)
    ]
    return or_(*spans) if spans else episode.c.id < 0


def _before(time: ColumnElement[Any], key: ColumnElement[Any], mark: Mark) -> ColumnElement[bool]:
    """Return the condition of rows after a mark in falling order; written so that both engines use the index."""
    at, number = mark
    return and_(time <= at, or_(time < at, key < number))


def _logged(connection: Connection, rows: Sequence[AnyRow]) -> list[LoggedEpisode]:
    ids = {one for row in rows for one in (row.first_inference_id, row.worst_inference_id) if one is not None}
    shown = {}
    if ids:
        shown = {row.inference_id: _shown(row) for row in connection.execute(_SHOWN.where(inference.c.id.in_(ids)))}
    return [_episode(row, shown) for row in rows]


def _episode(row: AnyRow, shown: Mapping[int, Shown]) -> LoggedEpisode:
    first = shown.get(row.first_inference_id)
    return LoggedEpisode(
        id=row.id,
        uid=row.uid,
        plot_type=row.name,
        title=row.title,
        group=row.group_name,
        class_name=row.class_name,
        severity=Severity(row.severity) if row.severity is not None else None,
        started_at=row.started_at,
        confirmed_at=row.confirmed_at,
        ended_at=row.ended_at,
        worst_score=row.worst_score,
        acked_by=row.acked_by,
        acked_at=row.acked_at,
        true_alarm=None if row.feedback is None else row.feedback == "true",
        feedback_by=row.feedback_by,
        feedback_at=row.feedback_at,
        note=row.note or "",
        logbook_url=row.logbook_url,
        first=first,
        worst=shown.get(row.worst_inference_id, first),
    )


def _shown(row: AnyRow) -> Shown:
    item = to_plot(row, row.name)
    status = Status(row.status) if row.status is not None else None
    return Shown(
        item, row.inference_id, row.top_class, row.top_score, status, row.created_at, row.cam_height is not None
    )


_EPISODES = (
    select(episode, plot_type.c.name, plot_type.c.title, plot_type.c.group_name, label_class.c.severity)
    .join(plot_type, plot_type.c.id == episode.c.plot_type_id)
    .outerjoin(
        label_class,
        and_(label_class.c.plot_type_id == episode.c.plot_type_id, label_class.c.name == episode.c.class_name),
    )
)
_SHOWN: Select[Any] = (
    select(
        *PLOT_COLUMNS,
        plot_type.c.name,
        inference.c.id.label("inference_id"),
        inference.c.top_class,
        inference.c.top_score,
        inference.c.status,
        inference.c.created_at,
        inference.c.cam_height,
    )
    .join(plot, plot.c.id == inference.c.plot_id)
    .join(image, image.c.id == plot.c.image_id)
    .join(plot_type, plot_type.c.id == inference.c.plot_type_id)
)


class EpisodeStore:
    """The part of the store that knows the log; every method is one transaction."""

    _db: Database

    def episodes(self, wanted: Filters, after: Mark | None = None, limit: int = 50) -> list[LoggedEpisode]:
        """Return incidents, the newest first, that come after a mark (time and id of the last row of a page)."""
        return self._db.read(lambda connection: episodes(connection, wanted, after, limit))

    def logged_episode(self, uid: str) -> LoggedEpisode | None:
        """Return one incident as the log shows it; None for an unknown uid."""
        return self._db.read(lambda connection: logged_episode(connection, uid))

    def suspects(self, wanted: Filters, after: Mark | None = None, limit: int = 50) -> list[Shown]:
        """Return plots that looked wrong or odd and were not confirmed, the newest first, after a mark."""
        return self._db.read(lambda connection: suspects(connection, wanted, after, limit))

    def image_strip(self, episode_uid: str, limit: int = STRIP) -> list[Shown]:
        """Return the judged plots of an incident, oldest first; of a long one `limit` from first to last."""
        return self._db.read(lambda connection: strip(connection, episode_uid, limit))
