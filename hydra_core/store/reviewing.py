"""Reviewing: what waits for an expert, everything known of one plot, and the decision that training then reads."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, insert, or_, select

from db_schema.tables import image, inference, label_batch, label_class, model, plot, plot_type, review_item, truth
from hydra_core.consensus import counted
from hydra_core.domain import Plot
from hydra_core.store.audit import audit
from hydra_core.store.catalog import class_ids
from hydra_core.store.label_queue import BadCursorError, NoSuchError, decode, encode
from hydra_core.store.labelling import Batch, desk_of, write_batch
from hydra_core.store.pages import Opinion, plot_page
from hydra_core.store.review import KINDS, OPEN, close_reviews
from hydra_core.store.rows import PLOT_COLUMNS, AnyRow, new_id, to_plot
from hydra_core.store.standing import DECIDED, EXCLUDED, REVIEW, Standing, settle, standings, votes_on

ASKED = "asked again"
"""State of a review whose plot people are to label anew."""


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One line of the queue. `label` is what training reads now, `note` what somebody said who asked."""

    id: int
    kind: str
    plot: Plot
    score: float
    state: str
    created_at: datetime
    model: str | None
    label: str | None
    note: str | None
    asked_by: str | None
    resolved_by: str | None
    batch_id: int | None


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Lines of the queue, the most urgent first; `next` is the cursor of the page after, None on the last one."""

    rows: tuple[ReviewRow, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class NamedVote:
    """What one person said; `counts` is False for what they said differently later, or was set aside."""

    person: str
    class_name: str
    at: datetime
    source: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """A typical good plot to compare with; `pinned` when somebody chose it."""

    uid: str
    sha256: str
    run: int
    chunk: int
    pinned: bool


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that an expert looks at to decide."""

    row: ReviewRow
    votes: tuple[NamedVote, ...]
    opinion: Opinion | None
    others: tuple[Opinion, ...]
    reference: Reference | None
    standing: Standing


def review_counts(connection: Connection, name: str | None) -> dict[str, int]:
    """Return how many plots of a type (None: of all) wait, by kind."""
    query = select(review_item.c.kind, func.count()).where(review_item.c.state == OPEN)
    if name is not None:
        query = query.join(plot, plot.c.id == review_item.c.plot_id)
        query = query.join(plot_type, plot_type.c.id == plot.c.plot_type_id).where(plot_type.c.name == name)
    found = {row[0]: row[1] for row in connection.execute(query.group_by(review_item.c.kind))}
    return {kind: found.get(kind, 0) for kind in KINDS}


def review_page(connection: Connection, name: str | None, kind: str | None, after: str | None, size: int) -> ReviewPage:
    """Return open items, kinds in the order of KINDS, the most urgent of each first. Raises BadCursorError."""
    kinds = list(KINDS) if kind is None else [kind]
    first, *key = decode(after) if after else [kinds[0]]
    try:
        start, place = kinds.index(first), (float(key[0]), int(key[1])) if key else None
    except (IndexError, TypeError, ValueError) as error:
        raise BadCursorError("this is no cursor of a page") from error
    found: list[ReviewRow] = []
    for current in kinds[start:]:
        query = _ROWS.where(review_item.c.state == OPEN, review_item.c.kind == current)
        query = query if name is None else query.where(plot_type.c.name == name)
        if place is not None:
            score, last = place
            same = and_(review_item.c.score == score, review_item.c.id > last)
            query = query.where(review_item.c.score <= score, or_(review_item.c.score < score, same))
        query = query.order_by(review_item.c.score.desc(), review_item.c.id).limit(size - len(found) + 1)
        rows = connection.execute(query).all()
        room = size - len(found)
        found += [_row(row) for row in rows[:room]]
        if len(rows) > room:
            last_row = found[-1]
            at = [last_row.score, last_row.id] if last_row.kind == current else []
            return ReviewPage(tuple(found), encode([current, *at]))
        place = None
    return ReviewPage(tuple(found), None)


def find_case(connection: Connection, item_id: int) -> Case | None:
    """Return a review item with all that is known of its plot; None for an unknown one."""
    row = connection.execute(_ROWS.where(review_item.c.id == item_id)).one_or_none()
    if row is None:
        return None
    item, plot_id = _row(row), row.plot_id
    page = plot_page(connection, item.plot.uid, 0)
    opinions = page.opinions if page is not None else ()
    active = _active_inference(connection, plot_id)
    opinion = next((one for one in opinions if one.inference_id == active), None)
    opinion = opinion or next((one for one in opinions if not one.shadow), None)
    known = standings(connection, [plot_id]).get(plot_id, Standing())
    return Case(
        item,
        named_votes(connection, plot_id, known.after_batch),
        opinion,
        tuple(one for one in opinions if one is not opinion),
        reference(connection, item.plot.plot_type),
        known,
    )


def named_votes(connection: Connection, plot_id: int, after_batch: int = 0) -> tuple[NamedVote, ...]:
    """Return every vote on a plot that was not undone, oldest first."""
    votes = votes_on(connection, [plot_id]).get(plot_id, [])
    valid = set(counted(votes, after_batch))
    query = select(label_batch).where(label_batch.c.id.in_([vote.batch_id for vote in votes]))
    about = {row.id: row for row in connection.execute(query)}
    ids = [vote.class_id for vote in votes]
    names = {row.id: row.name for row in connection.execute(select(label_class).where(label_class.c.id.in_(ids)))}
    return tuple(
        NamedVote(
            vote.person,
            names[vote.class_id],
            about[vote.batch_id].created_at,
            about[vote.batch_id].source,
            vote in valid,
        )
        for vote in sorted(votes, key=lambda one: one.batch_id)
    )


def reference(connection: Connection, name: str) -> Reference | None:
    """Return the plot to compare with: the pinned one, else the last one labelled with a class that is no alarm."""
    pinned = _REFERENCES.join(plot_type, plot_type.c.reference_plot_id == plot.c.id)
    row = connection.execute(pinned.where(plot_type.c.name == name)).one_or_none()
    if row is not None:
        return Reference(row.uid, row.sha256, row.run, row.chunk, True)
    first = (
        select(label_class.c.id)
        .join(plot_type, plot_type.c.id == label_class.c.plot_type_id)
        .where(plot_type.c.name == name, label_class.c.severity == 0)
        .order_by(label_class.c.position)
        .limit(1)
    )
    class_id = connection.scalar(first)
    query = _REFERENCES.join(truth, truth.c.plot_id == plot.c.id).where(truth.c.label_class_id == class_id)
    query = query.where(image.c.purged_at.is_(None)).order_by(truth.c.plot_id.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else Reference(row.uid, row.sha256, row.run, row.chunk, False)


def decide(connection: Connection, item: ReviewRow, class_name: str, by: str, where: str) -> Batch:
    """Say what the plot is: this is what training reads from now on, whatever is voted. Audited."""
    name = item.plot.plot_type
    classes, desk = class_ids(connection, name), desk_of(connection, name, by)
    if class_name not in classes:
        raise NoSuchError(f"plot type {name} has no class {class_name!r}; it has {', '.join(classes)}")
    plot_id = _plot_id(connection, item)
    batch = write_batch(connection, desk, name, {plot_id: classes[class_name]}, REVIEW, where)
    known = standings(connection, [plot_id]).get(plot_id, Standing())
    decided = Standing(DECIDED, classes[class_name], batch.id, known.after_batch, 0.0, known.split, known.group)
    return _resolve(connection, item, plot_id, decided, batch, DECIDED, where)


def exclude(connection: Connection, item: ReviewRow, by: str, note: str, where: str) -> Batch:
    """Leave the plot out of training, whatever is voted. Audited."""
    return _without_class(connection, item, by, note, where, EXCLUDED)


def ask_again(connection: Connection, item: ReviewRow, by: str, note: str, where: str) -> Batch:
    """Set the votes on the plot aside: it has no label, and people are to label it anew. Audited."""
    return _without_class(connection, item, by, note, where, ASKED)


def _without_class(connection: Connection, item: ReviewRow, by: str, note: str, where: str, state: str) -> Batch:
    desk, plot_id, now = desk_of(connection, item.plot.plot_type, by), _plot_id(connection, item), datetime.now(UTC)
    values = {"labelled_by": by, "source": REVIEW, "plot_type_id": desk.type_id, "summary": {}}
    batch_id = new_id(connection.execute(insert(label_batch).values(**values, created_at=now)))
    known = standings(connection, [plot_id]).get(plot_id, Standing())
    out = state == EXCLUDED
    decided = Standing(batch_id=batch_id, after_batch=batch_id, split=known.split, group=known.group)
    if out:
        decided = replace(decided, state=EXCLUDED, after_batch=known.after_batch)
    batch = Batch(batch_id, by, REVIEW, now, {}, None)
    return _resolve(connection, item, plot_id, decided, batch, state, where, note)


def _resolve(
    connection: Connection,
    item: ReviewRow,
    plot_id: int,
    decided: Standing,
    batch: Batch,
    state: str,
    where: str,
    note: str = "",
) -> Batch:
    before = {"label": item.label, "kind": item.kind}
    close_reviews(connection, None, [plot_id], state, batch.by, batch.id)
    settle(connection, [plot_id], {plot_id: decided})
    after = {"state": state, "batch": batch.id, "note": note, **batch.summary}
    audit(connection, batch.by, "review", item.plot.uid, before, after, where)
    return batch


def _plot_id(connection: Connection, item: ReviewRow) -> int:
    return int(connection.execute(select(plot.c.id).where(plot.c.uid == item.plot.uid)).scalar_one())


def _active_inference(connection: Connection, plot_id: int) -> int | None:
    query = select(inference.c.id).join(model, model.c.id == inference.c.model_id)
    found: int | None = connection.scalar(query.where(inference.c.plot_id == plot_id, model.c.state == "active"))
    return found


def _row(row: AnyRow) -> ReviewRow:
    return ReviewRow(
        id=row.id,
        kind=row.kind,
        plot=to_plot(row, row.type_name),
        score=row.score,
        state=row.state,
        created_at=row.created_at,
        model=None if row.version is None else f"{row.type_name} v{row.version}",
        label=row.label,
        note=row.note,
        asked_by=row.asked_by,
        resolved_by=row.resolved_by,
        batch_id=row.batch_id,
    )


_ROWS: Select[tuple[Any, ...]] = select(
    *PLOT_COLUMNS,
    review_item,
    plot_type.c.name.label("type_name"),
    model.c.version,
    label_class.c.name.label("label"),
).select_from(
    review_item.join(plot, plot.c.id == review_item.c.plot_id)
    .join(image, image.c.id == plot.c.image_id)
    .join(plot_type, plot_type.c.id == plot.c.plot_type_id)
    .outerjoin(model, model.c.id == review_item.c.model_id)
    .outerjoin(truth, truth.c.plot_id == plot.c.id)
    .outerjoin(label_class, label_class.c.id == truth.c.label_class_id)
)
_REFERENCES = select(plot.c.uid, plot.c.run, plot.c.chunk, image.c.sha256).select_from(
    plot.join(image, image.c.id == plot.c.image_id)
)
