"""Every change of a plot type's rules, whoever made it and wherever: settings and the thresholds of its models."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from db_schema.tables import model, plot_type, setting, threshold
from hydra_core.store.engine import Database
from hydra_core.store.models import FROM_TRAINING

MOST_AT_ONCE = 32
"""Rules that one act can change: all of one time stay on one page."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule that was set. `value` None: back to the configuration. `where` tells the model of a threshold."""

    name: str
    value: object
    at: datetime
    by: str
    where: str


def rule_changes(connection: Connection, name: str, before: datetime | None, limit: int) -> list[RuleChange]:
    """Return changes older than `before`, newest first: `limit` of them, and those made at the last one's time."""
    found = [
        RuleChange(row.name, row.value, row.set_at, row.set_by, row.set_from)
        for row in connection.execute(_until(_settings(name), setting.c.set_at, before, limit))
    ]
    found += [
        RuleChange(f"threshold.{row.class_name}", row.value, row.set_at, row.set_by, f"v{row.version}, {row.method}")
        for row in connection.execute(_until(_thresholds(name), threshold.c.set_at, before, limit))
    ]
    found.sort(key=lambda one: one.at, reverse=True)
    if len(found) <= limit:
        return found
    return [one for one in found if one.at >= found[limit - 1].at]


class RuleHistory:
    """The part of the store that knows how rules came to be."""

    _db: Database

    def rule_changes(self, plot_type: str, before: datetime | None = None, limit: int = 50) -> list[RuleChange]:
        """Return about `limit` changes of a plot type's rules older than `before`, the newest first."""
        return self._db.read(lambda connection: rule_changes(connection, plot_type, before, limit))


def _settings(name: str) -> Select[Any]:
    return select(setting).join(plot_type, plot_type.c.id == setting.c.plot_type_id).where(plot_type.c.name == name)


def _thresholds(name: str) -> Select[Any]:
    query = select(threshold, model.c.version).join(model, model.c.id == threshold.c.model_id)
    query = query.join(plot_type, plot_type.c.id == model.c.plot_type_id)
    return query.where(plot_type.c.name == name, threshold.c.method != FROM_TRAINING)


def _until(query: Select[Any], at: Any, before: datetime | None, limit: int) -> Select[Any]:
    query = query if before is None else query.where(at < before)
    return query.order_by(at.desc()).limit(limit + MOST_AT_ONCE)
