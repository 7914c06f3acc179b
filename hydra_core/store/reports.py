"""Read what the report of a shift needs: its runs and alarms, what was muted and changed; and who wants it by mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from db_schema.tables import audit_log, plot, report_recipient
from hydra_core.kpi import ShiftFigures, shift_figures
from hydra_core.store.audit import audit
from hydra_core.store.engine import Database
from hydra_core.store.episodes import Filters, LoggedEpisode, episodes
from hydra_core.store.rows import AnyRow
from hydra_core.store.rules import incidents

SILENCED = ("mute", "unmute", "enable")
CHANGED = ("set rule", "set thresholds", "promote model", "rollback model", "rollback", "shadow model")
"""What the audit log calls silencing an alarm, and changing how plots are judged."""
MOST = 1000
"""So many incidents and changes a report lists at most; the figures count all."""


@dataclass(frozen=True, slots=True)
class RunSpan:
    """A run's plots within a shift."""

    run: int
    first: datetime
    last: datetime
    plots: int


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that somebody did: `what` and `target` as in the audit log, `words` what came of it."""

    at: datetime
    who: str
    what: str
    target: str
    words: str


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """A shift, `since` ≤ time < `until`; incidents are those that were open in it, the newest first."""

    since: datetime
    until: datetime
    figures: ShiftFigures
    runs: tuple[RunSpan, ...]
    incidents: tuple[LoggedEpisode, ...]
    silenced: tuple[Deed, ...]
    changed: tuple[Deed, ...]


def shift_report(connection: Connection, since: datetime, until: datetime) -> ShiftReport:
    """Return the report of a time span. Raises ValueError for an empty one."""
    figures = shift_figures(incidents(connection, since, until), since, until)
    open_then = episodes(connection, Filters(since=since, until=until), None, MOST)
    return ShiftReport(
        since,
        until,
        figures,
        tuple(_runs(connection, since, until)),
        tuple(open_then),
        tuple(_deeds(connection, SILENCED, since, until)),
        tuple(_deeds(connection, CHANGED, since, until)),
    )


def _runs(connection: Connection, since: datetime, until: datetime) -> list[RunSpan]:
    first, last = func.min(plot.c.received_at), func.max(plot.c.received_at)
    query = (
        select(plot.c.run, first.label("first"), last.label("last"), func.count().label("plots"))
        .where(plot.c.received_at >= since, plot.c.received_at < until)
        .group_by(plot.c.run)
        .order_by(first)
    )
    return [RunSpan(row.run, row.first, row.last, row.plots) for row in connection.execute(query)]


def _deeds(connection: Connection, whats: Sequence[str], since: datetime, until: datetime) -> list[Deed]:
    query = (
        select(audit_log)
        .where(audit_log.c.what.in_(whats), audit_log.c.at >= since, audit_log.c.at < until)
        .order_by(audit_log.c.at, audit_log.c.id)
        .limit(MOST)
    )
    return [Deed(row.at, row.who, row.what, row.target, _words(row)) for row in connection.execute(query)]


def _words(row: AnyRow) -> str:
    """Say what a line of the audit log means; puts to PVs and pages write the same deed differently."""
    after: Mapping[str, object] = row.after or {}
    if row.what in ("mute", "unmute"):
        until = after.get("until", after.get("value"))
        if until in (None, "None"):
            return "unmuted"
        reason = after.get("reason")
        return f"muted until {datetime.fromisoformat(str(until)):%Y-%m-%d %H:%M} UTC" + (
            f": {reason}" if reason else ""
        )
    if row.what == "enable":
        return "switched on" if after.get("value") == "True" else "switched off"
    before: Mapping[str, object] = row.before or {}
    return ", ".join(
        f"{name} {before.get(name, 'none')} → {value}" for name, value in after.items() if value != before.get(name)
    )


def recipients(connection: Connection) -> dict[str, str]:
    """Return the mail address of everybody who asked for the daily report, by their name."""
    rows = connection.execute(select(report_recipient.c.who, report_recipient.c.email).order_by(report_recipient.c.who))
    return {row.who: row.email for row in rows}


def ask_for_report(connection: Connection, who: str, email: str | None, where: str) -> None:
    """Let somebody have the daily report by mail, or (None) no longer."""
    before = connection.scalar(select(report_recipient.c.email).where(report_recipient.c.who == who))
    mine = report_recipient.c.who == who
    if email is None:
        connection.execute(delete(report_recipient).where(mine))
    elif before is None:
        connection.execute(insert(report_recipient).values(who=who, email=email, since=datetime.now(UTC)))
    else:
        connection.execute(update(report_recipient).where(mine).values(email=email))
    audit(connection, who, "daily report", who, {"email": before}, {"email": email}, where)


class ReportStore:
    """The part of the store that knows shift reports; every method is one transaction."""

    _db: Database

    def shift_report(self, since: datetime, until: datetime) -> ShiftReport:
        """Return the report of `since` ≤ time < `until`. Raises ValueError for an empty span."""
        return self._db.read(lambda connection: shift_report(connection, since, until))

    def report_recipients(self) -> dict[str, str]:
        """Return the mail address of everybody who asked for the daily report, by their name."""
        return self._db.read(recipients)

    def ask_for_report(self, who: str, email: str | None, where: str = "") -> None:
        """Let somebody have the daily report by mail, or (None) no longer."""
        self._db.write(lambda connection: ask_for_report(connection, who, email, where))
