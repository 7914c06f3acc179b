"""A running directory source whose arrivals and rejects are collected."""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from hydra_core.domain import Arrival
from hydra_core.sources import DirectorySource, arrival_uid

PLOTS = ("CDC_occupancy", "FCAL_occupancy", "Kinematics-PSEnergy", "Trigger-Bits", "RF_TPOL_occupancy-02")


def uid_of(arrival: Arrival) -> str:
    sha256 = hashlib.sha256(arrival.data).hexdigest()
    return arrival_uid(arrival.plot_type, arrival.source, arrival.taken_at, sha256)


@dataclass
class Running:
    """A source at work, and all that has come out of it."""

    source: DirectorySource
    rejected: list[tuple[str | None, str, str]]
    arrivals: list[Arrival] = field(default_factory=list)
    pause: float = 0.0

    async def consume(self) -> None:
        async with contextlib.aclosing(self.source.arrivals()) as arrivals:
            async for arrival in arrivals:
                self.arrivals.append(arrival)
                if self.pause and len(self.arrivals) % 10 == 0:
                    await asyncio.sleep(self.pause)

    async def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait until the condition holds; fail with what has come instead."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            got = [(a.source, len(a.data)) for a in self.arrivals[-5:]]
            pytest.fail(f"{len(self.arrivals)} arrivals, last {got}; {len(self.rejected)} rejects {self.rejected[-5:]}")

    async def scanned(self) -> None:
        """Wait until the source has been through its whole directory at least once more."""
        marker = self.source.path / f"FCAL_occupancy_9{len(self.rejected):05d}.png"
        before = len(self.rejected)
        marker.symlink_to("nowhere")
        await self.until(lambda: len(self.rejected) > before)
        marker.unlink()

    def reasons(self) -> list[str]:
        return [reason for _, _, reason in self.rejected]


class Start(Protocol):
    """Starts a source on a directory; options are those of `DirectorySource`."""

    async def __call__(self, path: Path, pattern: str = ..., **options: Any) -> Running: ...
