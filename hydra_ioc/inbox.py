"""The plots that wait for the model: at most one of each plot type, the newest."""

import asyncio

from hydra_core.domain import Arrival


class Inbox:
    """A queue with one place per plot type, so that a backlog never raises an old alarm.

    `dropped` counts the arrivals that a newer one of the same plot type replaced.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._waiting: dict[str, Arrival] = {}
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, arrival: Arrival) -> Arrival | None:
        """Add an arrival and return the one that will now not be judged, if any."""
        old = self._waiting.get(arrival.plot_type)
        if old is not None and old.taken_at > arrival.taken_at:
            self.dropped += 1
            return arrival
        self._waiting[arrival.plot_type] = arrival
        self._filled.set()
        if old is not None:
            self.dropped += 1
        return old

    async def take(self, most: int) -> list[Arrival]:
        """Wait for an arrival, and return it with the others that wait, at most so many, longest first."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        return [self._waiting.pop(name) for name in list(self._waiting)[:most]]
