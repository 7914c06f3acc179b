"""Accounts and what they may do."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from db_schema.tables import plot_type, role_grant, session, user_account
from hydra_core.errors import StoreError
from hydra_core.store.audit import audit
from hydra_core.store.engine import Database
from hydra_core.store.rows import ensure_plot_type, plot_type_id

ROLES = ("viewer", "labeler", "expert", "liaison", "admin")
"""The ladder of roles, lowest first."""

_NAME = re.compile(r"\w([\w .@+-]{0,62}[\w+-])?")


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role of an account, for one plot type or (None) for all."""

    role: str
    plot_type: str | None
    granted_by: str
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody whom Hydra knows; one without a password comes from the site's directory."""

    name: str
    full_name: str
    email: str
    has_password: bool
    disabled: bool
    created_at: datetime
    grants: tuple[RoleGrant, ...] = ()


def check_name(name: str) -> str:
    """Return the name of an account. Raises StoreError for one that pages, links and logs cannot show plainly."""
    if _NAME.fullmatch(name) and not name.startswith("token "):
        return name
    raise StoreError(f"{name!r} is no name of an account: up to 64 letters, digits and . _ @ + - inside")


def check_role(role: str) -> str:
    """Return the role. Raises StoreError when there is none of that name."""
    if role not in ROLES:
        raise StoreError(f'there is no role "{role}"; there are {", ".join(ROLES)}')
    return role


def accounts(connection: Connection, name: str | None = None) -> list[Account]:
    """Return one account or all, by name."""
    mine = user_account.c.name == name
    query, grants = select(user_account).order_by(user_account.c.name), _GRANTS.order_by(role_grant.c.id)
    if name is not None:
        query, grants = query.where(mine), grants.where(mine)
    held: dict[int, list[RoleGrant]] = {}
    for row in connection.execute(grants):
        grant = RoleGrant(row.role, row.plot_type, row.granted_by, row.granted_at)
        held.setdefault(row.user_id, []).append(grant)
    return [
        Account(
            row.name,
            row.full_name,
            row.email,
            row.password_hash is not None,
            row.disabled,
            row.created_at,
            tuple(held.get(row.id, ())),
        )
        for row in connection.execute(query)
    ]


def add_account(
    connection: Connection, name: str, full_name: str, email: str, password_hash: str | None, by: str, where: str
) -> None:
    """Make an account. Raises StoreError when there is one of that name."""
    check_name(name)
    if connection.scalar(select(user_account.c.id).where(user_account.c.name == name)) is not None:
        raise StoreError(f"there is an account {name} already; `hydra user password {name}` changes its password")
    values = {"name": name, "full_name": full_name, "email": email, "password_hash": password_hash}
    connection.execute(insert(user_account).values(**values, disabled=False, created_at=datetime.now(UTC)))
    after = {"full_name": full_name, "email": email, "has_password": password_hash is not None}
    audit(connection, by, "add account", name, None, after, where)


def ensure_account(connection: Connection, name: str, full_name: str, email: str) -> int:
    """Return the id of an account, made without a password for somebody whom the site's directory knows."""
    found = connection.scalar(select(user_account.c.id).where(user_account.c.name == name))
    if found is None:
        add_account(connection, name, full_name, email, None, name, "site's directory")
        found = connection.execute(select(user_account.c.id).where(user_account.c.name == name)).scalar_one()
    return int(found)


def set_password(connection: Connection, name: str, password_hash: str, by: str, where: str) -> None:
    """Give an account another password; whoever was signed in with the old one is not any more."""
    user = account_id(connection, name)
    connection.execute(update(user_account).where(user_account.c.id == user).values(password_hash=password_hash))
    ended = connection.execute(delete(session).where(session.c.user_id == user)).rowcount
    audit(connection, by, "set password", name, None, {"sessions_ended": ended}, where)


def rehash_password(connection: Connection, name: str, password_hash: str) -> None:
    """Keep the same password with today's costs."""
    connection.execute(update(user_account).where(user_account.c.name == name).values(password_hash=password_hash))


def set_disabled(connection: Connection, name: str, disabled: bool, by: str, where: str) -> None:
    """Shut an account out (its sessions end at once), or let it in again."""
    user = account_id(connection, name)
    before = connection.execute(select(user_account.c.disabled).where(user_account.c.id == user)).scalar_one()
    connection.execute(update(user_account).where(user_account.c.id == user).values(disabled=disabled))
    if disabled:
        connection.execute(delete(session).where(session.c.user_id == user))
    what = "disable account" if disabled else "enable account"
    audit(connection, by, what, name, {"disabled": before}, {"disabled": disabled}, where)


def grant_role(connection: Connection, name: str, role: str, plot: str | None, by: str, where: str) -> bool:
    """Give an account a role; False when it has it already. Raises StoreError for an unknown role."""
    check_role(role)
    user, type_id = account_id(connection, name), None if plot is None else ensure_plot_type(connection, plot)
    before = _held(connection, name)
    if connection.scalar(select(role_grant.c.id).where(_same(user, role, type_id))) is not None:
        return False
    values = {"user_id": user, "role": role, "plot_type_id": type_id, "granted_by": by}
    connection.execute(insert(role_grant).values(**values, granted_at=datetime.now(UTC)))
    audit(connection, by, "grant role", name, {"roles": before}, {"roles": _held(connection, name)}, where)
    return True


def revoke_role(connection: Connection, name: str, role: str, plot: str | None, by: str, where: str) -> bool:
    """Take a role from an account; False when it has not got it."""
    user, type_id = account_id(connection, name), _known_plot_type(connection, plot)
    before = _held(connection, name)
    if connection.execute(delete(role_grant).where(_same(user, role, type_id))).rowcount == 0:
        return False
    audit(connection, by, "revoke role", name, {"roles": before}, {"roles": _held(connection, name)}, where)
    return True


def password_hash(connection: Connection, name: str) -> str | None:
    """Return the hash of the password of an account that may sign in; None: there is none."""
    query = select(user_account.c.password_hash).where(user_account.c.name == name, user_account.c.disabled.is_(False))
    found: str | None = connection.scalar(query)
    return found


def account_id(connection: Connection, name: str) -> int:
    """Return the id of an account. Raises StoreError when there is none of that name."""
    found: int | None = connection.scalar(select(user_account.c.id).where(user_account.c.name == name))
    if found is None:
        raise StoreError(f"there is no account {name}; `hydra user list` shows all")
    return found


def _known_plot_type(connection: Connection, name: str | None) -> int | None:
    found = None if name is None else plot_type_id(connection, name)
    if name is not None and found is None:
        raise StoreError(f"the database knows no plot type {name}; see `plots` in the configuration")
    return found


def _held(connection: Connection, name: str) -> list[str]:
    (account,) = accounts(connection, name)
    return [grant.role if grant.plot_type is None else f"{grant.role} of {grant.plot_type}" for grant in account.grants]


def _same(user: int, role: str, type_id: int | None) -> ColumnElement[bool]:
    column = role_grant.c.plot_type_id
    which = column.is_(None) if type_id is None else column == type_id
    return (role_grant.c.user_id == user) & (role_grant.c.role == role) & which


class PeopleStore:
    """The part of the store that knows people; every method is one transaction, what it changes is audited.

    `where` is the address that a change was asked for from. Raises StoreError for an unknown account.
    """

    _db: Database

    def accounts(self) -> list[Account]:
        """Return every account, by name."""
        return self._db.read(accounts)

    def account(self, name: str) -> Account | None:
        """Return an account; None when there is none of that name."""
        found = self._db.read(lambda connection: accounts(connection, name))
        return found[0] if found else None

    def add_account(
        self, name: str, full_name: str = "", email: str = "", *, password_hash: str | None, by: str, where: str = ""
    ) -> None:
        """Make an account. Raises StoreError when there is one of that name."""
        self._db.write(lambda connection: add_account(connection, name, full_name, email, password_hash, by, where))

    def ensure_account(self, name: str, full_name: str = "", email: str = "") -> int:
        """Return the id of an account, made without a password for somebody whom the site's directory knows."""
        return self._db.write(lambda connection: ensure_account(connection, name, full_name, email))

    def set_password(self, name: str, password_hash: str, by: str, where: str = "") -> None:
        """Give an account another password and end its sessions."""
        self._db.write(lambda connection: set_password(connection, name, password_hash, by, where))

    def rehash_password(self, name: str, password_hash: str) -> None:
        """Keep the same password with today's costs."""
        self._db.write(lambda connection: rehash_password(connection, name, password_hash))

    def set_disabled(self, name: str, disabled: bool, by: str, where: str = "") -> None:
        """Shut an account out (its sessions end at once), or let it in again."""
        self._db.write(lambda connection: set_disabled(connection, name, disabled, by, where))

    def grant_role(self, name: str, role: str, plot_type: str | None, by: str, where: str = "") -> bool:
        """Give an account a role, for one plot type or (None) all; False when it has it already."""
        return self._db.write(lambda connection: grant_role(connection, name, role, plot_type, by, where))

    def revoke_role(self, name: str, role: str, plot_type: str | None, by: str, where: str = "") -> bool:
        """Take a role from an account; False when it has not got it."""
        return self._db.write(lambda connection: revoke_role(connection, name, role, plot_type, by, where))

    def password_hash(self, name: str) -> str | None:
        """Return the hash of the password of an account that may sign in; None: there is none."""
        return self._db.read(lambda connection: password_hash(connection, name))


_GRANTS = (
    select(role_grant, plot_type.c.name.label("plot_type"))
    .join(user_account)
    .outerjoin(plot_type, plot_type.c.id == role_grant.c.plot_type_id)
)
