"""Models come into service by promotion or RELOAD; one that cannot be loaded is said so, and never judges."""

import json
import shutil
from pathlib import Path

import pytest
from support.ca import NORMAL, eventually
from support.hall import PATIENCE, Hall, Trained
from support.screen import GOOD, Screen, Shown

from hydra_core.domain import Condition, ModelRef, Severity, Status

TRIGGER = "Trigger-Bits"
NO_MODEL = Shown(Status.ERROR, Severity.INVALID, Condition.SOFT)


@pytest.fixture
def models(hall: Hall, trained: Trained) -> Path:
    """A copy of the trained models, which the hall uses and a test may damage."""
    copy = hall.folder / "models"
    shutil.copytree(trained.models, copy)
    hall.write_yaml(models={"path": str(copy), "threads": 1})
    return copy


def test_a_damaged_model_is_an_error_until_it_is_copied_back(
    hall: Hall, models: Path, trained: Trained, start, client
) -> None:
    path = models / trained.records[TRIGGER].path / "model.keras"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    start(hall).wait_ready()
    screen = Screen(hall, client(hall))
    assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][0]) == NO_MODEL
    assert "model.keras" in screen.text(TRIGGER, "MSG")
    assert screen.alarm(TRIGGER, "CLASS") == (Severity.INVALID, Condition.UDF)
    assert screen.judged("ST_occupancy", trained.bank["ST_occupancy"]["Good"][0]) == GOOD
    assert eventually(lambda: screen.label("SYS", "STATE") == "DEGRADED", PATIENCE)
    assert TRIGGER in screen.text("SYS", "MSG")
    path.write_bytes(whole)
    assert screen.client.put(hall.pv("SYS", "RELOAD"), 1) == NORMAL
    assert eventually(lambda: screen.label("SYS", "STATE") == "RUNNING", PATIENCE), screen.text("SYS", "MSG")
    assert screen.value("SYS", "RELOAD") == 0
    assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][1]) == GOOD


def test_a_promoted_model_judges_without_a_restart(hall: Hall, models: Path, trained: Trained, start, client) -> None:
    start(hall).wait_ready()
    screen = Screen(hall, client(hall))
    assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][0]) == GOOD
    assert screen.text(TRIGGER, "MODEL") == f"{TRIGGER} v1"
    old = trained.records[TRIGGER]
    new = Path(old.path).with_name("2")
    shutil.copytree(models / old.path, models / new)
    card = json.loads((models / new / "card.json").read_text())
    (models / new / "card.json").write_text(json.dumps(card | {"version": 2}))
    with hall.store() as store:
        ref = ModelRef(TRIGGER, 2, old.ref.sha256)
        store.add_model(TRIGGER, ref, str(new), old.classes, {}, old.thresholds, "test")
        store.promote(TRIGGER, 2, "test")
    assert screen.client.put(hall.pv("SYS", "RELOAD"), 1) == NORMAL

    def judged_by_the_new_one() -> bool:
        assert screen.judged(TRIGGER, trained.bank[TRIGGER]["Good"][1]) == GOOD
        return screen.text(TRIGGER, "MODEL") == f"{TRIGGER} v2"

    assert eventually(judged_by_the_new_one, PATIENCE), screen.text("SYS", "MSG")
