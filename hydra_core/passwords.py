"""Passwords and tokens as they are kept: argon2 for what people remember, SHA-256 for what is random anyway."""

import hashlib
import re
import secrets
from functools import cache
from typing import TYPE_CHECKING

from hydra_core.errors import UsageError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 10, 1024
"""Characters of a password; argon2 has to read all of them."""

TOKEN_PREFIX = "hydra_"
"""Begins every API token, so that scanners for leaked secrets can know one."""

_TOO_PLAIN = re.compile(r"(.)\1*|password.{0,4}|hydra.{0,6}|0?123456789\d*", re.IGNORECASE)


def check_password(password: str, name: str) -> str:
    """Return the password. Raises UsageError for one that is too short, too long or too easy to guess."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"a password has {SHORTEST} to {LONGEST} characters, this one {len(password)}")
    if _TOO_PLAIN.fullmatch(password) or name.casefold() in password.casefold():
        raise UsageError("this password is too easy to guess: take three or four words that have nothing in common")
    return password


def hash_password(password: str) -> str:
    """Return argon2's encoded hash, with its salt and costs."""
    return _hasher().hash(password)


def is_password(password: str, encoded: str | None) -> bool:
    """Return whether it is the password; takes as long for somebody without one (None)."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        right = _hasher().verify(encoded or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return right and encoded is not None


def is_outdated(encoded: str) -> bool:
    """Return whether the hash was made with lower costs than today's."""
    return _hasher().check_needs_rehash(encoded)


def new_secret() -> str:
    """Return 256 random bits as text that fits into a cookie or a header."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """Return what is kept of a random secret: nothing can be guessed from it, so it needs no salt."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


@cache
def _hasher() -> "PasswordHasher":
    try:
        from argon2 import PasswordHasher
    except ImportError as error:
        raise UsageError("passwords need argon2: pip install 'hydra-monitoring[web]'") from error
    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe(32))
