"""A hall of its own for whole processes, with plots imported, and what a farm's workers are seen to do."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.lab import draw, png

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
    """The `hydra` command with one hall's configuration."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.models = directory / "data" / "models"
        (directory / "data").mkdir(parents=True)
        (directory / "hall.yaml").write_text(HALL.format(data=directory / "data"))

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "hydra_cli.main", *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        environment = {**os.environ, "HYDRA_CONFIG": str(self.directory / "hall.yaml")}
        return subprocess.Popen(command, cwd=self.directory, env=environment, **pipes)  # type: ignore[call-overload,no-any-return]

    def __call__(self, *words: str, code: int = 0) -> str:
        return self.finish(self.start(*words), code)

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json"))

    def finish(self, process: subprocess.Popen[str], code: int = 0) -> str:
        out, err = process.communicate(timeout=560)
        assert process.returncode == code, f"{process.args}: {process.returncode}\n{out}\n{err}"
        assert "Traceback" not in err, err
        return out if code == 0 else err


@pytest.fixture
def new_hall(tmp_path: Path) -> Callable[..., Hydra]:
    """Make a hall with so many plots a class in eight runs, divided by run."""

    def make(name: str = "hall", per_class: int = 12) -> Hydra:
        from db_schema.migrate import upgrade

        hydra = Hydra(tmp_path / name)
        upgrade(f"sqlite:///{hydra.directory / 'data' / 'hydra.sqlite3'}")
        plots = hydra.directory / "plots"
        plots.mkdir()
        rng, rows = np.random.default_rng(2), []
        for label in ("Good", "Bad", "NoData"):
            for number in range(per_class):
                file = f"{label}_{number:04d}.png"
                (plots / file).write_bytes(png(draw(label, rng)))
                rows.append({"filename": file, "plot": "CDC_occupancy", "label": label, "run": 120001 + number % 8})
        with (plots / "labels.csv").open("w", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        hydra("import", "plots", "--labels", "plots/labels.csv")
        return hydra

    return make
