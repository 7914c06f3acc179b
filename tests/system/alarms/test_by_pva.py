"""A whole IOC by PVAccess beside Channel Access while plots come in, and one where p4p is not installed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.ca import eventually
from support.hall import PATIENCE
from support.ports import free_port
from support.pva import pva_client
from support.screen import BAD, GOOD, Screen
from support.stub_hall import StubHall, StubIoc

PLOTS = 4


def by_pva(folder: Path) -> tuple[StubHall, int]:
    hall, port = StubHall(folder / "hall", PLOTS), free_port()
    hall.write_yaml(epics={"prefix": hall.prefix, "port": hall.port, "pva": True, "pva_port": port})
    return hall, port


def test_verdicts_reach_both_kinds_of_client(
    tmp_path: Path, started: Callable[..., StubIoc], look: Callable[[StubHall], Screen]
) -> None:
    hall, port = by_pva(tmp_path)
    ioc = started(hall, EPICS_PVAS_BROADCAST_PORT=str(free_port()))
    screen, names = look(hall), [f"P{n}" for n in range(PLOTS)]
    events: dict[str, list[tuple[int, int, str]]] = {name: [] for name in names}
    with pva_client(port) as pva:
        kept = [pva.monitor(hall.pv(name, "STATUS"), _into(events[name])) for name in names]
        keys = {name: screen.follow(name) for name in names}
        for label in ("Good", "Bad", "Bad", "Good", "Good", "Bad", "Bad"):
            chunks = {name: hall.drop_as(name, label) for name in names}
            for name, chunk in chunks.items():
                screen.shows_chunk(name, chunk)
        for name in names:
            screen.becomes(name, BAD)
            told = [(int(one.status), int(one.severity)) for one in screen.history(keys[name])]
            assert eventually(lambda name=name, told=told: [event[:2] for event in events[name]] == told, PATIENCE)
            assert told.count((BAD.status, BAD.severity)) == 2 and (GOOD.status, GOOD.severity) in told
            assert events[name][-1][2] == screen.text(name, "MSG") != ""
        assert pva.get(hall.pv("P0", "IMAGE"))["value"].any()
        table = pva.get(hall.pv("SYS", "WORSTTABLE"))["value"]
        assert list(table["plot"]) and set(table["status"]) == {"BAD"} and len(table["plot"]) == PLOTS
        pva.put(hall.pv("P1", "MUTE"), 5.0)
        assert eventually(lambda: pva.get(hall.pv("P1", "STATUS"))["alarm.severity"] == 0, PATIENCE)
        assert screen.status("P1").status is BAD.status
        last: list[Any] = []
        kept.append(pva.monitor(hall.pv("P0", "STATUS"), lambda value: last.append(value["alarm.severity"])))
        assert ioc.stop() == 0
        assert eventually(lambda: last and last[-1] == 3), "the stop is told to PVAccess clients, too"
        for subscription in kept:
            subscription.close()


def _into(events: list[tuple[int, int, str]]) -> Callable[[Any], None]:
    return lambda value: events.append((value["value.index"], value["alarm.severity"], value["alarm.message"]))


@pytest.fixture
def shadow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a module in p4p's place that does what the test says when it is imported."""

    def stand_in(code: str) -> None:
        package = tmp_path / "shadow" / "p4p"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", str(package.parent))

    return stand_in


def test_without_p4p_the_configuration_is_refused_with_advice(tmp_path: Path, shadow: Callable[[str], None]) -> None:
    hall, _ = by_pva(tmp_path)
    shadow("raise ModuleNotFoundError(\"No module named 'p4p'\", name='p4p')\n")
    with StubIoc(hall) as ioc:
        assert ioc.process.wait(PATIENCE) == 2
        said = "epics.pva is true but p4p is not installed: pip install 'hydra-monitoring[pva]', or leave epics.pva out"
        assert said in ioc.text() and "Traceback" not in ioc.text()


def test_without_pva_p4p_is_not_even_looked_for(
    tmp_path: Path, started: Callable[..., StubIoc], shadow: Callable[[str], None]
) -> None:
    hall = StubHall(tmp_path / "hall", 1)
    shadow("raise AssertionError('p4p was imported')\n")
    assert started(hall).stop() == 0
