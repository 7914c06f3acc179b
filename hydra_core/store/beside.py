"""Read what stands beside one plot on its page: votes, truth, the plot to compare with, the plots before and after."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, or_, select, update

from db_schema.tables import label_class, plot, plot_type, truth
from hydra_core.errors import StoreError
from hydra_core.store.audit import audit
from hydra_core.store.engine import Database
from hydra_core.store.reviewing import NamedVote, Reference, named_votes, reference
from hydra_core.store.rows import AnyRow


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a plot; `before` and `after` are the uids of its type's neighbours by run and chunk."""

    votes: tuple[NamedVote, ...]
    truth: str | None
    reference: Reference | None
    before: str | None
    after: str | None


def beside(connection: Connection, uid: str) -> Beside:
    """Return what stands beside the plot `uid`; nothing beside an unknown one."""
    row = connection.execute(_PLOT.where(plot.c.uid == uid)).one_or_none()
    if row is None:
        return Beside((), None, None, None, None)
    known = select(label_class.c.name).join(truth, truth.c.label_class_id == label_class.c.id)
    return Beside(
        named_votes(connection, row.id),
        connection.scalar(known.where(truth.c.plot_id == row.id)),
        reference(connection, row.name),
        _next(connection, row, -1),
        _next(connection, row, 1),
    )


def pin_reference(connection: Connection, name: str, uid: str | None, by: str, where: str) -> None:
    """Make a plot the one that others of its type are compared with (None: none is pinned), audited.

    Raises StoreError for a plot that there is not, or that is of another type.
    """
    found = None if uid is None else connection.execute(_PLOT.where(plot.c.uid == uid)).one_or_none()
    if uid is not None and (found is None or found.name != name):
        raise StoreError(f"there is no plot {uid} of {name}: it cannot be the reference")
    before = connection.execute(select(plot_type).where(plot_type.c.name == name)).one_or_none()
    if before is None:
        raise StoreError(f"there is no plot type {name}")
    old = connection.scalar(select(plot.c.uid).where(plot.c.id == before.reference_plot_id))
    new = None if found is None else found.id
    connection.execute(update(plot_type).where(plot_type.c.id == before.id).values(reference_plot_id=new))
    audit(connection, by, "pin reference", name, {"plot": old}, {"plot": uid}, where)


def _next(connection: Connection, row: AnyRow, step: int) -> str | None:
    """Return the uid of the plot before (-1) or after (1), by run, chunk and arrival."""
    here = (plot.c.run, plot.c.chunk, plot.c.id)
    values = (row.run, row.chunk, row.id)
    beyond = [one > value if step > 0 else one < value for one, value in zip(here, values, strict=True)]
    same = [one == value for one, value in zip(here, values, strict=True)]
    further = or_(beyond[0], and_(same[0], or_(beyond[1], and_(same[1], beyond[2]))))
    query = select(plot.c.uid).where(plot.c.plot_type_id == row.plot_type_id, further)
    order = [one if step > 0 else one.desc() for one in here]
    found: str | None = connection.scalar(query.order_by(*order).limit(1))
    return found


class BesideStore:
    """The part of the store that knows what stands beside a plot; every method is one transaction."""

    _db: Database

    def beside(self, uid: str) -> Beside:
        """Return votes, truth, reference and neighbours of a plot."""
        return self._db.read(lambda connection: beside(connection, uid))

    def pin_reference(self, plot_type: str, uid: str | None, by: str, where: str = "") -> None:
        """Make a plot the one that others of its type are compared with (None: none is pinned)."""
        self._db.write(lambda connection: pin_reference(connection, plot_type, uid, by, where))


_PLOT = select(plot.c.id, plot.c.plot_type_id, plot.c.run, plot.c.chunk, plot_type.c.name).join(
    plot_type, plot_type.c.id == plot.c.plot_type_id
)
