"""A training started over HTTP: a process of its own that outlives the web service, and whose last words are kept."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from support.ca import eventually
from support.commands import HALL
from support.lab import Lab, make_plot_type, open_lab
from support.ports import free_port

from hydra_core.passwords import new_secret, secret_hash
from hydra_core.store.sessions import NewSession
from hydra_core.store.trainings import FAILED, FINISHED, RUNNING
from hydra_web.people.identity import COOKIE

NAME = "CDC_occupancy"
PATIENCE = 150


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = open_lab(tmp_path / "data", make_plot_type())
    yield made
    made.store.close()


@contextmanager
def served(folder: Path, lab: Lab) -> Iterator[httpx.Client]:
    """Run `hydra web run` on the lab's database, and let an expert be signed in."""
    port, token = free_port(), new_secret()
    (folder / "hall.yaml").write_text(HALL.format(data=folder / "data") + f"web: {{port: {port}}}\n")
    if lab.store.account("anna") is None:
        lab.store.add_account("anna", password_hash=None, by="test")
        lab.store.grant_role("anna", "expert", None, "test")
    lab.store.open_session(NewSession("anna", secret_hash(token), "127.0.0.1", "test", timedelta(hours=1)))
    command = [sys.executable, "-m", "hydra_cli.main", "web", "run", "-c", str(folder / "hall.yaml")]
    url = f"http://127.0.0.1:{port}"
    with (folder / "web.log").open("ab") as log:
        web = subprocess.Popen(command, stderr=log, stdout=log, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    try:
        with httpx.Client(base_url=url, cookies={COOKIE: token}, headers={"Origin": url}, timeout=30) as client:
            assert eventually(lambda: _up(client), PATIENCE), (folder / "web.log").read_text()
            yield client
    finally:
        web.terminate()
        web.wait(60)


def _up(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_training_goes_on_while_the_web_service_starts_anew(tmp_path: Path, lab: Lab) -> None:
    lab.label({"Good": 12, "Bad": 12, "NoData": 12}, runs=6)
    with served(tmp_path, lab) as client:
        begun = client.post(f"/api/v1/plot-types/{NAME}/trainings", json={"architecture": "compact", "epochs": 3})
        assert (begun.status_code, begun.json()["state"]) == (201, "running")
        run = begun.json()["id"]
        assert client.post(f"/api/v1/plot-types/{NAME}/trainings", json={}).status_code == 409
    assert lab.store.training(run).state == RUNNING
    with served(tmp_path, lab) as client:
        ended = eventually(lambda: (t := client.get(f"/api/v1/trainings/{run}").json())["finished_at"] and t, PATIENCE)
        assert ended, lab.store.training(run)
        assert (ended["state"], ended["version"], ended["epoch"], ended["by"]) == (FINISHED, 1, 3, "anna")
        assert client.get(f"/models/{NAME}:1").text.count("over 3 epochs") >= 2
        assert client.get(f"/api/v1/models/{NAME}:1").json()["card"]["architecture"] == "compact"
        promoted = client.post(f"/api/v1/models/{NAME}:1/promote", json={})
        assert promoted.json()["state"] == "active"


def test_the_reason_of_a_training_without_labels_is_told(tmp_path: Path, lab: Lab) -> None:
    with served(tmp_path, lab) as client:
        run = client.post(f"/api/v1/plot-types/{NAME}/trainings", json={}).json()["id"]
        assert eventually(lambda: lab.store.training(run).state == FAILED, PATIENCE)
        assert "no labelled plots" in client.get(f"/plots/{NAME}/trainings").text
    assert "no labelled plots" in (tmp_path / "data" / "trainings" / f"{run}.log").read_text()


def test_a_training_that_is_killed_has_failed_at_once(tmp_path: Path, lab: Lab) -> None:
    lab.label({"Good": 12, "Bad": 12, "NoData": 12}, runs=6)
    with served(tmp_path, lab) as client:
        wish = {"architecture": "compact", "epochs": 900}
        run = client.post(f"/api/v1/plot-types/{NAME}/trainings", json=wish).json()["id"]
        (process,) = _processes(f"train-run {run} -c {tmp_path}")
        os.kill(process, 9)
        assert eventually(lambda: lab.store.training(run).state == FAILED, PATIENCE)
        assert client.get(f"/api/v1/trainings/{run}").json()["error"]


def test_where_a_trainer_runs_the_web_service_starts_nothing_itself(tmp_path: Path, lab: Lab) -> None:
    with served(tmp_path, lab) as client:
        command = [sys.executable, "-m", "hydra_cli.main", "trainer", "run", "-c", str(tmp_path / "hall.yaml")]
        trainer = subprocess.Popen(command, stderr=(tmp_path / "trainer.log").open("wb"))
        try:
            assert eventually(lambda: [s for s in lab.store.services() if s.service == "trainer"], PATIENCE)
            begun = client.post(f"/api/v1/plot-types/{NAME}/trainings", json={}).json()
            assert begun["state"] == "waiting"
            assert eventually(lambda: lab.store.training(begun["id"]).state == FAILED, PATIENCE)
            assert "no labelled plots" in lab.store.training(begun["id"]).history["error"]
            trainer.terminate()
            assert trainer.wait(60) == 0
        finally:
            trainer.kill()
        assert f"training started id={begun['id']}" in (tmp_path / "trainer.log").read_text()
        assert "training started" not in (tmp_path / "web.log").read_text()
        assert client.post(f"/api/v1/plot-types/{NAME}/trainings", json={}).json()["state"] == "running"


def _processes(words: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if words in line:
                found.append(int(entry.name))
    return found
