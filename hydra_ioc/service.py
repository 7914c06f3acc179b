"""The IOC service: builds every part, starts them in an order that raises no alarm, and stops them cleanly."""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from hydra_core.archive import FileArchive
from hydra_core.clock import SteadyClock
from hydra_core.config import HallConfig
from hydra_core.config.sections import Source as SourceConfig
from hydra_core.domain import PlotState
from hydra_core.errors import StoreDownError, StoreError
from hydra_core.images import Limits
from hydra_core.sources.directory import DirectorySource
from hydra_core.store import open_store
from hydra_core.store.spool import Spool
from hydra_ioc.causes import Causes
from hydra_ioc.citizen import Citizen
from hydra_ioc.controls import Controls
from hydra_ioc.followed import Followed
from hydra_ioc.gatekeeper import Gatekeeper
from hydra_ioc.heads import Heads
from hydra_ioc.health import Health
from hydra_ioc.inputs import Inputs
from hydra_ioc.judging import Judge
from hydra_ioc.notify import tell_systemd
from hydra_ioc.past import Past, read_past
from hydra_ioc.pipeline import Pipeline
from hydra_ioc.promotions import Promotions
from hydra_ioc.publisher import PvPublisher
from hydra_ioc.putaudit import PutAudit
from hydra_ioc.recorder import Recorder
from hydra_ioc.records import make_records
from hydra_ioc.regularly import every
from hydra_ioc.report import report
from hydra_ioc.rule_puts import RulePuts
from hydra_ioc.rules import Rules
from hydra_ioc.shadows import Shadows
from hydra_ioc.watch import Surroundings, Watch

logger = logging.getLogger(__name__)

THREADS = ("infer", "models", "store", "journal", "archive")
RESTORE_WITHIN = 3.0
"""Seconds that the database may take before the PVs are served without the last states."""
HEARTBEAT_EVERY = 10.0
DATABASE_TIMEOUT = 5
"""Seconds after which a database that does not answer counts as away."""
DRAIN_WITHIN = 5.0
"""Seconds given to the database at the stop; what is not written by then stays in the spool."""


class IocService:
    """One hall's IOC. `run` serves until SIGTERM or SIGINT.

    Threads: the loop owns all PVs; `infer` decodes and judges; `models` loads; `store` talks to the database;
    `journal` appends to the spool; `archive` writes pictures.
    """

    def __init__(
        self, config: HallConfig, on_ready: Callable[[], None] = lambda: None, *, terminal: bool = False
    ) -> None:
        self._config, self._terminal = config, terminal
        self._on_ready, self._clock = on_ready, SteadyClock()
        self._threads = {name: ThreadPoolExecutor(1, name) for name in THREADS}
        self._plot_types = {plot_type.name: plot_type for plot_type in config.plot_types()}
        self._watches = {name: Watch(t, t.policy, PlotState()) for name, t in self._plot_types.items()}
        self._records, self._service = make_records(config.epics.prefix, self._plot_types)
        self._store = open_store(config.database_url(), io_timeout=DATABASE_TIMEOUT)
        self._spool = Spool(config.spool_dir)
        self._sources: list[DirectorySource] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._known: set[str] = set()
        self._past: Past | None = None
        self._build()

    def _build(self) -> None:
        config, threads = self._config, self._threads
        archive, limits = FileArchive(config.archive.path), Limits(config.archive.max_bytes, config.archive.max_pixels)
        self._publisher = PvPublisher(self._records, self._service, self._plot_types, config.web.base_url.rstrip("/"))
        self._recorder = Recorder(self._spool, self._store, threads["journal"], threads["store"])
        self._heads = Heads(self._plot_types, config.models)
        self._pipeline = Pipeline(
            self._watches,
            Judge(limits, self._heads.current, self._heads.predict, config.models.threads),
            archive,
            self._recorder,
            self._publisher,
            self._clock,
            threads["infer"],
            threads["archive"],
        )
        self._pipeline.around = self._around
        names = config.epics.inputs.names()
        self._inputs = Inputs(names)
        self._gates = Gatekeeper(names, lambda: self._inputs.readings, time.monotonic)
        self._causes = Causes(lambda: (source.trouble for source in self._sources), self._heads.troubles)
        self._health = Health(
            self._pipeline, self._recorder, self._publisher, self._inputs, archive, self._clock, self._causes,
            self._troubles,
        )  # fmt: skip
        self._rules = Rules(self._pipeline, self._publisher)
        self._shadows = Shadows(
            Heads(self._plot_types, config.models, self._heads), self._store, self._publisher, threads["infer"],
            threads["store"], threads["models"], lambda: len(self._pipeline.inbox) > 0,
        )  # fmt: skip
        self._pipeline.after = self._shadows.offer
        self._promotions = Promotions(
            self._plot_types, self._store, self._heads, self._rules, threads["store"], threads["models"], self._shadows
        )
        self._attach()

    def _attach(self) -> None:
        """Let the PVs that may be written answer."""
        self._controls = controls = Controls(self._pipeline, self._store, self._threads["store"], self._clock)
        rule_puts = RulePuts(self._rules, self._store, self._threads["store"])
        for name, watch in self._watches.items():
            controls.attach(watch, self._records[name])
            rule_puts.attach(watch, self._records[name])
            self._publisher.policy(watch.plot_type, watch.policy)
        rule_puts.attach_service(self._service)
        self._service["RELOAD"].on_put = self._promotions.reload
        self._publisher.service("RELOAD", 0)
        audit = PutAudit(self._store, self._threads["store"])
        self._citizen = Citizen(self._config, self._records, self._service, audit, self._terminal)
        self._publisher.told = self._citizen.follow

    async def run(self) -> int:
        """Serve until told to stop; return the exit code. Raises StoreError for a database that is not ours."""
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await self._bring_up(RESTORE_WITHIN)
        self._health.beat()
        server = self._citizen.server
        await self._citizen.start()
        logger.info("serving pvs=%d port=%d prefix=%s", len(server.records), server.port, self._config.epics.prefix)
        self._inputs.start()
        site = self._citizen.parts(self._threads, self._pipeline, self._clock)
        tasks = [asyncio.create_task(part) for part in (*self._parts(), *site)]
        stopped = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        await self._shut_down([*tasks, stopped])
        for task in done:
            task.result()
        return 0

    def _parts(self) -> Iterable[Coroutine[Any, Any, None]]:
        yield every(1.0, self._second)
        yield every(HEARTBEAT_EVERY, self._tell_database)
        yield self._health.watch_disk(self._threads["archive"])
        yield self._recorder.run()
        yield self._pipeline.run()
        yield self._shadows.run()
        yield self._models_and_sources()

    async def _bring_up(self, within: float) -> None:
        """Put the last states back into the PVs, unless the database is away.

        Raises StoreError for what no waiting mends: another schema, classes in another order, an unreadable spool.
        """
        lookback = max((source.lookback for source in self._config.sources), default=0.0)
        since = self._clock.now() - timedelta(seconds=lookback + 3600)
        loop = asyncio.get_running_loop()
        arguments = (self._store, self._spool, self._plot_types, since)
        try:
            async with asyncio.timeout(within):
                past = await loop.run_in_executor(self._threads["store"], read_past, *arguments)
        except StoreDownError as error:
            self._recorder.away(error)
        except TimeoutError:
            self._recorder.away(StoreDownError("the database does not answer; PVs wait for it"))
        else:
            self._recorder.back()
            await self._go_on_from(past)

    async def _go_on_from(self, past: Past) -> None:
        self._known.update(past.known)
        for name, watch in self._watches.items():
            state, outcome = past.last[name]
            watch.restored(state)
            if outcome is not None:
                self._publisher.restore(watch.plot_type, outcome, name in past.acknowledged, self._clock.now())
        for number, incident in enumerate(past.incidents):
            self._pipeline.incidents[f"{incident.plot_type} {number}"] = incident
        await self._rules.restore(past.policies, past.settings, past.active)
        self._past = past

    async def _brought_up(self) -> Past:
        while self._past is None:
            await asyncio.sleep(1.0)
            await self._bring_up(60.0)
        return self._past

    async def _models_and_sources(self) -> None:
        """Load the models, then let plots in; afterwards follow promotions."""
        past = await self._brought_up()
        followed = Followed(self._store, self._threads["store"], {**self._controls.taking, **self._promotions.taking})
        self._background(followed.run(past.changes, past.unanswered))
        await self._promotions.load()
        self._health.ready = True
        self._health.state()
        self._on_ready()
        tell_systemd("READY=1")
        async with asyncio.TaskGroup() as group:
            for source in self._config.sources:
                group.create_task(self._pipeline.follow(self._open(source)))
            group.create_task(self._promotions.run())

    def _open(self, config: SourceConfig) -> DirectorySource:
        if config.kind == "http":
            config.path.mkdir(parents=True, exist_ok=True)  # an inbox into which nothing was pushed is no trouble
        source = DirectorySource(
            config.path,
            config.pattern,
            self._plot_types.keys(),
            polling=config.polling,
            settle=config.settle,
            lookback=config.lookback,
            seen=self._known.__contains__,
            on_reject=self._rejected,
            clock=self._clock,
            limits=Limits(self._config.archive.max_bytes, self._config.archive.max_pixels),
        )
        self._sources.append(source)
        return source

    def _rejected(self, plot_type: str | None, path: str, reason: str) -> None:
        self._health.rejects += 1
        self._health.last_reject = f"{path}: {reason}"
        outcome = self._pipeline.reject(plot_type, path, reason)
        self._background(self._recorder.keep(outcome))

    def _around(self, watch: Watch) -> Surroundings:
        gate_open, why = self._gates.look(watch.plot_type.name, watch.policy.gate)
        return Surroundings(gate_open, why, self._causes.common())

    def _troubles(self) -> Iterable[str]:
        if self._clock.ahead > 1:
            yield f"the computer's clock was set back, times are {self._clock.ahead:.0f} s ahead of it"

    async def _second(self) -> None:
        run = self._inputs.value("run") if self._inputs.configured("run") else self._pipeline.newest_run or None
        self._gates.run_is(None if run is None else int(run))
        if self._past is not None:
            await self._pipeline.tick()
        self._health.beat()
        self._publisher.service("MODE", self._rules.mode.name)

    async def _tell_database(self) -> None:
        loop = asyncio.get_running_loop()
        sources = zip((source.pattern for source in self._config.sources), self._sources, strict=False)
        said = report(self._service, self._pipeline.stopwatch, self._heads, sources)
        detail = {"prefix": self._config.epics.prefix, "ready": self._health.ready, **said}
        arguments = ("ioc", socket.gethostname(), os.getpid(), "RUNNING", detail)
        try:
            await loop.run_in_executor(self._threads["store"], self._store.heartbeat, *arguments)
        except StoreError as error:
            logger.debug("heartbeat not written error=%s", error)

    async def _shut_down(self, tasks: list[asyncio.Task[Any]]) -> None:
        """Say that nobody watches any more, write what is left, and close."""
        logger.info("stopping")
        tell_systemd("STOPPING=1")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._publisher.stopping(self._clock.now().timestamp())
        self._health.stopping()
        await asyncio.sleep(0.1)
        try:
            async with asyncio.timeout(DRAIN_WITHIN):
                await self._recorder.drain()
        except TimeoutError:
            logger.warning("the database did not take everything, the rest is in the spool")
        self._inputs.stop()
        await self._citizen.stop()
        for thread in self._threads.values():
            thread.shutdown(wait=False, cancel_futures=True)

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
