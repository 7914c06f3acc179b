"""Sweeps: the same on a cluster as in one process, nothing lost with a killed worker, test plots never looked at."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

NewHall = Callable[..., "Hydra"]  # noqa: F821  (of conftest.py)

SWEEP = """
grid:
  learning_rate: [2e-3, 5e-4]
seeds: 2
trials:
  - {architecture: light, input_size: 64, epochs: 0}
  - {architecture: light, input_size: 48}
"""
SMALL = ("train", "CDC_occupancy", "--architecture", "compact", "--input-size", "48")
TRAIN = (*SMALL, "--epochs", "2", "--sweep", "sweep.yaml")
FIGURES = ("number", "choices", "balanced_accuracy", "loss", "epochs", "digest", "dataset", "policy", "threads")


def figures(found: dict[str, object]) -> list[dict[str, object]]:
    trials = found["trials"]
    assert isinstance(trials, list)
    return [{name: trial[name] for name in FIGURES} for trial in trials]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_cluster_with_a_killed_worker_gives_what_one_process_gives(new_hall: NewHall) -> None:
    alone, farm = new_hall("alone"), new_hall("farm")
    for hall in (alone, farm):
        (hall.directory / "sweep.yaml").write_text(SWEEP)
    expected = alone.json(*TRAIN, "--cluster", "none")
    process = farm.start(*TRAIN, "--cluster", "local", "--workers", "2", "--json")
    kill_a_worker_after_an_epoch(process.pid, farm.models / "CDC_occupancy")
    found = json.loads(farm.text(process))
    assert figures(found) == figures(expected)
    assert sum(trial["resumed_after"] > 0 for trial in found["trials"]) == 1
    assert sorted(trial["number"] for trial in found["trials"]) == list(range(1, 9))
    made, failed = found["trials"][:6], found["trials"][6:]
    assert {trial["threads"] for trial in made} == {1}
    assert all("light needs an input of at least 64 pixels" in trial["failed"] for trial in failed)
    assert found["model"]["version"] == expected["model"]["version"] == 1
    assert found["model"]["metrics"] == expected["model"]["metrics"]
    best = found["trials"][0]
    ranks = [(-t["balanced_accuracy"], t["loss"]) for t in made]
    assert ranks == sorted(ranks) and found["best"] == best["number"]
    card = json.loads((farm.models / "CDC_occupancy" / "v1" / "card.json").read_text())
    assert card["dataset"] == best["dataset"] and card["training"]["seed"] == best["choices"].get("seed", 1)
    assert any("the best of 8 trials by its validation plots" in w for w in card["warnings"])
    assert not list((farm.models / "CDC_occupancy").glob(".sweep-*"))


def kill_a_worker_after_an_epoch(pid: int, directory: Path) -> None:
    """Wait until a trial has an epoch behind it, and kill the process that has its file in the works."""
    driver = psutil.Process(pid)
    while not (begun := list(directory.glob(".sweep-*/*/checkpoint.npz"))):
        assert driver.is_running() and driver.status() != psutil.STATUS_ZOMBIE
        time.sleep(0.05)
    pid = int(begun[0].with_name("worker.txt").read_text().split()[1])
    assert pid in [child.pid for child in driver.children(recursive=True)]
    os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_sweep_that_was_stopped_makes_only_what_is_missing(new_hall: NewHall) -> None:
    hall = new_hall(per_class=8)
    words = (*SMALL, "--epochs", "1", "--seeds", "3", "--cluster", "none")
    process = hall.start(*words)
    while not list((hall.models / "CDC_occupancy").glob(".sweep-*/trial1/result.json")):
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.communicate()
    (directory,) = (hall.models / "CDC_occupancy").glob(".sweep-*")
    first = directory / "trial1" / "result.json"
    kept = {**json.loads(first.read_text()), "seconds": 12345.0}
    first.write_text(json.dumps(kept))
    found = hall.json(*words)
    assert {t["number"]: t["seconds"] for t in found["trials"]}[1] == 12345.0
    assert len(found["trials"]) == 3 and found["model"]["version"] == 1
    assert len({t["digest"] for t in found["trials"]}) == 3 and len({t["dataset"] for t in found["trials"]}) == 1


def test_what_makes_no_sense_is_refused(new_hall: NewHall) -> None:
    hall = new_hall(per_class=1)
    (hall.directory / "sweep.yaml").write_text("grid: {learning_rat: [1e-3]}\n")
    refused = hall("train", "CDC_occupancy", "--sweep", "sweep.yaml", code=2)
    assert "sweep.yaml: learning_rat: Extra inputs are not permitted" in refused
    assert "an address like tls://host:8786, not farm" in hall(
        "train", "CDC_occupancy", "--seeds", "2", "--cluster", "farm", code=2
    )
