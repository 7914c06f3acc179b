"""Gives every arrival an identity that is the same after a restart."""

import hashlib
from datetime import UTC, datetime


def arrival_uid(plot_type: str, source: str, taken_at: datetime, sha256: str) -> str:
    """Return 32 hex digits that identify one version of one file.

    A file rewritten under its old name is a new arrival, because its time (or its content) is new; the same file
    found again is the same arrival. `taken_at` must be aware; it counts to the microsecond.
    """
    when = taken_at.astimezone(UTC).isoformat(timespec="microseconds")
    parts = "\0".join((plot_type, source, when, sha256))
    return hashlib.sha256(parts.encode("utf-8", "surrogateescape")).hexdigest()[:32]
