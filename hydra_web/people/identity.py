"""Who sends a request: the holder of a token, somebody whom the site's proxy vouches for, or a session's owner."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from starlette.requests import Request

from hydra_core.config import HallConfig
from hydra_core.config.auth import Roles, TrustedProxy
from hydra_core.errors import StoreError
from hydra_core.passwords import secret_hash
from hydra_core.store import SqlStore
from hydra_core.store.people import Account, check_name
from hydra_core.store.sessions import TOUCH_EVERY
from hydra_web.people.rights import ANYBODY, PROGRAM, Grant, Person, Role

COOKIE, SECURE_COOKIE = "hydra_session", "__Host-hydra_session"
"""Over https the browser itself sees to it that no other host sets the cookie."""


class BadTokenError(Exception):
    """A token was given that opens nothing."""


def is_secure(config: HallConfig) -> bool:
    """Return whether browsers reach Hydra by https."""
    return config.web.base_url.startswith("https://")


def cookie_name(config: HallConfig) -> str:
    """Return the name of the session's cookie."""
    return SECURE_COOKIE if is_secure(config) else COOKIE


def nobody(config: HallConfig) -> Person:
    """Return what somebody is who has not signed in."""
    return ANYBODY if config.web.auth.anonymous == "viewer" else Person("")


def address_of(request: Request, proxy: TrustedProxy | None) -> str:
    """Return the address that a request comes from; behind a trusted proxy, the one that the proxy saw."""
    peer = request.client.host if request.client else ""
    if proxy is None or peer not in proxy.addresses:
        return peer
    seen = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return seen[:64] or peer


def bearer(request: Request) -> str | None:
    """Return the token of a request; None when it has none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def find_person(request: Request, config: HallConfig, store: SqlStore) -> Person:
    """Return who sends a request. Raises BadTokenError, and StoreError while the database cannot be asked."""
    auth = config.web.auth
    where = address_of(request, auth.proxy)
    token = bearer(request)
    if token is not None:
        return _by_token(token, store, where)
    vouched = _vouched(request, config)
    if vouched is not None:
        name, groups = vouched
        account = store.account(name)
        if account is not None and account.disabled:
            return nobody(config)
        return _known(name, account, groups, config, where)
    cookie = request.cookies.get(cookie_name(config))
    return (_by_session(cookie, config, store, where) if cookie else None) or nobody(config)


def _by_token(token: str, store: SqlStore, where: str) -> Person:
    found = store.use_token(secret_hash(token))
    if found is None:
        raise BadTokenError
    role = Role[found.role.upper()]
    plot_types: Iterable[str | None] = (None,) if found.plot_types is None else found.plot_types
    return Person(f"{PROGRAM}{found.name}", frozenset(Grant(role, name) for name in plot_types), where)


def _by_session(cookie: str, config: HallConfig, store: SqlStore, where: str) -> Person | None:
    token_hash = secret_hash(cookie)
    found = store.who_is_signed_in(token_hash)
    if found is None:
        return None
    if datetime.now(UTC) - found.last_seen_at > TOUCH_EVERY:
        store.touch_session(token_hash, timedelta(seconds=config.web.auth.session))
    return _known(found.account.name, found.account, found.groups, config, where)


def _vouched(request: Request, config: HallConfig) -> tuple[str, tuple[str, ...]] | None:
    """Return name and groups that the proxy gives, None when it gives none or when it is not the proxy that speaks."""
    auth = config.web.auth
    peer = request.client.host if request.client else ""
    if auth.kind != "proxy" or auth.proxy is None or peer not in auth.proxy.addresses:
        return None
    name = request.headers.get(auth.proxy.user_header, "").strip()
    if not is_name(name):
        return None
    groups = request.headers.get(auth.proxy.groups_header, "").split(",")
    return name, tuple(group.strip() for group in groups if group.strip())


def is_name(name: str) -> bool:
    """Return whether this can be somebody's name."""
    try:
        check_name(name)
    except StoreError:
        return False
    return True


def roles_of(groups: Iterable[str], roles: Roles) -> frozenset[Grant]:
    """Return the roles that groups of the site's directory have."""
    mine = frozenset(groups)
    return frozenset(Grant(role) for role in Role if mine.intersection(getattr(roles, role.name.lower())))


def _known(name: str, account: Account | None, groups: Iterable[str], config: HallConfig, where: str) -> Person:
    own = account.grants if account is not None else ()
    held = {Grant(Role[grant.role.upper()], grant.plot_type) for grant in own}
    return Person(name, nobody(config).grants | held | roles_of(groups, config.web.roles), where)
