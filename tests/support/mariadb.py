"""A real MariaDB server for tests: its own data directory, its own port on loopback, gone when the test is."""

import contextlib
import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pymysql

from support.ports import free_port

USER = "hydra"
PASSWORD = "not-a-secret"
_names = itertools.count(1)


class MariaDb:
    """A server under `folder`. `start` and `stop` may be called again; the data stay."""

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        self.folder = folder
        self.port = free_port()
        self.socket = folder / "s"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def install(self) -> None:
        """Make the data directory and the user that tests log in as."""
        (self.folder / "tmp").mkdir(parents=True, exist_ok=True)
        command = [_program("mariadb-install-db"), "--no-defaults", f"--datadir={self.folder / 'data'}"]
        flags = ["--auth-root-authentication-method=normal", "--skip-test-db", *_as_root()]
        done = subprocess.run([*command, *flags], capture_output=True, text=True)
        assert done.returncode == 0, f"mariadb-install-db failed:\n{done.stdout}\n{done.stderr}"
        self.start()
        self.admin(f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'", f"GRANT ALL ON *.* TO '{USER}'@'%'")
        # SUPER and its like may write to a read-only server, which the tests must not be able to.
        self.admin(f"REVOKE SUPER, READ_ONLY ADMIN ON *.* FROM '{USER}'@'%'")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [
            _program("mariadbd"),
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--socket={self.socket}",
            f"--pid-file={self.folder / 'pid'}",
            # A server that starts deletes the temporary tables of every other one in the same directory.
            f"--tmpdir={self.folder / 'tmp'}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=64M",
            *_as_root(),
            *self._options,
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.admin("SELECT 1")
                return
            except pymysql.err.OperationalError:
                alive = self._process.poll() is None
                assert alive and time.monotonic() < deadline, f"no MariaDB:\n{(self.folder / 'log').read_text()}"
                time.sleep(0.05)

    def stop(self) -> None:
        """End the server as an administrator would."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    def admin(self, *statements: str) -> None:
        """Run statements as root, through the socket."""
        connection = pymysql.connect(unix_socket=str(self.socket), user="root", autocommit=True)
        with contextlib.closing(connection), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def new_database(self) -> str:
        """Make an empty database and return its name."""
        name = f"hydra_{os.getpid()}_{next(_names)}"
        self.admin(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return name

    def url(self, database: str, port: int | None = None) -> str:
        """Return the URL of a database, through another port (a proxy) when one is given."""
        return f"mysql+pymysql://{USER}:{PASSWORD}@127.0.0.1:{port or self.port}/{database}?charset=utf8mb4"


@contextlib.contextmanager
def running_mariadb(folder: Path, options: Sequence[str] = ()) -> Iterator[MariaDb]:
    """Run a new server for the duration of a `with` block."""
    server = MariaDb(folder, options)
    try:
        server.install()
        yield server
    finally:
        server.stop()


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    assert found, f"{name} is missing: install Debian's mariadb-server-core and mariadb-client (make test does)"
    return found


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []
