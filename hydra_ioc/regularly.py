"""Work that is done at regular times."""

import asyncio
from collections.abc import Awaitable, Callable


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do some work at regular times; a slow turn is not made up for."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        await work()
        due = max(due + seconds, loop.time())
        await asyncio.sleep(due - loop.time())
