"""A hall that ran CLAS12's hand-made IOC before: its screens, alarm tree and archive find what they know, by libca."""

from collections.abc import Callable

import pytest
from support.ca import eventually
from support.hall import PATIENCE
from support.screen import BAD, GOOD, Screen
from support.stub_hall import StubHall, StubIoc

ROOT = "HB:monitoring:ai:"
MAJOR, INVALID = 2, 3
LOLO, LINK, UDF, COMM, SOFT = 5, 14, 17, 9, 15
TIME_DOUBLE = 20


@pytest.fixture
def screen(
    tmp_path: object, started: Callable[..., StubIoc], look: Callable[[StubHall], Screen]
) -> Callable[..., Screen]:
    def begin(compat: object) -> Screen:
        hall = StubHall(tmp_path / "hall", 13)  # type: ignore[operator]
        hall.write_yaml(epics={"prefix": hall.prefix, "port": hall.port, "compat": compat})
        started(hall)
        return look(hall)

    return begin


def alarm(screen: Screen, name: str) -> tuple[float, int, int]:
    found = screen.client.get(ROOT + name, TIME_DOUBLE)
    return round(found["value"], 3), found["severity"], found["status"]


def becomes(screen: Screen, name: str, wanted: tuple[float, int, int]) -> None:
    found = eventually(lambda: alarm(screen, name) == wanted, PATIENCE)
    assert found, f"{name} is {alarm(screen, name)}, not {wanted}"


def test_what_hall_b_looks_at_is_there(screen: Callable[..., Screen]) -> None:
    """One IOC, one story: a start, a bad plot, a mute, and the handler's acknowledgement."""
    at = screen("clas12")
    client, hall = at.client, at.hall
    scores = [f"{ROOT}P{n}" for n in range(13)]
    assert all(client.connect(*scores, *(f"{ROOT}{name}" for name in ("stat", "stat:A", "stat:B", "wf"))))
    types = {client.value(f"{name}.RTYP") for name in scores}
    assert (types, client.value(f"{ROOT}stat.RTYP"), client.value(f"{ROOT}wf.NELM")) == ({"ai"}, "calc", 13)
    assert [client.value(f"{ROOT}P0.{field}", 0) for field in ("LLSV", "LSV", "LOLO")] == ["MAJOR", "MINOR", "0.000"]
    assert alarm(at, "P0") == (1.0, INVALID, UDF)
    hall.drop_as("P0", "Good", 0.99)
    at.becomes("P0", GOOD)
    becomes(at, "P0", (0.98, 0, 0))
    for _ in range(2):
        at.shows_chunk("P0", hall.drop_as("P0", "Bad", 0.95))
    at.becomes("P0", BAD)
    becomes(at, "P0", (-0.95, MAJOR, LOLO))
    assert eventually(lambda: round(client.value(f"{ROOT}wf")[0], 3) == -0.95, PATIENCE)
    assert alarm(at, "stat:A")[1:] == (INVALID, LINK)
    client.put(hall.pv("P0", "MUTE"), 10.0)
    becomes(at, "P0", (-0.95, 0, 0))
    assert client.info(f"{ROOT}P0")["access"] == "read/write", "libca sends no acknowledgement to what it may not write"
    assert client.put(f"{ROOT}P0", 1.0) != 1
    becomes(at, "P0", (-0.95, 0, 0))


def test_the_original_has_its_score_and_nothing_else(screen: Callable[..., Screen]) -> None:
    at = screen({"kind": "original", "root": ROOT})
    assert at.client.connect(f"{ROOT}P0", f"{ROOT}stat", f"{ROOT}wf", timeout=2.0) == [True, False, False]
    at.hall.drop_as("P0", "Bad", 0.95)
    becomes(at, "P0", (-0.95, 0, 0))
