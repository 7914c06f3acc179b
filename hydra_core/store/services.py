"""Read how Hydra itself does: heartbeats of the services, arrivals by hour, who labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, String, case, cast, distinct, func, select

from db_schema.tables import label, label_batch, plot, plot_type, service_status, truth
from hydra_core.store.engine import Database
from hydra_core.store.health import server_version, size_of
from hydra_core.store.standing import BY_HAND


@dataclass(frozen=True, slots=True)
class Service:
    """A service's last heartbeat. `detail` is what it told of itself."""

    service: str
    host: str
    pid: int
    state: str
    detail: Mapping[str, object]
    at: datetime


@dataclass(frozen=True, slots=True)
class Leader:
    """Somebody who labels: plots voted on, those of them that others voted on too, and where they agree with the truth.

    `plot_types` is on how many plot types; `last` when.
    """

    name: str
    plots: int
    shared: int
    agreed: int
    plot_types: int
    last: datetime


def services(connection: Connection) -> list[Service]:
    """Return every service that ever told of itself, by name and host."""
    rows = connection.execute(select(service_status).order_by(service_status.c.service, service_status.c.host))
    return [Service(row.service, row.host, row.pid, row.state, row.detail, row.at) for row in rows]


def arrivals(connection: Connection, since: datetime) -> dict[datetime, int]:
    """Return how many plots arrived in each hour since a time; hours without any are missing."""
    hour = func.substr(cast(plot.c.received_at, String(26)), 1, 13).label("hour")
    query = select(hour, func.count()).where(plot.c.received_at >= since).group_by(hour)
    return {datetime.strptime(when, "%Y-%m-%d %H").replace(tzinfo=UTC): n for when, n in connection.execute(query)}


def last_arrivals(connection: Connection) -> dict[str, tuple[datetime, str]]:
    """Return plot type → when its last plot arrived, and from where."""
    newest = select(func.max(plot.c.id)).group_by(plot.c.plot_type_id)
    query = select(plot_type.c.name, plot.c.received_at, plot.c.source)
    query = query.join(plot_type, plot_type.c.id == plot.c.plot_type_id).where(plot.c.id.in_(newest))
    return {row.name: (row.received_at, row.source) for row in connection.execute(query)}


def leaders(connection: Connection, since: datetime | None = None) -> list[Leader]:
    """Return who labels, the widest coverage first; imports and votes that were undone do not count."""
    voters = (
        select(label.c.plot_id, func.count(distinct(label_batch.c.labelled_by)).label("people"))
        .join(label_batch, label_batch.c.id == label.c.batch_id)
        .where(label_batch.c.undone_at.is_(None), label_batch.c.source.in_(BY_HAND))
        .group_by(label.c.plot_id)
        .subquery()
    )
    shared = voters.c.people > 1
    agreed = shared & (truth.c.label_class_id == label.c.label_class_id)
    query = (
        select(
            label_batch.c.labelled_by,
            func.count(distinct(label.c.plot_id)).label("plots"),
            func.count(distinct(_if(shared))).label("shared"),
            func.count(distinct(_if(agreed))).label("agreed"),
            func.count(distinct(plot.c.plot_type_id)).label("plot_types"),
            func.max(label_batch.c.created_at).label("last"),
        )
        .select_from(label)
        .join(label_batch, label_batch.c.id == label.c.batch_id)
        .join(plot, plot.c.id == label.c.plot_id)
        .join(voters, voters.c.plot_id == label.c.plot_id)
        .outerjoin(truth, truth.c.plot_id == label.c.plot_id)
        .where(label_batch.c.undone_at.is_(None), label_batch.c.source.in_(BY_HAND))
        .group_by(label_batch.c.labelled_by)
    )
    if since is not None:
        query = query.where(label_batch.c.created_at >= since)
    found = [Leader(*row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: (-one.plot_types, -one.plots, one.name))


def _if(condition: ColumnElement[bool]) -> ColumnElement[int | None]:
    return case((condition, label.c.plot_id))


def database(connection: Connection) -> tuple[str, int]:
    """Return the server's version and how many bytes the database takes."""
    return server_version(connection), size_of(connection)


class ServiceStore:
    """The part of the store that knows how Hydra itself does; every method is one transaction."""

    _db: Database

    def services(self) -> list[Service]:
        """Return every service that ever told of itself."""
        return self._db.read(services)

    def database(self) -> tuple[str, int]:
        """Return the server's version and how many bytes the database takes."""
        return self._db.read(database)

    def arrivals(self, since: datetime) -> dict[datetime, int]:
        """Return how many plots arrived in each hour (UTC) since a time."""
        return self._db.read(lambda connection: arrivals(connection, since))

    def last_arrivals(self) -> dict[str, tuple[datetime, str]]:
        """Return plot type → when its last plot arrived, and from where."""
        return self._db.read(last_arrivals)

    def leaders(self, since: datetime | None = None) -> list[Leader]:
        """Return who labels, the widest coverage first."""
        return self._db.read(lambda connection: leaders(connection, since))
