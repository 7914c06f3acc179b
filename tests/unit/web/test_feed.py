"""The one poller: what it asks the database, and what browsers are told."""

import asyncio
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from support.memory_store import MemoryStore
from support.wall import Shift, hall

from hydra_core.archive import FileArchive
from hydra_core.errors import SchemaError
from hydra_core.store.services import Service
from hydra_web import events
from hydra_web.events import WallFeed
from hydra_web.stream import Event, Subscriber


class Words:
    """Drawing that only names the card."""

    def slot(self, card):
        return f"slot {card.name} {card.status.name}"

    def strip(self, card):
        return f"strip {card.name}" if card.needs_attention else None

    def summary(self, cards):
        return f"{len(cards)} cards"

    def clock(self, moment):
        return f"{moment:%H:%M}"

    def banner(self, away, quiet):
        return f"away {away.since}" if away else f"quiet {quiet}" if quiet else ""


@pytest.fixture
def config(tmp_path):
    return hall(tmp_path)


@pytest.fixture
def store(config):
    return MemoryStore(config.plot_types())


@pytest.fixture
def shift(config, store, tmp_path):
    return Shift(config, store.record, FileArchive(tmp_path / "images"))


@pytest.fixture
def feed(config, store):
    return WallFeed(store, config.plot_types(), "P:", Words())


async def take(subscriber: Subscriber) -> dict[str, Event]:
    return {event.key: event for event in await subscriber.take(0.01)}


async def test_a_fresh_page_gets_no_card_twice_but_learns_where_it_is(feed, shift):
    shift.confirm("CDC_occupancy", "Good")
    await feed.poll()
    with feed.subscribe(feed.cursor + 1) as browser:
        got = await take(browser)
    assert set(got) == {"@wall", "@banner"}
    assert got["@wall"].id == 2
    assert got["@wall"].data["run"] == shift.run
    assert got["@banner"].data == {"text": ""}


async def test_a_change_reaches_every_browser_as_one_card(feed, shift):
    await feed.poll()
    with feed.subscribe(1) as one, feed.subscribe(1) as two:
        await take(one), await take(two)
        shift.judge("CDC_occupancy", "Good")
        await feed.poll()
        for browser in (one, two):
            got = await take(browser)
            assert set(got) == {"CDC_occupancy", "@wall"}
            assert got["CDC_occupancy"].id == 1
            assert got["CDC_occupancy"].data["html"] == "slot CDC_occupancy GOOD"


async def test_bad_comes_first_and_is_said_once(feed, shift):
    await feed.poll()
    with feed.subscribe(1) as browser:
        await take(browser)
        shift.confirm("ST_occupancy", "NoData")
        await feed.poll()
        assert (await take(browser))["@wall"].data["order"] == ["ST_occupancy"]
        shift.confirm("CDC_occupancy", "Bad")
        await feed.poll()
        got = await take(browser)
        assert got["@wall"].data["order"] == ["CDC_occupancy", "ST_occupancy"]
        assert got["CDC_occupancy"].data["announce"] == "CDC occupancy: Bad, confirmed"
        assert got["CDC_occupancy"].data["strip"] == "strip CDC_occupancy"
        shift.judge("CDC_occupancy", "Bad")
        await feed.poll()
        assert (await take(browser))["CDC_occupancy"].data["announce"] is None


async def test_a_browser_resumes_with_what_it_missed_and_nothing_else(feed, shift):
    await feed.poll()
    for name in ("CDC_occupancy", "ST_occupancy", "TOF_occupancy"):
        shift.judge(name, "Good")
        await feed.poll()
    with feed.subscribe(2) as browser:
        assert {"ST_occupancy", "TOF_occupancy"} == set(await take(browser)) - {"@wall", "@banner"}


async def test_a_cursor_of_another_database_gets_everything(feed, config):
    await feed.poll()
    with feed.subscribe(999) as browser:
        assert len(await take(browser)) == len(config.plots) + 2


async def test_quiet_polls_ask_one_question_each(feed, store):
    await feed.poll()
    store.asked.clear()
    for _ in range(10):
        await feed.poll()
    assert store.asked == {"changes_after": 10}


async def test_more_changes_than_a_page_are_all_read_and_the_wall_once(feed, shift, store, monkeypatch):
    await feed.poll()
    monkeypatch.setattr(events, "PAGE", 4)
    for _ in range(9):
        shift.judge("CDC_occupancy", "Good")
    store.asked.clear()
    await feed.poll()
    assert feed.cursor == 9
    assert store.asked == {"changes_after": 3, "wall": 1, "unseen": 1}
    assert feed.card("CDC_occupancy").chunk == 9


async def test_a_change_that_was_stepped_over_is_found_by_the_reread(feed, shift, store, monkeypatch):
    await feed.poll()
    shift.judge("CDC_occupancy", "Good")
    feed._cursor = 1
    await feed.poll()
    assert feed.card("CDC_occupancy").chunk is None
    monkeypatch.setattr(events, "REREAD_EVERY", -1.0)
    await feed.poll()
    assert feed.card("CDC_occupancy").chunk == 1


async def test_database_away_and_back(feed, shift, store):
    shift.judge("CDC_occupancy", "Good")
    await feed.poll()
    with feed.subscribe(feed.cursor + 1) as browser:
        await take(browser)
        store.away = True
        await feed.poll()
        since = feed.away.since
        got = await take(browser)
        assert set(got) == {"@banner"}
        assert got["@banner"].data["text"] == f"away {since}"
        assert "memory" not in str(got["@banner"].data)
        await feed.poll()
        assert await take(browser) == {}
        assert feed.away.since == since
        assert feed.card("CDC_occupancy").chunk == 1
        shift.judge("CDC_occupancy", "Good")
        store.away = False
        await feed.poll()
        got = await take(browser)
        assert set(got) == {"@banner", "@wall", "CDC_occupancy"}
        assert got["@banner"].data == {"text": ""}


async def test_away_from_the_start_fills_the_wall_later(feed, shift, store):
    store.away = True
    await feed.poll()
    with feed.subscribe(None) as browser:
        assert (await take(browser))["@banner"].data["text"]
        shift.judge("CDC_occupancy", "Good")
        store.away = False
        await feed.poll()
        assert (await take(browser))["CDC_occupancy"].data["html"].endswith("GOOD")


async def test_a_database_that_comes_back_with_another_schema_is_not_read(feed, store, monkeypatch):
    await feed.poll()
    store.away = True
    await feed.poll()
    store.away = False
    monkeypatch.setattr(store, "check_schema", _wrong)
    store.asked.clear()
    await feed.poll()
    assert feed.away is not None
    assert not store.asked
    assert "hydra db upgrade" in feed.away.advice


async def test_an_ioc_that_stands_still_is_said_and_taken_back(feed, shift):
    shift.moment = datetime.now(UTC) - timedelta(hours=2)
    shift.judge("CDC_occupancy", "Good")
    await feed.poll()
    with feed.subscribe(feed.cursor + 1) as browser:
        assert (await take(browser))["@banner"].data == {"text": f"quiet {shift.moment}"}
        await feed.poll()
        assert await take(browser) == {}
        shift.moment = None
        shift.judge("CDC_occupancy", "Good")
        await feed.poll()
        assert (await take(browser))["@banner"].data == {"text": ""}


async def test_the_poller_outlives_what_nobody_foresaw(feed, store, monkeypatch, caplog):
    await feed.poll()
    monkeypatch.setattr(store, "changes_after", _bug)
    await feed.poll()
    await feed.poll()
    assert feed.away is not None
    assert sum("poll failed" in record.message for record in caplog.records) == 1


async def test_run_polls_until_cancelled(feed, shift, monkeypatch):
    monkeypatch.setattr(events, "POLL_EVERY", 0.0)
    await feed.poll()
    task = asyncio.create_task(feed.run())
    with feed.subscribe(1) as browser:
        await take(browser)
        shift.judge("CDC_occupancy", "Good")
        events_seen = await browser.take(5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert any(event.key == "CDC_occupancy" for event in events_seen)


async def test_close_ends_old_and_new_streams(feed):
    await feed.poll()
    with feed.subscribe(None) as browser:
        feed.close()
        assert [message async for message in browser.messages()]
    with feed.subscribe(None) as late:
        assert [message async for message in late.messages()]
    assert feed.subscribers == 0


def _wrong() -> None:
    raise SchemaError("the database has schema 9; run `hydra db upgrade`")


def _bug(*_: object) -> None:
    raise ZeroDivisionError("a bug")


def heartbeat(pvs, seconds=0.0):
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return Service("ioc", "host", 1, "RUNNING", {"ready": True, "pvs": pvs, "stages": {}, "models": []}, at)


async def test_beam_and_run_of_the_heartbeat_reach_the_browsers(feed, store, monkeypatch):
    monkeypatch.setattr(events, "BEAT_EVERY", 0.0)
    await feed.poll()
    with feed.subscribe(1) as browser:
        await take(browser)
        store.beats = [heartbeat({"RUN": 777, "BEAM": 42.0})]
        await feed.poll()
        got = await take(browser)
    assert (got["@wall"].data["run"], got["@wall"].data["beam"]) == (777, "42.0 nA")
    assert "No model is active" in feed.card("CDC_occupancy").cause


async def test_a_heartbeat_that_says_nothing_new_is_told_nobody(feed, store, monkeypatch):
    monkeypatch.setattr(events, "BEAT_EVERY", 0.0)
    store.beats = [heartbeat({"RUN": 777})]
    await feed.poll()
    with feed.subscribe(1) as browser:
        await take(browser)
        await feed.poll()
        store.beats = [heartbeat({"RUN": 777}, 1.0)]
        await feed.poll()
        assert await take(browser) == {}
    assert [beat.pvs["RUN"] for beat in feed.beats] == [777, 777]


async def test_heartbeats_are_looked_at_now_and_then_only(feed, store):
    await feed.poll()
    store.asked.clear()
    for _ in range(5):
        await feed.poll()
    assert store.asked == {"changes_after": 5}


async def test_two_hundred_browsers_cost_the_database_as_much_as_one(feed, store, shift):
    await feed.poll()
    asked = []
    for browsers in (1, 200):
        with ExitStack() as joined:
            everybody = [joined.enter_context(feed.subscribe(feed.cursor + 1)) for _ in range(browsers)]
            for one in everybody:
                await take(one)
            store.asked.clear()
            shift.judge("CDC_occupancy", "Good")
            await feed.poll()
            asked.append(dict(store.asked))
            assert all([set(await take(one)) == {"CDC_occupancy", "@wall"} for one in everybody])
    assert asked[0] == asked[1] == {"changes_after": 1, "wall": 1, "unseen": 1}
