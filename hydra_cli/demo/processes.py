"""The demo's processes: IOC, web and live feed, started together and stopped together."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from hydra_core.errors import HydraError

STOP_WITHIN = 15.0
"""Seconds a process may take to stop before it is killed."""


class DemoError(HydraError):
    """A part of the demo did not start or ended by itself."""


class Processes:
    """Child processes that end with the demo; each writes its own log file."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *arguments: str) -> Path:
        """Start `hydra ARGUMENTS` and return the path of its log."""
        log = self._logs / f"{name}.log"
        with log.open("ab") as file:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", "hydra_cli.main", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
                start_new_session=True,
            )
        return log

    def check(self) -> None:
        """Raise DemoError when a process has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                log = self._logs / f"{name}.log"
                last = log.read_text(errors="replace").strip().splitlines()[-3:]
                raise DemoError(
                    f"the {name} process ended with code {process.returncode}; see {log}: {' | '.join(last)}"
                )

    def wait_for_line(self, log: Path, start: str, within: float) -> None:
        """Wait until the log has a line that begins so. Raises DemoError after `within` seconds."""
        self._wait(
            lambda: any(line.startswith(start) for line in log.read_text().splitlines()), f"{start} in {log}", within
        )

    def wait_for_page(self, url: str, within: float) -> None:
        """Wait until a page answers. Raises DemoError after `within` seconds."""
        self._wait(lambda: _answers(url), url, within)

    def wait_for_verdict(self, url: str, within: float) -> None:
        """Wait until a plot type has been judged. Raises DemoError after `within` seconds."""
        self._wait(lambda: any(row["class"] for row in _read(url)), f"the first verdict at {url}", within)

    def stop(self) -> None:
        """Stop everything: the feed first, so that nothing new comes, then the services."""
        for process in reversed(self._running.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        end = time.monotonic() + STOP_WITHIN
        for process in self._running.values():
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait(self, condition: Callable[[], bool], what: str, within: float) -> None:
        end = time.monotonic() + within
        while not condition():
            self.check()
            if time.monotonic() > end:
                raise DemoError(f"waited {within:.0f} s for {what}; see the logs in {self._logs}")
            time.sleep(0.2)


def free_port(wanted: int) -> int:
    """Return the wanted TCP port of the loopback interface, or a free one when that is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("no free TCP port on 127.0.0.1")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _read(url: str) -> list[dict[str, object]]:
    with urllib.request.urlopen(url, timeout=5) as response:
        answer: list[dict[str, object]] = json.load(response)
    return answer
