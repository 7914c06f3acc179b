"""Judging an archive again takes the memory of a page, however many plots there are."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.lab import Lab

from hydra_core.domain import Image, LabelledPlot, ModelRecord

PLOTS = 3000
TESTS = Path(__file__).parents[2]


def fill(lab: Lab) -> None:
    """Make three thousand plots of the few pictures that the lab has."""
    seed = [labelled.plot for labelled in lab.store.labelled("CDC_occupancy")]
    plots = [replace(seed[n % len(seed)], uid=f"{n:032x}", run=1 + n // 100, chunk=n % 100) for n in range(PLOTS)]
    for start in range(0, PLOTS, 500):
        rows = [LabelledPlot(plot, "Good") for plot in plots[start : start + 500]]
        pictures = {row.plot.sha256: Image(row.plot.sha256, "image/png", 96, 96, 1, None) for row in rows}
        lab.store.add_labels(rows, pictures, "test", "test")


def measured(lab: Lab, bundle: Path, *more: str) -> dict[str, float]:
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    words = [lab.store.where, str(lab.archive.path), str(bundle), "CDC_occupancy", *more]
    command = [sys.executable, "-m", "support.rejudge_memory", *words]
    environment = {**os.environ, "PYTHONPATH": path, "TF_NUM_INTRAOP_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=1000, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_memory_does_not_grow_with_the_number_of_plots(
    trained: tuple[Lab, ModelRecord], new_lab: Callable[..., Lab]
) -> None:
    lab, record = trained
    for more, least, most in (((), -20, 12), (("leak",), 18, 100)):
        hall = new_lab(f"hall{len(more)}")
        hall.label({"Good": 10, "Bad": 10, "NoData": 10}, seed=3)
        fill(hall)
        found = measured(hall, lab.models / record.path, *more)
        assert found["judged"] == PLOTS + 30
        assert least <= found["end"] - found["early"] <= most, found
