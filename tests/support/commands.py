"""The `hydra` command as people type it, each time a process of its own, with the configuration of one small hall."""

import os
import subprocess
import sys
from pathlib import Path

HALL = """
deployment: hall-t
data_dir: {data}
epics: {{prefix: "T:"}}
plots:
  CDC_occupancy:
    pv: CDC_OCC
    response: call the expert
    classes:
      Good: {{severity: none, key: g}}
      Bad: {{severity: major, key: b}}
      NoData: {{severity: minor, key: n}}
"""


class Hydra:
    """The command in `directory`, which holds the hall's file and data. A call gives what was printed."""

    def __init__(self, directory: Path, timeout: float = 170) -> None:
        self.directory = directory
        self._timeout = timeout
        (directory / "data").mkdir(parents=True)
        (directory / "hall.yaml").write_text(HALL.format(data=directory / "data"))

    def start(self, *words: str, stdin: int | None = None) -> subprocess.Popen[str]:
        """Start the command and return its process."""
        command = [sys.executable, "-m", "hydra_cli.main", *words]
        environment = {**os.environ, "HYDRA_CONFIG": str(self.directory / "hall.yaml")}
        out = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=self.directory, env=environment, stdin=stdin, stdout=out, stderr=out, text=True
        )

    def finish(self, process: subprocess.Popen[str], code: int = 0) -> subprocess.CompletedProcess[str]:
        """Wait for a process that must end with that code and without a traceback."""
        try:
            out, err = process.communicate(timeout=self._timeout)
        finally:
            process.kill()
        assert process.returncode == code, f"{process.args}: {process.returncode}\n{out}\n{err}"
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(process.args, code, out, err)

    def __call__(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return self.finish(self.start(*words), code)
