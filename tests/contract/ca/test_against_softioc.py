"""The same sequences of posts, told to a C IOC and to ours: libca clients must see the same events."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from support.ca import ALARM, LOG, PROPERTY, VALUE, CaClient, LoopThread, free_port
from support.soft_ioc import SoftIoc

from hydra_core.domain import Condition, Severity
from hydra_core.pvs import Element, Kind, PvSpec
from hydra_ioc.ca import CaServer, make_record

NO, MINOR, MAJOR, INVALID = Severity
STATE, TIMEOUT, CALC, OK = Condition.STATE, Condition.TIMEOUT, Condition.CALC, Condition.NO_ALARM
MASKS = {"value": VALUE, "log": LOG, "alarm": ALARM, "property": PROPERTY}
PACE = 0.08
CLASSES = ("Good", "Bad", "NoData")

Step = tuple[Any, Severity, Condition]


@dataclass
class Scenario:
    """`steps` are posted to a PV; `addition` are the extra VALUE and LOG events that we document."""

    spec: PvSpec
    steps: list[Step]
    fields: dict[str, Any] = field(default_factory=dict)
    extra: int = 0


def ai(name: str, steps: list[Step], extra: int = 0, **spec: Any) -> Scenario:
    spec = {"precision": 3, **spec}
    fields = {"MDEL": spec.get("mdel", 0), "ADEL": spec.get("adel", 0), "PREC": spec["precision"]}
    for limit, value in zip(("LOLO", "LOW", "HIGH", "HIHI"), spec.get("limits", ()), strict=False):
        if value is not None:
            severity = {"LOLO": "LLSV", "LOW": "LSV", "HIGH": "HSV", "HIHI": "HHSV"}[limit]
            fields |= {limit: value, severity: "MAJOR" if limit in ("LOLO", "HIHI") else "MINOR"}
    return Scenario(PvSpec(name, Kind.AI, name, **spec), steps, fields, extra)


def plain(values: list[Any]) -> list[Step]:
    return [(value, NO, OK) for value in values]


ONE_SIDED = (None, None, 0.5, 0.9)
SCENARIOS = [
    ai("identical", [(0.5, MAJOR, STATE)] * 10),
    ai("steps", [(0.5 + 0.002 * i, MAJOR, STATE) for i in range(20)], mdel=0.01, adel=0.05),
    ai("jumps", plain([0.0, 1.0, 1.0, 2.0, -3.0, -3.0])),
    ai("deadbands", plain([0.0, 0.05, 0.2, 0.25, 1.5, 1.45, 0.0]), mdel=0.1, adel=1.0),
    ai("severity_only", [(1.0, NO, OK), (1.0, MAJOR, STATE), (1.0, MAJOR, STATE), (1.0, NO, OK)], extra=2),
    ai("one_sided", plain([0.1, 0.6, 0.95, 0.95, 0.6, 0.1, 0.0, -5.0]), limits=ONE_SIDED),
    ai("both_sides", plain([5.0, 9.0, 15.0, 9.5, 1.0, 5.0]), limits=(2.0, 10.0, 12.0, 14.0)),
    ai("nan", [(0.5, NO, OK), (float("nan"), INVALID, CALC), (float("nan"), INVALID, CALC), (0.5, NO, OK)]),
    ai("stale", [(0.7, NO, OK), (0.7, INVALID, TIMEOUT), (0.7, INVALID, TIMEOUT), (0.9, NO, OK)], extra=1),
    Scenario(
        PvSpec("classes", Kind.MBBI, "classes", states=CLASSES),
        [*[("Bad", MAJOR, STATE)] * 5, ("Bad", INVALID, TIMEOUT), ("Good", NO, OK)],
        extra=1,
    ),
    Scenario(PvSpec("flips", Kind.MBBI, "flips", states=CLASSES), plain(["Good", "Bad", "Bad", "NoData", "Good"])),
    Scenario(
        PvSpec("stale_state", Kind.MBBI, "stale", states=CLASSES),
        [("Bad", MAJOR, STATE), ("Good", INVALID, TIMEOUT), ("Bad", MAJOR, STATE), ("Bad", MAJOR, CALC)],
        extra=1,
    ),
    Scenario(PvSpec("switch", Kind.BI, "switch", states=("Off", "On")), plain(["Off", "On", "On", "Off"])),
    Scenario(
        PvSpec("count", Kind.LONGIN, "count", mdel=2, adel=5),
        plain([0, 1, 2, 3, 4, 6, 9, 9, 3]),
        {"MDEL": 2, "ADEL": 5},
    ),
    Scenario(
        PvSpec("run", Kind.LONGIN, "run"),
        [(120, NO, OK), (120, MINOR, STATE), (121, MINOR, STATE)],
        {"MDEL": 0, "ADEL": 0},
        extra=1,
    ),
    Scenario(PvSpec("words", Kind.STRINGIN, "words"), plain(["one", "one", "two", "", "x" * 39])),
    Scenario(
        PvSpec("words_alarm", Kind.STRINGIN, "words"),
        [("a", NO, OK), ("a", MINOR, STATE), ("b", MINOR, STATE)],
        extra=1,
    ),
    Scenario(
        PvSpec("scores", Kind.WAVEFORM, "scores", element=Element.DOUBLE, length=3),
        plain([[0.1, 0.9], [0.2, 0.7, 0.1], [0.0]]),
        {"length": 3, "datatype": "float64"},
    ),
]
BY_NAME = {scenario.spec.suffix: scenario for scenario in SCENARIOS}


class Reference(SoftIoc):
    """The C IOC."""

    def __init__(self) -> None:
        super().__init__("REF", [(s.spec.suffix, str(s.spec.kind), s.fields, list(s.spec.states)) for s in SCENARIOS])

    def step(self, suffix: str, step: Step) -> None:
        value, severity, condition = step
        states = BY_NAME[suffix].spec.states
        self.post(suffix, states.index(value) if states else value, severity, condition)


class Ours:
    """Our server in a thread. Limits judge as the record's own, as in C, when a step says no alarm."""

    def __init__(self) -> None:
        self.port, self.prefix = free_port(), "OUR"
        self.thread = LoopThread()
        self.records = {s.spec.suffix: make_record(f"OUR:{s.spec.suffix}", s.spec) for s in SCENARIOS}
        self.server = CaServer(self.records.values(), interfaces=["127.0.0.1"], port=self.port)
        self.thread.wait(self.server.start())

    def step(self, suffix: str, step: Step) -> None:
        value, severity, condition = step
        alarm = {"severity": severity, "condition": condition} if severity else {}
        self.thread.do(self.records[suffix].post, value, **alarm)

    def close(self) -> None:
        self.thread.wait(self.server.stop())
        self.thread.close()


Seen = dict[tuple[str, str], list[tuple[Any, int, int]]]


def play(ioc: Reference | Ours) -> Seen:
    """Post every scenario step by step, all PVs at the same pace; return what each mask's subscriber saw after."""
    with CaClient(ioc.port) as client:
        names = {suffix: f"{ioc.prefix}:{suffix}" for suffix in BY_NAME}
        assert all(client.connect(*names.values()))
        for suffix, scenario in BY_NAME.items():
            ioc.step(suffix, scenario.steps[0])
        time.sleep(PACE)
        for suffix, name in names.items():
            for mask, bits in MASKS.items():
                client.wait(client.monitor(name, bits, f"{suffix}/{mask}"), 1)
        for number in range(1, max(len(scenario.steps) for scenario in SCENARIOS)):
            for suffix, scenario in BY_NAME.items():
                if number < len(scenario.steps):
                    ioc.step(suffix, scenario.steps[number])
            time.sleep(PACE)
        time.sleep(3 * PACE)
        return {
            (suffix, mask): [
                (repr(event["value"]), event["severity"], event["status"])
                for event in client.events(f"{suffix}/{mask}")
            ]
            for suffix in BY_NAME
            for mask in MASKS
        }


@pytest.fixture(scope="module")
def iocs() -> Iterator[tuple[Reference, Ours]]:
    reference, ours = Reference(), Ours()
    yield reference, ours
    reference.close()
    ours.close()


@pytest.fixture(scope="module")
def seen(iocs: tuple[Reference, Ours]) -> tuple[Seen, Seen]:
    return play(iocs[0]), play(iocs[1])


def without_additions(events: list[tuple[Any, int, int]]) -> list[Any]:
    """Drop the events that only repeat the value before them with another alarm: our documented addition."""
    kept: list[tuple[Any, int, int]] = []
    last = None
    for event in events:
        if last is None or event[0] != last[0] or event[1:] == last[1:]:
            kept.append(event)
        last = event
    return kept


@pytest.mark.parametrize("suffix", BY_NAME)
@pytest.mark.parametrize("mask", MASKS)
def test_same_events(seen: tuple[Seen, Seen], suffix: str, mask: str) -> None:
    theirs, ours = seen[0][suffix, mask], seen[1][suffix, mask]
    extra = BY_NAME[suffix].extra if mask in ("value", "log") else 0
    assert len(ours) == len(theirs) + extra
    if extra:
        ours = without_additions(ours)
    assert ours == theirs


@pytest.mark.parametrize("suffix", BY_NAME)
def test_property_subscribers_get_the_first_value_only(seen: tuple[Seen, Seen], suffix: str) -> None:
    assert len(seen[1][suffix, "property"]) == 1
