"""One place per plot type: a backlog is never judged, only its newest plot."""

import asyncio
from dataclasses import replace

from support.plots import at

from hydra_core.domain import Arrival
from hydra_ioc.inbox import Inbox


def arrival(name: str, seconds: float) -> Arrival:
    return Arrival(name, 1, int(seconds), at(seconds), at(seconds), f"{name}_{seconds}.png", b"")


async def test_the_newest_wins_and_the_rest_is_counted() -> None:
    inbox = Inbox()
    first, second, third = (arrival("CDC", s) for s in (1, 2, 3))
    assert inbox.put(first) is None
    assert inbox.put(second) is first
    assert inbox.put(third) is second
    assert await inbox.take(1) == [third]
    assert (inbox.dropped, len(inbox)) == (2, 0)


async def test_an_older_plot_does_not_displace_a_newer_one() -> None:
    inbox = Inbox()
    new, old = arrival("CDC", 5), arrival("CDC", 1)
    inbox.put(new)
    assert inbox.put(old) is old
    assert await inbox.take(1) == [new]


async def test_plot_types_take_turns_in_order_of_waiting() -> None:
    inbox = Inbox()
    inbox.put(arrival("CDC", 1))
    inbox.put(arrival("FCAL", 2))
    inbox.put(arrival("CDC", 3))
    assert [(await inbox.take(1))[0].plot_type for _ in range(2)] == ["CDC", "FCAL"]


async def test_get_waits_for_an_arrival() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.take(1))
    await asyncio.sleep(0)
    assert not waiting.done()
    sent = replace(arrival("CDC", 1), run=7)
    inbox.put(sent)
    assert (await asyncio.wait_for(waiting, 5))[0] is sent
