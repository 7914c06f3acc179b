"""Following what others wrote: each change once, in order; one that fails stops no other."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from hydra_core.domain import Change
from hydra_core.errors import StoreDownError
from hydra_ioc import followed
from hydra_ioc.followed import Followed


class Changes:
    """A store with changes 1 to n, of which reading fails as often as `away` says."""

    def __init__(self, *kinds: str, away: int = 0) -> None:
        self.changes = [Change(i, kind, "CDC", {}, datetime.now(UTC)) for i, kind in enumerate(kinds, 1)]
        self.away = away

    def changes_after(self, cursor: int, limit: int) -> list[Change]:
        """Return at most two, as a full page would be."""
        if self.away:
            self.away -= 1
            raise StoreDownError("away")
        return [one for one in self.changes if one.id > cursor][:2]


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch):
    """Follow a store until as many changes were taken as wanted; return their ids."""
    monkeypatch.setattr(followed, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(followed, "AWAY_FOR", 0.0)

    async def run(store: Changes, wanted: int, cursor: int = 0, unanswered: tuple[Change, ...] = ()) -> list[int]:
        found: list[int] = []
        enough = asyncio.Event()

        async def take(change: Change) -> None:
            found.append(change.id)
            if len(found) >= wanted:
                enough.set()
            if change.kind == "broken":
                raise KeyError("until")

        with ThreadPoolExecutor(1) as thread:
            task = asyncio.create_task(
                Followed(store, thread, {"mute": take, "broken": take}).run(cursor, unanswered)  # type: ignore[arg-type]
            )
            await asyncio.wait_for(enough.wait(), 20)
            await asyncio.sleep(0.05)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return found

    return run


async def test_each_is_taken_once_in_order_over_pages(taken) -> None:
    assert await taken(Changes("mute", "verdict", "mute", "mute", "verdict", "mute"), 4) == [1, 3, 4, 6]


async def test_what_was_before_the_cursor_is_passed_over_and_what_was_unanswered_comes_first(taken) -> None:
    store = Changes("mute", "mute", "mute")
    assert await taken(store, 2, cursor=2, unanswered=(store.changes[0],)) == [1, 3]


async def test_one_that_fails_is_logged_and_stops_no_other(taken, caplog) -> None:
    assert await taken(Changes("mute", "broken", "mute"), 3) == [1, 2, 3]
    assert [record.message for record in caplog.records] == ["change not taken up id=2 kind=broken"]


async def test_a_database_that_is_away_is_asked_again(taken) -> None:
    assert await taken(Changes("mute", away=3), 1) == [1]
