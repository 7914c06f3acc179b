"""The library of models: enter, list, make active, go back; every step is audited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import Connection, func, insert, select, update

from db_schema.tables import model, plot_type, threshold
from hydra_core.domain import ModelRecord, ModelRef
from hydra_core.errors import StoreError
from hydra_core.store.audit import audit
from hydra_core.store.rows import AnyRow, add_change, ensure_model, ensure_plot_type

_ENTERED = model.c.path != ""


@dataclass(frozen=True, slots=True)
class NewModel:
    """A model that is to enter the library; `path` is its bundle's directory."""

    ref: ModelRef
    path: str
    classes: Sequence[str]
    metrics: Mapping[str, float]
    thresholds: Mapping[str, float]
    created_by: str
    parent: int | None = None


def add_model(connection: Connection, new: NewModel) -> ModelRecord:
    """Enter a model as a candidate; entering the same one again changes nothing. Raises StoreError."""
    ref, now = new.ref, datetime.now(UTC)
    known = _find(connection, ref.plot_type, ref.version)
    if known is not None:
        if known.sha256 != ref.sha256:
            raise StoreError(f"{ref} is in the library already, with other contents; take the next version number")
        return _to_record(connection, known)
    parent = _find(connection, ref.plot_type, new.parent) if new.parent is not None else None
    if new.parent is not None and parent is None:
        raise StoreError(f"{ref}: its parent v{new.parent} is not in the library")
    type_id = ensure_plot_type(connection, ref.plot_type)
    model_id = ensure_model(connection, ref, type_id, new.classes, now)
    values = {"path": new.path, "classes": list(new.classes), "metrics": dict(new.metrics), "state": "candidate"}
    dated = {"created_at": now, "created_by": new.created_by, "parent_id": parent.id if parent is not None else None}
    connection.execute(update(model).where(model.c.id == model_id).values({**values, **dated}))
    _add_thresholds(connection, model_id, new.thresholds, new.created_by, FROM_TRAINING, now)
    audit(connection, new.created_by, "add model", str(ref), None, {"path": new.path, "sha256": ref.sha256})
    return _to_record(connection, _get(connection, ref.plot_type, ref.version))


def models(connection: Connection, name: str | None = None) -> list[ModelRecord]:
    """Return the models of one plot type or of all, oldest version first."""
    query = _MODELS.where(_ENTERED).order_by(plot_type.c.name, model.c.version)
    rows = connection.execute(query if name is None else query.where(plot_type.c.name == name)).all()
    return [_to_record(connection, row) for row in rows]


def active_model(connection: Connection, name: str) -> ModelRecord | None:
    """Return the active model of a plot type; None when there is none."""
    query = _MODELS.where(plot_type.c.name == name, model.c.state == "active", _ENTERED)
    row = connection.execute(query).one_or_none()
    return None if row is None else _to_record(connection, row)


def next_version(connection: Connection, name: str) -> int:
    """Return the first version number that no model of the plot type has, 1 for the first."""
    query = select(func.max(model.c.version)).join(plot_type, plot_type.c.id == model.c.plot_type_id)
    return (connection.scalar(query.where(plot_type.c.name == name)) or 0) + 1


def promote(connection: Connection, name: str, version: int, by: str) -> ModelRecord:
    """Make a model the active one; the one before is retired. Raises StoreError for an unknown version."""
    row = _get(connection, name, version)
    if row.state != "active":
        _activate(connection, row, by, "promote model")
    return _to_record(connection, _get(connection, name, version))


def rollback(connection: Connection, name: str, by: str) -> ModelRecord:
    """Make the previously active model active again. Raises StoreError when there was none."""
    query = _MODELS.where(plot_type.c.name == name, model.c.state == "retired", model.c.activated_at.is_not(None))
    row = connection.execute(query.where(_ENTERED).order_by(model.c.activated_at.desc()).limit(1)).one_or_none()
    if row is None:
        raise StoreError(f"plot type {name}: no model was active before; `hydra model list` shows what there is")
    _activate(connection, row, by, "roll back model", forget=True)
    return _to_record(connection, _get(connection, name, row.version))


MANUAL = "manual"
"""How a threshold was chosen when a person gave the number."""
FROM_TRAINING = "evaluate"
"""How a threshold was chosen that a model came with; all others a person put in force, over the configuration's."""


def set_thresholds(
    connection: Connection, name: str, version: int, values: Mapping[str, float], by: str, method: str
) -> ModelRecord:
    """Put new thresholds in force; the old ones stay as history. Raises StoreError for an unknown version."""
    row = _get(connection, name, version)
    before = _thresholds(connection, row.id)
    _add_thresholds(connection, row.id, values, by, method, datetime.now(UTC))
    record = _to_record(connection, row)
    audit(connection, by, "set thresholds", str(record.ref), before, record.thresholds)
    payload = {"version": version, "thresholds": dict(values), "by": by}
    now = datetime.now(UTC)
    add_change(connection, uuid4().hex, "threshold", row.plot_type_id, row.id, payload, now, now)
    return record


_MODELS = select(model, plot_type.c.name).join(plot_type, plot_type.c.id == model.c.plot_type_id)


def _find(connection: Connection, name: str, version: int) -> AnyRow | None:
    query = _MODELS.where(plot_type.c.name == name, model.c.version == version, _ENTERED)
    return connection.execute(query).one_or_none()


def _get(connection: Connection, name: str, version: int) -> AnyRow:
    row = _find(connection, name, version)
    if row is None:
        raise StoreError(f"{name} v{version} is not in the library; `hydra model list` shows what is")
    return row


def _activate(connection: Connection, row: AnyRow, by: str, what: str, forget: bool = False) -> None:
    """Make a model active. `forget`: the one before was a mistake, a further rollback must not return to it."""
    now = datetime.now(UTC)
    active = (model.c.plot_type_id == row.plot_type_id) & (model.c.state == "active")
    before = connection.scalar(select(model.c.version).where(active))
    mark = {"activated_at": None} if forget else {}
    connection.execute(update(model).where(active).values({"state": "retired", **mark}))
    connection.execute(update(model).where(model.c.id == row.id).values(state="active", activated_at=now))
    audit(connection, by, what, row.name, {"version": before}, {"version": row.version})
    payload = {"version": row.version, "before": before, "by": by}
    add_change(connection, uuid4().hex, "model", row.plot_type_id, row.id, payload, now, now)


def _add_thresholds(
    connection: Connection, model_id: int, values: Mapping[str, float], by: str, method: str, now: datetime
) -> None:
    rows = [
        {"model_id": model_id, "class_name": name, "set_at": now, "value": value, "method": method, "set_by": by}
        for name, value in values.items()
    ]
    if rows:
        connection.execute(insert(threshold), rows)


def _thresholds(connection: Connection, model_id: int, by_person: bool = False) -> dict[str, float]:
    query = select(threshold).where(threshold.c.model_id == model_id).order_by(threshold.c.set_at, threshold.c.id)
    last = {row.class_name: row for row in connection.execute(query)}
    return {name: row.value for name, row in last.items() if not by_person or row.method != FROM_TRAINING}


def _to_record(connection: Connection, row: AnyRow) -> ModelRecord:
    parent = None
    if row.parent_id is not None:
        parent = connection.scalar(select(model.c.version).where(model.c.id == row.parent_id))
    return ModelRecord(
        ref=ModelRef(row.name, row.version, row.sha256),
        state=row.state,
        path=row.path,
        classes=tuple(row.classes),
        metrics=row.metrics,
        thresholds=_thresholds(connection, row.id),
        created_at=row.created_at,
        created_by=row.created_by,
        parent=parent,
        manual=_thresholds(connection, row.id, by_person=True),
    )
