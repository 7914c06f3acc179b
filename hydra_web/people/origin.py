"""Whether a request that changes something comes from a page of ours, and not from another site's."""

from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing."""


def is_ours(headers: Mapping[str, str], base_url: str) -> bool:
    """Return whether a browser says that the request was made by a page of this server.

    Every browser of today sends `Origin` with whatever is no plain GET; a request without both headers is refused,
    since a session's cookie would be in it whoever made it.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    if origin is None:
        return site is not None
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return False
    if base_url and (parts.scheme, parts.netloc) == urlsplit(base_url)[:2]:
        return True
    return parts.netloc == headers.get("host")
