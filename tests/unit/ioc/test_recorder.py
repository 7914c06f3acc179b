"""Outcomes reach the disk before they are published and the database when it can take them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.outcomes import at

from hydra_core.domain import Outcome
from hydra_core.errors import SchemaError, StoreDownError, StoreError
from hydra_core.store.spool import Spool
from hydra_ioc.recorder import Database, Recorder


class Book:
    """A database that can be taken away."""

    def __init__(self) -> None:
        self.error: StoreError | None = None
        self.rows: list[Outcome] = []

    def record(self, outcome: Outcome) -> None:
        if self.error is not None:
            raise self.error
        if outcome not in self.rows:
            self.rows.append(outcome)


def outcome(number: int) -> Outcome:
    return Outcome("CDC_occupancy", at(number), reject=f"file {number}")


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def recorder(tmp_path: Path, book: Book) -> Recorder:
    return Recorder(Spool(tmp_path / "spool"), book, ThreadPoolExecutor(1), ThreadPoolExecutor(1))


async def test_an_outage_is_spooled_and_written_once_and_in_order(recorder: Recorder, book: Book) -> None:
    book.error = StoreDownError("server gone")
    for number in range(5):
        await recorder.keep(outcome(number))
    assert not await recorder.drain()
    assert (recorder.database, recorder.depth, recorder.trouble) == (Database.DOWN, 5, "server gone")
    book.error = None
    assert await recorder.drain()
    assert book.rows == [outcome(n) for n in range(5)]
    assert (recorder.database, recorder.depth, recorder.trouble, recorder.lost) == (Database.OK, 0, "", 0)


async def test_a_schema_of_another_version_has_its_own_state(recorder: Recorder, book: Book) -> None:
    book.error = SchemaError("run hydra db upgrade")
    await recorder.keep(outcome(1))
    assert not await recorder.drain()
    assert recorder.database is Database.SCHEMA


async def test_an_empty_spool_says_nothing_about_the_database(recorder: Recorder, book: Book) -> None:
    recorder.away(StoreDownError("gone"))
    assert await recorder.drain()
    assert (recorder.database, recorder.trouble) == (Database.DOWN, "gone")
    recorder.back()
    assert (recorder.database, recorder.trouble) == (Database.OK, "")


async def test_it_goes_on_by_itself_when_the_database_is_back(recorder: Recorder, book: Book) -> None:
    book.error = StoreDownError("gone")
    await recorder.keep(outcome(1))
    running = asyncio.create_task(recorder.run())
    await asyncio.sleep(0.05)
    assert book.rows == []
    book.error = None
    async with asyncio.timeout(10):
        while not book.rows:
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_the_disk_refuses_is_counted_not_raised(tmp_path: Path, book: Book) -> None:
    small = Recorder(Spool(tmp_path, max_bytes=10), book, ThreadPoolExecutor(1), ThreadPoolExecutor(1))
    await small.keep(outcome(1))
    await small.keep(outcome(2))
    assert small.lost == 2
