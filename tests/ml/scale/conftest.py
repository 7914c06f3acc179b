"""A hall of its own for whole processes, with plots imported, and what a farm's workers are seen to do."""

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import commands
from support.lab import draw, png


class Hydra(commands.Hydra):
    """The command, patient; a call gives the text."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, timeout=560)
        self.models = directory / "data" / "models"

    def __call__(self, *words: str, code: int = 0) -> str:  # type: ignore[override]
        return self.text(self.start(*words), code)

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json"))

    def text(self, process: subprocess.Popen[str], code: int = 0) -> str:
        done = self.finish(process, code)
        return done.stdout if code == 0 else done.stderr


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
