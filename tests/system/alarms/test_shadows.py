"""Candidates in shadow and rules from the library's pages, in a running IOC, through libca."""

from collections.abc import Callable
from pathlib import Path

from support.ca import eventually
from support.hall import PATIENCE
from support.screen import GOOD, Screen
from support.stub_hall import StubHall, StubIoc

from hydra_core.domain import Condition, Severity

Started = Callable[[StubHall], StubIoc]
Look = Callable[[StubHall], Screen]
UNDEFINED = (Severity.INVALID, Condition.UDF)


def test_a_candidate_judges_live_plots_and_alarms_nobody(tmp_path: Path, started: Started, look: Look) -> None:
    hall = StubHall(tmp_path / "hall")
    version = hall.add_candidate("P0")
    started(hall)
    screen = look(hall)
    assert _dropped(hall, screen)
    assert screen.alarm("P0", "SHADOW:CLASS") == UNDEFINED
    with hall.store() as store:
        store.set_shadow("P0", version, "anna")
        assert eventually(lambda: _shadowed(hall, screen), PATIENCE), "the candidate says nothing"
        assert (screen.label("P0", "CLASS"), screen.label("P0", "SHADOW:CLASS")) == ("Good", "Bad")
        assert screen.alarm("P0", "SHADOW:CLASS")[0] is Severity.NO_ALARM
        assert screen.status("P0") == GOOD
        assert eventually(lambda: store.disagreements("P0", version), PATIENCE)
        assert (store.disagreements("P0", version)[0].active, store.disagreements("P0", version)[0].shadow) == (
            "Good",
            "Bad",
        )
        store.set_shadow("P0", None, "anna")
        assert eventually(lambda: screen.alarm("P0", "SHADOW:CLASS") == UNDEFINED, PATIENCE)


def test_a_candidate_in_shadow_is_promoted_and_judges(tmp_path: Path, started: Started, look: Look) -> None:
    hall = StubHall(tmp_path / "hall")
    version = hall.add_candidate("P0")
    with hall.store() as store:
        store.set_thresholds("P0", 1, {"Bad": 0.8}, "anna")
        store.set_shadow("P0", version, "anna")
        started(hall)
        screen = look(hall)
        assert eventually(lambda: _shadowed(hall, screen), PATIENCE)
        store.promote_with("P0", version, "anna", carry=True)
        judges = lambda: _dropped(hall, screen) and screen.text("P0", "MODEL") == f"P0 v{version}"  # noqa: E731
        assert eventually(judges, PATIENCE), "the promoted candidate does not judge"
        assert eventually(lambda: screen.alarm("P0", "SHADOW:CLASS") == UNDEFINED, PATIENCE)
        assert eventually(lambda: screen.value("P0", "ENTER1") == 0.8, PATIENCE), "the threshold was not carried over"


def test_what_a_page_sets_reaches_the_pvs(tmp_path: Path, started: Started, look: Look) -> None:
    hall = StubHall(tmp_path / "hall")
    started(hall)
    screen = look(hall)
    with hall.store() as store:
        store.set_thresholds("P0", 1, {"Bad": 0.77, "NoData": 0.83}, "anna")
        assert eventually(lambda: screen.value("P0", "THRESH") == 0.77, PATIENCE)
        store.set_settings("P0", {"severity.NoData": "none", "confirm": "3 of 4"}, "anna", "page")
        assert eventually(lambda: screen.label("P0", "SEV2") == "none", PATIENCE)
        assert screen.value("P0", "CONFIRM") == "3 of 4"


def _dropped(hall: StubHall, screen: Screen) -> bool:
    """Let another good plot arrive; True once it has its verdict."""
    screen.shows_chunk("P0", hall.drop_as("P0", "Good", 0.95))
    return True


def _shadowed(hall: StubHall, screen: Screen) -> bool:
    """Let another good plot arrive; return whether a candidate has said something by now."""
    return _dropped(hall, screen) and screen.alarm("P0", "SHADOW:CLASS")[0] is Severity.NO_ALARM
