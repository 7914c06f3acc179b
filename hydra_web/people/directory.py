"""Asks the site's LDAP directory whether a password is right, and which groups somebody is in."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hydra_core.config.auth import Ldap
from hydra_core.config.database import read_password
from hydra_core.errors import AuthError, UsageError

PATIENCE = 5
"""Seconds for each step; somebody waits at the sign-in page."""


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody whose password is right, with the short names of their groups."""

    full_name: str
    email: str
    groups: tuple[str, ...]


def look_up(ldap: Ldap, name: str, password: str) -> Found | None:
    """Return who it is, None for an unknown name or a wrong password. Raises AuthError when nobody can be asked."""
    ldap3 = _library()
    if not password:
        return None  # a directory takes an empty password for an anonymous visitor, and lets it in
    server = _server(ldap)
    try:
        with _bound(ldap, server, ldap.bind_dn, _own_password(ldap)) as asking:
            if asking is None:
                raise AuthError(f"the directory {ldap.url} refuses {ldap.bind_dn or 'an anonymous search'}")
            entry = _entry(ldap, asking, name)
            if entry is None:
                return None
            with _bound(ldap, server, entry["dn"], password) as themselves:
                return None if themselves is None else _found(ldap, asking, entry, name)
    except ldap3.core.exceptions.LDAPException as error:
        raise AuthError(f"the directory {ldap.url} does not answer as it should: {error}") from error


def _library() -> Any:
    try:
        import ldap3
        import ldap3.core.exceptions
    except ImportError as error:
        raise UsageError("auth kind ldap needs ldap3: pip install 'hydra-monitoring[ldap]'") from error
    return ldap3


def _server(ldap: Ldap) -> Any:
    ldap3 = _library()
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(ldap.ca_file) if ldap.ca_file else None)
    return ldap3.Server(ldap.url, tls=tls, connect_timeout=PATIENCE, get_info=ldap3.NONE)


def _own_password(ldap: Ldap) -> str:
    return read_password(ldap.password_file) if ldap.password_file else ""


@contextmanager
def _bound(ldap: Ldap, server: Any, dn: str, password: str) -> Iterator[Any]:
    """Give a connection on which the directory has taken this password; None when it has not."""
    ldap3 = _library()
    who = {"user": dn, "password": password, "authentication": ldap3.SIMPLE} if dn else {}
    connection = ldap3.Connection(server, **who, receive_timeout=PATIENCE, read_only=True, auto_referrals=False)
    try:
        if ldap.url.startswith("ldap://") and ldap.start_tls:
            connection.open()
            connection.start_tls(read_server_info=False)
        yield connection if connection.bind() else None
    finally:
        connection.unbind()


def _entry(ldap: Ldap, asking: Any, name: str) -> dict[str, Any] | None:
    """Return the one entry of this name: two would mean that the filter is too wide to tell who it is."""
    query = ldap.user_filter.replace("{name}", _escaped(name))
    wanted = ["cn", "displayName", "mail", "memberOf"]
    entries = _search(asking, ldap.base, query, wanted)
    return entries[0] if len(entries) == 1 else None


def _found(ldap: Ldap, asking: Any, entry: dict[str, Any], name: str) -> Found:
    groups = [_common_name(dn) for dn in _values(entry, "memberOf")]
    if ldap.group_base:
        query = ldap.group_filter.replace("{dn}", _escaped(str(entry["dn"]))).replace("{name}", _escaped(name))
        for group in _search(asking, ldap.group_base, query, ["cn"]):
            groups += _values(group, "cn")
    full_name = next(iter(_values(entry, "displayName") + _values(entry, "cn")), "")
    email = next(iter(_values(entry, "mail")), "")
    return Found(full_name[:190], email[:190], tuple(dict.fromkeys(groups)))


def _search(asking: Any, base: str, query: str, wanted: list[str]) -> list[dict[str, Any]]:
    asking.search(base, query, attributes=wanted, time_limit=PATIENCE, size_limit=1000)
    return [one for one in asking.response or () if one["type"] == "searchResEntry"]


def _values(entry: dict[str, Any], name: str) -> list[str]:
    attributes = entry["attributes"]
    found = attributes.get(name, ()) if isinstance(attributes, dict) or hasattr(attributes, "get") else ()
    return [found] if isinstance(found, str) else [str(one) for one in found]


def _escaped(text: str) -> str:
    from ldap3.utils.conv import escape_filter_chars

    escaped: str = escape_filter_chars(text)
    return escaped


def _common_name(dn: str) -> str:
    """Return `shift` of `cn=shift,ou=groups,dc=example,dc=org`."""
    return dn.partition(",")[0].partition("=")[2]
