"""The database's address: which are understood, and how the password gets in without standing in the YAML."""

import stat
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from hydra_core.config.problems import did_you_mean
from hydra_core.errors import ConfigError

DRIVERS = ("sqlite", "mysql+pymysql", "mariadb+pymysql")
PASSWORD_VARIABLE = "HYDRA_DB_PASSWORD"
CREDENTIAL = "db.password"
"""The name under which systemd's LoadCredential gives a service the password."""


def check_url(value: str) -> str:
    """Return the url unchanged. Raises ValueError when it is not understood or holds a password.

    The message never repeats a url that may hold a password.
    """
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError("is no database url, e.g. mysql+pymysql://hydra@dbhost/hydra_hall_d?charset=utf8mb4") from None
    if url.password is not None or "password" in {key.casefold() for key in url.query}:
        raise ValueError(f"holds a password; put it into password_file or ${PASSWORD_VARIABLE}")
    if url.drivername not in DRIVERS:
        raise ValueError(f'"{url.drivername}" is no database Hydra speaks{did_you_mean(url.drivername, DRIVERS)}')
    if url.drivername == "sqlite" and not url.database:
        raise ValueError("names no file; write sqlite:///hydra.sqlite3, or leave url out")
    if url.drivername != "sqlite" and not (url.host and url.database and url.username):
        raise ValueError("needs user, host and database: mysql+pymysql://hydra@dbhost/hydra_hall_d?charset=utf8mb4")
    return value


def complete_url(value: str, base: Path, password: str | None) -> str:
    """Return the url with an absolute SQLite path (relative ones are below `base`) and the password."""
    url = make_url(value)
    if url.drivername == "sqlite":
        database = url.database or ":memory:"
        if database != ":memory:" and not database.startswith("file:"):
            database = str(base / database)
        return url.set(database=database).render_as_string()
    return url.set(password=password).render_as_string(hide_password=False)


def credential(environ: Mapping[str, str]) -> Path | None:
    """Return the file in which systemd gives this service the password; None: it gives none."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / CREDENTIAL if folder else None
    return path if path is not None and path.exists() else None


def read_password(path: Path) -> str:
    """Return the password in a file. Raises ConfigError when it is missing, empty, or open to everybody."""
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IROTH | stat.S_IWOTH):
            raise ConfigError(f"{path}: everybody on this machine can read or write this secret; run: chmod 600 {path}")
        text = path.read_text(encoding="utf-8").removesuffix("\n")
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file; it should hold the database password (or set ${PASSWORD_VARIABLE})"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the database password cannot be read: {error}") from error
    if not text or "\n" in text:
        raise ConfigError(f"{path}: must hold the database password as its one line")
    return text
