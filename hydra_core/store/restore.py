"""Read back what the IOC needs at its start: the last state of a plot type, what led to it, and the plots it knows."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, select, union

from db_schema.tables import current_status, episode, image, inference, model, plot, plot_type
from hydra_core.domain import Episode, ModelRef, Outcome, Plot, PlotState, PlotType, Prediction, Verdict
from hydra_core.store.codec import from_json
from hydra_core.store.rows import PLOT_COLUMNS, AnyRow, to_image, to_plot


def restore(connection: Connection, kind: PlotType, window: int) -> tuple[PlotState | None, Outcome | None]:
    """Return the last state and the last outcome of a plot type; (None, None) when there is none."""
    query = select(current_status).join(plot_type, plot_type.c.id == current_status.c.plot_type_id)
    row = connection.execute(query.where(plot_type.c.name == kind.name)).one_or_none()
    if row is None:
        return None, None
    state = from_json(PlotState, row.state)
    state = replace(state, recent=state.recent[-window:] if window > 0 else ())
    verdict = from_json(Verdict, row.verdict) if row.verdict is not None else None
    outcome = Outcome(kind.name, row.updated_at, verdict=verdict, state=state, episode=state.episode)
    return state, _with_plot(connection, outcome, row)


def known_plots(connection: Connection, since: datetime) -> set[str]:
    """Return the uids of the plots received or taken since a time."""
    received = select(plot.c.uid).where(plot.c.received_at >= since)
    taken = select(plot.c.uid).where(plot.c.taken_at >= since)
    return set(connection.scalars(union(received, taken)))


def find_plot(connection: Connection, key: int | str) -> Plot | None:
    """Return the plot with this id or uid."""
    query = select(*PLOT_COLUMNS, plot_type.c.name).select_from(_PLOTS)
    row = connection.execute(query.where(plot.c.id == key if isinstance(key, int) else plot.c.uid == key)).one_or_none()
    return None if row is None else to_plot(row, row.name)


def find_episode(connection: Connection, uid: str) -> Episode | None:
    """Return the episode with this uid; its `first_plot` is None when no model judged that plot."""
    query = (
        select(episode, plot_type.c.name, plot.c.uid.label("first_plot"))
        .join(plot_type, plot_type.c.id == episode.c.plot_type_id)
        .outerjoin(inference, inference.c.id == episode.c.first_inference_id)
        .outerjoin(plot, plot.c.id == inference.c.plot_id)
        .where(episode.c.uid == uid)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    times = (row.started_at, row.confirmed_at)
    return Episode(row.uid, row.name, row.class_name, *times, row.worst_score, row.first_plot, row.ended_at)


def is_acknowledged(connection: Connection, uid: str) -> bool:
    """Return whether somebody has acknowledged the episode with this uid."""
    query = select(episode.c.acked_at).where(episode.c.uid == uid)
    return connection.scalar(query) is not None


def to_cam(row: AnyRow) -> npt.NDArray[np.uint8] | None:
    """Return the heat map of a row with cam, cam_height and cam_width."""
    if row.cam is None:
        return None
    return np.frombuffer(row.cam, np.uint8).reshape(row.cam_height, row.cam_width).copy()


def find_cam(connection: Connection, inference_id: int) -> npt.NDArray[np.uint8] | None:
    """Return the heat map of an inference, uint8 (h, w)."""
    columns = (inference.c.cam, inference.c.cam_height, inference.c.cam_width)
    row = connection.execute(select(*columns).where(inference.c.id == inference_id)).one_or_none()
    return None if row is None else to_cam(row)


def to_prediction(row: AnyRow, item: Plot) -> Prediction:
    """Return the prediction of a row with scores, novelty, took_ms and the model's version and model_sha256."""
    names = tuple(name for name, _ in row.scores)
    scores = tuple(float(score) for _, score in row.scores)
    ref = ModelRef(item.plot_type, row.version, row.model_sha256)
    return Prediction(item, ref, names, scores, novelty=row.novelty, took=row.took_ms / 1000.0)


_PLOTS = plot.join(image, image.c.id == plot.c.image_id).join(plot_type, plot_type.c.id == plot.c.plot_type_id)


def _with_plot(connection: Connection, outcome: Outcome, row: AnyRow) -> Outcome:
    if row.plot_id is None:
        return outcome
    pictures = select(image).join(plot, plot.c.image_id == image.c.id).where(plot.c.id == row.plot_id)
    outcome = replace(outcome, image=to_image(connection.execute(pictures).one()))
    item = find_plot(connection, int(row.plot_id))
    if item is None or row.inference_id is None:
        return replace(outcome, plot=item)
    query = (
        select(inference, model.c.version, model.c.sha256.label("model_sha256"))
        .join(model, model.c.id == inference.c.model_id)
        .where(inference.c.id == row.inference_id)
    )
    said = connection.execute(query).one()
    return replace(outcome, plot=item, prediction=replace(to_prediction(said, item), cam=to_cam(said)))
