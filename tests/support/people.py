"""People for tests of the web: accounts with a role, signed in at an httpx client and at Chromium."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from hydra_core.passwords import new_secret, secret_hash
from hydra_core.store.sessions import NewSession
from hydra_core.store.tokens import NewToken
from hydra_web.people.identity import COOKIE
from support.web_server import Hall


@dataclass(frozen=True)
class SomebodySignedIn:
    """Somebody at a browser: `client` for requests as from a page, `cookies` for Playwright's `add_cookies`."""

    name: str
    client: httpx.Client
    cookies: list[Any]


@contextmanager
def signed_in(hall: Hall, name: str, role: str | None, plot_type: str | None = None) -> Iterator[SomebodySignedIn]:
    """Sign somebody in who has this role (None: no role), for one plot type or for all; no password is involved."""
    if hall.store.account(name) is None:
        hall.store.add_account(name, password_hash=None, by="test")
    if role is not None:
        hall.store.grant_role(name, role, plot_type, "test")
    token = new_secret()
    hall.store.open_session(NewSession(name, secret_hash(token), "127.0.0.1", "test", timedelta(hours=1)))
    with httpx.Client(base_url=hall.url, cookies={COOKIE: token}, headers={"Origin": hall.url}, timeout=20) as client:
        yield SomebodySignedIn(name, client, [{"name": COOKIE, "value": token, "url": hall.url}])


@contextmanager
def token_holder(
    hall: Hall, role: str, plot_types: tuple[str, ...] | None = None, name: str = "feeder"
) -> Iterator[httpx.Client]:
    """Give a client a new API token with this role, for some plot types or (None) for all."""
    token = new_secret()
    hall.store.add_token(NewToken(name, secret_hash(token), role, plot_types), "test")
    with httpx.Client(base_url=hall.url, headers={"Authorization": f"Bearer {token}"}, timeout=20) as client:
        yield client
