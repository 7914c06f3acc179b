"""Saved views: filters and layouts that people keep under a name, and pass on by a short link."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from db_schema.tables import saved_view, user_account
from hydra_core.errors import StoreError
from hydra_core.store.audit import audit
from hydra_core.store.engine import Database
from hydra_core.store.people import ensure_account
from hydra_core.store.rows import AnyRow, new_id

MOST = 200
"""Views of one person."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """What somebody keeps; `settings` are what the page that made it put in."""

    id: int
    owner: str
    name: str
    settings: Mapping[str, object]
    created_at: datetime


def saved_views(connection: Connection, owner: str) -> list[SavedView]:
    """Return the views of somebody, by name."""
    return [_view(row) for row in connection.execute(_VIEWS.where(user_account.c.name == owner))]


def find_view(connection: Connection, view_id: int) -> SavedView | None:
    """Return a view, whoever made it."""
    row = connection.execute(_VIEWS.where(saved_view.c.id == view_id)).one_or_none()
    return None if row is None else _view(row)


def save_view(connection: Connection, owner: str, name: str, settings: Mapping[str, object], where: str) -> SavedView:
    """Keep a view; one of the same name is replaced and keeps its link. Raises StoreError when there are too many."""
    user = ensure_account(connection, owner, "", "")
    mine = (saved_view.c.user_id == user) & (saved_view.c.name == name)
    old = connection.execute(select(saved_view).where(mine)).one_or_none()
    if old is not None:
        connection.execute(update(saved_view).where(mine).values(settings=dict(settings)))
        made = old.id
    else:
        count = connection.execute(select(func.count()).where(saved_view.c.user_id == user)).scalar_one()
        if count >= MOST:
            raise StoreError(f"{owner} has {count} saved views; remove one first")
        values = {"user_id": user, "name": name, "settings": dict(settings), "created_at": datetime.now(UTC)}
        made = new_id(connection.execute(insert(saved_view).values(**values)))
    audit(connection, owner, "save view", name, None if old is None else old.settings, settings, where)
    found = find_view(connection, made)
    if found is None:
        raise StoreError(f"the view {made} is gone already")
    return found


def remove_view(connection: Connection, owner: str, view_id: int, where: str) -> bool:
    """Forget a view of somebody's own; False when they have none of this id."""
    found = find_view(connection, view_id)
    if found is None or found.owner != owner:
        return False
    connection.execute(delete(saved_view).where(saved_view.c.id == view_id))
    audit(connection, owner, "remove view", found.name, found.settings, None, where)
    return True


def _view(row: AnyRow) -> SavedView:
    return SavedView(row.id, row.owner, row.name, row.settings, row.created_at)


_VIEWS = select(saved_view, user_account.c.name.label("owner")).join(user_account).order_by(saved_view.c.name)


class SavedViewStore:
    """The part of the store that knows saved views; every method is one transaction, what it changes is audited."""

    _db: Database

    def saved_views(self, owner: str) -> list[SavedView]:
        """Return the views of somebody, by name."""
        return self._db.read(lambda connection: saved_views(connection, owner))

    def saved_view(self, view_id: int) -> SavedView | None:
        """Return a view, whoever made it; None when there is none of this id."""
        return self._db.read(lambda connection: find_view(connection, view_id))

    def save_view(self, owner: str, name: str, settings: Mapping[str, object], where: str = "") -> SavedView:
        """Keep a view; one of the same name is replaced and keeps its link."""
        return self._db.write(lambda connection: save_view(connection, owner, name, settings, where))

    def remove_view(self, owner: str, view_id: int, where: str = "") -> bool:
        """Forget a view of somebody's own; False when they have none of this id."""
        return self._db.write(lambda connection: remove_view(connection, owner, view_id, where))
