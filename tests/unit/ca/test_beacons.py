"""Beacons: their pace, their numbers, and that a change of the network makes them frequent again."""

import asyncio
import socket
from collections.abc import Sequence

import pytest
from support.ca import split

from hydra_ioc.ca.beacons import Beacons, Target

TARGET = ("127.0.0.1", "127.0.0.1")


class Enough(Exception):  # noqa: N818
    """The test has seen what it wanted."""


async def sent(
    monkeypatch: pytest.MonkeyPatch, port: int, targets: Sequence[Sequence[Target]]
) -> tuple[list[float], list[tuple[int, ...]]]:
    """Run beacons with `targets` in turn; return the pauses between them and the beacons that came to `port`."""
    pauses: list[float] = []
    left = list(targets)

    async def no_sleep(seconds: float) -> None:
        pauses.append(seconds)
        if not left:
            raise Enough

    with socket.socket(type=socket.SOCK_DGRAM) as repeater:
        repeater.bind(("127.0.0.1", port))
        repeater.setblocking(False)
        monkeypatch.setattr(asyncio, "sleep", no_sleep)
        with pytest.raises(Enough):
            await Beacons(lambda: left.pop(0), 5064).run()
        monkeypatch.undo()
        heard = []
        while True:
            try:
                heard.append(split(repeater.recv(64))[0][0][:5])
            except BlockingIOError:
                return pauses, heard


def free_udp_port() -> int:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def test_the_pace_doubles_and_numbers_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_udp_port()
    pauses, heard = await sent(monkeypatch, port, [[(*TARGET, port)]] * 12)
    assert pauses == [0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 15.0, 15.0]
    address = int.from_bytes(socket.inet_aton("127.0.0.1"))
    assert heard == [(13, 13, 5064, number, address) for number in range(12)]


async def test_a_change_of_the_network_starts_the_pace_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    port, other = free_udp_port(), free_udp_port()
    here, more = [(*TARGET, port)], [(*TARGET, other), (*TARGET, port)]
    pauses, heard = await sent(monkeypatch, port, [here] * 4 + [more] * 2 + [here] * 2)
    assert pauses == [0.02, 0.04, 0.08, 0.16, 0.02, 0.04, 0.02, 0.04]
    assert [beacon[3] for beacon in heard] == list(range(8)), "the numbers go on: a jump would mean a restart"


async def test_an_address_that_takes_beacons_again_starts_the_pace_anew(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_udp_port()
    refusing = {1, 2, 3}
    real = socket.socket.sendto
    calls = 0

    class Flaky(socket.socket):
        def sendto(self, *arguments: object) -> int:  # type: ignore[override]
            nonlocal calls
            calls += 1
            if calls in refusing:
                raise OSError(101, "Network is unreachable")
            return real(self, *arguments)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr("hydra_ioc.ca.beacons.socket.socket", Flaky)
    pauses, heard = await sent(monkeypatch, port, [[(*TARGET, port)]] * 6)
    assert pauses == [0.02, 0.04, 0.08, 0.02, 0.04, 0.08]
    assert [beacon[3] for beacon in heard] == [3, 4, 5]
    assert caplog.text.count("beacon refused") == 1
