"""What a database error means to Hydra, in words: away (try again later), wrong schema, or this row is refused."""

from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, TimeoutError

from hydra_core.errors import SchemaError, StoreDownError, StoreError

DEADLOCKS = frozenset({1205, 1213})
READ_ONLY = frozenset({1290, 1792, 1836})

_CONNECTION = "does not answer; check that the server runs and can be reached"
_BUSY = "is busy: another writer holds its lock"
_READ_ONLY = "is read-only (a fail-over, or a replica); results wait in the spool until it accepts writes"
_FULL = "has no disk space left; free some on its server"
_REFUSED = "refuses the user; check the user, its grants and password_file"
_MISSING = "does not exist; create it (CREATE DATABASE … CHARACTER SET utf8mb4), then run `hydra db upgrade`"
_DAMAGED = "is damaged or no database; restore it from a backup"
_UNOPENED = "cannot be opened; check that its directory exists and may be written"

_DOWN: Mapping[int, str] = {
    **dict.fromkeys((1053, 1927, 2002, 2003, 2006, 2013, 2014, 2045, 2055, 4031), _CONNECTION),
    **dict.fromkeys(READ_ONLY, _READ_ONLY),
    **dict.fromkeys((1021, 1030, 1041, 1114), _FULL),
    **dict.fromkeys((1044, 1045, 1129, 1130, 1142, 1698), _REFUSED),
    **dict.fromkeys(DEADLOCKS, _BUSY),
    **dict.fromkeys((1040, 1203), "has no free connection; raise max_connections or stop other clients"),
    1049: _MISSING,
}
_SCHEMA = frozenset({1054, 1146, 1364})
_SQLITE_DOWN: Mapping[str, str] = {
    "database is locked": _BUSY,
    "database table is locked": _BUSY,
    "readonly database": _READ_ONLY,
    "disk is full": _FULL,
    "disk i/o error": "cannot be read or written (I/O error); check the disk",
    "unable to open": _UNOPENED,
    "malformed": _DAMAGED,
    "not a database": _DAMAGED,
}
_SQLITE_SCHEMA = ("no such table", "no such column", "has no column")


def code_of(error: SQLAlchemyError) -> int:
    """Return the server's error number, 0 when there is none."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    first = cause.args[0] if cause is not None and cause.args else None
    return first if isinstance(first, int) else 0


def timed_out(error: SQLAlchemyError) -> bool:
    """Return whether the server fell silent, rather than closed the connection."""
    return "timed out" in str(error).lower()


def explain(error: SQLAlchemyError, where: str) -> StoreError:
    """Return the StoreError that says what went wrong with the database `where` and what to do."""
    detail = str(error.orig) if isinstance(error, DBAPIError) and error.orig is not None else str(error)
    code, text = code_of(error), detail.lower()
    if code in _SCHEMA or any(sign in text for sign in _SQLITE_SCHEMA):
        return SchemaError(f"the database {where} has another schema ({detail}); run `hydra db upgrade`")
    advice = _DOWN.get(code) or next((said for sign, said in _SQLITE_DOWN.items() if sign in text), None)
    if advice is None and (isinstance(error, TimeoutError) or _is_disconnect(error)):
        advice = _CONNECTION
    if advice is not None:
        return StoreDownError(f"the database {where} {advice} ({detail})")
    return StoreError(f"the database {where} refuses this: {detail}")


def _is_disconnect(error: SQLAlchemyError) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated
