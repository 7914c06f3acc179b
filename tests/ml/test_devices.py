"""Several devices take the steps that one takes; mixed precision learns as well; both leave a plain float32 model."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]


def fitted(devices: int, architecture: str, precision: str = "float32") -> dict[str, Any]:
    """Fit in a process of its own: TensorFlow's devices are chosen once in a process."""
    command = [sys.executable, "-m", "support.two_devices", str(devices), architecture, precision]
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "TF_NUM_INTRAOP_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=580, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("architecture", "tolerance"), [("light", 1e-3), ("compact", 0.05)])
def test_two_devices_take_the_steps_of_one(architecture: str, tolerance: float) -> None:
    one, two = fitted(1, architecture), fitted(2, architecture)
    assert (one["devices"], two["devices"]) == (1, 2)
    assert two["plots"] == one["plots"]
    assert two["loss"] == pytest.approx(one["loss"], rel=tolerance)
    assert two["right"] >= 0.9 and two["computes"] == ["float32"] and not two["synchronized"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_mixed_precision_learns_as_well_and_serves_in_float32() -> None:
    mixed = fitted(1, "compact", "mixed")
    assert mixed["right"] >= 0.9 and mixed["loss"][-1] < mixed["loss"][0] / 2
    assert mixed["kinds"] == mixed["computes"] == ["float32"]
    assert mixed["policy"] in ("mixed_bfloat16", "float32")
