"""The stream: a recorded outcome reaches browsers, resumes where it was, and costs the database nothing more."""

import asyncio
import threading
from collections import Counter

import httpx
from sqlalchemy import event
from support.web_server import messages


def test_a_recorded_outcome_reaches_the_stream(running, client):
    with client.stream("GET", f"/events?after={running.feed.cursor}") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = messages(response)
        assert next(stream)[0] == "banner"
        running.shift.confirm("CDC_occupancy", "Bad", 0.9931)
        _, number, data = next(m for m in stream if m[0] == "card" and "is-bad" in m[2]["html"])
        assert int(number) == running.store.last_change_id()
        assert "BAD" in data["html"]
        assert "99.3 %" in data["strip"]
        assert data["announce"] == "CDC occupancy: Bad, confirmed"
        _, _, data = next(m for m in stream if m[0] == "wall")
        assert data["order"] == ["CDC_occupancy"]
        assert data["run"] == running.shift.run


def test_a_lost_line_is_resumed_by_its_last_id(running, client):
    running.shift.judge("CDC_occupancy", "Good")
    running.caught_up()
    seen = running.feed.cursor
    running.shift.judge("ST_occupancy", "Good")
    running.shift.judge("ST_occupancy", "Good")
    running.caught_up()
    with client.stream("GET", "/events?after=0", headers={"Last-Event-ID": str(seen)}) as response:
        got = []
        for message in messages(response):
            got.append(message)
            if message[0] == "wall":
                break
    plots = [data["plot"] for name, _, data in got if name == "card"]
    assert "ST_occupancy" in plots
    assert plots.count("ST_occupancy") == 1
    assert "TOF_occupancy" not in plots


def test_nonsense_as_last_id_gives_everything(running, client):
    with client.stream("GET", "/events", headers={"Last-Event-ID": "x'; --"}) as response:
        got = Counter(name for name, _, _ in _until_wall(response))
    assert got["card"] == len(running.shift.types)


async def test_fifty_streams_ask_no_more_than_one(running):
    """Only the polls for changes and heartbeats go on by the clock; all else that is asked is counted exactly."""
    asked: Counter[str] = Counter()
    ours = threading.get_ident()

    def count(_connection, _cursor, sql, *_):
        if threading.get_ident() != ours:
            asked.update([sql])

    event.listen(running.store._db.engine, "before_cursor_execute", count)
    await asyncio.to_thread(running.caught_up)
    async with httpx.AsyncClient(base_url=running.url, timeout=30, limits=httpx.Limits()) as client:
        for browsers in (1, 50):
            await _a_change_reaches(running, client, asked, browsers)
            besides = Counter({sql: n for sql, n in asked.items() if sql.startswith("SELECT") and not _polls(sql)})
            assert list(besides.values()) == [1, 1], besides
            unseen, wall = sorted(besides, key=lambda sql: "current_status" in sql)
            assert "episode.acked_at IS NULL" in unseen and "current_status" in wall


def _polls(sql: str) -> bool:
    return "change.recorded_at" in sql or "FROM service_status" in sql


async def _a_change_reaches(running, client, asked, browsers):
    """Let one verdict reach so many streams, counting from when all have joined to when all have it."""
    waiting = [asyncio.create_task(_wait_for_card(client, running.feed.cursor)) for _ in range(browsers)]
    await asyncio.to_thread(running.until, lambda: running.feed.subscribers == browsers)
    asked.clear()
    running.shift.judge("CDC_occupancy", "Good")
    await asyncio.gather(*waiting)
    await asyncio.to_thread(running.until, lambda: running.feed.subscribers == 0)


async def _wait_for_card(client, after):
    async with client.stream("GET", f"/events?after={after}") as response:
        async for line in response.aiter_lines():
            if line.startswith("data: ") and '"plot":"CDC_occupancy"' in line:
                return


def _until_wall(response):
    for message in messages(response):
        yield message
        if message[0] == "wall":
            return


def test_a_browser_that_leaves_is_forgotten(running, client):
    with client.stream("GET", "/events") as response:
        next(messages(response))
        running.until(lambda: running.feed.subscribers == 1)
    running.until(lambda: running.feed.subscribers == 0)


def test_streams_do_not_keep_the_server_from_stopping(running, client):
    with client.stream("GET", "/events") as response:
        stream = messages(response)
        next(stream)
        running.stop()
        assert "ping" not in {name for name, _, _ in stream}
    running.until(lambda: not running.feed.subscribers)
