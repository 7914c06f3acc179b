"""Copy a whole database into one file while it is in use."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy.engine import URL

from hydra_core.errors import StoreDownError, StoreError

_DUMP = ("mariadb-dump", "mysqldump")


def backup(url: URL, out: Path) -> int:
    """Write a backup to `out` (a new file, readable by its owner only) and return its size in bytes.

    SQLite: a database file. MariaDB: SQL for the `mariadb` client. Raises StoreError.
    """
    if out.exists():
        raise StoreError(f"{out} exists already; name a new file for the backup")
    part = out.with_name(out.name + ".part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        if url.get_backend_name() == "sqlite":
            _copy_sqlite(Path(str(url.database)), part)
        else:
            _dump_mariadb(url, part)
        part.rename(out)
    except OSError as error:
        raise StoreError(f"cannot write the backup {out}: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return out.stat().st_size


def _copy_sqlite(source: Path, part: Path) -> None:
    if not source.exists():
        raise StoreError(f"there is no database {source}; `hydra db upgrade` makes one")
    try:
        with contextlib.closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as database:
            with contextlib.closing(sqlite3.connect(part)) as copy:
                database.backup(copy)
                (verdict,) = copy.execute("PRAGMA quick_check").fetchone()
    except sqlite3.Error as error:
        raise StoreDownError(f"the database {source} cannot be copied: {error}") from error
    if verdict != "ok":
        raise StoreError(f"the database {source} is damaged ({verdict}); restore an older backup")


def _dump_mariadb(url: URL, part: Path) -> None:
    program = next((found for name in _DUMP if (found := shutil.which(name))), None)
    if program is None:
        raise StoreError("mariadb-dump is missing: install Debian's mariadb-client on this machine")
    # The password goes through a file that only we can read: a command line is public.
    with tempfile.NamedTemporaryFile("w", suffix=".cnf", encoding="utf-8") as defaults:
        Path(defaults.name).chmod(0o600)
        defaults.write(_client_section(url))
        defaults.flush()
        command = [program, f"--defaults-file={defaults.name}", "--single-transaction", "--skip-lock-tables"]
        command += ["--hex-blob", "--default-character-set=utf8mb4", "--no-tablespaces", str(url.database)]
        with part.open("wb") as file:
            done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise StoreDownError(f"mariadb-dump could not read {url.render_as_string()}: {said}")


def _client_section(url: URL) -> str:
    """Return a my.cnf that logs in as the URL says."""
    settings = {"host": url.host or "localhost", "port": str(url.port or 3306), "user": url.username or ""}
    settings |= {"password": url.password} if url.password is not None else {}
    socket = url.query.get("unix_socket")
    settings |= {"socket": socket} if isinstance(socket, str) else {}
    lines = (f'{name}="{_quoted(str(value))}"' for name, value in settings.items())
    return "\n".join(("[client]", *lines, ""))


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
