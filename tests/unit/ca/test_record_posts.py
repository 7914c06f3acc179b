"""What a record tells its subscribers, value by value, without a server."""

import itertools
import math
import random
import tracemalloc

import numpy as np
import pytest

from hydra_core.domain import Condition, Severity
from hydra_core.pvs import STATUS_STATES, Element, Kind, PvSpec
from hydra_ioc.ca import STATUS_SEVERITIES, Record, field_names, make_record
from hydra_ioc.ca.events import NO_FILTER, Filter, Mask, Reading, Subscription, Variable

AI = PvSpec("A", Kind.AI, "A", precision=3, mdel=0.1, adel=1.0, alarms=True)
MBBI = PvSpec("S", Kind.MBBI, "S", states=STATUS_STATES, alarms=True)
LIMITED = PvSpec("L", Kind.AI, "L", limits=(None, None, 0.5, 0.9))


class Ear:
    """Hears what one mask's subscriber is told."""

    def __init__(self, variable: Variable, mask: int, channel_filter: Filter = NO_FILTER) -> None:
        self.blocked = False
        self.heard: list[object] = []
        self.owed = 0
        self._variable = variable
        variable.subscribe(Subscription(variable, (20, 0, channel_filter), mask, 1, self))

    def event(self, subscription: Subscription, reading: Reading) -> None:
        self.heard.append(self._variable.value)

    def owe(self, subscription: Subscription) -> None:
        self.owed += 1

    def count(self) -> int:
        heard, self.heard = len(self.heard), []
        return heard


def ears(record: Record) -> dict[str, Ear]:
    return {mask.name or "": Ear(record, mask) for mask in Mask}


def counts(heard: dict[str, Ear]) -> dict[str, int]:
    return {name: ear.count() for name, ear in heard.items() if ear.heard}


def test_a_record_is_undefined_until_the_first_post_whatever_its_initial_value() -> None:
    record = make_record("P:A", AI, initial=3.0)
    assert (record.value, record.severity, record.condition) == (3.0, Severity.INVALID, Condition.UDF)
    record.post(3.0)
    assert (record.severity, record.condition) == (Severity.NO_ALARM, Condition.NO_ALARM)


def test_an_unchanged_post_tells_nobody_and_a_dead_band_holds_back() -> None:
    record = make_record("P:A", AI)
    record.post(1.0)
    heard = ears(record)
    record.post(1.0)
    record.post(1.0, at=record.timestamp + 100)
    record.post(1.09)
    assert counts(heard) == {}
    record.post(1.15)
    assert counts(heard) == {"VALUE": 1}
    record.post(2.5)
    assert counts(heard) == {"VALUE": 1, "LOG": 1}


def test_a_change_of_severity_alone_is_told_to_value_log_and_alarm() -> None:
    record = make_record("P:S", MBBI)
    record.post("BAD", severity=Severity.MAJOR, condition=Condition.STATE)
    heard = ears(record)
    record.post("BAD", severity=Severity.INVALID, condition=Condition.TIMEOUT)
    assert counts(heard) == {"VALUE": 1, "LOG": 1, "ALARM": 1}
    record.post("BAD", severity=Severity.INVALID, condition=Condition.TIMEOUT)
    assert counts(heard) == {}


def test_metadata_goes_to_property_subscribers_once() -> None:
    record = make_record("P:L", LIMITED)
    hihi = record.get_field("HIHI")
    assert hihi is not None
    heard, field = ears(record), Ear(hihi, Mask.VALUE)
    record.describe(limits=(None, None, 0.5, 0.8))
    assert counts(heard) == {"PROPERTY": 1} and hihi.value == 0.8 and field.count() == 1
    record.describe(limits=(None, None, 0.5, 0.8), units="")
    assert counts(heard) == {} and field.count() == 0
    record.post(0.85)
    assert record.condition is Condition.HIHI


@pytest.mark.parametrize(
    ("value", "severity", "condition"),
    [
        (0.0, Severity.NO_ALARM, Condition.NO_ALARM),
        (-1e9, Severity.NO_ALARM, Condition.NO_ALARM),
        (0.5, Severity.MINOR, Condition.HIGH),
        (0.9, Severity.MAJOR, Condition.HIHI),
        (math.nan, Severity.INVALID, Condition.UDF),
        (math.inf, Severity.MAJOR, Condition.HIHI),
    ],
)
def test_limits_are_one_sided(value: float, severity: Severity, condition: Condition) -> None:
    record = make_record("P:L", LIMITED)
    record.post(value)
    assert (record.severity, record.condition) == (severity, condition)


def test_an_explicit_severity_overrules_the_limits_and_nan_is_never_fine() -> None:
    record = make_record("P:L", LIMITED)
    record.post(0.95, severity=Severity.NO_ALARM)
    assert record.severity is Severity.NO_ALARM
    record.post(math.nan, severity=Severity.NO_ALARM)
    assert record.severity is Severity.INVALID
    record.post(math.nan, severity=Severity.INVALID, condition=Condition.CALC)
    assert record.condition is Condition.CALC


def test_the_severities_of_states_are_the_records_own() -> None:
    record = make_record("P:S", MBBI, severities=STATUS_SEVERITIES)
    record.post("BAD")
    assert (record.severity, record.condition) == (Severity.MAJOR, Condition.STATE)
    record.post("GOOD")
    assert record.severity is Severity.NO_ALARM
    field = record.get_field("FVSV")
    assert field is not None and field.value == Severity.INVALID


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        (MBBI, 8),
        (MBBI, -1),
        (MBBI, 1.5),
        (MBBI, "Bad"),
        (MBBI, None),
        (AI, "much"),
        (AI, None),
        (PvSpec("I", Kind.LONGIN, "I"), 1 << 31),
        (PvSpec("I", Kind.LONGIN, "I"), math.nan),
        (PvSpec("T", Kind.STRINGIN, "T"), 3),
        (PvSpec("W", Kind.WAVEFORM, "W", length=2), [1, 2, 3]),
        (PvSpec("W", Kind.WAVEFORM, "W", length=2), ["a", "b"]),
        (PvSpec("U", Kind.WAVEFORM, "U", element=Element.UCHAR, length=2), [256]),
        (PvSpec("X", Kind.WAVEFORM, "X", element=Element.STRING, length=2), ["a", "b", "c"]),
        (PvSpec("X", Kind.WAVEFORM, "X", element=Element.STRING, length=2), "ab"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_changes_nothing(spec: PvSpec, value: object) -> None:
    record = make_record("P:X", spec)
    heard, before = ears(record), (record.value, record.alarm)
    with pytest.raises(ValueError):
        record.post(value)
    assert record.alarm == before[1] and counts(heard) == {}


def test_severity_and_condition_must_agree() -> None:
    record = make_record("P:A", AI)
    with pytest.raises(ValueError, match="MAJOR does not go with condition NO_ALARM"):
        record.post(1.0, severity=Severity.MAJOR)
    with pytest.raises(ValueError, match="does not go"):
        record.post(1.0, severity=Severity.NO_ALARM, condition=Condition.STATE)


def test_texts_are_cut_and_made_ascii() -> None:
    text = make_record("P:T", PvSpec("T", Kind.STRINGIN, "T"))
    text.post("x" * 60)
    assert text.value == "x" * 39
    text.post("Schwelle ≥ 0.9\0rest")
    assert text.value == "Schwelle ? 0.9"
    long = make_record("P:M", PvSpec("M", Kind.LSI, "M", length=64))
    long.post("y" * 100)
    assert long.value == "y" * 63


def test_an_array_is_stored_read_only_and_what_is_read_only_is_not_copied() -> None:
    record = make_record("P:U", PvSpec("U", Kind.WAVEFORM, "U", element=Element.UCHAR, length=12))
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    record.post(pixels)
    pixels[:] = 0
    assert isinstance(record.value, np.ndarray) and record.value.tolist() == list(range(12))
    with pytest.raises(ValueError, match="read-only"):
        record.value[0] = 1
    frozen = np.arange(3, dtype=np.uint8)
    frozen.flags.writeable = False
    record.post(frozen)
    assert record.value is frozen or np.shares_memory(record.value, frozen)
    heard = ears(record)
    record.post(frozen.copy())
    assert counts(heard) == {}


def test_time_stamps_strictly_increase_when_the_clock_steps_back() -> None:
    record = make_record("P:A", AI)
    stamps = []
    chance = random.Random(7)
    clock = 1.8e9
    for number in range(2000):
        clock += chance.choice([-7200.0, -1.0, 0.0, 1e-7, 0.001, 5.0])
        record.post(float(number), at=clock)
        stamps.append(record.timestamp)
    assert all(later > earlier for earlier, later in itertools.pairwise(stamps))
    old = make_record("P:B", AI)
    old.post(1.0, at=1.7e9)
    assert old.timestamp == pytest.approx(1.7e9, abs=1e-6)


def test_a_blocked_subscriber_is_owed_the_value_and_others_get_it() -> None:
    record = make_record("P:A", AI)
    blocked, free = Ear(record, Mask.VALUE), Ear(record, Mask.VALUE)
    blocked.blocked = True
    record.post(5.0)
    assert (blocked.count(), blocked.owed, free.count()) == (0, 1, 1)


def test_a_dead_band_filter_thins_values_but_never_alarms() -> None:
    record = make_record("P:A", AI)
    record.post(0.0)
    ear = Ear(record, Mask.VALUE | Mask.ALARM, Filter(band=10.0))
    record.post(1.0)
    record.post(5.0)
    record.post(20.0)
    assert ear.heard == [1.0, 20.0]
    record.post(20.0, severity=Severity.MAJOR, condition=Condition.STATE)
    assert ear.count() == 3


class TestAcknowledgement:
    """ACKT and ACKS as in EPICS base."""

    def test_a_transient_alarm_waits_and_a_lower_severity_does_not_clear_it(self) -> None:
        record = make_record("P:S", MBBI, severities=STATUS_SEVERITIES)
        record.post("GOOD")
        assert record.acknowledgement() == (True, Severity.NO_ALARM)
        record.post("BAD")
        record.post("GOOD")
        assert record.acknowledgement() == (True, Severity.MAJOR)
        record.acknowledge(Severity.MINOR)
        assert record.acknowledgement()[1] == Severity.MAJOR
        record.acknowledge(Severity.MAJOR)
        assert record.acknowledgement()[1] == Severity.NO_ALARM

    def test_the_same_severity_again_does_not_raise_it_anew(self) -> None:
        record = make_record("P:S", MBBI, severities=STATUS_SEVERITIES)
        record.post("BAD")
        record.acknowledge(Severity.MAJOR)
        record.post("BAD")
        assert record.acknowledgement()[1] == Severity.NO_ALARM
        record.post("STALE")
        assert record.acknowledgement()[1] == Severity.INVALID

    def test_without_transients_the_present_severity_counts(self) -> None:
        record = make_record("P:S", MBBI, severities=STATUS_SEVERITIES)
        record.post("BAD")
        record.post("GOOD")
        heard = ears(record)
        record.acknowledge_transients(False)
        assert record.acknowledgement() == (False, Severity.NO_ALARM) and counts(heard) == {"ALARM": 1}
        record.post("BAD")
        record.post("WARN")
        assert record.acknowledgement()[1] == Severity.MINOR


def test_alarm_fields_follow_with_monitors() -> None:
    record = make_record("P:S", MBBI, severities=STATUS_SEVERITIES)
    fields = {name: record.get_field(name) for name in ("SEVR", "STAT", "ACKS", "UDF")}
    heard = {name: Ear(field, Mask.VALUE) for name, field in fields.items() if field is not None}
    record.post("GOOD")
    assert counts(heard) == {"SEVR": 1, "STAT": 1, "ACKS": 1, "UDF": 1}
    record.post("BAD")
    assert counts(heard) == {"SEVR": 1, "STAT": 1, "ACKS": 1}
    record.post("BAD", severity=Severity.MAJOR, condition=Condition.CALC)
    assert counts(heard) == {"STAT": 1, "ACKS": 1}


@pytest.mark.parametrize("spec", [AI, MBBI, PvSpec("B", Kind.BO, "B", states=("Off", "On"))])
def test_memory_of_a_record_and_of_all_its_fields(spec: PvSpec) -> None:
    make_record("warm", spec)
    tracemalloc.start()
    try:
        records = [make_record(f"P:X{number}", spec) for number in range(200)]
        slim = tracemalloc.get_traced_memory()[0] / 200
        for record in records:
            assert all(record.get_field(name) is not None for name in field_names(spec))
        full = tracemalloc.get_traced_memory()[0] / 200
    finally:
        tracemalloc.stop()
    assert slim < 4 << 10
    assert full < 60 << 10


@pytest.mark.parametrize("name", ["AFTC", "SIMM", "IVOA", "NOPE", "val", "ZRST", "NELM"])
def test_a_field_that_would_do_nothing_does_not_exist(name: str) -> None:
    assert make_record("P:A", AI).get_field(name) is None
