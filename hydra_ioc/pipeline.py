"""The way of a plot through the IOC: arrival, archive, inference, decision, spool, process variables."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from datetime import datetime
from typing import Protocol

from hydra_core.domain import Arrival, Event, Image, Mute, Outcome, Policy
from hydra_core.errors import ImageError, StoreError
from hydra_core.kpi import Incident
from hydra_core.ports import Archive, Clock, Pictures, Publisher
from hydra_ioc.inbox import Inbox
from hydra_ioc.judging import Judge, Judged
from hydra_ioc.recorder import Recorder
from hydra_ioc.report import Stopwatch
from hydra_ioc.watch import Surroundings, Watch

logger = logging.getLogger(__name__)

TOGETHER = 8
"""Most plots that are judged together. What is being judged no newer plot can replace, so it must not be many."""
RECENT = 200
"""How many plots the rate, latency and inference figures are taken over."""


class Arrivals(Protocol):
    """Anything that yields arrivals."""

    def arrivals(self) -> AsyncGenerator[Arrival, None]:
        """Yield arrivals until cancelled."""
        ...


class Pipeline:
    """Takes arrivals in and brings each to the operator; lives on the event loop.

    Archiving runs beside inference. An outcome is kept (spool) before it is published, and published
    before it is in the database. One lock keeps the order of decisions, spool and PVs the same.
    `incidents` are the episodes by uid, as far as somebody counts them.
    """

    def __init__(
        self,
        watches: Mapping[str, Watch],
        judge: Judge,
        archive: Archive,
        recorder: Recorder,
        publisher: Publisher,
        clock: Clock,
        infer_thread: Executor,
        archive_thread: Executor,
    ) -> None:
        self.watches = watches
        self.inbox = Inbox()
        self.around: Callable[[Watch], Surroundings] = lambda watch: Surroundings()
        self.after: Callable[[Judged], None] = lambda judged: None
        self.incidents: dict[str, Incident] = {}
        self.latencies: deque[float] = deque(maxlen=RECENT)
        self.inferences: deque[float] = deque(maxlen=RECENT)
        self.judged_at: deque[datetime] = deque(maxlen=RECENT)
        self.stopwatch = Stopwatch()
        self.archive_trouble = ""
        self.newest_run = 0
        self._judge = judge
        self._archive = archive
        self._recorder = recorder
        self._publisher = publisher
        self._clock = clock
        self._infer_thread = infer_thread
        self._archive_thread = archive_thread
        self._archiving: dict[int, asyncio.Future[str]] = {}
        self._order = asyncio.Lock()

    async def follow(self, source: Arrivals) -> None:
        """Take in everything a source yields."""
        async with aclosing(source.arrivals()) as arrivals:
            async for arrival in arrivals:
                await self.take(arrival)

    async def take(self, arrival: Arrival) -> None:
        """Take one arrival in; the one it replaces, if any, is stored without being judged."""
        loop = asyncio.get_running_loop()
        self._archiving[id(arrival)] = loop.run_in_executor(self._archive_thread, self._archive.put, arrival.data)
        self.newest_run = max(self.newest_run, arrival.run)
        passed_over = self.inbox.put(arrival)
        if passed_over is not None:
            await self._pass_over(passed_over)

    async def run(self) -> None:
        """Judge what arrives, for ever: a lone plot at once, what waits together; one plot's failure stops nothing."""
        while True:
            await self.work(await self.inbox.take(TOGETHER))

    async def work(self, arrivals: Sequence[Arrival]) -> None:
        """Bring arrivals of different plot types all the way to their PVs and the spool. Raises nothing."""
        loop, begun = asyncio.get_running_loop(), self._clock.now()
        try:
            judged = await loop.run_in_executor(self._infer_thread, self._judge, arrivals)
        except Exception:
            logger.exception("plots lost on their way sources=%s", [arrival.source for arrival in arrivals])
            return
        took = (self._clock.now() - begun).total_seconds()
        for arrival, one in zip(arrivals, judged, strict=True):
            try:
                await self._finish(arrival, one)
                wait, total = (begun - arrival.received_at), (self._clock.now() - arrival.received_at)
                self.stopwatch.note(wait.total_seconds(), took, total.total_seconds())
            except Exception:
                logger.exception("plot lost on its way plot_type=%s source=%s", arrival.plot_type, arrival.source)

    async def _finish(self, arrival: Arrival, judged: Judged) -> None:
        await self._archived(arrival)
        watch = self.watches[arrival.plot_type]
        watch.last_arrival = arrival.received_at
        if judged.event is None:
            await self._recorder.keep(_unjudged(judged))
            return
        latency = (self._clock.now() - arrival.received_at).total_seconds()
        await self.step(watch, judged.event, judged.image, judged.pictures, latency)
        self._measure(judged, arrival)
        self.after(judged)

    async def step(
        self,
        watch: Watch,
        event: Event,
        image: Image | None = None,
        pictures: Pictures | None = None,
        latency: float | None = None,
    ) -> None:
        """Decide on an event, keep the outcome, publish it."""
        async with self._order:
            outcome = watch.step(event, image, self._clock.now())
            await self._settle(outcome, pictures, latency)

    async def tick(self) -> None:
        """Let every plot type notice the time; called once a second."""
        for watch in self.watches.values():
            async with self._order:
                outcome = watch.tick(self.around(watch), self._clock.now())
                await self._settle(outcome, None, None)

    async def mute(self, watch: Watch, until: datetime | None, by: str, reason: str = "") -> None:
        """Silence a plot type's alarm until then, or give it back."""
        await self.step(watch, Mute(until, by, reason))

    async def rule(self, watch: Watch, policy: Policy) -> None:
        """Put another policy in force."""
        async with self._order:
            outcome = watch.ruled(policy, self._clock.now())
            await self._settle(outcome, None, None)
            self._publisher.policy(watch.plot_type, policy)

    async def recorded(self) -> None:
        """Wait until everything published so far is in the database, if that can be reached."""
        await self._recorder.drain()

    def reject(self, plot_type: str | None, path: str, reason: str) -> Outcome:
        """Return what is stored of a file that gave no plot."""
        return Outcome(plot_type or "", self._clock.now(), reject=f"{path}: {reason}")

    async def _settle(self, outcome: Outcome | None, pictures: Pictures | None, latency: float | None) -> None:
        if outcome is not None:
            if (known := outcome.episode) is not None:
                times = (known.confirmed_at, known.ended_at)
                self.incidents[known.uid] = Incident(known.plot_type, known.class_name, *times)
            await self._recorder.keep(outcome)
            self._publisher.outcome(outcome, pictures, latency)

    async def _pass_over(self, arrival: Arrival) -> None:
        await self._archived(arrival)
        loop = asyncio.get_running_loop()
        plot, image = await loop.run_in_executor(self._archive_thread, self._judge.describe, arrival)
        await self._recorder.keep(Outcome(plot.plot_type, self._clock.now(), image=image, plot=plot))

    async def _archived(self, arrival: Arrival) -> None:
        try:
            await self._archiving.pop(id(arrival))
            self.archive_trouble = ""
        except ImageError:
            # No picture at all: the verdict on it says so, and it is not the archive's trouble.
            return
        except (StoreError, OSError) as error:
            if not self.archive_trouble:
                logger.error("archive refused a picture error=%s", error)
            self.archive_trouble = str(error)

    def _measure(self, judged: Judged, arrival: Arrival) -> None:
        now = self._clock.now()
        self.latencies.append((now - arrival.received_at).total_seconds())
        self.judged_at.append(now)
        if (took := getattr(judged.event, "took", None)) is not None:
            self.inferences.append(took)


def _unjudged(judged: Judged) -> Outcome:
    return Outcome(judged.plot.plot_type, judged.plot.received_at, image=judged.image, plot=judged.plot)
