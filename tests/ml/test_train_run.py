"""A training in a process of its own, as a page starts it: told in the database, stopped from there, its end kept."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ca import eventually
from support.commands import Hydra
from support.lab import Lab, make_plot_type, open_lab

from hydra_core.store.trainings import CANCELLED, FAILED, FINISHED, RUNNING

NAME = "CDC_occupancy"
QUICK = {"architecture": "compact", "epochs": 2, "seed": 1}


@pytest.fixture
def hydra(tmp_path: Path) -> Hydra:
    return Hydra(tmp_path)


@pytest.fixture
def lab(hydra: Hydra) -> Iterator[Lab]:
    made = open_lab(hydra.directory / "data", make_plot_type())
    made.label({"Good": 12, "Bad": 12, "NoData": 12}, runs=6)
    yield made
    made.store.close()


def test_a_training_tells_how_far_it_is_and_leaves_a_candidate(hydra: Hydra, lab: Lab) -> None:
    run = lab.store.start_training(NAME, QUICK, "anna")
    hydra("train-run", str(run))
    found = lab.store.training(run)
    assert (found.state, found.version, found.by) == (FINISHED, 1, "anna")
    assert [len(found.history[name]) for name in ("loss", "val_loss", "accuracy", "val_accuracy")] == [2] * 4
    assert found.settings["epochs_run"] == 2
    record = lab.store.model(NAME, 1)
    assert record is not None
    assert (record.state, record.created_by) == ("candidate", "anna")
    assert len(lab.store.training_runs(NAME)) == 1


def test_a_training_that_cannot_be_done_says_why(hydra: Hydra, lab: Lab) -> None:
    run = lab.store.start_training(NAME, {**QUICK, "architecture": "colossal"}, "anna")
    done = hydra("train-run", str(run), code=1)
    found = lab.store.training(run)
    assert found.state == FAILED
    assert "colossal" in found.history["error"]
    assert "colossal" in done.stderr


def test_a_training_stops_when_somebody_asks_for_it(hydra: Hydra, lab: Lab) -> None:
    run = lab.store.start_training(NAME, {**QUICK, "epochs": 5000}, "anna")
    process: subprocess.Popen[str] = hydra.start("train-run", str(run))
    try:
        assert eventually(lambda: lab.store.training(run).history.get("loss"), 120), lab.store.training(run)
        found = lab.store.training(run)
        assert (found.state, found.history["total"]) == (RUNNING, 5000)
        assert lab.store.cancel_training(run, "ben")
        assert process.wait(60) == 1
    finally:
        process.kill()
        process.communicate()
    assert lab.store.training(run).state == CANCELLED
    assert lab.store.models(NAME) == []
