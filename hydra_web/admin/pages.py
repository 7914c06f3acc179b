"""`/admin` and `/me`: the pages of those who look after others, and of everybody who has signed in."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from hydra_core.store.people import ROLES
from hydra_core.store.sessions import SessionRecord
from hydra_web.admin.audit import AskedOf, audit_page
from hydra_web.parts import Parts, PartsOf
from hydra_web.people.rights import Admin, Liaison, Myself, Person, Role

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

KINDS = (
    "acknowledge", "add account", "add news", "add token", "disable account", "end sessions", "grant role", "promote",
    "remove news", "revoke role", "revoke token", "save view", "set password", "set rule", "sign in", "sign out",
)  # fmt: skip
"""What the filter of the audit log offers; anything else may be typed."""

PAGE = 100
_PRIVATE = {"Cache-Control": "no-store"}


@router.get("/admin")
def accounts(parts: PartsOf, person: Liaison) -> HTMLResponse:
    """Show who may do what."""
    signed_in: dict[str, list[SessionRecord]] = {}
    for record in parts.store.sessions():
        signed_in.setdefault(record.name, []).append(record)
    is_admin = person.may(Role.ADMIN)
    context = {
        "accounts": parts.store.accounts(),
        "sessions": signed_in,
        "is_admin": is_admin,
        "roles": ROLES if is_admin else ROLES[:2],
        "plots": list(parts.config.plots),
    }
    return _page(parts, person, "admin_accounts.html", "/admin", context)


@router.get("/admin/tokens")
def tokens(request: Request, parts: PartsOf, person: Admin) -> HTMLResponse:
    """Show the keys of programs."""
    context = {
        "tokens": parts.store.tokens(),
        "roles": ROLES,
        "plots": list(parts.config.plots),
        "now": datetime.now(UTC),
        "base": parts.config.web.base_url.rstrip("/") or str(request.base_url).rstrip("/"),
    }
    return _page(parts, person, "admin_tokens.html", "/admin/tokens", context)


@router.get("/admin/news")
def news(parts: PartsOf, person: Liaison) -> HTMLResponse:
    """Show the banners of now."""
    return _page(parts, person, "admin_news.html", "/admin/news", {"news": parts.store.news()})


@router.get("/admin/audit")
def audit(
    parts: PartsOf, person: Admin, wanted: AskedOf, after: Annotated[str | None, Query(max_length=40)] = None
) -> HTMLResponse:
    """Show who changed what."""
    lines, more = audit_page(parts, wanted, after, PAGE)
    asked = {"who": wanted.who, "what": wanted.what, "target": wanted.target, "after": more}
    context = {
        "lines": lines,
        "wanted": wanted,
        "kinds": KINDS,
        "next": more,
        "older": urlencode({name: value for name, value in asked.items() if value}),
        "plain": plain,
    }
    return _page(parts, person, "admin_audit.html", "/admin/audit", context)


@router.get("/me")
def me(parts: PartsOf, person: Myself) -> HTMLResponse:
    """Show what somebody may do and where they are signed in."""
    account = parts.store.account(person.name)
    held = sorted(person.grants, key=lambda grant: (-grant.role, grant.plot_type or ""))
    context = {
        "grants": [
            grant.role.name.lower() + (f" of {grant.plot_type}" if grant.plot_type else "")
            for grant in held
            if grant.role > Role.VIEWER
        ],
        "sessions": parts.store.sessions(person.name),
        "has_password": account is not None and account.has_password,
        "words": "Your account",
    }
    return _page(parts, person, "me.html", "", context)


def plain(values: Mapping[str, object]) -> str:
    """Return what stands in the audit log as a person reads it."""
    return "; ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())


def _page(parts: Parts, person: Person, template: str, tab: str, context: Mapping[str, object]) -> HTMLResponse:
    tabs = [("/admin", "Accounts"), ("/admin/news", "News")] if tab else []
    if tab and person.may(Role.ADMIN):
        tabs = [tabs[0], ("/admin/tokens", "Tokens"), tabs[1], ("/admin/audit", "Audit log")]
    shown = {"here": "admin" if tab else "", "tab": tab, "tabs": tabs, "words": "Administration", **context}
    return HTMLResponse(parts.views.page(template, person, shown), headers=_PRIVATE)
