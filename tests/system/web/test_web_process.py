"""The web service as a process: starts from a file, says when the database is not fit, stops on SIGTERM."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest
from support.wall import HALL, hall

from hydra_core.store import SqlStore

PROGRAM = """
import sys, pathlib
from hydra_core.errors import HydraError
from hydra_web.server import run
try:
    run(pathlib.Path(sys.argv[1]))
except HydraError as error:
    print(error)
    sys.exit(1)
"""
PATIENCE = 60


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def hall_file(tmp_path, port):
    path = tmp_path / "hall.yaml"
    path.write_text(f"{HALL}\nweb: {{port: {port}}}\n")
    (tmp_path / "data").mkdir()
    return path


@contextmanager
def web_process(hall_file):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(hall_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONASYNCIODEBUG": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def store_of(hall_file):
    config = hall(hall_file.parent)
    store = SqlStore(config.database_url())
    store.upgrade()
    store.sync_plot_types(config.plot_types())
    return store


def test_serves_until_sigterm_and_ends_its_streams(hall_file, port):
    store_of(hall_file).close()
    with web_process(hall_file) as process:
        base = f"http://127.0.0.1:{port}"
        _answers(process, base)
        with httpx.stream("GET", f"{base}/events", timeout=PATIENCE) as response:
            lines = response.iter_lines()
            assert next(lines).startswith("retry")
            process.send_signal(signal.SIGTERM)
            for _ in lines:
                pass
        process.wait(PATIENCE)
        output = process.stdout.read()
        assert process.returncode == 0, output
        assert "Traceback" not in output


def test_listens_on_loopback_only(hall_file, port):
    store_of(hall_file).close()
    with web_process(hall_file) as process:
        _answers(process, f"http://127.0.0.1:{port}")
        with socket.create_server(("127.0.0.2", port)):
            pass


def test_refuses_an_empty_database_and_names_the_command(hall_file):
    with web_process(hall_file) as process:
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert "hydra db upgrade" in output
        assert "Traceback" not in output


def _answers(process, base):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read()
        try:
            assert httpx.get(f"{base}/readyz", timeout=PATIENCE).status_code == 200
        except httpx.ConnectError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the web service does not answer")
