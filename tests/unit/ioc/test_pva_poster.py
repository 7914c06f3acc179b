"""The thread that posts to p4p: in order, unharmed by errors, and with room for what matters."""

import asyncio
import logging
import threading

import pytest

from hydra_ioc.pva import poster as module
from hydra_ioc.pva.poster import Poster


async def test_work_is_done_in_order_by_another_thread() -> None:
    poster, done = Poster(asyncio.get_running_loop()), []
    for number in range(1000):
        poster.put(lambda number=number: done.append((number, threading.current_thread().name)))
    await asyncio.to_thread(poster.stop)
    assert done == [(number, "pva") for number in range(1000)]


async def test_an_error_stops_nothing_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    poster, done = Poster(asyncio.get_running_loop()), []
    with caplog.at_level(logging.ERROR):
        poster.put(lambda: done[0])
        poster.put(lambda: done.append("after"))
        await asyncio.to_thread(poster.stop)
    assert done == ["after"] and "not posted by PVAccess" in caplog.text


async def test_what_is_too_much_is_asked_for_once_when_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    poster, gate, asked = Poster(asyncio.get_running_loop()), threading.Event(), asyncio.Event()
    times: list[str] = []

    def ask() -> None:
        times.append(threading.current_thread().name)
        asked.set()

    poster.put(lambda: gate.wait(30) and None)
    for _ in range(10):
        poster.owe(ask) if poster.full else poster.put(lambda: None)
    assert poster.full and times == []
    gate.set()
    await asyncio.wait_for(asked.wait(), 30)
    assert times == [threading.current_thread().name], "once, and on the loop"
    await asyncio.to_thread(poster.stop)
