"""A C IOC in a process of its own, as the reference for ours."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from support.ca import ca_env
from support.ports import free_port


class SoftIoc:
    """pythonSoftIOC serving `records`, each (suffix, record type, fields, states), as ``PREFIX:suffix``."""

    def __init__(
        self, prefix: str, records: list[tuple[str, str, dict[str, Any], list[str]]], port: int | None = None
    ) -> None:
        self.port, self.prefix = port or free_port(), prefix
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("soft_ioc_process.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=ca_env(self.port),
        )
        self._tell([prefix, records], "READY")

    def post(self, suffix: str, value: Any, severity: int = 0, status: int = 0) -> None:
        """Process a record with a value and an alarm, and wait until it has been told."""
        self._tell([suffix, value, int(severity), int(status)], "DONE")

    def close(self) -> None:
        """End the IOC."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def _tell(self, message: Any, answer: str) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        while line := self.process.stdout.readline():
            if line.strip() == answer:
                return
        raise RuntimeError("the reference IOC died")
