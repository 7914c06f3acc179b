"""The watchdog is fed while model thread and CA answer, not while one does not, and again when it does."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.ca import LoopThread, RawClient, eventually

from hydra_core.pvs import Kind, PvSpec
from hydra_ioc.ca import CaServer, answers, make_record
from hydra_ioc.watchdog import Watchdog, watchdog_seconds


class Fed:
    """A watchdog that looks every 20 ms, and how often it was fed."""

    def __init__(self) -> None:
        self.count = 0
        self.serves = True
        self.thread = ThreadPoolExecutor(1)

    async def asked(self, within: float) -> bool:
        return self.serves

    def feed(self) -> None:
        self.count += 1

    async def more(self) -> bool:
        """Tell whether it is fed again soon."""
        before = self.count
        for _ in range(100):
            await asyncio.sleep(0.02)
            if self.count > before + 1:
                return True
        return False

    async def no_more(self) -> bool:
        """Tell whether it is fed no more, once what was under way is through."""
        for _ in range(100):
            before = self.count
            await asyncio.sleep(0.2)
            if self.count == before:
                return True
        return False


@pytest.fixture
async def fed() -> AsyncIterator[Fed]:
    made = Fed()
    task = asyncio.create_task(Watchdog(0.06, made.thread, made.asked, made.feed).run())
    yield made
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    made.thread.shutdown(wait=True)


async def test_fed_while_all_is_well(fed: Fed) -> None:
    assert await fed.more()


async def test_a_stuck_model_thread_is_not_fed_and_a_slow_one_is(fed: Fed, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert await fed.more()
    release = threading.Event()
    fed.thread.submit(release.wait)
    try:
        assert await fed.no_more()
        assert "model_thread_moves=False ca_answers=True" in caplog.text
    finally:
        release.set()
    assert await fed.more()
    assert caplog.text.count("watchdog fed=") == 2, "logged when it changes, not every time"


async def test_a_server_that_does_not_answer_is_not_fed(fed: Fed) -> None:
    assert await fed.more()
    fed.serves = False
    assert await fed.no_more()
    fed.serves = True
    assert await fed.more()


def test_the_self_check_asks_the_real_server() -> None:
    thread = LoopThread()
    record = make_record("P:A", PvSpec("A", Kind.AI, "a"))
    server = CaServer([record], interfaces=["127.0.0.1"], port=0, max_circuits_per_host=2)
    thread.wait(server.start())
    assert thread.wait(answers(server, 5.0))
    assert eventually(lambda: server.clients == 0), "it leaves nothing behind"
    with RawClient(server.port), RawClient(server.port):
        assert eventually(lambda: server.clients == 2)
        assert thread.wait(answers(server, 5.0)), "a server that is full is not dead"
    assert eventually(lambda: server.clients == 0)
    server.records.clear()
    assert not thread.wait(answers(server, 5.0)), "nothing is found any more"
    thread.wait(server.stop())
    assert not thread.wait(answers(server, 5.0)), "nobody listens any more"
    thread.close()
    assert thread.errors == []


def test_a_server_that_hangs_is_noticed() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        writer.close()

    async def check() -> bool:
        server = CaServer([make_record("P:A", PvSpec("A", Kind.AI, "a"))], interfaces=["127.0.0.1"], port=0)
        hanging = await asyncio.start_server(mute, "127.0.0.1", 0)
        server.port = hanging.sockets[0].getsockname()[1]
        async with hanging:
            return await answers(server, 0.3)

    assert asyncio.run(check()) is False


def test_what_systemd_says() -> None:
    assert watchdog_seconds({}) is None
    assert watchdog_seconds({"WATCHDOG_USEC": "180000000"}) == 180.0
    assert watchdog_seconds({"WATCHDOG_USEC": "180000000", "WATCHDOG_PID": "7"}, 7) == 180.0
    assert watchdog_seconds({"WATCHDOG_USEC": "180000000", "WATCHDOG_PID": "8"}, 7) is None
    assert watchdog_seconds({"WATCHDOG_USEC": "0"}) is None and watchdog_seconds({"WATCHDOG_USEC": "x"}) is None
