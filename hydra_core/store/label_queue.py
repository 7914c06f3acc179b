"""Which plots come next to be labelled: five orders, filters, pages by key, none slower for a longer history."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from db_schema.tables import (
    image,
    inference,
    label,
    label_batch,
    label_class,
    model,
    plot,
    plot_type,
    review_item,
    skipped,
    standing,
    truth,
)
from hydra_core.errors import StoreError
from hydra_core.store.review import FLAG, OPEN
from hydra_core.store.rows import AnyRow
from hydra_core.store.standing import EXCLUDED


class Order(StrEnum):
    """In which order plots come."""

    UNCERTAIN = "uncertain"
    DISAGREEMENT = "disagreement"
    DIVERSE = "diverse"
    NEW = "new"
    RANDOM = "random"


class Show(StrEnum):
    """Which plots come: those without a label, those that I have not labelled, those with one, or all."""

    UNLABELLED = "unlabelled"
    UNSEEN = "unseen"
    LABELLED = "labelled"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a plot must be like; None asks for nothing. `says` is the active model's class, scores 0…1 are of it."""

    show: Show = Show.UNLABELLED
    run_from: int | None = None
    run_to: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    says: str | None = None
    score_from: float | None = None
    score_to: float | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """Who labels what: the plot type's id, its active model's (None: it has none) and the person's name."""

    type_id: int
    model_id: int | None
    person: str


class NoSuchError(StoreError):
    """A plot type, plot, class or batch that the database does not know."""


class BadCursorError(StoreError):
    """A cursor that no page has handed out."""


def find_desk(connection: Connection, name: str, person: str) -> Desk | None:
    """Return the desk of a plot type; None for one that the database does not know."""
    active = and_(model.c.plot_type_id == plot_type.c.id, model.c.state == "active", model.c.path != "")
    query = select(plot_type.c.id, model.c.id.label("model_id")).select_from(plot_type.outerjoin(model, active))
    row = connection.execute(query.where(plot_type.c.name == name).order_by(model.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else Desk(row.id, row.model_id, person)


def encode(cursor: Sequence[object]) -> str:
    """Return a cursor as the text that a page hands out."""
    return base64.urlsafe_b64encode(json.dumps(cursor, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(text: str) -> list[Any]:
    """Return what `encode` was given. Raises BadCursorError."""
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error) as error:
        raise BadCursorError("this is no cursor of a page") from error
    if not isinstance(found, list) or not found:
        raise BadCursorError("this is no cursor of a page")
    return found


def rows(driver: FromClause, desk: Desk) -> Select[tuple[Any, ...]]:
    """Return the query of what a tile shows. `driver` (plot, inference, standing, skipped) leads: it has the order."""
    source: FromClause = driver
    if driver is not plot:
        source = source.outerjoin(plot, plot.c.id == driver.c.plot_id)
    if driver is not inference:
        source = source.outerjoin(inference, _judged(desk))
    if driver is not standing:
        source = source.outerjoin(standing, standing.c.plot_id == plot.c.id)
    source = source.outerjoin(image, image.c.id == plot.c.image_id).outerjoin(truth, truth.c.plot_id == plot.c.id)
    source = source.outerjoin(label_class, label_class.c.id == truth.c.label_class_id)
    flagged = exists().where(
        review_item.c.plot_id == plot.c.id, review_item.c.kind == FLAG, review_item.c.state == OPEN
    )
    return select(
        *(plot.c.id, plot.c.uid, plot.c.run, plot.c.chunk, plot.c.taken_at, image.c.sha256, image.c.dhash),
        *(inference.c.id.label("inference_id"), inference.c.top_class, inference.c.top_score, inference.c.margin),
        *(
            inference.c.novelty,
            inference.c.cam_height,
            label_class.c.name.label("label"),
            standing.c.dissent,
            flagged.label("flagged"),
        ),
    ).select_from(source)


def matching(filters: Filters, desk: Desk, with_show: bool = True) -> list[ColumnElement[bool]]:
    """Return the conditions of the filters over the tables that `rows` joins."""
    found: list[ColumnElement[bool]] = [image.c.purged_at.is_(None)]
    if with_show:
        found.append(_shown(filters, desk))
    bounds = (
        (plot.c.run, filters.run_from, filters.run_to),
        (plot.c.taken_at, filters.since, filters.until),
        (inference.c.top_score, filters.score_from, filters.score_to),
    )
    for column, low, high in bounds:
        found += [column >= low] if low is not None else []
        found += [column <= high] if high is not None else []
    if filters.says is not None:
        found.append(inference.c.top_class == filters.says)
    if filters.label is not None:
        found.append(label_class.c.name == filters.label)
    return found


def not_put_off(desk: Desk) -> ColumnElement[bool]:
    """The plots that the person has not put off."""
    return not_(exists().where(skipped.c.plot_id == plot.c.id, skipped.c.person == desk.person))


def count_matching(connection: Connection, filters: Filters, desk: Desk) -> int:
    """Return how many plots the filters let pass, put off or not."""
    query = select(func.count()).select_from(_matching_ids(filters, desk).subquery())
    return connection.execute(query).scalar_one()


def matching_ids(connection: Connection, filters: Filters, desk: Desk) -> list[int]:
    """Return the ids of all plots that the filters let pass, put off or not."""
    return [int(i) for i in connection.scalars(_matching_ids(filters, desk))]


def _matching_ids(filters: Filters, desk: Desk) -> Select[tuple[Any, ...]]:
    query = rows(plot, desk).with_only_columns(plot.c.id)
    return query.where(plot.c.plot_type_id == desk.type_id, *matching(filters, desk))


def _judged(desk: Desk) -> ColumnElement[bool]:
    nobody = 0  # no model has this id
    return and_(inference.c.plot_id == plot.c.id, inference.c.model_id == (desk.model_id or nobody))


def _shown(filters: Filters, desk: Desk) -> ColumnElement[bool]:
    if filters.show is Show.ALL:
        return true()
    if filters.show is Show.LABELLED or filters.label is not None:
        return truth.c.plot_id.is_not(None)
    usable = or_(standing.c.state.is_(None), standing.c.state != EXCLUDED)
    if filters.show is Show.UNLABELLED:
        return and_(truth.c.plot_id.is_(None), usable)
    mine = (
        select(literal(1))
        .select_from(label.join(label_batch, label_batch.c.id == label.c.batch_id))
        .where(
            label.c.plot_id == plot.c.id, label_batch.c.labelled_by == desk.person, label_batch.c.undone_at.is_(None)
        )
    )
    return and_(not_(mine.exists()), usable)


def row_key(row: AnyRow, *names: str) -> list[object]:
    """Return columns of a row as a cursor holds them."""
    values = [getattr(row, name) for name in names]
    return [value.isoformat() if isinstance(value, datetime) else value for value in values]
