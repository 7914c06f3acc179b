"""Rows that others refer to (plot type, picture, plot, model): found by what identifies them, made when missing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, CursorResult, Insert, Row, Table, and_, insert, select, update
from sqlalchemy.dialects import mysql, sqlite

from db_schema.tables import change, image, model, plot, plot_type
from hydra_core.domain import Image, ModelRef, Plot, Prediction
from hydra_core.store.codec import storable, to_json

CHUNK = 500
"""Values in one IN list: well below the engines' limits."""
AnyRow = Row[*tuple[Any, ...]]
"""A row of whatever a query asked for."""

PLOT_COLUMNS: tuple[ColumnElement[Any], ...] = (
    plot.c.uid,
    plot.c.run,
    plot.c.chunk,
    plot.c.taken_at,
    plot.c.received_at,
    plot.c.source,
    image.c.sha256,
)
"""The columns that `to_plot` needs, from plot joined with image."""


def to_plot(row: Sequence[Any], name: str) -> Plot:
    """Return the plot of plot type `name` from a row that starts with PLOT_COLUMNS."""
    uid, run, chunk, taken_at, received_at, source, sha256 = row[:7]
    return Plot(uid, name, run, chunk, taken_at, received_at, source, sha256)


def plot_ids(connection: Connection, name: str, uids: Sequence[str]) -> dict[str, int]:
    """Return uid → the database's id of those plots of plot type `name` that there are."""
    query = select(plot.c.uid, plot.c.id).join(plot_type, plot_type.c.id == plot.c.plot_type_id)
    query = query.where(plot_type.c.name == name)
    found: dict[str, int] = {}
    for start in range(0, len(uids), CHUNK):
        rows = connection.execute(query.where(plot.c.uid.in_(uids[start : start + CHUNK])))
        found.update((row.uid, row.id) for row in rows)
    return found


def to_image(row: AnyRow) -> Image:
    """Return the picture of a row of the image table."""
    return Image(row.sha256, row.media_type, row.width, row.height, row.bytes, row.dhash)


def insert_or_keep(connection: Connection, table: Table) -> Insert:
    """Return an INSERT that leaves an existing row with the same unique key alone, and hides no other error."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return mysql.insert(table).on_duplicate_key_update(id=table.c.id)


def ensure(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> int:
    """Return the id of the row with this unique key, made from `values` when it is missing."""
    query = select(table.c.id).where(and_(*(table.c[name] == value for name, value in key.items())))
    found: int | None = connection.scalar(query)
    if found is None:
        connection.execute(insert_or_keep(connection, table).values({**key, **values}))
        found = connection.execute(query).scalar_one()
    return found


def new_id(result: CursorResult[Any]) -> int:
    """Return the key that the database gave to the row just inserted."""
    key = result.inserted_primary_key
    if key is None:
        raise ValueError("the statement inserted no single row")
    return int(key[0])


def plot_type_id(connection: Connection, name: str) -> int | None:
    """Return the plot type's id; None when the database does not know it."""
    found: int | None = connection.scalar(select(plot_type.c.id).where(plot_type.c.name == name))
    return found


def ensure_plot_type(connection: Connection, name: str) -> int:
    """Return the plot type's id; one that was never configured here gets a bare row, so that no result is lost."""
    bare = {"title": name, "group_name": "", "pv": "", "contact": "", "guidance": ""}
    values = {**bare, "active": True, "collect_percent": 100.0, "policy": {}}
    return ensure(connection, plot_type, {"name": name}, values)


def image_values(picture: Image, at: datetime) -> dict[str, Any]:
    """Return the columns of a picture, except its hash."""
    return {
        "media_type": picture.media_type,
        "width": picture.width,
        "height": picture.height,
        "bytes": picture.size,
        "dhash": picture.dhash,
        "stored_at": at,
    }


def ensure_image(connection: Connection, sha256: str, picture: Image | None, at: datetime) -> int:
    """Return the picture's id; one that could not be read is known by its hash alone."""
    known = picture or Image(sha256, "", 0, 0, 0, None)
    found = ensure(connection, image, {"sha256": sha256}, image_values(known, at))
    # A picture that had been purged and came again is there again.
    connection.execute(update(image).where(image.c.id == found, image.c.purged_at < at).values(purged_at=None))
    return found


def plot_values(item: Plot, type_id: int, image_id: int) -> dict[str, Any]:
    """Return the columns of a plot, except its uid."""
    return {
        "plot_type_id": type_id,
        "image_id": image_id,
        "run": item.run,
        "chunk": item.chunk,
        "taken_at": item.taken_at,
        "received_at": item.received_at,
        "source": storable(item.source),
    }


def ensure_plot(connection: Connection, item: Plot, type_id: int, picture: Image | None, at: datetime) -> int:
    """Return the plot's id."""
    image_id = ensure_image(connection, item.sha256, picture, at)
    return ensure(connection, plot, {"uid": item.uid}, plot_values(item, type_id, image_id))


def ensure_model(connection: Connection, ref: ModelRef, type_id: int, classes: Sequence[str], at: datetime) -> int:
    """Return the model's id; one that the library does not know gets a row without a path."""
    key = {"plot_type_id": type_id, "version": ref.version, "sha256": ref.sha256}
    bare = {"path": "", "classes": list(classes), "metrics": {}, "state": "retired"}
    return ensure(connection, model, key, {**bare, "created_at": at, "created_by": ""})


def prediction_values(said: Prediction) -> dict[str, Any]:
    """Return the columns of an inference that the model alone decides."""
    name, score = said.top()
    others, cam = sorted(said.scores)[:-1], said.cam
    return {
        "top_class": name,
        "top_score": score,
        "margin": score - (others[-1] if others else 0.0),
        "novelty": said.novelty,
        "scores": [list(pair) for pair in zip(said.classes, said.scores, strict=True)],
        "cam": cam.tobytes() if cam is not None else None,
        "cam_height": cam.shape[0] if cam is not None else None,
        "cam_width": cam.shape[1] if cam is not None else None,
        "took_ms": said.took * 1000.0,
    }


def add_change(
    connection: Connection,
    uid: str,
    kind: str,
    type_id: int | None,
    ref_id: int | None,
    payload: Mapping[str, object],
    at: datetime,
    recorded_at: datetime,
) -> None:
    """Say that something happened. The last statement of a transaction, so that ids are committed nearly in order."""
    values = {"uid": uid, "kind": kind, "plot_type_id": type_id, "ref_id": ref_id, "payload": to_json(payload)}
    connection.execute(insert(change).values(**values, at=at, recorded_at=recorded_at))
