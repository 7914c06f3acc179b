"""A whole hall for system tests: YAML, database, directories, its IOC as a process, and plots to drop into it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import alembic.command  # noqa: F401 (imported late, with garbage about, CPython 3.11 may trip over it: gh-106176)
import yaml
from sqlalchemy.engine import make_url

import db_schema
from hydra_core.config import HallConfig, load_config
from hydra_core.domain import ModelRecord
from hydra_core.store import SqlStore, open_store
from support.ca import CaClient, ca_env, eventually
from support.ports import free_port

PLOTS = {"Trigger-Bits": "TRIG_BITS", "ST_occupancy": "ST_OCC"}
"""Plot types with a trained model, and their short PV names."""
UNTRAINED = ("CDC_occupancy", "CDC_OCC")
RUN = 1
PATIENCE = 90.0
"""Seconds that something may take on a busy machine before a test fails; nothing is measured with it."""


def hall_yaml(folder: Path, prefix: str, port: int, web_port: int, **changes: Any) -> str:
    """Return the YAML of a hall below `folder`; `changes` are merged into its sections, `plots` replaces all plots."""
    classes = {
        "Good": {"severity": "none", "key": "g"},
        "Bad": {"severity": "major", "key": "b"},
        "NoData": {"severity": "minor", "key": "n"},
    }
    plots = {name: {"pv": pv, "group": "Test", "response": "Look."} for name, pv in (*PLOTS.items(), UNTRAINED)}
    source = {"kind": "directory", "path": str(folder / "incoming"), "pattern": "Run{run:d}/{plot}_{chunk:d}.png"}
    confirm = {"bad": "2 of 3", "clear": "2 of 2"}
    hall: dict[str, Any] = {
        "deployment": "test",
        "data_dir": str(folder / "data"),
        "epics": {"prefix": prefix, "interfaces": ["127.0.0.1"], "port": port},
        "models": {"threads": 1},
        "defaults": {"threshold": 0.7, "confirm": confirm, "stale_after": "1h", "classes": classes},
        "sources": [source],
        "plots": plots,
        "web": {"port": web_port, "base_url": f"http://127.0.0.1:{web_port}"},
    }
    for key, value in changes.items():
        hall[key] = {**hall[key], **value} if key != "plots" and isinstance(hall.get(key), dict) else value
    return yaml.safe_dump(hall, sort_keys=False)


@dataclass(frozen=True)
class Trained:
    """Models and pictures that were made once: `bank[plot type][class]` are pictures the model is sure of."""

    folder: Path
    records: Mapping[str, ModelRecord]
    bank: Mapping[str, Mapping[str, list[bytes]]]

    @property
    def models(self) -> Path:
        """Where the bundles lie."""
        return self.folder / "data" / "models"

    @classmethod
    def made_in(cls, folder: Path) -> "Trained":
        """Train in a process of its own, which leaves no TensorFlow in this one; what is there already is used."""
        if not (folder / "bank").exists():
            cls._train(folder)
        store = open_store(load_config(folder / "hall.yaml").database_url())
        records = {name: store.active_model(name) for name in PLOTS}
        store.close()
        bank: dict[str, dict[str, list[bytes]]] = {}
        for path in sorted((folder / "bank").glob("*/*.png")):
            kinds = bank.setdefault(path.parent.name, {})
            kinds.setdefault(path.name.split("_")[0], []).append(path.read_bytes())
        return cls(folder, {name: record for name, record in records.items() if record is not None}, bank)

    @staticmethod
    def _train(folder: Path) -> None:
        command = [sys.executable, "-m", "support.train_models", str(folder)]
        path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(command, env=quiet(PYTHONPATH=path), capture_output=True, text=True)
        assert done.returncode == 0, f"training for the system tests failed:\n{done.stdout}\n{done.stderr}"


class Hall:
    """One hall with an upgraded database; `url` is a MariaDB, without it an SQLite file is made."""

    def __init__(self, folder: Path, url: str | None = None, **changes: Any) -> None:
        self.folder = folder
        self.incoming = folder / "incoming"
        self.prefix = f"T{os.getpid()}:{folder.name[-12:].upper().replace('_', '-')}:"
        self.port, self.web_port = free_port(), free_port()
        self._changes = changes
        self._chunks: Counter[str] = Counter()
        self.incoming.mkdir(parents=True)
        (folder / "data").mkdir()
        if url is not None:
            self._use_database(url)
        self.yaml = folder / "hall.yaml"
        self.write_yaml()
        db_schema.upgrade(self.config.database_url())

    def _use_database(self, url: str) -> None:
        """Name the database in the YAML and put its password where the YAML may not have it."""
        password = make_url(url).password
        secret = self.folder / "password"
        secret.touch(0o600)
        secret.write_text(str(password))
        plain = url.replace(f":{password}@", "@")
        self._changes = {**self._changes, "database": {"url": plain, "password_file": str(secret)}}

    def write_yaml(self, **changes: Any) -> None:
        """Write the configuration, with further changes."""
        self._changes = {**self._changes, **changes}
        self.yaml.write_text(hall_yaml(self.folder, self.prefix, self.port, self.web_port, **self._changes))
        self._devices = {plot_type.name: plot_type.pv for plot_type in self.config.plot_types()}

    @property
    def config(self) -> HallConfig:
        """The configuration as the services read it."""
        return load_config(self.yaml)

    @contextmanager
    def store(self) -> Iterator[SqlStore]:
        """Open the hall's database."""
        store = open_store(self.config.database_url())
        try:
            yield store
        finally:
            store.close()

    def use_models(self, trained: Trained) -> None:
        """Put the trained models into the library and make them active."""
        self.write_yaml(models={"path": str(trained.models), "threads": 1})
        with self.store() as store:
            store.sync_plot_types(self.config.plot_types())
            for name, model in trained.records.items():
                store.add_model(name, model.ref, model.path, model.classes, model.metrics, model.thresholds, "test")
                store.promote(name, model.ref.version, "test")

    def pv(self, plot_type: str, suffix: str) -> str:
        """Return a PV's whole name; the plot type may be SYS."""
        return f"{self.prefix}{self._devices.get(plot_type, plot_type)}:{suffix}"

    def next_chunk(self, plot_type: str) -> int:
        """Return the chunk number that the next `drop` of this type will have."""
        return self._chunks[plot_type] + 1

    def drop(self, plot_type: str, data: bytes, chunk: int | None = None) -> int:
        """Deliver a plot as the monitoring does, written aside and renamed; return its chunk number."""
        self._chunks[plot_type] = chunk if chunk is not None else self._chunks[plot_type] + 1
        number = self._chunks[plot_type]
        path = self.incoming / f"Run{RUN:06d}" / f"{plot_type}_{number:04d}.png"
        path.parent.mkdir(exist_ok=True)
        aside = path.with_name(f"tmp_canvas_{plot_type}_{os.getpid()}.png")
        aside.write_bytes(data)
        aside.rename(path)
        return number

    def hydra(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run a `hydra` command on this hall; fail unless it ends with `code` (None: any)."""
        command = [sys.executable, "-m", "hydra_cli.main", *arguments, "-c", str(self.yaml)]
        done = subprocess.run(command, capture_output=True, text=True, env=quiet(), timeout=300)
        assert code is None or done.returncode == code, f"hydra {arguments} gave {done.returncode}:\n{done.stderr}"
        return done

    def client(self) -> CaClient:
        """Start a libca client that sees only this hall's IOC."""
        return CaClient(self.port)


class IocProcess:
    """`hydra ioc run` as a process; its output is in `log`. Always use as a context manager."""

    def __init__(self, hall: Hall, **environment: str) -> None:
        self.hall = hall
        self.log = hall.folder / f"ioc{len(list(hall.folder.glob('ioc*.log')))}.log"
        self.started = time.monotonic()
        with self.log.open("wb") as file:
            self.process = subprocess.Popen(
                self.command(hall),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=self.environment(**environment),
            )

    def command(self, hall: Hall) -> list[str]:
        """Return what to run."""
        return [sys.executable, "-m", "hydra_cli.main", "ioc", "run", "-c", str(hall.yaml)]

    def environment(self, **changes: str) -> dict[str, str]:
        """Return its environment."""
        return quiet(**changes)

    def __enter__(self) -> "IocProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def wait_ready(self) -> "IocProcess":
        """Wait until every model is warm."""

        def ready() -> bool:
            assert self.process.poll() is None, f"the IOC ended with {self.process.returncode}:\n{self.text()}"
            return any(line.startswith("READY ") for line in self.text().splitlines())

        assert eventually(ready, PATIENCE), f"the IOC does not get READY:\n{self.text()}"
        return self

    def age(self) -> float:
        """Return the seconds since it was started."""
        return time.monotonic() - self.started

    def text(self) -> str:
        """Return what it has printed so far."""
        return self.log.read_text(errors="replace")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()


def quiet(**changes: str) -> dict[str, str]:
    """Return an environment for child processes: loopback only, no chatter of TensorFlow."""
    kept = {name: value for name, value in ca_env(free_port()).items() if not name.startswith("HYDRA_")}
    return kept | {"TF_CPP_MIN_LOG_LEVEL": "3"} | changes


class NotifySocket:
    """What systemd listens on; `states` are the lines that a service sent so far."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.setblocking(False)
        self._lines: list[str] = []

    def states(self) -> list[str]:
        """Return all lines received so far."""
        while True:
            try:
                self._lines += self._socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return self._lines

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
