"""Which pictures nobody needs any more: asked, marked, and taken back when they turn out to be in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, update

from db_schema.tables import (
    current_status,
    dataset_item,
    episode,
    image,
    inference,
    label,
    plot,
    plot_type,
    review_item,
    truth,
)
from hydra_core.domain import Status
from hydra_core.store.engine import Database
from hydra_core.store.review import OPEN


@dataclass(frozen=True, slots=True)
class Keep:
    """How long pictures are kept: those of plots judged GOOD, and those without a confirmed verdict, before `now`."""

    now: datetime
    good: timedelta
    unconfirmed: timedelta


@dataclass(frozen=True, slots=True)
class OldPicture:
    """A picture that may go; `size` in bytes."""

    id: int
    sha256: str
    size: int


class PurgingStore:
    """The part of `SqlStore` that removes old pictures; each method is one transaction."""

    _db: Database

    def purgeable(self, keep: Keep, after: int = 0, limit: int = 500) -> list[OldPicture]:
        """Return pictures that may go, with ids greater than `after`, in the order of ids."""
        return self._db.read(lambda connection: purgeable(connection, keep, after, limit))

    def mark_purged(self, pictures: Sequence[OldPicture], keep: Keep) -> list[OldPicture]:
        """Mark pictures as purged, those that may still go, and return them."""
        return self._db.write(lambda connection: mark_purged(connection, pictures, keep))

    def purged_since(self, since: datetime) -> list[OldPicture]:
        """Return what was marked since a time."""
        return self._db.read(lambda connection: purged_since(connection, since))

    def take_back(self, pictures: Sequence[OldPicture]) -> None:
        """Say that pictures are there after all."""
        self._db.write(lambda connection: take_back(connection, pictures))


def purgeable(connection: Connection, keep: Keep, after: int, limit: int) -> list[OldPicture]:
    """Return pictures that may go, with ids greater than `after`, in the order of ids."""
    query = (
        select(image.c.id, image.c.sha256, image.c.bytes)
        .where(image.c.id > after, _may_go(keep))
        .order_by(image.c.id)
        .limit(limit)
    )
    return [OldPicture(row.id, row.sha256, row.bytes) for row in connection.execute(query)]


def mark_purged(connection: Connection, pictures: Sequence[OldPicture], keep: Keep) -> list[OldPicture]:
    """Mark pictures as purged, those that may still go, and return them."""
    ids = [picture.id for picture in pictures]
    connection.execute(update(image).where(image.c.id.in_(ids), _may_go(keep)).values(purged_at=keep.now))
    marked = select(image.c.id).where(image.c.id.in_(ids), image.c.purged_at == keep.now)
    found = set(connection.scalars(marked))
    return [picture for picture in pictures if picture.id in found]


def purged_since(connection: Connection, since: datetime) -> list[OldPicture]:
    """Return what was marked since a time: files of it may be left where a purge was cut short."""
    query = select(image.c.id, image.c.sha256, image.c.bytes).where(image.c.purged_at >= since)
    return [OldPicture(row.id, row.sha256, row.bytes) for row in connection.execute(query)]


def take_back(connection: Connection, pictures: Sequence[OldPicture]) -> None:
    """Say that pictures are there after all."""
    ids = [picture.id for picture in pictures]
    connection.execute(update(image).where(image.c.id.in_(ids)).values(purged_at=None))


def _may_go(keep: Keep) -> ColumnElement[bool]:
    """A picture may go when it has plots, and none of them is young, taught from, or part of an incident."""
    mine = plot.c.image_id == image.c.id
    needed = exists().where(mine, or_(_young(keep), _taught(), _incident(), _shown()))
    return and_(image.c.purged_at.is_(None), exists().where(mine), ~needed)


def _young(keep: Keep) -> ColumnElement[bool]:
    judged = and_(inference.c.plot_id == plot.c.id, inference.c.shadow.is_(False))
    good = exists().where(judged, inference.c.status == int(Status.GOOD))
    # A status that is NULL is no verdict.
    other = exists().where(judged, or_(inference.c.status.is_(None), inference.c.status != int(Status.GOOD)))
    surely_good = and_(good, ~other)
    return or_(
        and_(surely_good, plot.c.received_at >= keep.now - keep.good),
        and_(~surely_good, plot.c.received_at >= keep.now - keep.unconfirmed),
    )


def _taught() -> ColumnElement[bool]:
    return or_(
        exists().where(truth.c.plot_id == plot.c.id),
        exists().where(label.c.plot_id == plot.c.id),
        exists().where(dataset_item.c.plot_id == plot.c.id),
        exists().where(review_item.c.plot_id == plot.c.id, review_item.c.state == OPEN),
    )


def _incident() -> ColumnElement[bool]:
    """Judged WARN or BAD, or judged while an incident of its type lasted, from its first wrong plot to its end."""
    alarming = (int(Status.WARN), int(Status.BAD))
    during = exists().where(
        inference.c.plot_id == plot.c.id,
        episode.c.plot_type_id == plot.c.plot_type_id,
        episode.c.started_at <= inference.c.created_at,
        or_(episode.c.ended_at.is_(None), episode.c.ended_at >= inference.c.created_at),
    )
    first = exists().where(episode.c.first_inference_id == inference.c.id, inference.c.plot_id == plot.c.id)
    return or_(exists().where(inference.c.plot_id == plot.c.id, inference.c.status.in_(alarming)), during, first)


def _shown() -> ColumnElement[bool]:
    """What the wall shows now, and the plot that others are compared with."""
    return or_(
        exists().where(current_status.c.plot_id == plot.c.id),
        exists().where(current_status.c.inference_id == inference.c.id, inference.c.plot_id == plot.c.id),
        exists().where(plot_type.c.reference_plot_id == plot.c.id),
    )
