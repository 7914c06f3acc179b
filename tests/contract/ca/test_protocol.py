"""The protocol beyond get and monitor: flow control, cancelling, searching, limits, filters, special DBR types."""

import base64
import math
import struct
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.ca import (
    ALARM,
    CLASS_NAME,
    NORMAL,
    STSACK_STRING,
    VALUE,
    Libca,
    Raw,
    Serve,
    closed_by_server,
    frame,
)

from hydra_core.domain import Severity
from hydra_core.pvs import Element, Kind, PvSpec

AI = PvSpec("AI", Kind.AI, "ai", units="mm", precision=3, alarms=True)
TEXT = PvSpec("TEXT", Kind.LSI, "text", length=128)
WAVE = PvSpec("WAVE", Kind.WAVEFORM, "wave", element=Element.DOUBLE, length=10)
TIME_DOUBLE = 20


def is_event(subscription: int) -> Callable[[tuple[Any, ...]], bool]:
    return lambda one: one[0] == 1 and one[4] == subscription


def value_of(event: tuple[Any, ...]) -> float:
    return float(struct.unpack_from(">d", event[5], 16)[0])


def scalars(count: int) -> list[PvSpec]:
    return [PvSpec(f"A{number}", Kind.AI, "scalar") for number in range(count)]


def test_undefined_until_the_first_post(serve: Serve, libca: Libca) -> None:
    ioc = serve(AI, options={"AI": {"initial": 3.0}})
    client = libca(ioc.port)
    key = client.monitor(ioc.name("AI"))
    first = client.wait(key, 1)[0]
    assert (first["value"], first["severity"], first["status"]) == (3.0, Severity.INVALID, 17)
    assert client.value(ioc.name("AI.UDF")) == 1
    ioc.post("AI", 3.0, at=1.8e9)
    second = client.wait(key, 2)[1]
    assert (second["severity"], second["status"]) == (0, 0) and second["time"] == pytest.approx(1.8e9, abs=1e-6)


def test_events_off_and_on_gives_the_latest_value_once(serve: Serve, raw: Raw) -> None:
    ioc = serve(AI)
    client, other = raw(ioc.port), raw(ioc.port)
    for one in (client, other):
        one.subscribe(one.create(ioc.name("AI"))[0], 7)
        one.until(is_event(7))
    client.send(frame(8), frame(23))
    client.until(lambda one: one[0] == 23)
    for value in range(1, 101):
        ioc.post("AI", float(value))
    assert value_of(other.until(lambda one: is_event(7)(one) and value_of(one) == 100.0)[-1]) == 100.0
    client.send(frame(9), frame(23))
    seen = client.until(lambda one: one[0] == 23)
    assert [value_of(one) for one in seen if one[0] == 1] == [100.0]
    ioc.post("AI", 101.0)
    assert value_of(client.until(is_event(7))[-1]) == 101.0
    assert ioc.server.coalesced == 99


def test_clear_channel_without_cancel_keeps_the_other_channels_of_the_client(serve: Serve, raw: Raw) -> None:
    ioc = serve(*scalars(10))
    client = raw(ioc.port)
    sids = client.create(*(ioc.name(f"A{number}") for number in range(10)))
    for number, sid in enumerate(sids):
        client.subscribe(sid, number)
    client.until(is_event(9))
    client.send(frame(12, 0, 0, sids[4], 5))
    assert client.until(lambda one: one[0] == 12)[-1][3:5] == (sids[4], 5)
    for number in range(10):
        ioc.post(f"A{number}", 1.0)
    seen = client.until(is_event(9))
    assert [one[4] for one in seen] == [0, 1, 2, 3, 5, 6, 7, 8, 9]


def test_cancelling_answers_with_an_empty_event_and_then_silence(serve: Serve, raw: Raw) -> None:
    ioc = serve(AI)
    client = raw(ioc.port)
    (sid,) = client.create(ioc.name("AI"))
    client.subscribe(sid, 1)
    client.subscribe(sid, 2)
    client.until(is_event(2))
    client.send(frame(2, TIME_DOUBLE, 0, sid, 1))
    last = client.until(is_event(1))[-1]
    assert last[1:] == (TIME_DOUBLE, 0, sid, 1, b"")
    ioc.post("AI", 5.0)
    assert [one[4] for one in client.until(is_event(2))] == [2]


def test_clearing_5000_channels_does_not_hold_up_another_client(serve: Serve, raw: Raw) -> None:
    ioc = serve(AI, *scalars(50))
    client, other = raw(ioc.port), raw(ioc.port)
    names = [ioc.name(f"A{number % 50}") for number in range(5000)]
    sids = client.create(*names)
    for number, sid in enumerate(sids):
        client.subscribe(sid, number)
    client.until(is_event(4999))
    (theirs,) = other.create(ioc.name("AI"))
    client.send(*(frame(12, 0, 0, sid, number) for number, sid in enumerate(sids, 1)))
    started = time.monotonic()
    other.send(frame(15, TIME_DOUBLE, 0, theirs, 1))
    other.until(lambda one: one[0] == 15)
    waited = time.monotonic() - started
    client.until(lambda one: one[0] == 12 and one[4] == 5000)
    assert ioc.server.channels == 1
    assert not any(record._views for record in ioc.records.values()), "subscriptions leaked"
    assert waited < 1.0, "the stock server takes 4.3 s"


def test_special_dbr_types(serve: Serve, raw: Raw) -> None:
    ioc = serve(AI)
    ioc.post("AI", 0.5, severity=Severity.MAJOR, condition=7)
    client = raw(ioc.port)
    (sid,) = client.create(ioc.name("AI"))

    def read(dbr_type: int) -> bytes:
        client.send(frame(15, dbr_type, 1, sid, 1))
        answer = client.until(lambda one: one[0] == 15)[-1]
        assert answer[3] == NORMAL
        return bytes(answer[5])

    assert read(CLASS_NAME).rstrip(b"\0") == b"ai"
    status, severity, ackt, acks = struct.unpack_from(">HHHH", read(STSACK_STRING))
    assert (status, severity, ackt, acks) == (7, Severity.MAJOR, 1, Severity.MAJOR)
    assert read(STSACK_STRING)[8:].rstrip(b"\0") == b"0.500"


@pytest.mark.parametrize("dbr_type", [35, 36, 39, 200])
def test_what_cannot_be_read_is_an_error_and_the_circuit_lives(serve: Serve, raw: Raw, dbr_type: int) -> None:
    ioc = serve(AI)
    client = raw(ioc.port)
    (sid,) = client.create(ioc.name("AI"))
    client.send(frame(15, dbr_type, 1, sid, 1))
    assert client.until(lambda one: one[0] == 11)[-1][4] == 114
    client.send(frame(15, 6, 1, sid, 2))
    assert client.until(lambda one: one[0] == 15)[-1][4] == 2


def test_a_text_that_is_no_number_is_getfail_and_never_internal(serve: Serve, libca: Libca) -> None:
    ioc = serve(PvSpec("S", Kind.STRINGIN, "s"))
    ioc.post("S", "words")
    client = libca(ioc.port)
    assert client.get(ioc.name("S"), 6) == {"failed": 152}
    assert client.value(ioc.name("S")) == "words"


def test_long_texts(serve: Serve, libca: Libca) -> None:
    ioc = serve(TEXT)
    client = libca(ioc.port)
    message = "Bad 0.993 >= 0.90, 3 of 3; gate open, model cdc_occupancy v12"
    key = client.monitor(ioc.name("TEXT"))
    ioc.post("TEXT", message)
    assert bytes(client.wait(key, 2)[1]["value"]) == message.encode() + b"\0"
    for name in ("TEXT", "TEXT.VAL", "TEXT.VAL$"):
        assert bytes(client.value(ioc.name(name))) == message.encode() + b"\0"
        assert client.info(ioc.name(name))["type"] == 4 and client.info(ioc.name(name))["count"] == 128
    assert client.value(ioc.name("TEXT"), 0) == [message[:39]]
    assert client.value(ioc.name("TEXT.LEN")) == len(message) + 1


def test_images_arrive_whole(serve: Serve, libca: Libca) -> None:
    ioc = serve(PvSpec("IMG", Kind.WAVEFORM, "image", element=Element.UCHAR, length=360_000))
    client = libca(ioc.port)
    image = np.random.default_rng(1).integers(0, 256, 360_000, np.uint8)
    ioc.post("IMG", image)
    assert base64.b64decode(client.value(ioc.name("IMG"))["base64"]) == image.tobytes()
    assert client.value(ioc.name("IMG.NORD")) == 360_000


def test_filters(serve: Serve, libca: Libca) -> None:
    ioc = serve(WAVE, AI)
    ioc.post("WAVE", [float(number) for number in range(10)])
    ioc.post("AI", 0.0, at=1.7e9)
    client = libca(ioc.port)
    assert client.value(ioc.name("WAVE.[2:4]")) == [2.0, 3.0, 4.0]
    assert client.value(ioc.name('WAVE.{"arr":{"s":1,"e":7,"i":3}}')) == [1.0, 4.0, 7.0]
    assert client.get(ioc.name('AI.{"ts":{}}'), TIME_DOUBLE)["timestamp"] > 1.79e9
    key = client.monitor(ioc.name('AI.{"dbnd":{"abs":1.5}}'))
    client.wait(key, 1)
    for value in (1.0, 1.6, 2.0, 3.5):
        ioc.post("AI", value)
    assert [event["value"] for event in client.wait(key, 3, 3.5)] == [0.0, 1.6, 3.5]
    assert client.connect(ioc.name('AI.{"nope":1}'), timeout=1.0) == [False]


def test_the_last_updates_are_out_before_the_server_stops(serve: Serve, raw: Raw) -> None:
    ioc = serve(AI)
    client = raw(ioc.port)
    client.subscribe(client.create(ioc.name("AI"))[0], 1)
    client.until(is_event(1))

    async def stop() -> None:
        ioc.records["AI"].post(math.nan, severity=Severity.INVALID, condition=15)
        await ioc.server.stop()

    ioc.thread.wait(stop())
    assert math.isnan(value_of(client.until(is_event(1))[-1]))
    assert closed_by_server(client) and ioc.server.clients == 0


def test_alarm_subscribers_hear_of_an_acknowledgement(serve: Serve, libca: Libca) -> None:
    ioc = serve(AI)
    ioc.post("AI", 1.0, severity=Severity.MAJOR, condition=7)
    client = libca(ioc.port)
    alarm, value = client.monitor(ioc.name("AI"), ALARM), client.monitor(ioc.name("AI"), VALUE)
    client.wait(alarm, 1)
    client.wait(value, 1)
    ioc.thread.do(ioc.records["AI"].acknowledge, Severity.MAJOR)
    assert len(client.wait(alarm, 2)) == 2
    assert len(client.events(value)) == 1
