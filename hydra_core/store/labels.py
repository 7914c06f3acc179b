"""Labels: store what people (or an import) said of plots, and read back what training learns from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select, update

from db_schema.tables import (
    dataset,
    dataset_item,
    image,
    label,
    label_batch,
    label_class,
    plot,
    plot_type,
    standing,
    truth,
)
from hydra_core.domain import Image, LabelledPlot
from hydra_core.errors import StoreError
from hydra_core.store.catalog import class_ids
from hydra_core.store.rows import (
    CHUNK,
    PLOT_COLUMNS,
    ensure_plot_type,
    image_values,
    insert_or_keep,
    new_id,
    plot_values,
    to_plot,
)
from hydra_core.store.standing import Standing, settle, standings, votes_on


def add_labels(
    connection: Connection, rows: Sequence[LabelledPlot], images: Mapping[str, Image], by: str, source: str
) -> int:
    """Store labelled plots as one batch; return how many are new or differ from what was known. Raises StoreError."""
    now = datetime.now(UTC)
    by_uid = {row.plot.uid: row for row in rows}
    classes = _class_ids(connection, list(by_uid.values()))
    plot_ids = _ensure_plots(connection, by_uid, images, now)
    known = {}
    for row in _by(connection, truth, truth.c.plot_id, list(plot_ids.values())):
        known[row.plot_id] = (row.label_class_id, row.split, row.group_name)
    said = {
        plot_ids[uid]: (classes[row.plot.plot_type][row.class_name], row.split, row.group)
        for uid, row in by_uid.items()
    }
    fresh = {plot_id: value for plot_id, value in said.items() if known.get(plot_id) != value}
    held = _looked_at(connection, list(fresh))
    if held:
        _keep_split(connection, {plot_id: fresh.pop(plot_id) for plot_id in held})
    if fresh:
        types = {row.plot.plot_type for row in by_uid.values()}
        type_id = ensure_plot_type(connection, types.pop()) if len(types) == 1 else None
        _write_batch(connection, fresh, by, source, type_id, now)
    return len(fresh)


def _looked_at(connection: Connection, plot_ids: Sequence[int]) -> set[int]:
    """Return the plots that people have labelled by hand or decided on: no import speaks louder."""
    found = {
        i for i, one in standings(connection, plot_ids).items() if one != Standing(split=one.split, group=one.group)
    }
    votes = votes_on(connection, plot_ids)
    return found | {i for i, all_votes in votes.items() if any(vote.by_hand for vote in all_votes)}


def _keep_split(connection: Connection, rows: Mapping[int, tuple[int, str | None, str | None]]) -> None:
    """Take over only the split of an import, for plots whose label is decided otherwise."""
    changes = {}
    for plot_id, one in standings(connection, list(rows)).items():
        changes[plot_id] = replace(one, split=rows[plot_id][1], group=rows[plot_id][2])
    for plot_id, (_, split, group) in rows.items():
        mine = update(truth).where(truth.c.plot_id == plot_id)
        connection.execute(mine.values(split=split, group_name=group))
    settle(connection, list(rows), changes)


def labelled(connection: Connection, name: str) -> list[LabelledPlot]:
    """Return every plot of a plot type that has a true class, in the order of time and uid."""
    newest = select(func.max(dataset.c.id)).join(plot_type, plot_type.c.id == dataset.c.plot_type_id)
    last = (dataset_item.c.plot_id == plot.c.id) & (
        dataset_item.c.dataset_id == newest.where(plot_type.c.name == name).scalar_subquery()
    )
    query = (
        select(*PLOT_COLUMNS, label_class.c.name, truth.c.split, truth.c.group_name, dataset_item.c.split.label("last"))
        .select_from(truth)
        .join(plot, plot.c.id == truth.c.plot_id)
        .join(image, image.c.id == plot.c.image_id)
        .join(plot_type, plot_type.c.id == plot.c.plot_type_id)
        .join(label_class, label_class.c.id == truth.c.label_class_id)
        .outerjoin(dataset_item, last)
        .where(plot_type.c.name == name)
        .order_by(plot.c.taken_at, plot.c.uid)
    )
    rows = connection.execute(query)
    return [LabelledPlot(to_plot(row, name), row.name, row.split, row.group_name, row.last) for row in rows]


def _class_ids(connection: Connection, rows: Sequence[LabelledPlot]) -> dict[str, Mapping[str, int]]:
    known = {name: class_ids(connection, name) for name in {row.plot.plot_type for row in rows}}
    for row in rows:
        classes = known[row.plot.plot_type]
        if row.class_name not in classes:
            raise StoreError(
                f"plot type {row.plot.plot_type} has no class {row.class_name!r} ({row.plot.source}); "
                f"known: {', '.join(classes) or 'none'}. Add it at the end of `classes` in the configuration"
            )
    return known


def _ensure_plots(
    connection: Connection, rows: Mapping[str, LabelledPlot], images: Mapping[str, Image], now: datetime
) -> dict[str, int]:
    pictures = {}
    for row in rows.values():
        sha256 = row.plot.sha256
        pictures[sha256] = image_values(images.get(sha256) or Image(sha256, "", 0, 0, 0, None), now)
    image_ids = _ensure_all(connection, image, "sha256", pictures)
    type_ids = {name: ensure_plot_type(connection, name) for name in {row.plot.plot_type for row in rows.values()}}
    plots = {
        uid: plot_values(row.plot, type_ids[row.plot.plot_type], image_ids[row.plot.sha256])
        for uid, row in rows.items()
    }
    return _ensure_all(connection, plot, "uid", plots)


def _ensure_all(connection: Connection, table: Table, key: str, values: Mapping[str, dict[str, Any]]) -> dict[str, int]:
    """Return the ids of many rows by their unique key, making those that are missing."""
    column = table.c[key]
    ids = {getattr(row, key): row.id for row in _by(connection, table, column, list(values))}
    missing = [{key: name, **value} for name, value in values.items() if name not in ids]
    if missing:
        connection.execute(insert_or_keep(connection, table), missing)
        names = [row[key] for row in missing]
        ids.update((getattr(row, key), row.id) for row in _by(connection, table, column, names))
    return ids


def _by(connection: Connection, table: Table, column: ColumnElement[Any], values: Sequence[object]) -> Iterator[Any]:
    """Yield the rows of a table whose column has one of many values."""
    for start in range(0, len(values), CHUNK):
        yield from connection.execute(select(table).where(column.in_(values[start : start + CHUNK])))


def _write_batch(
    connection: Connection,
    fresh: Mapping[int, tuple[int, str | None, str | None]],
    by: str,
    source: str,
    type_id: int | None,
    now: datetime,
) -> None:
    batch = insert(label_batch).values(labelled_by=by, source=source, plot_type_id=type_id, created_at=now)
    batch_id = new_id(connection.execute(batch))
    votes = [
        {"batch_id": batch_id, "plot_id": plot_id, "label_class_id": class_id}
        for plot_id, (class_id, _, _) in fresh.items()
    ]
    connection.execute(insert(label), votes)
    ids = list(fresh)
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        connection.execute(delete(truth).where(truth.c.plot_id.in_(part)))
        connection.execute(delete(standing).where(standing.c.plot_id.in_(part)))
    truths = [
        {**vote, "split": split, "group_name": group, "updated_at": now}
        for vote, (_, split, group) in zip(votes, fresh.values(), strict=True)
    ]
    connection.execute(insert(truth), truths)
