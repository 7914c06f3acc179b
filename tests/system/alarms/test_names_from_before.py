"""A hall that ran CLAS12's hand-made IOC before: its screens, alarm tree and archive find what they know, by libca."""

import json
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine, text
from support.ca import eventually
from support.hall import PATIENCE
from support.screen import BAD, GOOD, Screen
from support.stub_hall import StubHall, StubIoc

ROOT = "HB:monitoring:ai:"
MAJOR, INVALID = 2, 3
LOLO, LOW, LINK, UDF = 5, 6, 14, 17
TIME_DOUBLE = 20


Started, Look = Callable[..., StubIoc], Callable[[StubHall], Screen]


def hall_with(folder: Path, compat: object) -> StubHall:
    hall = StubHall(folder / "hall", 13)
    hall.write_yaml(epics={"prefix": hall.prefix, "port": hall.port, "compat": compat})
    return hall


def alarm(screen: Screen, name: str) -> tuple[float, int, int]:
    found = screen.client.get(ROOT + name, TIME_DOUBLE)
    return round(found["value"], 3), found["severity"], found["status"]


def becomes(screen: Screen, name: str, wanted: tuple[float, int, int]) -> None:
    found = eventually(lambda: alarm(screen, name) == wanted, PATIENCE)
    assert found, f"{name} is {alarm(screen, name)}, not {wanted}"


def test_what_hall_b_looks_at_is_there(tmp_path: Path, started: Started, look: Look) -> None:
    """One IOC, one story: a start, a bad plot, a mute, and the handler's acknowledgement."""
    hall = hall_with(tmp_path, "clas12")
    started(hall)
    at = look(hall)
    client = at.client
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


def test_limits_are_put_as_ever_and_stay(tmp_path: Path, started: Started, look: Look) -> None:
    hall = hall_with(tmp_path, "clas12")
    ioc = started(hall)
    at = look(hall)
    hall.drop_as("P0", "Good", 0.75)
    becomes(at, "P0", (0.5, 0, 0))
    seen = at.client.monitor(f"{ROOT}P0.LOW")
    assert at.client.info(f"{ROOT}P0.LOW")["access"] == "read/write"
    assert at.client.info(f"{ROOT}P0.LLSV")["access"] == "read-only"
    assert at.client.put(f"{ROOT}P0.LOW", 0.6) == 1
    becomes(at, "P0", (0.5, 1, LOW))
    assert at.client.wait(seen, 2)[-1]["value"] == 0.6
    assert at.client.get(f"{ROOT}P0", 34)["lower_warning_limit"] == 0.6
    assert at.client.put(f"{ROOT}P0.LOW", float("nan")) != 1 and at.client.value(f"{ROOT}P0.LOW") == 0.6
    assert eventually(lambda: (f"{ROOT}P0.LOW", {"value": "0.6"}) in audited(hall), PATIENCE), audited(hall)
    assert ioc.stop() == 0
    started(hall)
    again = look(hall)
    assert again.client.value(f"{ROOT}P0.LOW") == 0.6
    assert alarm(again, "P0") == (0.5, 1, LOW)


def audited(hall: StubHall) -> list[tuple[str, object]]:
    engine = create_engine(hall.config.database_url())
    with engine.connect() as connection:
        rows = connection.execute(text("select target, after from audit_log where what = 'put'")).all()
    engine.dispose()
    return [(row[0], json.loads(row[1])) for row in rows]


def test_the_original_has_its_score_and_nothing_else(tmp_path: Path, started: Started, look: Look) -> None:
    hall = hall_with(tmp_path, {"kind": "original", "root": ROOT})
    started(hall)
    at = look(hall)
    assert at.client.connect(f"{ROOT}P0", f"{ROOT}stat", f"{ROOT}wf", timeout=2.0) == [True, False, False]
    hall.drop_as("P0", "Bad", 0.95)
    becomes(at, "P0", (-0.95, 0, 0))
