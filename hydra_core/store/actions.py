"""Write what people decide about alarms on the pages: acknowledge, mute, say whether it was true, enter in a log book.

Each is audited and says so in a `change` row. The IOC follows those rows: a mute is only asked for here, and becomes
true when the IOC has taken it up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import Connection, select, update

from db_schema.tables import change, current_status, episode, inference, plot, plot_type, review_item
from hydra_core.domain import Change
from hydra_core.errors import StoreError
from hydra_core.store import wall
from hydra_core.store.audit import acknowledge, audit
from hydra_core.store.engine import Database
from hydra_core.store.review import OPEN, queue_review
from hydra_core.store.rows import AnyRow, add_change, plot_type_id

FALSE_ALARM = "false_alarm"
"""Kind of the review items of plots whose alarm somebody called false."""
WITHDRAWN = "withdrawn"
"""State of such an item when the same alarm was called true after all."""
_BY_THE_IOC = ("verdict", "transition", "failure")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, and from where (an address)."""

    name: str
    where: str = ""


def ask_mute(connection: Connection, name: str, until: datetime | None, by: Actor, reason: str) -> None:
    """Ask the IOC to mute a plot type until then, or (None) to give its alarm back. Raises StoreError: unknown type."""
    type_id = plot_type_id(connection, name)
    if type_id is None:
        raise StoreError(f"there is no plot type {name}: it cannot be muted")
    mine = current_status.c.plot_type_id == type_id
    row = connection.execute(select(current_status.c.muted_until, current_status.c.muted_by).where(mine)).one_or_none()
    before = {"until": _iso(row.muted_until), "by": row.muted_by} if row is not None else None
    after = {"until": _iso(until), "by": by.name, "reason": reason}
    audit(connection, by.name, "mute" if until else "unmute", name, before, after, by.where)
    now = datetime.now(UTC)
    add_change(connection, uuid4().hex, "mute", type_id, None, after, now, now)


def give_feedback(connection: Connection, uid: str, true_alarm: bool, note: str | None, by: Actor) -> None:
    """Say whether an episode's alarm was true. A false one goes into the review queue. Raises StoreError: unknown."""
    row = _found(connection, uid)
    now, word = datetime.now(UTC), "true" if true_alarm else "false"
    note = row.note if note is None else note
    values = {"feedback": word, "note": note, "feedback_by": by.name, "feedback_at": now}
    connection.execute(update(episode).where(episode.c.id == row.id).values(values))
    before = {"feedback": row.feedback, "note": row.note, "by": row.feedback_by}
    after = {"feedback": word, "note": note}
    audit(connection, by.name, "feedback", uid, before, after, by.where)
    if true_alarm:
        _withdraw(connection, row)
    else:
        queue_review(connection, row.plot_type, FALSE_ALARM, _shown_plots(connection, row), None)
    payload = {"episode": uid, **after, "by": by.name}
    add_change(connection, uuid4().hex, "feedback", row.plot_type_id, row.id, payload, now, now)


def set_logbook_url(connection: Connection, uid: str, url: str, by: Actor) -> None:
    """Keep where an episode's log-book entry is. Raises StoreError for an unknown episode."""
    row, now = _found(connection, uid), datetime.now(UTC)
    connection.execute(update(episode).where(episode.c.id == row.id).values(logbook_url=url))
    audit(connection, by.name, "logbook", uid, {"url": row.logbook_url}, {"url": url}, by.where)
    payload = {"episode": uid, "url": url, "by": by.name}
    add_change(connection, uuid4().hex, "logbook", row.plot_type_id, row.id, payload, now, now)


def unanswered_mutes(connection: Connection) -> list[Change]:
    """Return the mutes that were asked for while no IOC ran: the newest of each type with nothing of the IOC after."""
    found = []
    for type_id in connection.scalars(select(plot_type.c.id).where(plot_type.c.active)):
        newest = select(change.c.id, change.c.kind).where(
            change.c.plot_type_id == type_id, change.c.kind.in_(("mute", *_BY_THE_IOC))
        )
        row = connection.execute(newest.order_by(change.c.id.desc()).limit(1)).one_or_none()
        if row is not None and row.kind == "mute":
            found += wall.changes_after(connection, row.id - 1, 1)
    return found


def _found(connection: Connection, uid: str) -> AnyRow:
    query = select(episode, plot_type.c.name.label("plot_type")).join(plot_type).where(episode.c.uid == uid)
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None:
        raise StoreError(f"there is no episode {uid}")
    return row


def _shown_plots(connection: Connection, row: AnyRow) -> Mapping[str, float]:
    """Return the episode's first and worst plot by uid, with what the model was so sure of."""
    ids = [one for one in (row.first_inference_id, row.worst_inference_id) if one is not None]
    query = select(plot.c.uid, inference.c.top_score).join(plot, plot.c.id == inference.c.plot_id)
    return {found.uid: found.top_score for found in connection.execute(query.where(inference.c.id.in_(ids)))}


def _withdraw(connection: Connection, row: AnyRow) -> None:
    """Close what an earlier "false alarm" put into the review queue and nobody has decided."""
    ids = [one for one in (row.first_inference_id, row.worst_inference_id) if one is not None]
    plots = select(inference.c.plot_id).where(inference.c.id.in_(ids))
    mine = (review_item.c.kind == FALSE_ALARM) & (review_item.c.state == OPEN) & review_item.c.plot_id.in_(plots)
    connection.execute(update(review_item).where(mine).values(state=WITHDRAWN, resolved_at=datetime.now(UTC)))


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


class ActionStore:
    """The part of the store that keeps what people decide about alarms; every method is one transaction."""

    _db: Database

    def acknowledge(self, episode_uid: str, by: str, where: str = "") -> bool:
        """Say that somebody has seen an episode; False when it was acknowledged before."""
        return self._db.write(lambda connection: acknowledge(connection, episode_uid, by, where))

    def ask_mute(self, plot_type: str, until: datetime | None, by: Actor, reason: str = "") -> None:
        """Ask the IOC to mute a plot type until then, or (None) to unmute it; it follows within a second."""
        self._db.write(lambda connection: ask_mute(connection, plot_type, until, by, reason))

    def give_feedback(self, episode_uid: str, true_alarm: bool, note: str | None, by: Actor) -> None:
        """Say whether an episode's alarm was true (note None: leave that); a false one is queued for review."""
        self._db.write(lambda connection: give_feedback(connection, episode_uid, true_alarm, note, by))

    def set_logbook_url(self, episode_uid: str, url: str, by: Actor) -> None:
        """Keep where an episode's log-book entry is."""
        self._db.write(lambda connection: set_logbook_url(connection, episode_uid, url, by))

    def unanswered_mutes(self) -> list[Change]:
        """Return the mutes that were asked for while no IOC ran, one a plot type at most."""
        return self._db.read(unanswered_mutes)
