"""One cause, one alarm: with 20 plot types the service alarms once and the plots say one thing, once.

The table in docs/explanations/alarms.md says which cause does what; this holds it to that, through libca.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from support.ca import eventually
from support.hall import PATIENCE
from support.screen import GOOD, Screen, Shown
from support.stub_hall import StubHall, StubIoc

from hydra_core.domain import Condition, Severity, Status

PLOTS = [f"P{n}" for n in range(20)]
TREE = ("STATE", "DB", "FEED", "MODELS", "INPUTS", "DISK")
"""The service's PVs that stand in alarm trees."""
Started = Callable[[StubHall], StubIoc]
Look = Callable[[StubHall], Screen]


class Watched:
    """Everything in the alarm tree, subscribed to after all plots were judged good."""

    def __init__(self, screen: Screen) -> None:
        self.screen, hall = screen, screen.hall
        assert isinstance(hall, StubHall)
        chunks = {plot: hall.drop_as(plot) for plot in PLOTS}
        for plot, chunk in chunks.items():
            screen.shows_chunk(plot, chunk)
        assert {screen.status(plot).alarm for plot in PLOTS} == {GOOD.alarm}
        self._plots = {plot: screen.follow(plot) for plot in PLOTS}
        self._service = {suffix: screen.follow("SYS", suffix) for suffix in TREE}

    def plots(self) -> list[list[tuple[Status, Severity, Condition]]]:
        """What each plot type has shown since, without repeats."""
        return [_steps([one.alarm for one in self.screen.history(key)]) for key in self._plots.values()]

    def service(self) -> dict[str, list[int]]:
        """The severities that each of the service's PVs has shown since, without repeats; quiet ones left out."""
        events = {suffix: self.screen.client.events(key) for suffix, key in self._service.items()}
        steps = {suffix: _steps([event["severity"] for event in seen]) for suffix, seen in events.items()}
        return {suffix: seen for suffix, seen in steps.items() if seen != [0]}

    def becomes(self, **service: list[int]) -> None:
        """Wait until the service has alarmed like this, and fail if it alarms in any other way."""
        assert eventually(lambda: self.service() == service, PATIENCE), self.service()


def _steps(seen: list) -> list:  # type: ignore[type-arg]
    return [one for number, one in enumerate(seen) if number == 0 or one != seen[number - 1]]


@pytest.fixture
def hall(tmp_path: Path) -> StubHall:
    source = {"kind": "directory", "path": str(tmp_path / "hall" / "incoming"), "polling": "200ms"}
    return StubHall(tmp_path / "hall", 20, sources=[{**source, "pattern": "Run{run:d}/{plot}_{chunk:d}.png"}])


def test_a_lost_feed(hall: StubHall, started: Started, look: Look) -> None:
    started(hall)
    watched = Watched(look(hall))
    aside = hall.incoming.with_name("aside")
    hall.incoming.rename(aside)
    watched.becomes(FEED=[0, 2])
    lost = (Status.ERROR, Severity.INVALID, Condition.COMM)
    assert eventually(lambda: watched.plots() == [[GOOD.alarm, lost]] * 20, PATIENCE), watched.plots()
    assert watched.screen.text("P7", "MSG").startswith("no plots can come: ")
    aside.rename(hall.incoming)
    watched.becomes(FEED=[0, 2, 0])
    assert eventually(lambda: watched.plots() == [[GOOD.alarm, lost, GOOD.alarm]] * 20, PATIENCE), watched.plots()


def test_models_that_are_all_gone(hall: StubHall, started: Started, look: Look) -> None:
    started(hall)
    watched = Watched(look(hall))
    for plot in PLOTS:
        hall.use_model(plot, "broken")
    watched.becomes(MODELS=[0, 2])
    lost = (Status.ERROR, Severity.INVALID, Condition.SOFT)
    assert eventually(lambda: watched.plots() == [[GOOD.alarm, lost]] * 20, PATIENCE), watched.plots()
    assert "the bundle is damaged" in watched.screen.text("P7", "MSG")
    for plot in PLOTS:
        hall.use_model(plot)
    watched.becomes(MODELS=[0, 2, 0])
    assert eventually(lambda: watched.plots() == [[GOOD.alarm, lost, GOOD.alarm]] * 20, PATIENCE), watched.plots()


def test_a_database_that_is_away(hall: StubHall, started: Started, look: Look) -> None:
    started(hall)
    watched = Watched(look(hall))
    holder = sqlite3.connect(hall.folder / "data" / "hydra.sqlite3", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    chunk = hall.drop_as("P0")
    watched.becomes(DB=[0, 2])
    watched.screen.shows_chunk("P0", chunk)
    assert watched.plots() == [[GOOD.alarm]] * 20, "plots are judged all the same"
    holder.close()
    watched.becomes(DB=[0, 2, 0])
    assert watched.plots() == [[GOOD.alarm]] * 20


def test_a_disk_that_takes_nothing(hall: StubHall, started: Started, look: Look) -> None:
    started(hall)
    watched = Watched(look(hall))
    images = hall.folder / "data" / "images"
    aside = images.with_name("images.aside")
    images.rename(aside)
    images.write_text("not a directory")
    chunk = hall.drop_as("P0")
    assert eventually(lambda: watched.service().get("DISK", [])[1:2], PATIENCE), watched.service()
    watched.screen.shows_chunk("P0", chunk)
    assert set(watched.service()) == {"DISK"}
    assert len(watched.service()["DISK"]) == 2, "one transition"
    assert watched.plots() == [[GOOD.alarm]] * 20, "plots are judged all the same"


def test_an_input_that_is_lost(tmp_path: Path, started: Started, look: Look) -> None:
    inputs, gate = {"beam": "NOBODY:SERVES:THIS"}, {"beam_above": 5.0}
    hall = StubHall(tmp_path / "hall", 20, epics={"inputs": inputs}, defaults={"active_when": gate})
    started(hall)
    watched = Watched(look(hall))
    watched.becomes(INPUTS=[0, 1])
    assert watched.screen.text("SYS", "LOSTIN") == "beam"
    assert watched.plots() == [[GOOD.alarm]] * 20, "a lost input hides no plot unless the hall wants that"


def test_one_broken_model_is_its_plots_own_alarm(hall: StubHall, started: Started, look: Look) -> None:
    started(hall)
    watched = Watched(look(hall))
    hall.use_model("P3", "broken")
    assert eventually(lambda: watched.screen.label("SYS", "MODELS") == "PARTLY", PATIENCE)
    watched.screen.shows_chunk("P3", hall.drop_as("P3"))
    lost = (Status.ERROR, Severity.INVALID, Condition.SOFT)
    assert watched.plots() == [[GOOD.alarm, lost] if plot == "P3" else [GOOD.alarm] for plot in PLOTS]
    assert watched.service() == {}
    assert Shown(*lost) == watched.screen.status("P3")
