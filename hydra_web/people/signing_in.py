"""Signing in and out: a page with a form that works without a script, and a cookie that scripts cannot read."""

import logging
from datetime import timedelta
from threading import BoundedSemaphore
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field

from hydra_core.errors import AuthError
from hydra_core.passwords import LONGEST, hash_password, is_outdated, is_password, new_secret, secret_hash
from hydra_core.store.sessions import NewSession
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.identity import address_of, cookie_name, is_name, is_secure
from hydra_web.people.rights import Person, Reader, person_of

logger = logging.getLogger(__name__)

WRONG = "Name or password is wrong."
_HASHING = BoundedSemaphore(2)
"""An argon2 hash takes 64 MiB: no more than two at a time, however many people sign in."""

router = APIRouter()


@router.get("/login", response_class=HTMLResponse, include_in_schema=False)
def sign_in_page(request: Request, parts: PartsOf, next: str = "/") -> HTMLResponse:
    """Show the form."""
    return _form(parts, person_of(request), next)


@router.post("/login", include_in_schema=False)
def sign_in(
    request: Request,
    parts: PartsOf,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=LONGEST)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Check name and password, start a session and lead back to where somebody came from."""
    address, name = address_of(request, parts.config.web.auth.proxy), name.strip()
    wait = parts.logins.wait(address, name)
    if wait:
        words = f"Too many attempts. Try again in {round(wait / 60) or 1} min."
        answer = _form(parts, person_of(request), next, words, name, 429)
        answer.headers["Retry-After"] = str(int(wait) + 1)
        return answer
    groups = groups_if_right(parts, name, password)
    if groups is None:
        parts.logins.failed(address, name)
        logger.warning("sign-in refused name=%r address=%s", name[:64], address)
        return _form(parts, person_of(request), next, WRONG, name, 403)
    parts.logins.succeeded(name)
    agent = request.headers.get("user-agent", "")
    welcome = RedirectResponse(_here(next), 303)
    start_session(welcome, parts, name, groups, address, agent)
    return welcome


@router.post("/logout", include_in_schema=False)
def sign_out(request: Request, parts: PartsOf, person: Reader) -> Response:
    """End the session of this browser."""
    cookie = request.cookies.get(cookie_name(parts.config))
    if cookie:
        parts.store.close_session(secret_hash(cookie), person.where)
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(cookie_name(parts.config), path="/", secure=is_secure(parts.config), httponly=True)
    return answer


class GrantOut(BaseModel):
    """A role for one plot type, or (null) for all."""

    role: str = Field(examples=["labeler"])
    plot_type: str | None


class Me(BaseModel):
    """Who asks and what they may do; the name is null for somebody who has not signed in."""

    name: str | None
    roles: list[GrantOut]


@router.get("/api/v1/me", tags=["people"])
def me(person: Reader) -> Me:
    """Return who asks."""
    grants = sorted(person.grants, key=lambda grant: (grant.role, grant.plot_type or ""))
    roles = [GrantOut(role=grant.role.name.lower(), plot_type=grant.plot_type) for grant in grants]
    return Me(name=person.name or None, roles=roles)


def groups_if_right(parts: Parts, name: str, password: str) -> tuple[str, ...] | None:
    """Return the groups of whoever has this name and password, None when that is nobody.

    Accounts of Hydra's own come first; then the site's directory is asked, where there is one.
    """
    if not is_name(name) or not password:
        return None
    encoded = parts.store.password_hash(name)
    with _HASHING:
        right = is_password(password, encoded)
    if right and encoded is not None:
        if is_outdated(encoded):
            parts.store.rehash_password(name, hash_password(password))
        return ()
    if encoded is None and parts.config.web.auth.ldap is not None:
        return _from_directory(parts, name, password)
    return None


def _from_directory(parts: Parts, name: str, password: str) -> tuple[str, ...] | None:
    from hydra_web.people.directory import look_up

    ldap = parts.config.web.auth.ldap
    account = parts.store.account(name)
    if ldap is None or (account is not None and (account.disabled or account.has_password)):
        return None
    try:
        found = look_up(ldap, name, password)
    except AuthError as error:
        logger.warning("the directory does not help why=%s", error)
        raise HTTPException(503, "The site's directory cannot be asked just now.") from error
    if found is None:
        return None
    parts.store.ensure_account(name, found.full_name, found.email)
    return found.groups


def start_session(answer: Response, parts: Parts, name: str, groups: tuple[str, ...], address: str, agent: str) -> None:
    """Sign somebody in at the browser that gets this answer."""
    token, lifetime = new_secret(), timedelta(seconds=parts.config.web.auth.session)
    parts.store.open_session(NewSession(name, secret_hash(token), address, agent, lifetime, groups))
    answer.set_cookie(
        cookie_name(parts.config), token, path="/", secure=is_secure(parts.config), httponly=True, samesite="lax"
    )
    logger.info("signed in name=%s address=%s", name, address)


def _here(path: str) -> str:
    """Return the path if it stays on this server: what starts with two slashes may not."""
    safe = path.startswith("/") and path[1:2] not in ("/", "\\") and path.isprintable() and path.isascii()
    return path if safe else "/"


def _form(parts: Parts, person: Person, next: str, words: str = "", name: str = "", code: int = 200) -> HTMLResponse:
    context = {"next": _here(next), "words": words, "typed": name, "kind": parts.config.web.auth.kind}
    return HTMLResponse(parts.views.page("login.html", person, context), code, {"Cache-Control": "no-store"})
