"""Put logs as a log server receives them: lines, bursts, and servers that come and go without anybody waiting."""

import asyncio
import contextlib
import json
import math
import re
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from support.ports import free_port
from support.site_receivers import LogServer

from hydra_core.config.site import PutLogServer
from hydra_ioc import putlog
from hydra_ioc.ca import PutContext, PutDone
from hydra_ioc.putlog import Entry, PutLog, json_line, text_line

WHO = PutContext("devman", "devWs", "10.0.0.7:5000")
AT = time.mktime((2020, 8, 10, 13, 2, 8, 0, 0, -1)) + 0.124


def put(pv: str, old: object, new: object, who: PutContext = WHO) -> PutDone:
    return PutDone(pv, old, new, who, AT)


@pytest.fixture
async def logging_to(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., PutLog]]:
    """Start put logs; bursts end and servers are tried again after 50 ms."""
    monkeypatch.setattr(putlog, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(putlog, "RETRY_SECONDS", 0.05)
    tasks: list[asyncio.Task[None]] = []

    def start(port: int, **options: Any) -> PutLog:
        log = PutLog(PutLogServer(host="127.0.0.1", port=port, **options))
        tasks.append(asyncio.create_task(log.run()))
        return log

    yield start
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize(
    ("done", "text", "for_machines"),
    [
        (put("ao", 1.0, 77.5), "new=77.5 old=1", {"new": 77.5, "old": 1}),
        (put("bo", 0, 1), "new=1 old=0", {"new": 1, "old": 0}),
        (put("so", 'a "b"', "x y"), r'new="x y" old="a \"b\""', {"new": "x y", "old": 'a "b"'}),
        (put("ao", math.nan, -math.inf), "new=-inf old=nan", {"new": "-Infinity", "old": "Nan"}),
        (put("ao", 1e-9, 1234567.0), "new=1.23457e+06 old=1e-09", {"new": 1234567, "old": 1e-9}),
    ],
)
def test_lines_are_those_of_caputlog(done: PutDone, text: str, for_machines: dict[str, object]) -> None:
    entry = Entry.first(done, done.old)
    assert text_line(entry) == f"10-Aug-20 13:02:08 devWs devman {done.pv} {text}\n"
    line = json_line(entry)
    assert line.endswith("}\n") and "\n" not in line[:-1]
    whole = {"date": "2020-08-10", "time": "13:02:08.124", "host": "devWs", "user": "devman", "pv": done.pv}
    assert json.loads(line) == whole | for_machines
    assert list(json.loads(line)) == ["date", "time", "host", "user", "pv", "new", "old"], "order as documented"


def test_the_documented_burst_and_a_client_without_a_host_name() -> None:
    entry = Entry.first(put("ao", 77.5, 870.5), 77.5).and_then(put("ao", 870.5, 7.5)).and_then(put("ao", 7.5, 8.0))
    assert text_line(entry).endswith(" ao new=8 old=77.5 min=7.5 max=870.5\n")
    assert '"new":8,"old":77.5,"min":7.5,"max":870.5}' in json_line(entry)
    nameless = put("ao", 1, 2, PutContext("u", "", "10.0.0.7:5000"))
    assert " 10.0.0.7 u ao " in text_line(Entry.first(nameless, 1))


async def test_puts_in_quick_succession_are_one_line(log_server: LogServer, logging_to: Callable[..., PutLog]) -> None:
    log = logging_to(log_server.port)
    for old, new in ((1.0, 5.0), (5.0, 3.0), (3.0, 4.0)):
        log.put(put("P:A", old, new))
    log.put(put("P:B", 0, 1))
    lines = await log_server.wait(2)
    assert [re.sub(r"^.*? (P:)", r"\1", line) for line in lines] == [
        "P:A new=4 old=1 min=3 max=5\n",
        "P:B new=1 old=0\n",
    ]


async def test_puts_that_change_nothing_are_left_out_unless_all_are_wanted(
    log_server: LogServer, logging_to: Callable[..., PutLog]
) -> None:
    changes, everything = logging_to(log_server.port), logging_to(log_server.port, log="all", format="json")
    for log in (changes, everything):
        log.put(put("P:A", 1, 1))
        log.put(put("P:B", 1, 2))
    lines = await log_server.wait(3)
    assert sorted(line.startswith("{") for line in lines) == [False, True, True]
    assert [line for line in lines if "P:A" in line and not line.startswith("{")] == []


async def test_unfiltered_every_put_is_a_line(log_server: LogServer, logging_to: Callable[..., PutLog]) -> None:
    log = logging_to(log_server.port, log="unfiltered")
    for number in range(50):
        log.put(put("P:A", number, number + 1))
    assert [line.split("new=")[1] for line in await log_server.wait(50)] == [f"{n + 1} old={n}\n" for n in range(50)]


async def test_a_server_that_is_away_delays_nobody_and_gets_the_lines_later(
    log_server: LogServer, logging_to: Callable[..., PutLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(putlog, "MAX_LINES", 10)
    log_server.port = free_port()
    await log_server.stop()
    log = logging_to(log_server.port, log="unfiltered")
    await asyncio.sleep(0)
    begun = asyncio.get_running_loop().time()
    for number in range(1000):
        log.put(put("P:A", number, number + 1))
    assert asyncio.get_running_loop().time() - begun < 5, "a put waited for the server"
    assert log.lost == 990
    await log_server.start()
    lines = await log_server.wait(10)
    assert [line.split("new=")[1].split()[0] for line in lines] == [str(n) for n in range(991, 1001)]


async def test_a_server_that_went_away_is_found_again(
    log_server: LogServer, logging_to: Callable[..., PutLog], caplog: pytest.LogCaptureFixture
) -> None:
    log = logging_to(log_server.port, log="unfiltered")
    log.put(put("P:A", 1, 2))
    await log_server.wait(1)
    await log_server.stop()
    async with asyncio.timeout(20):
        while "put log server away" not in caplog.text:
            log.put(put("P:A", 2, 3))
            await asyncio.sleep(0.02)
    await log_server.start()
    log.put(put("P:A", 3, 4))
    assert any("new=4 old=3" in line for line in await log_server.wait(3))
    assert caplog.text.count("put log server away") == 1
