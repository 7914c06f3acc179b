"""One browser's queue: newest per key, in order of ids, never longer than there are keys."""

import asyncio
import json

from hydra_web import stream
from hydra_web.stream import Event, Subscriber


def card(plot: str, number: int) -> Event:
    return Event(plot, "card", {"plot": plot, "n": number}, number)


def test_an_event_is_one_message_whatever_is_in_it():
    text = Event("k", "card", {"html": "a\nb\r\n\ndata: evil\u2028"}, 7).encode().decode()
    lines = text.split("\n")
    assert lines[:2] == ["id: 7", "event: card"]
    assert lines[3:] == ["", ""]
    assert json.loads(lines[2].removeprefix("data: ")) == {"html": "a\nb\r\n\ndata: evil\u2028"}


async def test_newest_of_each_key_in_order_of_ids():
    subscriber = Subscriber()
    subscriber.put([card("A", 1), card("B", 2)])
    subscriber.put([card("A", 3), Event("@banner", "banner", {})])
    assert [(e.key, e.id) for e in await subscriber.take(1)] == [("@banner", None), ("B", 2), ("A", 3)]


async def test_a_browser_that_reads_nothing_costs_one_event_a_plot():
    subscriber = Subscriber()
    for number in range(10_000):
        subscriber.put([card(f"plot{number % 5}", number)])
    assert subscriber.waiting == 5
    assert [e.id for e in await subscriber.take(1)] == [9995, 9996, 9997, 9998, 9999]


async def test_silence_is_broken_by_a_ping(monkeypatch):
    monkeypatch.setattr(stream, "PING_EVERY", 0.01)
    messages = Subscriber().messages()
    assert (await anext(messages)).startswith(b"retry: ")
    assert b"event: ping" in await anext(messages)
    await messages.aclose()


async def test_close_sends_what_is_queued_and_ends():
    subscriber = Subscriber()
    subscriber.put([card("A", 1)])
    subscriber.close()
    body = b"".join([message async for message in subscriber.messages()])
    assert body.count(b"event: card") == 1
    assert b"ping" not in body


async def test_close_wakes_a_waiting_stream():
    subscriber = Subscriber()
    task = asyncio.create_task(_all(subscriber))
    await asyncio.sleep(0)
    subscriber.close()
    assert len(await asyncio.wait_for(task, 5)) == 1


async def _all(subscriber: Subscriber) -> list[bytes]:
    return [message async for message in subscriber.messages()]
