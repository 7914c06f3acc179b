"""The rules in force and how they came to be: settings made by hand, and every policy that was in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import Connection, func, insert, or_, select

from db_schema.tables import episode, plot_type, policy, setting
from hydra_core.domain import Policy
from hydra_core.kpi import Incident
from hydra_core.store.audit import audit
from hydra_core.store.codec import from_json, to_json
from hydra_core.store.engine import Database
from hydra_core.store.rows import add_change, ensure_plot_type, insert_or_keep

HALL = "all plot types"
"""What the audit log calls a setting of no plot type in particular."""


@dataclass(frozen=True, slots=True)
class SettingRecord:
    """One setting that somebody made; `plot_type` None: for all; `value` None: back to the configuration."""

    plot_type: str | None
    name: str
    value: object
    at: datetime
    by: str
    where: str


def settings(connection: Connection) -> dict[str | None, dict[str, object]]:
    """Return the settings in force by plot type; None has those of all plot types."""
    newest = select(func.max(setting.c.id)).group_by(setting.c.plot_type_id, setting.c.name)
    query = _SETTINGS.where(setting.c.id.in_(newest)).order_by(setting.c.id)
    found: dict[str | None, dict[str, object]] = {}
    for row in connection.execute(query):
        if row.value is not None:
            found.setdefault(row.plot_type, {})[row.name] = row.value
    return found


def setting_history(connection: Connection, name: str | None, limit: int) -> list[SettingRecord]:
    """Return the last settings made for a plot type (None: for all of them together), newest first."""
    mine = setting.c.plot_type_id.is_(None) if name is None else plot_type.c.name == name
    rows = connection.execute(_SETTINGS.where(mine).order_by(setting.c.id.desc()).limit(limit))
    return [SettingRecord(row.plot_type, row.name, row.value, row.set_at, row.set_by, row.set_from) for row in rows]


def set_settings(
    connection: Connection, name: str | None, values: Mapping[str, object], by: str, where: str
) -> dict[str, object]:
    """Put settings in force (None: back to the configuration), audited; return all that are now."""
    before = settings(connection).get(name, {})
    type_id = None if name is None else ensure_plot_type(connection, name)
    now = datetime.now(UTC)
    for key, value in values.items():
        row = {"plot_type_id": type_id, "name": key, "value": to_json(value)}
        connection.execute(insert(setting).values(**row, set_at=now, set_by=by, set_from=where))
    old = {key: before.get(key) for key in values}
    audit(connection, by, "set rule", name or HALL, old, dict(values), where)
    payload = {"settings": dict(values), "before": old, "by": by}
    add_change(connection, uuid4().hex, "setting", type_id, None, payload, now, now)
    after = {**before, **values}
    return {key: value for key, value in after.items() if value is not None}


def add_policy(connection: Connection, uid: str, type_id: int, rules: Policy, at: datetime) -> None:
    """Write down that a policy is in force from a time on; a second time changes nothing."""
    values = {"uid": uid, "plot_type_id": type_id, "policy": to_json(rules), "at": at}
    connection.execute(insert_or_keep(connection, policy).values(values))


def policy_at(connection: Connection, name: str, when: datetime | None) -> Policy | None:
    """Return the policy in force just before a time (None: now); None when none was written down by then."""
    query = select(policy.c.policy).join(plot_type, plot_type.c.id == policy.c.plot_type_id)
    query = query.where(plot_type.c.name == name).order_by(policy.c.at.desc(), policy.c.id.desc()).limit(1)
    row = connection.execute(query if when is None else query.where(policy.c.at < when)).one_or_none()
    return None if row is None else from_json(Policy, row.policy)


def incidents(connection: Connection, since: datetime, until: datetime) -> list[Incident]:
    """Return every incident that was open at some time between two times, the earliest first."""
    query = (
        select(episode, plot_type.c.name)
        .join(plot_type, plot_type.c.id == episode.c.plot_type_id)
        .where(episode.c.confirmed_at < until, or_(episode.c.ended_at.is_(None), episode.c.ended_at >= since))
        .order_by(episode.c.confirmed_at, episode.c.id)
    )
    return [
        Incident(row.name, row.class_name, row.confirmed_at, row.ended_at, row.acked_at)
        for row in connection.execute(query)
    ]


class RuleStore:
    """The part of the store that knows rules and what they led to; every method is one transaction."""

    _db: Database

    def settings(self) -> dict[str | None, dict[str, object]]:
        """Return the settings in force by plot type (`hydra_core.settings`); None has those of all together."""
        return self._db.read(settings)

    def set_settings(
        self, plot_type: str | None, values: Mapping[str, object], by: str, where: str = ""
    ) -> dict[str, object]:
        """Put settings in force that `hydra_core.settings.checked` lets pass; None: back to the configuration.

        Returns all settings of the plot type that are now in force. The IOC takes them up within seconds.
        """
        return self._db.write(lambda connection: set_settings(connection, plot_type, values, by, where))

    def setting_history(self, plot_type: str | None, limit: int = 100) -> list[SettingRecord]:
        """Return the last settings made for a plot type, or (None) for all of them together, newest first."""
        return self._db.read(lambda connection: setting_history(connection, plot_type, limit))

    def policy_at(self, plot_type: str, when: datetime | None = None) -> Policy | None:
        """Return the policy in force just before a time (None: the last one); None when none is known of then."""
        return self._db.read(lambda connection: policy_at(connection, plot_type, when))

    def incidents(self, since: datetime, until: datetime) -> list[Incident]:
        """Return every incident open at some time between two times, as `hydra_core.kpi` counts them."""
        return self._db.read(lambda connection: incidents(connection, since, until))


_SETTINGS = select(setting, plot_type.c.name.label("plot_type")).select_from(
    setting.outerjoin(plot_type, plot_type.c.id == setting.c.plot_type_id)
)
