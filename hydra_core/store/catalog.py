"""Bring the configured plot types and their classes into the database; positions of classes never change."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from db_schema.tables import label_class, plot_type
from hydra_core.domain import LabelClass, PlotType
from hydra_core.errors import StoreError
from hydra_core.store.codec import to_json
from hydra_core.store.rows import ensure_plot_type


def sync_plot_types(connection: Connection, plot_types: Sequence[PlotType]) -> None:
    """Make the plot types in the database those of the configuration. Raises StoreError if classes were reordered."""
    for kind in plot_types:
        type_id = ensure_plot_type(connection, kind.name)
        values = {
            "title": kind.title,
            "group_name": kind.group,
            "pv": kind.pv,
            "contact": kind.contact,
            "guidance": kind.guidance,
            "active": True,
            "policy": to_json(kind.policy),
        }
        connection.execute(update(plot_type).where(plot_type.c.id == type_id).values(values))
        _sync_classes(connection, kind, type_id)
    names = [kind.name for kind in plot_types]
    connection.execute(update(plot_type).where(plot_type.c.name.not_in(names)).values(active=False))


def class_ids(connection: Connection, name: str) -> Mapping[str, int]:
    """Return the id of every class of a plot type by name, in enum order."""
    query = select(label_class.c.name, label_class.c.id).join(plot_type, plot_type.c.id == label_class.c.plot_type_id)
    rows = connection.execute(query.where(plot_type.c.name == name).order_by(label_class.c.position))
    return {row.name: row.id for row in rows}


def _sync_classes(connection: Connection, kind: PlotType, type_id: int) -> None:
    rows = connection.execute(select(label_class).where(label_class.c.plot_type_id == type_id)).all()
    known = {row.name: row.position for row in rows}
    _refuse_reordering(kind, known)
    for position, wanted in enumerate(kind.classes):
        values = _class_values(wanted)
        if wanted.name in known:
            mine = (label_class.c.plot_type_id == type_id) & (label_class.c.name == wanted.name)
            connection.execute(update(label_class).where(mine).values(values))
        else:
            key = {"plot_type_id": type_id, "name": wanted.name, "position": position}
            connection.execute(insert(label_class).values(**key, **values))
    gone = label_class.c.name.not_in(kind.class_names())
    connection.execute(
        update(label_class).where(label_class.c.plot_type_id == type_id).where(gone).values(retired=True)
    )


def _class_values(wanted: LabelClass) -> dict[str, Any]:
    return {
        "severity": wanted.severity.value,
        "colour": wanted.colour,
        "hotkey": wanted.key,
        "retired": False,
    }


def _refuse_reordering(kind: PlotType, known: Mapping[str, int]) -> None:
    taken = {position: name for name, position in known.items()}
    for position, name in enumerate(kind.class_names()):
        if known.get(name, position) != position or taken.get(position, name) != name:
            order = ", ".join(taken[index] for index in sorted(taken))
            raise StoreError(
                f"plot type {kind.name}: class {name} stands at position {position}, but archived data know the "
                f"classes as: {order}. Put them back in this order in the configuration and add new ones at the end"
            )
