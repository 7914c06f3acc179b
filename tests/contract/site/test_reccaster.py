"""What ChannelFinder is told: heard announcements, whole uploads, answered pings, and receivers that misbehave."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from support.ports import free_port
from support.site_receivers import RecCeiver

from hydra_core.config.site import RecSync
from hydra_ioc.reccaster import Announced, RecCaster, announcement
from hydra_ioc.reccaster import RecCeiver as Found

RECORDS = [
    Announced(f"P:R{number}", "mbbi" if number % 2 else "ai", {"archive": "monitor", "hydra:plot": f"plot {number}"})
    for number in range(1, 1001)
]
PORT = struct.Struct(">HBx4sH2xI")
Cast = Callable[..., RecCaster]


@pytest.fixture
async def cast() -> AsyncIterator[Cast]:
    """Start RecCasters that listen on a port of 127.0.0.1."""
    tasks: list[asyncio.Task[None]] = []

    def start(port: int, **info: str) -> RecCaster:
        config = RecSync.model_validate({"interface": "127.0.0.1", "port": port, "hold_off": "1ms", "info": info})
        caster = RecCaster(config, RECORDS, {"ENGINEER": "me", "EPICS_VERSION": "Hydra"})
        tasks.append(asyncio.create_task(caster.run()))
        return caster

    yield start
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def announced(receiver: RecCeiver, port: int, count: int, key: int = 77) -> Any:
    """Announce again and again, as a RecCeiver does, until the `count`th upload is done."""
    wanted = asyncio.ensure_future(receiver.until(count))
    while not wanted.done():
        receiver.announce(port, key)
        await asyncio.wait([wanted], timeout=0.1)
    return wanted.result()


async def test_everything_is_uploaded_and_pings_are_answered(receiver: RecCeiver, cast: Cast) -> None:
    port = free_port()
    caster = cast(port, building="F117")
    upload = await announced(receiver, port, 1, key=0xDEADBEEF)
    assert upload.key == 0xDEADBEEF
    assert upload.records == {n: (record.name, record.record_type) for n, record in enumerate(RECORDS, 1)}
    assert upload.info.pop(0) == {"ENGINEER": "me", "EPICS_VERSION": "Hydra", "building": "F117"}
    assert upload.info == {n: dict(record.info) for n, record in enumerate(RECORDS, 1)}
    assert caster.uploaded
    await receiver.ping(12345)
    await receiver.ping(0xFFFFFFFF)
    assert (await receiver.until(1, pongs=2)).pongs == [12345, 0xFFFFFFFF]


async def test_one_connection_until_it_ends_then_the_next_announcement_counts(receiver: RecCeiver, cast: Cast) -> None:
    port = free_port()
    caster = cast(port)
    await announced(receiver, port, 1)
    for _ in range(5):
        receiver.announce(port, 78)
    await receiver.ping(1)
    await receiver.until(1, pongs=1)
    assert len(receiver.uploads) == 1, "it is served already"
    receiver.hang_up()
    assert (await announced(receiver, port, 2, key=79)).key == 79
    assert caster.uploaded


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", struct.pack(">HHI", 0x5243, 0x8002, 4) + b"1234"]
)
async def test_a_receiver_that_does_not_greet_is_left(receiver: RecCeiver, cast: Cast, greeting: bytes) -> None:
    port, good = free_port(), receiver.greeting
    caster = cast(port)
    receiver.greeting = greeting
    async with asyncio.timeout(20):
        while not receiver.uploads:
            receiver.announce(port, 1)
            await asyncio.sleep(0.05)
    receiver.greeting = good
    await announced(receiver, port, len(receiver.uploads) + 1)
    assert not receiver.uploads[0].records and caster.uploaded


async def test_a_receiver_that_refuses_connections_is_forgotten(receiver: RecCeiver, cast: Cast) -> None:
    port, real = free_port(), receiver.port
    cast(port)
    receiver.port = free_port()
    for _ in range(3):
        receiver.announce(port, 1)
        await asyncio.sleep(0.05)
    receiver.port = real
    assert (await announced(receiver, port, 1)).done


def test_announcements() -> None:
    good = PORT.pack(0x5243, 0, socket.inet_aton("10.1.2.3"), 5050, 9)
    assert announcement(good, "10.9.9.9") == Found("10.1.2.3", 5050, 9)
    assert announcement(good + b"more", "10.9.9.9") == Found("10.1.2.3", 5050, 9)
    for address in ("0.0.0.0", "255.255.255.255"):
        said = PORT.pack(0x5243, 0, socket.inet_aton(address), 5050, 9)
        assert announcement(said, "10.9.9.9") == Found("10.9.9.9", 5050, 9)
    assert announcement(good[:15], "10.9.9.9") is None
    assert announcement(b"XX" + good[2:], "10.9.9.9") is None
    assert announcement(PORT.pack(0x5243, 1, b"\0" * 4, 5050, 9), "10.9.9.9") is None
    assert announcement(PORT.pack(0x5243, 0, b"\0" * 4, 0, 9), "10.9.9.9") is None


async def test_a_taken_port_is_logged_and_no_more(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        caster = RecCaster(
            RecSync.model_validate({"interface": "127.0.0.1", "port": taken.getsockname()[1]}), RECORDS, {}
        )
        await asyncio.wait_for(caster.run(), 10)
    assert "announcements of ChannelFinder cannot be heard" in caplog.text
