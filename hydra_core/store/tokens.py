"""API tokens: keys of programs, each with a name, a role and the plot types that it is for."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from db_schema.tables import api_token
from hydra_core.errors import StoreError
from hydra_core.store.audit import audit
from hydra_core.store.engine import Database
from hydra_core.store.people import check_role
from hydra_core.store.rows import AnyRow, new_id

TOUCH_EVERY = timedelta(minutes=1)
"""How exactly it is known when a token was last used."""


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """What is known of a token, except the token; `plot_types` None: all of them."""

    id: int
    name: str
    role: str
    plot_types: tuple[str, ...] | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be kept, by its hash."""

    name: str
    token_hash: str
    role: str
    plot_types: tuple[str, ...] | None
    expires_at: datetime | None = None


def add_token(connection: Connection, new: NewToken, by: str, where: str) -> int:
    """Keep a token; return its id. Raises StoreError for an unknown role, or a name that a live token has."""
    check_role(new.role)
    if connection.scalar(select(api_token.c.id).where(api_token.c.name == new.name, _alive())) is not None:
        raise StoreError(f'there is a token "{new.name}" already; revoke it, or take another name')
    plot_types = None if new.plot_types is None else list(new.plot_types)
    values = {"name": new.name, "token_hash": new.token_hash, "role": new.role, "plot_types": plot_types}
    times = {"created_at": datetime.now(UTC), "expires_at": new.expires_at}
    made = new_id(connection.execute(insert(api_token).values(**values, **times, created_by=by)))
    audit(connection, by, "add token", new.name, None, {"role": new.role, "plot_types": plot_types}, where)
    return made


def tokens(connection: Connection) -> list[TokenRecord]:
    """Return every token that ever was, the newest first."""
    return [_record(row) for row in connection.execute(select(api_token).order_by(api_token.c.id.desc()))]


def find_token(connection: Connection, token_hash: str) -> TokenRecord | None:
    """Return the token with this hash; None when it is revoked, has run out or never was."""
    row = connection.execute(select(api_token).where(api_token.c.token_hash == token_hash, _alive())).one_or_none()
    return None if row is None else _record(row)


def touch_token(connection: Connection, token_id: int) -> None:
    """Write down that a token is in use."""
    connection.execute(update(api_token).where(api_token.c.id == token_id).values(last_used_at=datetime.now(UTC)))


def revoke_token(connection: Connection, token_id: int, by: str, where: str) -> bool:
    """Make a token open nothing from now on; False when it did not before. Raises StoreError for an unknown id."""
    row = connection.execute(select(api_token).where(api_token.c.id == token_id)).one_or_none()
    if row is None:
        raise StoreError(f"there is no token {token_id}")
    if row.revoked_at is not None:
        return False
    now = datetime.now(UTC)
    connection.execute(update(api_token).where(api_token.c.id == token_id).values(revoked_at=now))
    audit(connection, by, "revoke token", row.name, {"revoked_at": None}, {"revoked_at": now}, where)
    return True


def _alive() -> ColumnElement[bool]:
    lasts = or_(api_token.c.expires_at.is_(None), api_token.c.expires_at > datetime.now(UTC))
    return api_token.c.revoked_at.is_(None) & lasts


def _record(row: AnyRow) -> TokenRecord:
    return TokenRecord(
        row.id,
        row.name,
        row.role,
        None if row.plot_types is None else tuple(row.plot_types),
        row.created_by,
        row.created_at,
        row.expires_at,
        row.last_used_at,
        row.revoked_at,
    )


class TokenStore:
    """The part of the store that knows API tokens; every method is one transaction."""

    _db: Database

    def add_token(self, new: NewToken, by: str, where: str = "") -> int:
        """Keep a token; return its id. Raises StoreError for an unknown role, or a name that a live token has."""
        return self._db.write(lambda connection: add_token(connection, new, by, where))

    def tokens(self) -> list[TokenRecord]:
        """Return every token that ever was, the newest first."""
        return self._db.read(tokens)

    def use_token(self, token_hash: str) -> TokenRecord | None:
        """Return the token with this hash, which is in use now; None when it opens nothing."""
        found = self._db.read(lambda connection: find_token(connection, token_hash))
        if found is not None and (not found.last_used_at or datetime.now(UTC) - found.last_used_at > TOUCH_EVERY):
            self._db.write(lambda connection: touch_token(connection, found.id))
        return found

    def revoke_token(self, token_id: int, by: str, where: str = "") -> bool:
        """Make a token open nothing from now on; False when it did not before. Raises StoreError for an unknown id."""
        return self._db.write(lambda connection: revoke_token(connection, token_id, by, where))
