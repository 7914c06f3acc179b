"""Who is signed in at which browser, known by the hash of a random token."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from db_schema.tables import session, user_account
from hydra_core.store.audit import audit
from hydra_core.store.engine import Database
from hydra_core.store.people import Account, account_id, accounts

LONGEST_SESSION = timedelta(days=30)
"""However busy somebody is, they sign in again after so long."""

TOUCH_EVERY = timedelta(minutes=1)
"""How exactly it is known when a session was last used."""


@dataclass(frozen=True, slots=True)
class NewSession:
    """Somebody who has just signed in; `groups` are those that the site's directory gives them."""

    name: str
    token_hash: str
    address: str
    agent: str
    lifetime: timedelta
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose session it is, with the groups that the site's directory gave them, and when it was last seen."""

    account: Account
    groups: tuple[str, ...]
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """Somebody signed in at a browser; `id` is no secret."""

    id: int
    name: str
    address: str
    agent: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


def open_session(connection: Connection, new: NewSession) -> None:
    """Write down that somebody has signed in, and forget the sessions that ran out."""
    name, address = new.name, new.address
    user, now = account_id(connection, name), datetime.now(UTC)
    connection.execute(delete(session).where(session.c.expires_at < now))
    values = {"token_hash": new.token_hash, "user_id": user, "address": address, "agent": new.agent[:190]}
    values |= {"groups": list(new.groups)}
    times = {"created_at": now, "last_seen_at": now, "expires_at": now + min(new.lifetime, LONGEST_SESSION)}
    connection.execute(insert(session).values(**values, **times))
    audit(connection, name, "sign in", name, None, None, address)


def who_is_signed_in(connection: Connection, token_hash: str) -> SignedIn | None:
    """Return whose session this is; None when it has ended or the account is shut out."""
    query = (
        select(user_account.c.name, session.c.last_seen_at, session.c.groups)
        .join(user_account)
        .where(
            session.c.token_hash == token_hash,
            session.c.expires_at > datetime.now(UTC),
            user_account.c.disabled.is_(False),
        )
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return SignedIn(accounts(connection, row.name)[0], tuple(row.groups or ()), row.last_seen_at)


def touch_session(connection: Connection, token_hash: str, lifetime: timedelta) -> None:
    """Write down that a session is in use, which prolongs it."""
    mine, now = session.c.token_hash == token_hash, datetime.now(UTC)
    born: datetime | None = connection.scalar(select(session.c.created_at).where(mine))
    if born is not None:
        until = min(now + lifetime, born + LONGEST_SESSION)
        connection.execute(update(session).where(mine).values(last_seen_at=now, expires_at=until))


def close_session(connection: Connection, token_hash: str, address: str) -> bool:
    """End a session by its own token; False when there is none."""
    query = select(session.c.id, user_account.c.name).join(user_account).where(session.c.token_hash == token_hash)
    row = connection.execute(query).one_or_none()
    if row is None:
        return False
    connection.execute(delete(session).where(session.c.id == row.id))
    audit(connection, row.name, "sign out", row.name, None, None, address)
    return True


def sessions(connection: Connection, name: str | None = None) -> list[SessionRecord]:
    """Return who is signed in, the last seen first."""
    query = select(session, user_account.c.name).join(user_account).where(session.c.expires_at > datetime.now(UTC))
    if name is not None:
        query = query.where(user_account.c.name == name)
    return [
        SessionRecord(row.id, row.name, row.address, row.agent or "", row.created_at, row.last_seen_at, row.expires_at)
        for row in connection.execute(query.order_by(session.c.last_seen_at.desc(), session.c.id.desc()))
    ]


def revoke_sessions(connection: Connection, name: str, session_id: int | None, by: str, where: str) -> int:
    """End one session of an account, or (None) all; return how many have ended."""
    mine = session.c.user_id == account_id(connection, name)
    if session_id is not None:
        mine = mine & (session.c.id == session_id)
    ended = connection.execute(delete(session).where(mine)).rowcount
    if ended:
        audit(connection, by, "end sessions", name, {"sessions": ended}, {"sessions": 0}, where)
    return ended


class SessionStore:
    """The part of the store that knows who is signed in; every method is one transaction."""

    _db: Database

    def open_session(self, new: NewSession) -> None:
        """Write down that somebody has signed in. Raises StoreError for an unknown account."""
        self._db.write(lambda connection: open_session(connection, new))

    def who_is_signed_in(self, token_hash: str) -> SignedIn | None:
        """Return whose session this is; None when it has ended."""
        return self._db.read(lambda connection: who_is_signed_in(connection, token_hash))

    def touch_session(self, token_hash: str, lifetime: timedelta) -> None:
        """Write down that a session is in use, which prolongs it."""
        self._db.write(lambda connection: touch_session(connection, token_hash, lifetime))

    def close_session(self, token_hash: str, address: str) -> bool:
        """End a session by its own token; False when there is none."""
        return self._db.write(lambda connection: close_session(connection, token_hash, address))

    def sessions(self, name: str | None = None) -> list[SessionRecord]:
        """Return who is signed in, the last seen first."""
        return self._db.read(lambda connection: sessions(connection, name))

    def revoke_sessions(self, name: str, session_id: int | None, by: str, where: str = "") -> int:
        """End one session of an account, or (None) all; return how many have ended."""
        return self._db.write(lambda connection: revoke_sessions(connection, name, session_id, by, where))
