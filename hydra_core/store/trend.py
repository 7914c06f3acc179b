"""Read the history of one plot type for drawing: a million judgements become a few numbers a pixel, in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Integer, cast, func, literal, or_, select, text

from db_schema.base import Utc
from db_schema.tables import episode, inference, plot, policy
from hydra_core.domain import Policy
from hydra_core.store.codec import from_json
from hydra_core.store.engine import Database
from hydra_core.store.rows import AnyRow, plot_type_id

SINGLE = 1500
"""Up to so many judgements are told one by one, each with its plot."""

MOST_MARKS = 2000
"""Most episodes and changes of rules that are told for one range."""


@dataclass(frozen=True, slots=True)
class Spot:
    """What models said of one class in one bucket: `count` judgements with this top class, their scores and novelty.

    `first` and `last` are when; `uid` is the plot when the spot is a single judgement that was asked for by itself.
    """

    first: datetime
    last: datetime
    class_name: str
    count: int
    low: float
    mean: float
    high: float
    novelty_mean: float
    novelty_high: float
    uid: str | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """An episode as a band: `ended_at` is None while it is open."""

    uid: str
    class_name: str
    started_at: datetime
    confirmed_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """Which thresholds hold from a time on, by class."""

    at: datetime
    thresholds: dict[str, float]


@dataclass(frozen=True, slots=True)
class Trend:
    """The history of a plot type, `since` ≤ when < `until`, in buckets of `width` seconds (0: one by one).

    `spots` is in the order of time; `count` is how many judgements they stand for. The first of `steps` may be
    earlier than `since`: it is what held then.
    """

    since: datetime
    until: datetime
    width: float
    count: int
    spots: tuple[Spot, ...]
    steps: tuple[Step, ...]
    incidents: tuple[Incident, ...]


def extent(connection: Connection, name: str) -> tuple[datetime, datetime] | None:
    """Return when a plot type was judged first and last; None when it never was."""
    query = select(func.min(inference.c.created_at), func.max(inference.c.created_at))
    first, last = connection.execute(query.where(inference.c.plot_type_id == plot_type_id(connection, name))).one()
    return None if first is None else (first, last)


def trend(connection: Connection, name: str, since: datetime, until: datetime, buckets: int) -> Trend:
    """Return the history of plot type `name` in at most `buckets` parts; empty for an unknown one."""
    type_id = plot_type_id(connection, name) or 0
    width = max((until - since).total_seconds() / buckets, 1e-3)
    spots = _buckets(connection, type_id, since, until, width)
    count = sum(spot.count for spot in spots)
    if 0 < count <= SINGLE:
        spots, width = _singles(connection, type_id, since, until), 0.0
    steps = _steps(connection, type_id, since, until)
    return Trend(since, until, width, count, spots, steps, _incidents(connection, type_id, since, until))


def _mine(type_id: int, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    when = inference.c.created_at
    return (inference.c.plot_type_id == type_id, when >= since, when < until, inference.c.shadow.is_(False))


def _buckets(connection: Connection, type_id: int, since: datetime, until: datetime, width: float) -> tuple[Spot, ...]:
    """One pass over the index alone: it has every column that is asked for."""
    bucket = _bucket(connection, since, width).label("bucket")
    score, novelty, when = inference.c.top_score, inference.c.novelty, inference.c.created_at
    query = (
        select(
            func.min(when), func.max(when), inference.c.top_class, func.count(), func.min(score), func.avg(score),
            func.max(score), func.avg(novelty), func.max(novelty),
        )
        .where(*_mine(type_id, since, until))
        .group_by(bucket, inference.c.top_class)
    )  # fmt: skip
    return tuple(
        sorted((Spot(*row) for row in connection.execute(query)), key=lambda spot: (spot.first, spot.class_name))
    )


def _bucket(connection: Connection, since: datetime, width: float) -> ColumnElement[int]:
    start, when = literal(since, Utc), inference.c.created_at
    if connection.dialect.name == "sqlite":
        return cast((func.julianday(when) - func.julianday(start)) * (86400.0 / width), Integer)
    return func.floor(func.timestampdiff(text("MICROSECOND"), start, when) / (width * 1e6))


def _singles(connection: Connection, type_id: int, since: datetime, until: datetime) -> tuple[Spot, ...]:
    query = (
        select(inference.c.created_at, inference.c.top_class, inference.c.top_score, inference.c.novelty, plot.c.uid)
        .join(plot, plot.c.id == inference.c.plot_id)
        .where(*_mine(type_id, since, until))
        .order_by(inference.c.created_at, inference.c.id)
    )
    return tuple(_single(row) for row in connection.execute(query))


def _single(row: AnyRow) -> Spot:
    at, score, novelty = row.created_at, row.top_score, row.novelty
    return Spot(at, at, row.top_class, 1, score, score, score, novelty, novelty, row.uid)


def _steps(connection: Connection, type_id: int, since: datetime, until: datetime) -> tuple[Step, ...]:
    mine = select(policy.c.at, policy.c.policy).where(policy.c.plot_type_id == type_id)
    before = mine.where(policy.c.at <= since).order_by(policy.c.at.desc(), policy.c.id.desc()).limit(1)
    within = mine.where(policy.c.at > since, policy.c.at < until).order_by(policy.c.at, policy.c.id).limit(MOST_MARKS)
    rows = [*connection.execute(before), *connection.execute(within)]
    return _changes([Step(row.at, dict(from_json(Policy, row.policy).thresholds)) for row in rows])


def _changes(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Leave out the steps at which no threshold changed."""
    return tuple(step for i, step in enumerate(steps) if i == 0 or step.thresholds != steps[i - 1].thresholds)


def _incidents(connection: Connection, type_id: int, since: datetime, until: datetime) -> tuple[Incident, ...]:
    query = (
        select(episode)
        .where(episode.c.plot_type_id == type_id, episode.c.started_at < until)
        .where(or_(episode.c.ended_at.is_(None), episode.c.ended_at >= since))
        .order_by(episode.c.started_at.desc())
        .limit(MOST_MARKS)
    )
    rows = connection.execute(query)
    found = [Incident(row.uid, row.class_name, row.started_at, row.confirmed_at, row.ended_at) for row in rows]
    return tuple(reversed(found))


class TrendStore:
    """The part of the store that knows how a plot type did over time; every method is one transaction."""

    _db: Database

    def extent(self, plot_type: str) -> tuple[datetime, datetime] | None:
        """Return when a plot type was judged first and last; None when it never was."""
        return self._db.read(lambda connection: extent(connection, plot_type))

    def trend(self, plot_type: str, since: datetime, until: datetime, buckets: int = 600) -> Trend:
        """Return the history, `since` ≤ when < `until`, in at most `buckets` parts a class."""
        return self._db.read(lambda connection: trend(connection, plot_type, since, until, buckets))
