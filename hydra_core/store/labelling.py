"""Labelling by hand: votes saved in batches, any batch undone at any time, plots put off or flagged for an expert."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from db_schema.tables import label, label_batch, label_class, skipped, standing
from hydra_core.errors import StoreError
from hydra_core.store.audit import audit
from hydra_core.store.catalog import class_ids
from hydra_core.store.label_queue import Desk, Filters, NoSuchError, find_desk, matching_ids
from hydra_core.store.review import FLAG, close_reviews, queue_plots, reopen_reviews
from hydra_core.store.rows import AnyRow, new_id, plot_ids
from hydra_core.store.standing import REVIEW, WEB, Standing, chunks, settle, standings


class ChangedMeanwhileError(StoreError):
    """What the filters let pass is not what the person was shown; nothing was written."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Labels given in one go: how many of each class. `source` web, review, or an import's."""

    id: int
    by: str
    source: str
    at: datetime
    summary: Mapping[str, int]
    undone_at: datetime | None

    @property
    def size(self) -> int:
        """How many plots were labelled."""
        return sum(self.summary.values())


def save_votes(connection: Connection, desk: Desk, name: str, votes: Mapping[str, str], where: str) -> Batch:
    """Save votes (uid → class) as one batch. Raises NoSuchError for an unknown plot or class."""
    classes = class_ids(connection, name)
    unknown = sorted(set(votes.values()) - set(classes))
    if unknown:
        raise NoSuchError(f"plot type {name} has no class {unknown[0]!r}; it has {', '.join(classes)}")
    ids = _known_ids(connection, name, list(votes))
    chosen = {ids[uid]: classes[class_name] for uid, class_name in votes.items()}
    return write_batch(connection, desk, name, chosen, WEB, where)


def save_matching(
    connection: Connection, desk: Desk, name: str, class_name: str, filters: Filters, expected: int, where: str
) -> Batch:
    """Give all plots that the filters let pass one class, as one batch.

    Raises ChangedMeanwhileError when they are not as many as `expected`, NoSuchError for an unknown class.
    """
    classes = class_ids(connection, name)
    if class_name not in classes:
        raise NoSuchError(f"plot type {name} has no class {class_name!r}; it has {', '.join(classes)}")
    found = matching_ids(connection, filters, desk)
    if len(found) != expected:
        raise ChangedMeanwhileError(
            f"{len(found)} plots match now, not {expected}: look again before you label them all"
        )
    return write_batch(connection, desk, name, dict.fromkeys(found, classes[class_name]), WEB, where)


def write_batch(
    connection: Connection, desk: Desk, name: str, chosen: Mapping[int, int], source: str, where: str
) -> Batch:
    """Write votes (plot id → class id) as one batch, and settle what is true now; audited."""
    now = datetime.now(UTC)
    names = {class_id: class_name for class_name, class_id in class_ids(connection, name).items()}
    summary = dict(Counter(names[class_id] for class_id in chosen.values()))
    values = {"labelled_by": desk.person, "source": source, "plot_type_id": desk.type_id, "summary": summary}
    batch_id = new_id(connection.execute(insert(label_batch).values(**values, created_at=now)))
    if chosen:
        rows = [{"batch_id": batch_id, "plot_id": i, "label_class_id": class_id} for i, class_id in chosen.items()]
        connection.execute(insert(label), rows)
    settle(connection, list(chosen))
    for part in chunks(chosen):
        mine = (skipped.c.person == desk.person) & skipped.c.plot_id.in_(part)
        connection.execute(delete(skipped).where(mine))
    audit(connection, desk.person, "label", name, None, {"batch": batch_id, **summary}, where)
    return Batch(batch_id, desk.person, source, now, summary, None)


def find_batch(connection: Connection, desk: Desk, batch_id: int) -> Batch | None:
    """Return a batch of the plot type; None when it has no such batch."""
    row = connection.execute(_batches(desk).where(label_batch.c.id == batch_id)).one_or_none()
    return None if row is None else _batch(connection, row)


def last_batch(connection: Connection, desk: Desk) -> Batch | None:
    """Return the person's last batch that is not undone; None when there is none."""
    mine = _batches(desk).where(label_batch.c.labelled_by == desk.person, label_batch.c.undone_at.is_(None))
    row = connection.execute(mine.where(label_batch.c.source == WEB).limit(1)).one_or_none()
    return None if row is None else _batch(connection, row)


def batches(connection: Connection, desk: Desk, everybody: bool, before: int | None, limit: int) -> list[Batch]:
    """Return the last batches of the person or of everybody, newest first, those older than batch `before`."""
    query = _batches(desk) if everybody else _batches(desk).where(label_batch.c.labelled_by == desk.person)
    query = query if before is None else query.where(label_batch.c.id < before)
    return [_batch(connection, row) for row in connection.execute(query.limit(limit)).all()]


def set_undone(connection: Connection, desk: Desk, name: str, batch: Batch, undone: bool, where: str) -> Batch:
    """Undo a batch, or do it again, and settle what is true now; audited. Undoing a decision reopens its review."""
    at = datetime.now(UTC) if undone else None
    if undone == (batch.undone_at is not None):
        return batch
    if batch.source == REVIEW and not undone:
        raise StoreError("a decision that was undone is in the review queue again: decide it there")
    connection.execute(update(label_batch).where(label_batch.c.id == batch.id).values(undone_at=at))
    touched = list(connection.scalars(select(label.c.plot_id).where(label.c.batch_id == batch.id)))
    decided = list(connection.scalars(select(standing.c.plot_id).where(standing.c.batch_id == batch.id)))
    before = standings(connection, decided)
    freed = {i: _freed(one, batch.id) for i, one in before.items()}
    if undone:
        reopen_reviews(connection, batch.id)
    settle(connection, [*touched, *decided], freed)
    what = "undo labels" if undone else "redo labels"
    audit(connection, desk.person, what, name, {"batch": batch.id, "by": batch.by, **batch.summary}, None, where)
    return Batch(batch.id, batch.by, batch.source, batch.at, batch.summary, at)


def _freed(known: Standing, batch_id: int) -> Standing:
    """Return how a plot stands without what the batch decided."""
    after = 0 if known.after_batch == batch_id else known.after_batch
    return Standing(after_batch=after, split=known.split, group=known.group)


def put_off(connection: Connection, desk: Desk, name: str, uids: Sequence[str]) -> None:
    """Let plots come last for this person."""
    ids = list(_known_ids(connection, name, uids).values())
    for part in chunks(ids):
        mine = (skipped.c.person == desk.person) & skipped.c.plot_id.in_(part)
        connection.execute(delete(skipped).where(mine))
    if ids:
        now = datetime.now(UTC)
        connection.execute(insert(skipped), [{"person": desk.person, "plot_id": i, "at": now} for i in ids])


def flag(connection: Connection, desk: Desk, name: str, uids: Sequence[str], reason: str, where: str) -> int:
    """Ask an expert to look at plots, and why; return how many are new in the review queue. Audited."""
    ids = _known_ids(connection, name, uids)
    new = queue_plots(connection, FLAG, dict.fromkeys(ids.values(), 1.0), note=reason, by=desk.person)
    audit(connection, desk.person, "flag", name, None, {"plots": len(ids), "reason": reason}, where)
    return new


def unflag(connection: Connection, desk: Desk, name: str, uids: Sequence[str], where: str) -> None:
    """Take a flag back; audited."""
    ids = _known_ids(connection, name, uids)
    close_reviews(connection, FLAG, list(ids.values()), "withdrawn", desk.person)
    audit(connection, desk.person, "unflag", name, {"plots": len(ids)}, None, where)


def _known_ids(connection: Connection, name: str, uids: Sequence[str]) -> dict[str, int]:
    """Return the ids of plots of one type. Raises NoSuchError for a uid that is none of its plots."""
    found = plot_ids(connection, name, uids)
    missing = sorted(set(uids) - set(found))
    if missing:
        raise NoSuchError(f"plot type {name} has no plot {missing[0]}")
    return found


def desk_of(connection: Connection, name: str, person: str) -> Desk:
    """Return the desk of a plot type. Raises NoSuchError when the database does not know it."""
    desk = find_desk(connection, name, person)
    if desk is None:
        raise NoSuchError(f"the database knows no plot type {name}")
    return desk


def _batches(desk: Desk) -> Select[tuple[object, ...]]:
    return select(label_batch).where(label_batch.c.plot_type_id == desk.type_id).order_by(label_batch.c.id.desc())


def _batch(connection: Connection, row: AnyRow) -> Batch:
    summary = row.summary
    if summary is None:
        query = select(label_class.c.name, func.count()).join(label, label.c.label_class_id == label_class.c.id)
        query = query.where(label.c.batch_id == row.id).group_by(label_class.c.name)
        summary = {found[0]: found[1] for found in connection.execute(query)}
    return Batch(row.id, row.labelled_by, row.source, row.created_at, summary, row.undone_at)
