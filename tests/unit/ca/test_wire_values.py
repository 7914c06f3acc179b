"""Every value in every DBR type, puts of arbitrary bytes, names of channels, searches and beacon addresses."""

import math
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydra_core.pvs import Element, Kind, PvSpec
from hydra_ioc.ca import Record, beacons, discovery, field_names, make_record
from hydra_ioc.ca.events import NO_FILTER, Variable
from hydra_ioc.ca.names import find
from hydra_ioc.ca.wire import CLASS_NAME, SIZE, STSACK_STRING, number_text

SPECS = [
    PvSpec("ai", Kind.AI, "ai", "mm", 3, 0.1, 0.2, -1, 1, limits=(None, None, 0.5, 0.9)),
    PvSpec("wide", Kind.AO, "ao", "a long unit", 2, low=-1e300, high=1e300, writable="expert"),
    PvSpec("longin", Kind.LONGIN, "longin", high=1e6),
    PvSpec("mbbi", Kind.MBBI, "mbbi", states=tuple(f"state {number}" for number in range(16))),
    PvSpec("bo", Kind.BO, "bo", states=("Off", "On"), writable="operator"),
    PvSpec("stringin", Kind.STRINGIN, "stringin"),
    PvSpec("lsi", Kind.LSI, "x" * 60, length=64),
    PvSpec("doubles", Kind.WAVEFORM, "doubles", element=Element.DOUBLE, length=4),
    PvSpec("bytes", Kind.WAVEFORM, "bytes", element=Element.UCHAR, length=4000),
    PvSpec("strings", Kind.WAVEFORM, "strings", element=Element.STRING, length=4),
]
AWKWARD: dict[str, list[object]] = {
    "ai": [0.0, math.nan, math.inf, -1e308, 5e-324],
    "wide": [1e300],
    "longin": [-(1 << 31), (1 << 31) - 1],
    "mbbi": [15],
    "bo": [1],
    "stringin": ["", "12.5", "x" * 39],
    "lsi": ["", "y" * 63],
    "doubles": [[], [math.nan, math.inf, 1e300, -1.0]],
    "bytes": [[], np.arange(4000) % 256],
    "strings": [[], ["1", "", "three", "4"]],
}


def variables(spec: PvSpec) -> Iterator[tuple[Record, Variable]]:
    record = make_record(f"P:{spec.suffix}", spec)
    for name in ("VAL", *field_names(spec)):
        variable = record.get_field(name)
        assert variable is not None, name
        yield record, variable


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.suffix)
def test_every_value_and_field_can_be_read_as_every_type_without_an_exception(spec: PvSpec) -> None:
    for record, variable in variables(spec):
        for value in AWKWARD[spec.suffix]:
            record.post(value)
            for dbr_type in (*range(35), STSACK_STRING, CLASS_NAME):
                for count in (0, 1, 3):
                    reading = variable.reading((dbr_type, count, NO_FILTER))
                    assert reading.status in (1, 152) and len(reading.payload) % 8 == 0
                    if dbr_type < 35 and count:
                        assert reading.count == count and len(reading.payload) >= count * SIZE[dbr_type % 7]


@given(st.integers(0, 40), st.integers(0, 10), st.binary(max_size=120))
def test_a_put_of_arbitrary_bytes_is_a_value_that_fits_or_a_valueerror(native: int, count: int, data: bytes) -> None:
    for spec in SPECS:
        record = make_record("P:X", spec)
        try:
            value = record.shape.put(native, count, data)
        except ValueError as error:
            assert str(error)
            continue
        assert record.shape.same(record.shape.accept(value), value)
        record.post(value)
        assert record.value is not None and not (isinstance(record.value, float) and math.isnan(record.value))


@given(st.text(max_size=90))
def test_any_text_fits_after_it_was_accepted(value: str) -> None:
    for spec in (SPECS[5], SPECS[6]):
        record = make_record("P:T", spec)
        record.post(value)
        stored = str(record.value)
        assert stored.isascii() and "\0" not in stored and len(stored) < (40 if spec.kind is Kind.STRINGIN else 64)


@pytest.mark.parametrize(
    ("value", "precision", "shown"),
    [(0.12345, 3, "0.123"), (5.0, 0, "5"), (1e8, 4, "100000000.000"), (2e17, 2, "2.00e+17"), (math.nan, 2, "nan")],
)
def test_numbers_as_texts(value: float, precision: int, shown: str) -> None:
    assert number_text(value, precision) == shown


@pytest.mark.parametrize("at", [math.nan, math.inf, 1e11])
def test_a_time_that_epics_cannot_express_is_a_valueerror(at: float) -> None:
    record = make_record("P:A", SPECS[0])
    with pytest.raises(ValueError, match="not a time before 2126"):
        record.post(1.0, at=at)
    record.post(1.0, at=-5.0)
    assert record.timestamp == pytest.approx(631_152_000, abs=1)


def test_a_range_that_the_type_cannot_hold_is_refused_when_the_record_is_made() -> None:
    with pytest.raises(ValueError, match="not an integer of 32 bits"):
        make_record("P:I", PvSpec("I", Kind.LONGIN, "I", high=math.inf))


RECORDS = {name: make_record(name, spec) for name, spec in (("P:A", SPECS[0]), ("P:L", SPECS[6]), ("P:X", SPECS[9]))}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("P:A", (6, 1)), ("P:A.", (6, 1)), ("P:A.VAL", (6, 1)), ("P:A.DESC", (0, 1)), ("P:A.DESC$", (4, 41)),
        ("P:L", (4, 64)), ("P:L.VAL$", (4, 64)), ("P:L.$", (4, 64)), ("P:A.VAL$", None), ("P:X.VAL$", None),
        ("P:A.NOPE", None), ("P:B", None), ("P:B.VAL", None), ("", None), (".", None), ("P:A.[", None),
        ("P:A.{}", None), ("P:A.{nonsense", None), ('P:A.{"sync":{"m":"while","s":"x"}}', None),
        ('P:A.{"dbnd":{"d":0.5,"m":"abs"}}', (6, 1)), ('P:A.{"dbnd":[]}', None), ("P:X.[1:0:2]", None),
    ],
)  # fmt: skip
def test_what_channel_names_mean(name: str, found: tuple[int, int] | None) -> None:
    target = find(RECORDS, name)
    assert (None if target is None else (target.native, target.length)) == found


@given(st.text(max_size=60))
def test_any_name_is_found_or_not_but_no_error(rest: str) -> None:
    find(RECORDS, rest)
    find(RECORDS, "P:A." + rest)


@given(st.binary(max_size=200))
def test_any_datagram_is_answered_or_not_but_no_error(data: bytes) -> None:
    assert discovery.search_answer(data, lambda name: False, 5064) == b""
    discovery.search_answer(data, lambda name: True, 5064)


def test_a_search_answer_is_never_longer_than_the_question() -> None:
    search = struct.pack(">HHHHII", 6, 8, 5, 13, 1, 1) + b"P:A".ljust(8, b"\0")
    assert len(discovery.search_answer(search * 40, lambda name: True, 5064)) <= len(search * 40)


def test_where_beacons_go_and_searches_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beacons, "broadcasts", lambda: {"10.0.0.5": "10.0.0.255", "10.1.0.5": "10.1.255.255"})
    monkeypatch.setattr(discovery, "broadcasts", lambda: {"10.0.0.5": "10.0.0.255", "10.1.0.5": "10.1.255.255"})
    monkeypatch.delenv("EPICS_CA_REPEATER_PORT", raising=False)
    assert beacons.beacon_targets(["127.0.0.1"], None) == [("127.0.0.1", "127.0.0.1", 5065)]
    assert beacons.beacon_targets(["10.0.0.5"], None) == [("10.0.0.5", "10.0.0.255", 5065)]
    assert beacons.beacon_targets(["0.0.0.0"], None) == [
        ("0.0.0.0", "10.0.0.255", 5065),
        ("0.0.0.0", "10.1.255.255", 5065),
    ]
    assert beacons.beacon_targets(["127.0.0.1"], ["gw:99", "host"]) == [
        ("127.0.0.1", "gw", 99),
        ("127.0.0.1", "host", 5065),
    ]
    assert discovery.search_addresses(["127.0.0.1", "10.0.0.5"]) == ["127.0.0.1", "10.0.0.5", "10.0.0.255"]
    monkeypatch.undo()
    assert not any(address.startswith("127.") for address in discovery.broadcasts())
