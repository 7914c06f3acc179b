"""`/api/v1/accounts`: who there is, what they may do, where they are signed in."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from hydra_core.passwords import LONGEST, check_password, hash_password
from hydra_core.store.people import Account
from hydra_core.store.sessions import SessionRecord
from hydra_web.admin.bodies import AccountName, Body, RoleName, RowId, known_plot_type, told
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Admin, Liaison, Myself, Person, Role
from hydra_web.people.signing_in import GrantOut, groups_if_right

router = APIRouter(prefix="/api/v1", tags=["people"])


class AccountOut(BaseModel):
    """Somebody whom Hydra knows."""

    name: str
    full_name: str
    email: str
    has_password: bool = Field(description="False: they sign in through the site's proxy or directory.")
    disabled: bool
    created_at: datetime
    roles: list[GrantOut]


class NewAccount(Body):
    """An account to be made; without a password somebody of the site's proxy or directory."""

    name: str = Field(min_length=1, max_length=64)
    full_name: str = Field("", max_length=190)
    email: str = Field("", max_length=190)
    password: str | None = Field(None, max_length=LONGEST)


class NewPassword(Body):
    """A password to come; `old` is the one of whoever changes their own."""

    password: str = Field(max_length=LONGEST)
    old: str = Field("", max_length=LONGEST)


class Disabled(Body):
    """Whether an account is shut out."""

    disabled: bool


class GrantIn(Body):
    """A role for one plot type, or (null) for all."""

    role: RoleName
    plot_type: str | None = Field(None, max_length=64)


class SessionOut(BaseModel):
    """Somebody signed in at a browser."""

    id: int
    name: str
    address: str
    agent: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class Ended(BaseModel):
    """How many sessions have ended."""

    ended: int


def account_out(account: Account) -> AccountOut:
    """Return an account as the API tells it."""
    return AccountOut(
        name=account.name,
        full_name=account.full_name,
        email=account.email,
        has_password=account.has_password,
        disabled=account.disabled,
        created_at=account.created_at,
        roles=[GrantOut(role=one.role, plot_type=one.plot_type) for one in account.grants],
    )


def session_out(record: SessionRecord) -> SessionOut:
    """Return a session as the API tells it; its secret is not known here either."""
    names = SessionOut.model_fields
    return SessionOut(**{name: getattr(record, name) for name in names})


@router.get("/accounts")
def accounts(parts: PartsOf, person: Liaison) -> list[AccountOut]:
    """Return every account."""
    return [account_out(account) for account in parts.store.accounts()]


@router.post("/accounts", status_code=201)
def add(new: NewAccount, parts: PartsOf, person: Admin) -> AccountOut:
    """Make an account, without a role."""
    with told():
        hashed = None if new.password is None else hash_password(check_password(new.password, new.name))
        parts.store.add_account(
            new.name, new.full_name, new.email, password_hash=hashed, by=person.name, where=person.where
        )
    return _found(parts, new.name)


@router.post("/accounts/{name}/password", status_code=204)
def set_password(name: AccountName, new: NewPassword, parts: PartsOf, person: Admin) -> None:
    """Give somebody another password and sign them out everywhere."""
    with told():
        hashed = hash_password(check_password(new.password, name))
        parts.store.set_password(name, hashed, person.name, person.where)


@router.post("/me/password", status_code=204)
def set_own_password(new: NewPassword, parts: PartsOf, person: Myself) -> None:
    """Give oneself another password; all sessions end, this one as well."""
    wait = parts.logins.wait(person.where, person.name)
    if wait:
        raise HTTPException(429, "Too many attempts.", {"Retry-After": str(int(wait) + 1)})
    if parts.store.password_hash(person.name) is None or groups_if_right(parts, person.name, new.old) is None:
        parts.logins.failed(person.where, person.name)
        raise HTTPException(403, "The old password is wrong, or Hydra has none of you.")
    with told():
        hashed = hash_password(check_password(new.password, person.name))
        parts.store.set_password(person.name, hashed, person.name, person.where)


@router.post("/accounts/{name}/disabled")
def set_disabled(name: AccountName, wish: Disabled, parts: PartsOf, person: Admin) -> AccountOut:
    """Shut an account out at once, or let it in again."""
    if wish.disabled and name == person.name:
        raise HTTPException(409, "Nobody shuts themselves out; another admin can.")
    with told():
        parts.store.set_disabled(name, wish.disabled, person.name, person.where)
    return _found(parts, name)


@router.post("/accounts/{name}/roles")
def grant(name: AccountName, wish: GrantIn, parts: PartsOf, person: Liaison) -> AccountOut:
    """Give somebody a role. A liaison may say who looks at and labels the plots of their own plot types."""
    _may_grant(person, wish, parts)
    with told():
        parts.store.grant_role(name, wish.role, wish.plot_type, person.name, person.where)
    return _found(parts, name)


@router.post("/accounts/{name}/roles/revoke")
def revoke(name: AccountName, wish: GrantIn, parts: PartsOf, person: Liaison) -> AccountOut:
    """Take a role from somebody, in the same bounds."""
    _may_grant(person, wish, parts)
    if name == person.name and wish.role == "admin":
        raise HTTPException(409, "Nobody takes the role admin from themselves; another admin can.")
    with told():
        parts.store.revoke_role(name, wish.role, wish.plot_type, person.name, person.where)
    return _found(parts, name)


@router.get("/sessions")
def sessions(
    parts: PartsOf, person: Admin, name: Annotated[str | None, Query(max_length=64)] = None
) -> list[SessionOut]:
    """Return who is signed in where, the last seen first."""
    return [session_out(record) for record in parts.store.sessions(name)]


@router.delete("/accounts/{name}/sessions")
def end_all(name: AccountName, parts: PartsOf, person: Admin) -> Ended:
    """Sign somebody out everywhere, at once."""
    with told():
        return Ended(ended=parts.store.revoke_sessions(name, None, person.name, person.where))


@router.get("/me/sessions")
def my_sessions(parts: PartsOf, person: Myself) -> list[SessionOut]:
    """Return where one is signed in."""
    return [session_out(record) for record in parts.store.sessions(person.name)]


@router.delete("/me/sessions/{session_id}")
def end_mine(session_id: RowId, parts: PartsOf, person: Myself) -> Ended:
    """End one of one's own sessions."""
    with told():
        return Ended(ended=parts.store.revoke_sessions(person.name, session_id, person.name, person.where))


def _found(parts: Parts, name: str) -> AccountOut:
    account = parts.store.account(name)
    if account is None:
        raise HTTPException(404, f"There is no account {name}.")
    return account_out(account)


def _may_grant(person: Person, wish: GrantIn, parts: Parts) -> None:
    plot_type = known_plot_type(parts.config, wish.plot_type)
    theirs = wish.role in ("viewer", "labeler") and person.may(Role.LIAISON, plot_type)
    if not theirs:
        person.must(Role.ADMIN, plot_type)
