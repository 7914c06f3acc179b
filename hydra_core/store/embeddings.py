"""How models see plots: kept small, for a while, so that a page can show the plots that a model finds most alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, delete, insert, select

from db_schema.tables import embedding, image, inference, label_class, plot, plot_type, truth
from hydra_core.domain import Plot
from hydra_core.store.codec import compact
from hydra_core.store.engine import Database
from hydra_core.store.rows import PLOT_COLUMNS, AnyRow, to_plot

KEPT = 2000
"""How many plots of each model are remembered; labelled ones are remembered beyond that."""

COPIES = 24
"""How many times more plots than wanted are looked at, because many may have the same picture."""

FORGET_EVERY = 128
"""One in so many judgements also forgets what is too old."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A plot that a model sees like another one. `likeness` is the cosine, 1 for the same; `truth` its label if any."""

    plot: Plot
    inference_id: int
    class_name: str
    score: float
    likeness: float
    truth: str | None


def keep_embedding(
    connection: Connection, inference_id: int, model_id: int, plot_id: int, vector: npt.NDArray[np.floating]
) -> None:
    """Remember how a model sees a plot; now and then forget the oldest of the model's that nobody has labelled."""
    data = compact(vector.astype(np.float32)).astype("<f2").tobytes()
    values = {"inference_id": inference_id, "model_id": model_id, "plot_id": plot_id, "vector": data}
    connection.execute(insert(embedding).values(values))
    if inference_id % FORGET_EVERY == 0:
        _forget(connection, model_id)


def _forget(connection: Connection, model_id: int) -> None:
    mine = embedding.c.model_id == model_id
    newest = select(embedding.c.inference_id).where(mine).order_by(embedding.c.inference_id.desc())
    oldest_kept = connection.scalar(newest.offset(KEPT - 1).limit(1))
    if oldest_kept is not None:
        old = mine & (embedding.c.inference_id < oldest_kept)
        labelled = select(truth.c.plot_id).where(truth.c.plot_id == embedding.c.plot_id).exists()
        connection.execute(delete(embedding).where(old, ~labelled))


def neighbours(connection: Connection, inference_id: int, most: int) -> list[Neighbour]:
    """Return the plots that the same model finds most alike, the most alike first; copies of one picture once."""
    one = connection.execute(select(embedding).where(embedding.c.inference_id == inference_id)).one_or_none()
    if one is None:
        return []
    query = select(embedding.c.inference_id, embedding.c.vector)
    query = query.where(embedding.c.model_id == one.model_id, embedding.c.inference_id != inference_id)
    rows = connection.execute(query.order_by(embedding.c.inference_id.desc()).limit(2 * KEPT)).all()
    likeness = _likeness(one.vector, [row.vector for row in rows if len(row.vector) == len(one.vector)])
    ids = [row.inference_id for row in rows if len(row.vector) == len(one.vector)]
    best = sorted(range(len(ids)), key=lambda i: -likeness[i])[: COPIES * most]
    picture = connection.scalar(select(plot.c.image_id).where(plot.c.id == one.plot_id))
    found = _described(connection, {ids[i]: float(likeness[i]) for i in best})
    return _each_picture_once(found, picture)[:most]


def _likeness(vector: bytes, others: Sequence[bytes]) -> npt.NDArray[np.float32]:
    """Return the cosine (n,) of a vector with n others; 0 with one that has no direction."""
    this = np.frombuffer(vector, "<f2").astype(np.float32)
    matrix = np.frombuffer(b"".join(others), "<f2").astype(np.float32).reshape(-1, len(this))
    norms = np.linalg.norm(matrix, axis=1) * np.linalg.norm(this)
    cosine: npt.NDArray[np.float32] = np.divide(matrix @ this, norms, out=np.zeros_like(norms), where=norms > 0)
    return cosine


def _described(connection: Connection, likeness: dict[int, float]) -> list[tuple[int, Neighbour]]:
    query = (
        select(
            *PLOT_COLUMNS, plot_type.c.name, plot.c.image_id, inference.c.id.label("inference_id"),
            inference.c.top_class, inference.c.top_score, label_class.c.name.label("truth"),
        )
        .select_from(inference)
        .join(plot, plot.c.id == inference.c.plot_id)
        .join(image, image.c.id == plot.c.image_id)
        .join(plot_type, plot_type.c.id == plot.c.plot_type_id)
        .outerjoin(truth, truth.c.plot_id == plot.c.id)
        .outerjoin(label_class, label_class.c.id == truth.c.label_class_id)
        .where(inference.c.id.in_(likeness))
    )  # fmt: skip
    rows = sorted(connection.execute(query), key=lambda row: -likeness[row.inference_id])
    return [(row.image_id, _neighbour(row, likeness[row.inference_id])) for row in rows]


def _neighbour(row: AnyRow, likeness: float) -> Neighbour:
    return Neighbour(to_plot(row, row.name), row.inference_id, row.top_class, row.top_score, likeness, row.truth)


def _each_picture_once(found: Sequence[tuple[int, Neighbour]], picture: int | None) -> list[Neighbour]:
    seen = {picture}
    kept = []
    for image_id, one in found:
        if image_id not in seen:
            seen.add(image_id)
            kept.append(one)
    return kept


class EmbeddingStore:
    """The part of the store that knows which plots look alike to a model."""

    _db: Database

    def neighbours(self, inference_id: int, most: int = 8) -> list[Neighbour]:
        """Return the plots most like the one of an inference, in the eyes of its model; empty when it is forgotten."""
        return self._db.read(lambda connection: neighbours(connection, inference_id, most))
