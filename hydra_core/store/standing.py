"""Settle what is true of plots: after any vote, undo or decision, truth and standing are worked out anew from votes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select

from db_schema.tables import label, label_batch, plot, standing, truth
from hydra_core.consensus import Agreement, Vote, agree
from hydra_core.store.review import DISAGREEMENT, close_reviews, queue_plots
from hydra_core.store.rows import CHUNK, AnyRow

WEB, REVIEW = "web", "review"
"""Sources of batches: somebody labelled in the grid; an expert decided."""
BY_HAND = (WEB, REVIEW)
"""Sources of batches in which somebody looked at each plot or chose them by a query; all others are imports."""
OPEN, DECIDED, EXCLUDED = "open", "decided", "excluded"
"""States of a plot: what the votes say holds; an expert has decided; it is left out of training."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a plot stands, apart from its votes. `class_id` and `batch_id` are those of an expert's decision."""

    state: str = OPEN
    class_id: int | None = None
    batch_id: int | None = None
    after_batch: int = 0
    dissent: float = 0.0
    split: str | None = None
    group: str | None = None


def votes_on(connection: Connection, plot_ids: Sequence[int]) -> dict[int, list[Vote]]:
    """Return every vote of a batch that was not undone, by plot."""
    query = (
        select(label, label_batch.c.labelled_by, label_batch.c.source)
        .join(label_batch, label_batch.c.id == label.c.batch_id)
        .where(label_batch.c.undone_at.is_(None))
    )
    found: dict[int, list[Vote]] = {}
    for part in chunks(plot_ids):
        for row in connection.execute(query.where(label.c.plot_id.in_(part))):
            vote = Vote(row.labelled_by, row.label_class_id, row.batch_id, row.source in BY_HAND)
            found.setdefault(row.plot_id, []).append(vote)
    return found


def standings(connection: Connection, plot_ids: Sequence[int]) -> dict[int, Standing]:
    """Return how plots stand, those of which anything is known."""
    found = {}
    for part in chunks(plot_ids):
        for row in connection.execute(select(standing).where(standing.c.plot_id.in_(part))):
            found[row.plot_id] = Standing(
                *(row.state, row.label_class_id, row.batch_id, row.after_batch, row.dissent, row.split, row.group_name)
            )
    return found


def settle(connection: Connection, plot_ids: Sequence[int], changes: Mapping[int, Standing] | None = None) -> None:
    """Work out truth and standing of plots anew. `changes` replaces what was known of some of them.

    Plots on which people disagree are queued for review, and taken out of it once they agree.
    """
    for part in chunks(sorted(set(plot_ids))):
        _settle(connection, part, changes or {})


def chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield ids in lists of no more than what one query takes."""
    rest = list(ids)
    for start in range(0, len(rest), CHUNK):
        yield rest[start : start + CHUNK]


def _settle(connection: Connection, plot_ids: list[int], changes: Mapping[int, Standing]) -> None:
    votes, before = votes_on(connection, plot_ids), standings(connection, plot_ids)
    truths = {row.plot_id: row for row in connection.execute(select(truth).where(truth.c.plot_id.in_(plot_ids)))}
    known = {i: _with_split(changes.get(i, before.get(i, Standing())), truths.get(i)) for i in plot_ids}
    said = {i: agree(votes.get(i, ()), known[i].after_batch) for i in plot_ids}
    now = datetime.now(UTC)
    new = {i: values for i in plot_ids if (values := _truth_row(i, known[i], said[i], truths.get(i), now)) is not None}
    after = {i: _after(known[i], said[i], i in new) for i in plot_ids}
    _replace(connection, truth, list(truths), list(new.values()))
    types = _types(connection, [i for i in plot_ids if after[i] != Standing()])
    _replace(connection, standing, list(before), [_row(i, type_id, after[i], now) for i, type_id in types.items()])
    queue_plots(connection, DISAGREEMENT, {i: one.dissent for i, one in after.items() if one.dissent > 0})
    disputed_before = {i for i, one in before.items() if one.dissent > 0}
    calm = [i for i in plot_ids if after[i].dissent == 0 and (i in disputed_before or i in changes)]
    close_reviews(connection, DISAGREEMENT, calm)


def _types(connection: Connection, plot_ids: list[int]) -> dict[int, int]:
    query = select(plot.c.id, plot.c.plot_type_id).where(plot.c.id.in_(plot_ids))
    return {row.id: row.plot_type_id for row in connection.execute(query)} if plot_ids else {}


def _with_split(known: Standing, old: AnyRow | None) -> Standing:
    return known if old is None else replace(known, split=old.split, group=old.group_name)


def _after(known: Standing, said: Agreement, has_truth: bool) -> Standing:
    """Return how the plot stands now; the split of an import is kept here while no label carries it."""
    known = replace(known, dissent=said.dissent if known.state == OPEN else 0.0)
    return replace(known, split=None, group=None) if has_truth else known


def _truth_row(
    plot_id: int, known: Standing, said: Agreement, old: AnyRow | None, now: datetime
) -> dict[str, Any] | None:
    found = _truth(known, said)
    if found is None:
        return None
    same = old is not None and (old.label_class_id, old.batch_id) == found
    values = {"plot_id": plot_id, "label_class_id": found[0], "batch_id": found[1]}
    at = old.updated_at if old is not None and same else now
    return {**values, "split": known.split, "group_name": known.group, "updated_at": at}


def _truth(known: Standing, said: Agreement) -> tuple[int, int] | None:
    """Return class and batch of the label that training reads; None when there is none."""
    if known.state == EXCLUDED:
        return None
    if known.state == DECIDED and known.class_id is not None and known.batch_id is not None:
        return known.class_id, known.batch_id
    if said.class_id is None or said.batch_id is None:
        return None
    return said.class_id, said.batch_id


def _row(plot_id: int, type_id: int, known: Standing, now: datetime) -> dict[str, Any]:
    return {
        "plot_id": plot_id,
        "plot_type_id": type_id,
        "state": known.state,
        "dissent": known.dissent,
        "label_class_id": known.class_id,
        "batch_id": known.batch_id,
        "after_batch": known.after_batch,
        "split": known.split,
        "group_name": known.group,
        "updated_at": now,
    }


def _replace(connection: Connection, table: Table, old: Sequence[int], new: Sequence[dict[str, Any]]) -> None:
    if old:
        connection.execute(delete(table).where(table.c.plot_id.in_(old)))
    if new:
        connection.execute(insert(table), new)
