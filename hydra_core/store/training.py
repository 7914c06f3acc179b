"""Frozen training sets and the trainings that used them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from db_schema.tables import dataset, dataset_item, model, plot, plot_type, training_run, truth
from hydra_core.errors import StoreError
from hydra_core.store.codec import to_json
from hydra_core.store.rows import ensure_plot_type, new_id


def freeze_dataset(connection: Connection, name: str, items: Mapping[str, str], digest: str) -> int:
    """Freeze labelled plots (uid → split) under a digest and return the set's id; the same digest is the same set.

    Raises StoreError when a plot has no label.
    """
    type_id = ensure_plot_type(connection, name)
    same = (dataset.c.plot_type_id == type_id) & (dataset.c.digest == digest)
    known = connection.scalar(select(dataset.c.id).where(same))
    if known is not None:
        return int(known)
    query = (
        select(plot.c.uid, plot.c.id, truth.c.label_class_id)
        .join(truth, truth.c.plot_id == plot.c.id)
        .where(plot.c.plot_type_id == type_id)
    )
    labels = {row.uid: (row.id, row.label_class_id) for row in connection.execute(query)}
    missing = sorted(set(items) - set(labels))
    if missing:
        raise StoreError(f"plot type {name}: {len(missing)} plots of the set have no label, the first is {missing[0]}")
    values = {"plot_type_id": type_id, "digest": digest, "created_at": datetime.now(UTC)}
    dataset_id = new_id(connection.execute(insert(dataset).values(values)))
    rows = [
        {"dataset_id": dataset_id, "plot_id": labels[uid][0], "label_class_id": labels[uid][1], "split": split}
        for uid, split in items.items()
    ]
    if rows:
        connection.execute(insert(dataset_item), rows)
    return dataset_id


def add_training_run(
    connection: Connection,
    name: str,
    dataset_id: int | None,
    version: int | None,
    state: str,
    started_at: datetime,
    finished_at: datetime | None,
    settings: Mapping[str, object],
    history: Mapping[str, object],
    by: str,
) -> int:
    """Write down a training of a plot type, with the model `version` that came of it, and return its id."""
    query = select(model.c.id).join(plot_type, plot_type.c.id == model.c.plot_type_id)
    query = query.where(plot_type.c.name == name, model.c.version == version, model.c.path != "")
    values: dict[str, Any] = {
        "plot_type_id": ensure_plot_type(connection, name),
        "dataset_id": dataset_id,
        "model_id": connection.scalar(query) if version is not None else None,
        "state": state,
        "started_at": started_at,
        "finished_at": finished_at,
        "settings": to_json(settings),
        "history": to_json(history),
        "created_by": by,
    }
    return new_id(connection.execute(insert(training_run).values(values)))
