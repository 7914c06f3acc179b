"""Write one outcome of the live path: all of it in one transaction, and a second time nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, insert, select, update

from db_schema.tables import change, current_status, episode, inference, plot
from hydra_core.domain import Failure, Outcome, Prediction, Ruled, Tick
from hydra_core.store.codec import encode_outcome, storable, to_json
from hydra_core.store.embeddings import keep_embedding
from hydra_core.store.rows import (
    add_change,
    ensure,
    ensure_model,
    ensure_plot,
    ensure_plot_type,
    new_id,
    plot_type_id,
    prediction_values,
)
from hydra_core.store.rules import add_policy


def outcome_uid(outcome: Outcome) -> str:
    """Return what identifies an outcome: 32 hex digits that depend on all of it."""
    return blake2b(encode_outcome(outcome), digest_size=16).hexdigest()


def record(connection: Connection, outcome: Outcome) -> None:
    """Write an outcome unless it (or another prediction of the same plot and model) is there already."""
    uid = outcome_uid(outcome)
    if connection.scalar(select(change.c.id).where(change.c.uid == uid)) is not None:
        return
    if outcome.reject is not None:
        _reject(connection, uid, outcome)
        return
    type_id = ensure_plot_type(connection, outcome.plot_type)
    plot_id = inference_id = None
    if outcome.plot is not None:
        plot_id = ensure_plot(connection, outcome.plot, type_id, outcome.image, outcome.at)
    if outcome.prediction is not None and plot_id is not None:
        inference_id = _add_inference(connection, outcome, outcome.prediction, type_id, plot_id)
        if inference_id is None:
            return
    episode_id = _put_episode(connection, outcome, type_id, inference_id)
    if outcome.state is not None:
        _put_status(connection, outcome, type_id, plot_id, inference_id, episode_id)
    if isinstance(outcome.event, Ruled):
        add_policy(connection, uid, type_id, outcome.event.policy, outcome.at)
    kind = _kind(outcome)
    ref_id = inference_id if kind == "verdict" else plot_id
    add_change(connection, uid, kind, type_id, ref_id, _payload(outcome), outcome.at, datetime.now(UTC))


def _kind(outcome: Outcome) -> str:
    if outcome.plot is None:
        return "transition"
    if outcome.prediction is not None:
        return "verdict"
    judged = outcome.verdict is not None or outcome.event is not None
    return "failure" if judged else "passed"


def _payload(outcome: Outcome) -> dict[str, Any]:
    """Return what a page wants to know at once and what a replay cannot find elsewhere."""
    item, verdict, event = outcome.plot, outcome.verdict, outcome.event
    if verdict is not None and verdict.plot == item:
        verdict = replace(verdict, plot=None)
    if isinstance(event, Failure) and event.plot == item:
        event = replace(event, plot=None)
    return {
        "plot": item.uid if item is not None else None,
        "run": item.run if item is not None else None,
        "chunk": item.chunk if item is not None else None,
        "verdict": to_json(verdict),
        "event": to_json(event if event is not None else _derived_event(outcome)),
    }


def _derived_event(outcome: Outcome) -> Failure | Tick | None:
    """Return what the rest of the outcome tells of an event that it does not name (a Mute must be named)."""
    verdict, state = outcome.verdict, outcome.state
    if outcome.plot is None:
        known = (state.gate_open, state.enabled, state.has_model) if state is not None else ()
        return Tick(*known)
    if outcome.prediction is not None or verdict is None:
        return None
    failure = state.failure if state is not None else None
    condition, reason = failure or (verdict.condition, verdict.reason)
    return Failure(outcome.plot_type, condition, reason)


def _reject(connection: Connection, uid: str, outcome: Outcome) -> None:
    payload = {"plot_type": outcome.plot_type, "reason": outcome.reject}
    type_id = plot_type_id(connection, outcome.plot_type)
    add_change(connection, uid, "reject", type_id, None, payload, outcome.at, datetime.now(UTC))


def _add_inference(
    connection: Connection, outcome: Outcome, said: Prediction, type_id: int, plot_id: int
) -> int | None:
    """Return the new row's id; None when this model has judged this plot before."""
    model_id = ensure_model(connection, said.model, type_id, said.classes, outcome.at)
    same = (inference.c.plot_id == plot_id) & (inference.c.model_id == model_id)
    if connection.scalar(select(inference.c.id).where(same)) is not None:
        return None
    verdict = outcome.verdict
    values = {
        "plot_id": plot_id,
        "model_id": model_id,
        "plot_type_id": type_id,
        **prediction_values(said),
        "status": verdict.status.value if verdict is not None else None,
        "condition": verdict.condition.value if verdict is not None else None,
        "confirmed": verdict.confirmed if verdict is not None else None,
        "shadow": False,
        "created_at": outcome.at,
    }
    made = new_id(connection.execute(insert(inference).values(values)))
    if said.embedding is not None:
        keep_embedding(connection, made, model_id, plot_id, said.embedding)
    return made


def _put_episode(connection: Connection, outcome: Outcome, type_id: int, inference_id: int | None) -> int | None:
    """Open an episode or bring it up to date; what an older outcome says never undoes a newer one."""
    item = outcome.episode
    if item is None:
        return None
    first_id = _first_inference(connection, item.first_plot)
    values = {
        "plot_type_id": type_id,
        "class_name": item.class_name,
        "started_at": item.started_at,
        "confirmed_at": item.confirmed_at,
        "ended_at": item.ended_at,
        "worst_score": item.worst_score,
        "first_inference_id": first_id,
        "worst_inference_id": first_id,
    }
    episode_id = ensure(connection, episode, {"uid": item.uid}, values)
    row = connection.execute(select(episode.c.ended_at, episode.c.worst_score).where(episode.c.id == episode_id)).one()
    changed: dict[str, Any] = {"worst_score": max(row.worst_score, item.worst_score)}
    said = outcome.prediction.top() if outcome.prediction is not None else None
    if said is not None and item.ended_at is None and said[1] >= changed["worst_score"]:
        changed["worst_inference_id"] = inference_id
    if row.ended_at is None:
        changed |= {"ended_at": item.ended_at, "class_name": item.class_name}
    connection.execute(update(episode).where(episode.c.id == episode_id).values(changed))
    return episode_id


def _first_inference(connection: Connection, uid: str | None) -> int | None:
    if uid is None:
        return None
    query = select(inference.c.id).join(plot, plot.c.id == inference.c.plot_id).where(plot.c.uid == uid)
    found: int | None = connection.scalar(query.order_by(inference.c.id).limit(1))
    return found


def _put_status(
    connection: Connection,
    outcome: Outcome,
    type_id: int,
    plot_id: int | None,
    inference_id: int | None,
    episode_id: int | None,
) -> None:
    """Make the outcome the current status, unless a newer one is there (an old spool may come late)."""
    mine = current_status.c.plot_type_id == type_id
    known: datetime | None = connection.scalar(select(current_status.c.updated_at).where(mine).with_for_update())
    if known is not None and known > outcome.at:
        return
    values = _status_values(connection, outcome, episode_id)
    if plot_id is not None and (outcome.prediction is not None or outcome.verdict is not None):
        # A plot that could not be judged takes the place of the last one, whose class must not be shown with it.
        values |= {"plot_id": plot_id, "inference_id": inference_id}
    if known is None:
        first = {"reason": "", "verdict": None, "plot_type_id": type_id}
        connection.execute(insert(current_status).values({**first, **values}))
    else:
        connection.execute(update(current_status).where(mine).values(values))


def _status_values(connection: Connection, outcome: Outcome, episode_id: int | None) -> dict[str, Any]:
    state, verdict = outcome.state, outcome.verdict
    if state is None:
        raise ValueError("an outcome without a state has no current status")
    if state.episode is None:
        episode_id = None
    elif episode_id is None:
        episode_id = connection.scalar(select(episode.c.id).where(episode.c.uid == state.episode.uid))
    values = {
        "status": state.status.value,
        "severity": state.severity.value,
        "condition": state.condition.value,
        "since": state.since,
        "episode_id": episode_id,
        "muted_until": state.muted_until,
        "muted_by": state.muted_by,
        "state": to_json(state),
        "updated_at": outcome.at,
    }
    said = {"reason": storable(verdict.reason), "verdict": to_json(verdict)} if verdict is not None else {}
    return {**values, **said}
