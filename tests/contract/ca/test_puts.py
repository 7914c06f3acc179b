"""What clients may write: almost nothing, checked, and never at the cost of an alarm."""

import asyncio
import struct
from typing import Any

import pytest
from support.ca import NORMAL, NOWTACCESS, PUT_ACKS, PUTFAIL, Libca, Raw, Serve, eventually, frame

from hydra_core.domain import Severity
from hydra_core.pvs import STATUS_STATES, Element, Kind, PvSpec
from hydra_ioc.ca import PutContext, PutRefused, field_names

CLASSES = ("Good", "Bad", "NoData")
READ_ONLY = [
    PvSpec("ai", Kind.AI, "ai", limits=(None, None, 0.5, 0.9)),
    PvSpec("longin", Kind.LONGIN, "longin"),
    PvSpec("mbbi", Kind.MBBI, "mbbi", states=STATUS_STATES, alarms=True),
    PvSpec("bi", Kind.BI, "bi", states=("Closed", "Open")),
    PvSpec("stringin", Kind.STRINGIN, "stringin"),
    PvSpec("lsi", Kind.LSI, "lsi", length=64),
    PvSpec("doubles", Kind.WAVEFORM, "w", element=Element.DOUBLE, length=3),
    PvSpec("bytes", Kind.WAVEFORM, "w", element=Element.UCHAR, length=3),
    PvSpec("strings", Kind.WAVEFORM, "w", element=Element.STRING, length=3),
]
WRITABLE = [
    PvSpec("ao", Kind.AO, "ao", precision=2, writable="expert", alarms=True),
    PvSpec("longout", Kind.LONGOUT, "longout", writable="expert"),
    PvSpec("mbbo", Kind.MBBO, "mbbo", states=CLASSES, writable="operator"),
    PvSpec("bo", Kind.BO, "bo", states=("Off", "On"), writable="operator"),
]
INITIAL: dict[str, Any] = {
    "ai": 0.1, "longin": 5, "mbbi": "GOOD", "bi": 0, "stringin": "text", "lsi": "long text", "doubles": [1.0, 2.0],
    "bytes": [1, 2], "strings": ["a", "b"], "ao": 0.5, "longout": 7, "mbbo": "Good", "bo": 0,
}  # fmt: skip
FIELD_PUTS = [(spec.suffix, name) for spec in READ_ONLY + WRITABLE for name in field_names(spec)]


@pytest.fixture
def ioc(serve: Serve) -> Any:
    ioc = serve(*READ_ONLY, *WRITABLE)
    for suffix, value in INITIAL.items():
        ioc.post(suffix, value)
    return ioc


def state(ioc: Any, suffix: str) -> tuple[Any, Any]:
    record = ioc.records[suffix]
    return repr(record.value), record.alarm[:2]


def test_libca_refuses_before_it_sends_anything_to_a_read_only_pv(ioc: Any, libca: Libca) -> None:
    client = libca(ioc.port)
    before = {suffix: state(ioc, suffix) for suffix in INITIAL}
    names = [spec.suffix for spec in READ_ONLY]
    names += [f"{suffix}.{field}" for suffix, field in FIELD_PUTS] + [f"{suffix}.DESC$" for suffix in INITIAL]
    assert all(client.connect(*(ioc.name(name) for name in names)))
    for name in names:
        for callback in (True, False):
            assert client.put(ioc.name(name), "1", ftype=0, callback=callback) == NOWTACCESS, name
    assert {suffix: state(ioc, suffix) for suffix in INITIAL} == before


def test_the_server_refuses_a_client_that_does_not_ask(ioc: Any, raw: Raw) -> None:
    client = raw(ioc.port)
    before = {suffix: state(ioc, suffix) for suffix in INITIAL}
    names = [spec.suffix for spec in READ_ONLY] + [f"{suffix}.{field}" for suffix, field in FIELD_PUTS]
    for name, sid in zip(names, client.create(*(ioc.name(name) for name in names)), strict=True):
        client.send(frame(19, 0, 1, sid, 99, b"1\0"))
        assert client.until(lambda one: one[0] == 19)[-1][3:5] == (NOWTACCESS, 99), name
        client.send(frame(4, 6, 1, sid, 98, struct.pack(">d", 1.0)))
        assert client.until(lambda one: one[0] == 11)[-1][4] == NOWTACCESS, name
    assert {suffix: state(ioc, suffix) for suffix in INITIAL} == before


GOOD = [
    ("ao", 0.75, 6, 0.75), ("ao", "0.25", 0, 0.25), ("ao", 3, 5, 3.0), ("longout", 12, 5, 12), ("longout", 2.9, 6, 2),
    ("mbbo", 2, 3, 2), ("mbbo", "Bad", 0, 1), ("mbbo", "2", 0, 2), ("mbbo", 1.0, 6, 1),
    ("bo", 1, 1, 1), ("bo", "On", 0, 1),
]  # fmt: skip


@pytest.mark.parametrize(("suffix", "value", "ftype", "kept"), GOOD)
def test_a_good_put_is_kept(ioc: Any, libca: Libca, suffix: str, value: Any, ftype: int, kept: Any) -> None:
    client = libca(ioc.port)
    assert client.put(ioc.name(suffix), value, ftype) == NORMAL
    assert client.value(ioc.name(suffix)) == kept and ioc.records[suffix].value == kept


def double(*values: float) -> bytes:
    return struct.pack(f">{len(values)}d", *values)


BAD = [
    ("ao", 6, 1, double(float("nan"))), ("ao", 6, 1, double(float("inf"))), ("ao", 6, 2, double(1, 2)),
    ("ao", 6, 1, b""), ("ao", 0, 1, b"much\0"), ("ao", 0, 1, b"nan\0"), ("ao", 20, 1, bytes(24)), ("ao", 6, 0, b""),
    ("ao", 6, 1 << 15, bytes(16)), ("longout", 6, 1, double(1e12)), ("longout", 6, 1, double(float("nan"))),
    ("longout", 0, 1, b"1.5x\0"), ("mbbo", 3, 1, struct.pack(">H", 3)), ("mbbo", 5, 1, struct.pack(">i", -1)),
    ("mbbo", 0, 1, b"good\0"), ("mbbo", 0, 1, b"7\0"), ("mbbo", 6, 1, double(0.5)), ("bo", 3, 1, struct.pack(">H", 2)),
    ("bo", 6, 1, double(float("nan"))), ("bo", 0, 1, b"\xff\xfe\0"), ("bo", 0, 1, b"x" * 200),
]  # fmt: skip


@pytest.mark.parametrize(("suffix", "dbr_type", "count", "data"), BAD)
def test_a_bad_put_is_refused_keeps_the_value_and_raises_no_alarm(
    ioc: Any, raw: Raw, suffix: str, dbr_type: int, count: int, data: bytes
) -> None:
    client = raw(ioc.port)
    before = state(ioc, suffix)
    (sid,) = client.create(ioc.name(suffix))
    client.send(frame(19, dbr_type, count, sid, 7, data))
    assert client.until(lambda one: one[0] == 19)[-1][3:5] == (PUTFAIL, 7)
    client.send(frame(4, dbr_type, count, sid, 8, data))
    error = client.until(lambda one: one[0] == 11)[-1]
    assert error[4] == PUTFAIL and len(error[5]) > 16 + 10, "an error comes with its reason"
    client.send(frame(15, 6 if suffix != "mbbo" else 3, 0, sid, 9))
    assert client.until(lambda one: one[0] == 15)[-1][3] == NORMAL, "the circuit lives on and the PV is not poisoned"
    assert state(ioc, suffix) == before


def test_a_hook_sees_who_puts_and_chooses_what_is_kept(ioc: Any, libca: Libca) -> None:
    seen: list[tuple[object, PutContext]] = []

    def halve(value: object, context: PutContext) -> object:
        seen.append((value, context))
        assert isinstance(value, float)
        return value / 2

    ioc.records["ao"].on_put = halve
    client = libca(ioc.port)
    assert client.put(ioc.name("ao"), 0.5) == NORMAL
    assert client.value(ioc.name("ao")) == 0.25
    value, context = seen[0]
    assert value == 0.5 and context.peer.startswith("127.0.0.1:") and context.user and context.host


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("error", [PutRefused("only experts may"), RuntimeError("a bug"), ValueError("odd")])
def test_a_hook_that_refuses_or_fails(ioc: Any, libca: Libca, asynchronous: bool, error: Exception) -> None:
    def refuse(value: object, context: PutContext) -> object:
        raise error

    async def refuse_later(value: object, context: PutContext) -> object:
        await asyncio.sleep(0.01)
        raise error

    ioc.records["ao"].on_put = refuse_later if asynchronous else refuse
    before = state(ioc, "ao")
    client = libca(ioc.port)
    assert client.put(ioc.name("ao"), 0.9) == PUTFAIL
    assert client.put(ioc.name("ao"), 0.9, callback=False) == NORMAL, "libca itself has nothing against it"
    assert client.value(ioc.name("ao")) == 0.5 and state(ioc, "ao") == before


def test_a_hook_that_returns_nothing_leaves_the_record_to_itself(ioc: Any, libca: Libca) -> None:
    ioc.records["bo"].on_put = lambda value, context: None
    client = libca(ioc.port)
    assert client.put(ioc.name("bo"), 1) == NORMAL
    assert client.value(ioc.name("bo")) == 0


def test_puts_of_one_record_wait_for_each_other_and_nobody_else_does(ioc: Any, raw: Raw) -> None:
    order: list[object] = []
    gate = ioc.thread.do(asyncio.Event)

    async def slow(value: object, context: PutContext) -> object:
        order.append(("start", value))
        await gate.wait()
        order.append(("end", value))
        return value

    ioc.records["longout"].on_put = slow
    client, other = raw(ioc.port), raw(ioc.port)
    sid, ao = client.create(ioc.name("longout"), ioc.name("ao"))
    (theirs,) = other.create(ioc.name("longout"))
    client.send(frame(19, 5, 1, sid, 1, struct.pack(">i", 1)), frame(19, 5, 1, sid, 2, struct.pack(">i", 2)))
    client.send(frame(19, 6, 1, ao, 3, double(0.75)))
    assert client.until(lambda one: one[0] == 19)[-1][3:5] == (NORMAL, 3), "another record's put does not wait"
    other.send(frame(19, 5, 1, theirs, 4, struct.pack(">i", 3)))
    assert eventually(lambda: order == [("start", 1)])
    ioc.thread.do(gate.set)
    assert other.until(lambda one: one[0] == 19)[-1][3:5] == (NORMAL, 4)
    assert order == [(step, value) for value in (1, 2, 3) for step in ("start", "end")]
    assert ioc.records["longout"].value == 3


def test_too_many_waiting_puts_are_refused(ioc: Any, raw: Raw) -> None:
    gate = ioc.thread.do(asyncio.Event)

    async def slow(value: object, context: PutContext) -> object:
        await gate.wait()
        return value

    ioc.records["longout"].on_put = slow
    client = raw(ioc.port)
    (sid,) = client.create(ioc.name("longout"))
    client.send(*(frame(19, 5, 1, sid, number, struct.pack(">i", number)) for number in range(100)))
    assert client.until(lambda one: one[0] == 19)[-1][3:5] == (PUTFAIL, 64)
    ioc.thread.do(gate.set)
    client.until(lambda one: one[0] == 19 and one[4] == 63)
    assert ioc.records["longout"].value == 63


def test_acknowledgements_are_taken_on_pvs_that_carry_alarms_only(ioc: Any, raw: Raw, libca: Libca) -> None:
    client = raw(ioc.port)
    alarming, quiet = client.create(ioc.name("mbbi"), ioc.name("bi"))
    ioc.post("mbbi", "BAD", severity=Severity.MAJOR, condition=7)
    ioc.post("mbbi", "GOOD")
    watcher = libca(ioc.port)
    assert watcher.value(ioc.name("mbbi.ACKS")) == Severity.MAJOR
    key = watcher.monitor(ioc.name("mbbi.ACKS"))

    def acknowledge(sid: int, severity: int) -> int:
        client.send(frame(19, PUT_ACKS, 1, sid, 5, struct.pack(">H", severity)))
        return int(client.until(lambda one: one[0] == 19)[-1][3])

    assert acknowledge(quiet, 3) == NOWTACCESS
    assert acknowledge(alarming, Severity.MINOR) == NORMAL
    assert watcher.value(ioc.name("mbbi.ACKS")) == Severity.MAJOR
    assert acknowledge(alarming, Severity.MAJOR) == NORMAL
    assert watcher.wait(key, 2)[-1]["value"] == Severity.NO_ALARM


def test_libca_acknowledges_where_it_is_allowed_to_and_still_cannot_put_a_value(serve: Serve, libca: Libca) -> None:
    ioc = serve(READ_ONLY[2], options={"mbbi": {"acknowledgeable": True}})
    ioc.post("mbbi", "BAD", severity=Severity.MAJOR, condition=7)
    client = libca(ioc.port)
    assert client.put(ioc.name("mbbi"), 1) == NOWTACCESS
    assert client.value(ioc.name("mbbi")) == 4
    assert client.put(ioc.name("mbbi"), Severity.MAJOR, PUT_ACKS) == NORMAL
    assert client.value(ioc.name("mbbi.ACKS")) == Severity.NO_ALARM
