"""How far labelling has come: labels of each class, the newest run, disputes, and how well people agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from db_schema.tables import label, label_batch, label_class, plot, plot_type, review_item, standing, truth
from hydra_core.consensus import Vote, counted
from hydra_core.store.label_queue import Desk
from hydra_core.store.review import OPEN
from hydra_core.store.standing import BY_HAND, votes_on

LOOKED_BACK = 1000
"""So many of a person's last votes are compared with what others said."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a plot type is.

    `run` is its newest run (None: it has no plot), `in_run` its plots and `labelled_in_run` those with a label;
    `mine` how many of this person's last votes others voted on as well, `agreed` how many of those votes say the same.
    """

    run: int | None
    in_run: int
    labelled_in_run: int
    labelled: int
    disputed: int
    mine: int
    agreed: int


@dataclass(frozen=True, slots=True)
class TypeFacts:
    """A plot type in the index: labels of each class in enum order, disputes, open reviews, and the last label."""

    name: str
    labels: tuple[tuple[str, int], ...]
    disputed: int
    in_review: int
    last: datetime | None

    @property
    def labelled(self) -> int:
        """How many plots have a label."""
        return sum(count for _, count in self.labels)


def progress(connection: Connection, desk: Desk) -> Progress:
    """Return how far the plot type is, and how well the person agrees with others."""
    mine = plot.c.plot_type_id == desk.type_id
    run = connection.scalar(select(func.max(plot.c.run)).where(mine))
    in_run = labelled_in_run = 0
    if run is not None:
        query = select(func.count(plot.c.id), func.count(truth.c.plot_id))
        query = query.select_from(plot.outerjoin(truth, truth.c.plot_id == plot.c.id)).where(mine, plot.c.run == run)
        in_run, labelled_in_run = connection.execute(query).one()
    classes = select(label_class.c.id).where(label_class.c.plot_type_id == desk.type_id)
    labelled = connection.scalar(select(func.count()).select_from(truth).where(truth.c.label_class_id.in_(classes)))
    disputes = (standing.c.plot_type_id == desk.type_id) & (standing.c.dissent > 0)
    disputed = connection.scalar(select(func.count()).select_from(standing).where(disputes))
    shared, agreed = _agreement(connection, desk)
    return Progress(run, in_run, labelled_in_run, labelled or 0, disputed or 0, shared, agreed)


def _agreement(connection: Connection, desk: Desk) -> tuple[int, int]:
    """Return how many votes of others there are on plots that the person labelled lately, and how many say the same."""
    query = (
        select(label.c.plot_id)
        .join(label_batch, label_batch.c.id == label.c.batch_id)
        .where(
            label_batch.c.labelled_by == desk.person,
            label_batch.c.plot_type_id == desk.type_id,
            label_batch.c.undone_at.is_(None),
            label_batch.c.source.in_(BY_HAND),
        )
        .order_by(label.c.id.desc())
        .limit(LOOKED_BACK)
    )
    shared = agreed = 0
    for votes in votes_on(connection, sorted(set(connection.scalars(query)))).values():
        both, same = _compared(counted(votes), desk.person)
        shared, agreed = shared + both, agreed + same
    return shared, agreed


def _compared(votes: Sequence[Vote], person: str) -> tuple[int, int]:
    own = next((vote.class_id for vote in votes if vote.person == person), None)
    others = [vote.class_id for vote in votes if vote.person != person]
    return (0, 0) if own is None else (len(others), others.count(own))


def label_index(connection: Connection) -> list[TypeFacts]:
    """Return the configured plot types with what is known of their labels, by group and name."""
    query = select(plot_type.c.id, plot_type.c.name).where(plot_type.c.active)
    names = connection.execute(query.order_by(plot_type.c.group_name, plot_type.c.name)).all()
    labels = _labels(connection)
    disputes = select(standing.c.plot_type_id, func.count()).where(standing.c.dissent > 0)
    disputed = _counts(connection, disputes.group_by(standing.c.plot_type_id))
    reviews = select(plot.c.plot_type_id, func.count()).join(review_item, review_item.c.plot_id == plot.c.id)
    in_review = _counts(connection, reviews.where(review_item.c.state == OPEN).group_by(plot.c.plot_type_id))
    batches = select(label_batch.c.plot_type_id, func.max(label_batch.c.id))
    newest = _counts(connection, batches.group_by(label_batch.c.plot_type_id))
    when = select(label_batch.c.id, label_batch.c.created_at).where(label_batch.c.id.in_(list(newest.values())))
    at = {row.id: row.created_at for row in connection.execute(when)}
    return [
        TypeFacts(
            row.name,
            tuple(labels.get(row.id, ())),
            disputed.get(row.id, 0),
            in_review.get(row.id, 0),
            at.get(newest.get(row.id, 0)),
        )
        for row in names
    ]


def _labels(connection: Connection) -> Mapping[int, list[tuple[str, int]]]:
    """Return (class, labels) of every class in use, by plot type."""
    query = (
        select(label_class.c.plot_type_id, label_class.c.name, func.count(truth.c.plot_id).label("labels"))
        .select_from(label_class.outerjoin(truth, truth.c.label_class_id == label_class.c.id))
        .where(label_class.c.retired.is_(False))
        .group_by(label_class.c.id, label_class.c.plot_type_id, label_class.c.name, label_class.c.position)
        .order_by(label_class.c.plot_type_id, label_class.c.position)
    )
    found: dict[int, list[tuple[str, int]]] = {}
    for type_id, name, count in connection.execute(query):
        found.setdefault(type_id, []).append((name, count))
    return found


def _counts(connection: Connection, query: Select[tuple[Any, ...]]) -> dict[int, int]:
    return {row[0]: row[1] for row in connection.execute(query)}
