"""What a client reads beside the value, against a C IOC with the same records: DBR_GR, DBR_CTRL and every field."""

from collections.abc import Iterator
from typing import Any

import pytest
from support.ca import CaClient, LoopThread
from support.ports import free_port
from support.soft_ioc import SoftIoc

from hydra_core.domain import Severity
from hydra_core.pvs import Element, Kind, PvSpec
from hydra_ioc.ca import CaServer, field_names, make_record

STATES = ("Good", "Bad", "NoData")
SEVERITIES = {"Bad": Severity.MAJOR, "NoData": Severity.MINOR}
STATE_FIELDS = {"ONSV": "MAJOR", "TWSV": "MINOR"}

CASES: list[tuple[PvSpec, dict[str, Any], Any]] = [
    (
        PvSpec("ai", Kind.AI, "Score", "mm", 3, 0.01, 0.05, -1, 1, limits=(None, -0.5, 0.5, 0.9)),
        {"EGU": "mm", "PREC": 3, "MDEL": 0.01, "ADEL": 0.05, "LOPR": -1, "HOPR": 1, "DESC": "Score"}
        | {"LOW": -0.5, "HIGH": 0.5, "HIHI": 0.9, "LSV": "MINOR", "HSV": "MINOR", "HHSV": "MAJOR"},
        0.12345,
    ),
    (
        PvSpec("longin", Kind.LONGIN, "Run", "runs", low=0, high=200000, limits=(None, None, None, 100000)),
        {"EGU": "runs", "LOPR": 0, "HOPR": 200000, "HIHI": 100000, "HHSV": "MAJOR", "DESC": "Run", "MDEL": 0},
        120123,
    ),
    (PvSpec("mbbi", Kind.MBBI, "Class", states=STATES), {"DESC": "Class"} | STATE_FIELDS, "NoData"),
    (PvSpec("bi", Kind.BI, "Gate", states=("Closed", "Open")), {"DESC": "Gate"}, "Open"),
    (PvSpec("stringin", Kind.STRINGIN, "Taken"), {"DESC": "Taken"}, "2026-11-24T12:00:00Z"),
    (
        PvSpec("waveform", Kind.WAVEFORM, "Scores", "%", 2, low=0, high=1, element=Element.DOUBLE, length=5),
        {"EGU": "%", "PREC": 2, "HOPR": 1, "length": 5, "datatype": "float64", "DESC": "Scores"},
        [0.1, 0.7, 0.2],
    ),
    (
        PvSpec("bytes", Kind.WAVEFORM, "Image", element=Element.UCHAR, length=12),
        {"length": 12, "datatype": "uint8", "DESC": "Image"},
        [0, 127, 128, 255],
    ),
    (
        PvSpec("ao", Kind.AO, "Threshold", "cm", 2, low=0, high=10, writable="expert"),
        {"EGU": "cm", "PREC": 2, "LOPR": 0, "HOPR": 10, "DRVL": 0, "DRVH": 10, "DESC": "Threshold", "MDEL": 0}
        | {"initial_value": 2.5, "ASG": "EXPERT"},
        2.5,
    ),
    (
        PvSpec("bo", Kind.BO, "Ack", states=("Open", "Seen"), writable="operator"),
        {"DESC": "Ack", "initial_value": 1, "ASG": "OPERATOR"},
        "Seen",
    ),
]
SPECS = {spec.suffix: spec for spec, _, _ in CASES}
STRING_DBR, TIME, GRAPHIC, CONTROL = 0, 14, 21, 28
FIELDS = [(suffix, name) for suffix, spec in SPECS.items() for name in field_names(spec)]


@pytest.fixture(scope="module")
def clients() -> Iterator[tuple[CaClient, CaClient]]:
    """A client of the C IOC and one of ours, every record posted once."""
    plain = {"PINI": "NO"}
    soft = SoftIoc(
        "PV", [(spec.suffix, str(spec.kind), plain | fields, list(spec.states)) for spec, fields, _ in CASES]
    )
    thread, port = LoopThread(), free_port()
    records = {
        spec.suffix: make_record(f"PV:{spec.suffix}", spec, severities=SEVERITIES if spec.suffix == "mbbi" else None)
        for spec in SPECS.values()
    }
    server = CaServer(records.values(), interfaces=["127.0.0.1"], port=port)
    thread.wait(server.start())
    with CaClient(soft.port) as theirs, CaClient(port) as ours:
        for spec, _, value in CASES:
            number = spec.states.index(value) if spec.states else value
            if spec.kind not in (Kind.AO, Kind.BO):
                soft.post(spec.suffix, number)
            thread.do(records[spec.suffix].post, value)
        yield theirs, ours
    soft.close()
    thread.wait(server.stop())
    thread.close()


def both(clients: tuple[CaClient, CaClient], name: str, ftype: int | None = None) -> tuple[Any, Any]:
    answers = []
    for client in clients:
        answer = client.get(f"PV:{name}", ftype)
        for volatile in ("timestamp", "posixseconds", "nanoseconds"):
            answer.pop(volatile, None)
        answers.append({key: repr(value) for key, value in answer.items()})
    return answers[0], answers[1]


@pytest.mark.parametrize("suffix", SPECS)
def test_native_type_and_count(clients: tuple[CaClient, CaClient], suffix: str) -> None:
    theirs, ours = (client.info(f"PV:{suffix}") for client in clients)
    assert (ours["type"], ours["count"]) == (theirs["type"], theirs["count"])


@pytest.mark.parametrize("family", [0, 7, TIME, GRAPHIC, CONTROL])
@pytest.mark.parametrize("suffix", SPECS)
def test_every_family_of_the_native_type(clients: tuple[CaClient, CaClient], suffix: str, family: int) -> None:
    native = clients[0].info(f"PV:{suffix}")["type"]
    theirs, ours = both(clients, suffix, family + native)
    assert ours == theirs


@pytest.mark.parametrize("native", range(7))
@pytest.mark.parametrize("suffix", [suffix for suffix in SPECS if suffix != "stringin"])
def test_every_other_native_type(clients: tuple[CaClient, CaClient], suffix: str, native: int) -> None:
    theirs, ours = both(clients, suffix, TIME + native)
    assert ours == theirs


@pytest.mark.parametrize(("suffix", "name"), FIELDS)
def test_fields(clients: tuple[CaClient, CaClient], suffix: str, name: str) -> None:
    theirs, ours = (client.info(f"PV:{suffix}.{name}") for client in clients)
    assert (ours["type"], ours["count"]) == (theirs["type"], theirs["count"])
    for ftype in (None, STRING_DBR):
        theirs, ours = both(clients, f"{suffix}.{name}", ftype)
        assert ours == theirs


@pytest.mark.parametrize("suffix", SPECS)
def test_fields_are_read_only_while_the_value_may_be_not(clients: tuple[CaClient, CaClient], suffix: str) -> None:
    ours = clients[1]
    assert ours.info(f"PV:{suffix}")["access"] == ("read/write" if SPECS[suffix].writable else "read-only")
    for name in field_names(SPECS[suffix]):
        assert ours.info(f"PV:{suffix}.{name}")["access"] == "read-only"


def test_a_long_string_field(clients: tuple[CaClient, CaClient]) -> None:
    theirs, ours = both(clients, "ai.DESC$")
    assert ours == theirs
    assert clients[1].info("PV:ai.DESC$")["type"] == 4
