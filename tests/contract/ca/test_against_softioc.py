"""The same sequences of posts, told to a C IOC and to ours: libca clients must see the same events."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from support.ca import ALARM, LOG, PROPERTY, VALUE, CaClient, LoopThread
from support.ports import free_port
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


def mbbi(name: str, steps: list[Step], extra: int = 0) -> Scenario:
    return Scenario(PvSpec(name, Kind.MBBI, name, states=CLASSES), steps, {}, extra)


def longin(name: str, steps: list[Step], extra: int = 0, mdel: int = 0, adel: int = 0) -> Scenario:
    spec = PvSpec(name, Kind.LONGIN, name, mdel=mdel, adel=adel)
    return Scenario(spec, steps, {"MDEL": mdel, "ADEL": adel}, extra)


TWO_SIDED = (0.1, 0.3, 0.7, 0.9)
MORE = [
    ai("ramp_up", plain([n / 10 for n in range(11)]), mdel=0.25, adel=0.45),
    ai("ramp_down", plain([1 - n / 10 for n in range(11)]), mdel=0.25, adel=0.45),
    ai("wide_log", plain([0.0, 0.3, 0.6, 0.9, 1.2, 0.0]), mdel=0.2, adel=2.0),
    ai("narrow_log", plain([0.0, 0.1, 0.3, 0.35, 0.8]), mdel=0.5, adel=0.05),
    ai("at_the_band", plain([0.0, 0.5, 1.0, 1.5, 2.0]), mdel=0.5, adel=0.5),
    ai(
        "minor_major_minor",
        [(0.5, NO, OK), (0.6, MINOR, STATE), (0.7, MAJOR, STATE), (0.8, MINOR, STATE), (0.9, NO, OK)],
    ),
    ai("flicker", [(0.5 + n / 100, *((MAJOR, STATE) if n % 2 else (NO, OK))) for n in range(10)]),
    ai("invalid_between", [(0.5, MAJOR, STATE), (0.6, INVALID, CALC), (0.7, MAJOR, STATE), (0.8, NO, OK)]),
    ai("condition_only", [(0.5, INVALID, TIMEOUT), (0.6, INVALID, CALC), (0.7, INVALID, TIMEOUT), (0.8, NO, OK)]),
    ai("limits_up_and_down", plain([0.5, 0.65, 0.75, 0.95, 0.8, 0.5, 0.25, 0.05, 0.2, 0.5]), limits=TWO_SIDED),
    ai("on_the_limits", plain([0.5, 0.7, 0.9, 0.5, 0.3, 0.1, 0.5]), limits=TWO_SIDED),
    ai("limits_in_a_band", plain([0.5, 0.71, 0.69, 0.91, 0.89, 0.5]), limits=TWO_SIDED, mdel=0.5, adel=0.5, extra=4),
    ai("infinite", plain([0.5, float("inf"), float("inf"), float("-inf"), 0.5])),
    ai("nan_without_alarm", [(0.1, NO, OK), (0.2, NO, OK), (float("nan"), INVALID, CALC), (0.2, NO, OK)], mdel=0.5),
    ai("tiny_and_huge", plain([1e-300, 1e300, -1e300, 0.0, 1e-300])),
    mbbi("all_good", plain(["Good"] * 6)),
    mbbi(
        "bad_and_back",
        [("Good", NO, OK), ("Bad", MAJOR, STATE), ("Good", NO, OK), ("Bad", MAJOR, STATE), ("Good", NO, OK)],
    ),
    mbbi(
        "worse_and_better",
        [("Good", NO, OK), ("NoData", MINOR, STATE), ("Bad", MAJOR, STATE), ("NoData", MINOR, STATE), ("Good", NO, OK)],
    ),
    mbbi("muted", [("Bad", MAJOR, STATE), ("Bad", NO, OK), ("Bad", MAJOR, STATE), ("Good", NO, OK)], extra=2),
    mbbi("timeout_first", [("Good", INVALID, TIMEOUT), ("Bad", MAJOR, STATE), ("Good", NO, OK)]),
    Scenario(
        PvSpec("relay", Kind.BI, "relay", states=("Off", "On")),
        [("Off", NO, OK), ("On", MINOR, STATE), ("On", MINOR, STATE), ("Off", NO, OK)],
    ),
    longin("run_numbers", plain([120001, 120001, 120002, 0, -1, 2**31 - 1, -(2**31)])),
    longin(
        "counts_alarm",
        [(0, NO, OK), (1, MINOR, STATE), (2, MAJOR, STATE), (2, MAJOR, STATE), (0, NO, OK)],
        mdel=5,
        adel=5,
        extra=3,
    ),
    Scenario(
        PvSpec("texts_alarm", Kind.STRINGIN, "texts"),
        [("a", NO, OK), ("b", INVALID, TIMEOUT), ("c", NO, OK), ("c", NO, OK)],
    ),
    Scenario(
        PvSpec("wave", Kind.WAVEFORM, "wave", element=Element.DOUBLE, length=4),
        [([1.0], NO, OK), ([1.0, 2.0], MINOR, STATE), ([0.0, 2.0, 3.0, 4.0], NO, OK), ([], NO, OK)],
        {"length": 4, "datatype": "float64"},
    ),
]
SCENARIOS += MORE
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


def additions(ours: list[tuple[Any, int, int]], theirs: list[tuple[Any, int, int]]) -> list[int]:
    """Return which of our events C does not send; fail unless the rest are the same events in the same order."""
    extra, expected = [], iter(theirs)
    wanted = next(expected, None)
    for number, event in enumerate(ours):
        if event == wanted:
            wanted = next(expected, None)
        else:
            extra.append(number)
    assert wanted is None, f"C sent {theirs}, we sent {ours}"
    return extra


@pytest.mark.parametrize("suffix", BY_NAME)
@pytest.mark.parametrize("mask", MASKS)
def test_same_events(seen: tuple[Seen, Seen], suffix: str, mask: str) -> None:
    theirs, ours = seen[0][suffix, mask], seen[1][suffix, mask]
    extra = BY_NAME[suffix].extra if mask in ("value", "log") else 0
    added = additions(ours, theirs)
    assert len(added) == extra, (theirs, ours)
    for number in added:
        assert ours[number][1:] != ours[number - 1][1:], (
            "only a change of severity is told to more subscribers than in C"
        )


def test_there_are_enough_scenarios() -> None:
    assert len(BY_NAME) == len(SCENARIOS) >= 40


@pytest.mark.parametrize("suffix", BY_NAME)
def test_property_subscribers_get_the_first_value_only(seen: tuple[Seen, Seen], suffix: str) -> None:
    assert len(seen[1][suffix, "property"]) == 1
