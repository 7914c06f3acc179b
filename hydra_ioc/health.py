"""The service's own PVs, once a second: is Hydra itself well, and how are the plots all together."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from hydra_core.archive import FileArchive
from hydra_core.domain import Severity, Status
from hydra_core.errors import StoreError
from hydra_core.ports import Clock
from hydra_core.pvs import TOP
from hydra_ioc.inputs import Inputs
from hydra_ioc.pipeline import Pipeline
from hydra_ioc.publisher import PvPublisher
from hydra_ioc.recorder import Database, Recorder
from hydra_ioc.watch import Watch

logger = logging.getLogger(__name__)

WORST_LAST = (
    Status.OFF,
    Status.GOOD,
    Status.SUSPECT,
    Status.UNKNOWN,
    Status.STALE,
    Status.ERROR,
    Status.WARN,
    Status.BAD,
)
COUNTED = {"NBAD": Status.BAD, "NWARN": Status.WARN, "NSTALE": Status.STALE, "NERROR": Status.ERROR}
_NEVER = datetime.min.replace(tzinfo=UTC)
DISK_EVERY = 10
"""Seconds between looks at the disk."""


class Health:
    """Publishes the SYS PVs. `troubles` yields what is wrong with the parts that report in words."""

    def __init__(
        self,
        pipeline: Pipeline,
        recorder: Recorder,
        publisher: PvPublisher,
        inputs: Inputs,
        archive: FileArchive,
        clock: Clock,
        troubles: Callable[[], Iterable[str]],
    ) -> None:
        self.ready = False
        self.rejects = 0
        self.last_reject = ""
        self._pipeline = pipeline
        self._recorder = recorder
        self._publisher = publisher
        self._inputs = inputs
        self._archive = archive
        self._clock = clock
        self._troubles = troubles
        self._started = clock.now()
        self._beats = 0
        publisher.service("VERSION", version("hydra-monitoring"))

    def beat(self) -> None:
        """Publish everything once; called every second on the loop."""
        now, post = self._clock.now(), self._publisher.service
        self._beats += 1
        post("HEARTBEAT", self._beats)
        post("UPTIME", str(timedelta(seconds=int((now - self._started).total_seconds()))))
        self._plots(now)
        self._flow(now)
        self._storage()
        self._machine()
        self.state()

    def state(self) -> None:
        """Publish STATE and MSG from everything that is in trouble."""
        troubles = [
            text for text in (self._recorder.trouble, self._pipeline.archive_trouble, *self._troubles()) if text
        ]
        if self._recorder.lost:
            troubles.append(f"{self._recorder.lost} results lost, the spool cannot be written")
        name = "DEGRADED" if troubles else "RUNNING" if self.ready else "STARTING"
        self._publisher.service("STATE", name, Severity.MINOR if troubles else Severity.NO_ALARM)
        self._publisher.service("MSG", "; ".join(troubles) or ("ok" if self.ready else "loading models"))

    async def watch_disk(self, thread: Executor) -> None:
        """Look at the archive's disk for ever, in a thread: a file server that hangs must not stop the loop."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                self._publisher.limited("DISK", await loop.run_in_executor(thread, self._archive.free_percent))
            except StoreError as error:
                logger.warning("disk not seen error=%s", error)
                self._publisher.lost("DISK")
            await asyncio.sleep(DISK_EVERY)

    def stopping(self) -> None:
        """Say goodbye."""
        self._publisher.service("STATE", "STOPPING", Severity.INVALID)

    def _plots(self, now: datetime) -> None:
        statuses = {watch.plot_type.name: watch.state.status for watch in self._pipeline.watches.values()}
        for suffix, status in COUNTED.items():
            self._publisher.service(suffix, sum(s is status for s in statuses.values()))
        worst = max(statuses, key=lambda name: WORST_LAST.index(statuses[name]))
        self._publisher.service("WORST", statuses[worst].name)
        self._publisher.service("WORSTPLOT", worst)
        self._ranks(now)
        for watch in self._pipeline.watches.values():
            if watch.last_arrival is not None:
                self._publisher.age(watch.plot_type.name, max(0.0, (now - watch.last_arrival).total_seconds()))

    def _ranks(self, now: datetime) -> None:
        """Publish the first few plot types in the order of need."""
        post = self._publisher.service
        for rank, watch in enumerate(worst_first(self._pipeline.watches.values())[:TOP], 1):
            post(f"TOP{rank}", watch.plot_type.title)
            post(f"TOP{rank}:STATUS", watch.state.status.name)
            if watch.last_arrival is not None:
                post(f"TOP{rank}:AGE", round(max(0.0, (now - watch.last_arrival).total_seconds())))
            else:
                self._publisher.lost(f"TOP{rank}:AGE")

    def _flow(self, now: datetime) -> None:
        post, pipeline = self._publisher.service, self._pipeline
        recent = [t for t in pipeline.judged_at if (now - t).total_seconds() <= 10]
        post("RATE", len(recent) / 10)
        post("QUEUE", len(pipeline.inbox))
        post("DROPPED", pipeline.inbox.dropped)
        post("REJECTS", self.rejects)
        post("LASTREJ", self.last_reject)
        if pipeline.latencies:
            post("LATENCY", sorted(pipeline.latencies)[int(0.95 * (len(pipeline.latencies) - 1))])
        if pipeline.inferences:
            post("INFER", 1000 * sum(pipeline.inferences) / len(pipeline.inferences))

    def _storage(self) -> None:
        recorder = self._recorder
        away = recorder.database is not Database.OK
        self._publisher.service("DB", recorder.database.name, Severity.MAJOR if away else Severity.NO_ALARM)
        severity = Severity.MAJOR if recorder.lost else Severity.MINOR if away and recorder.depth else Severity.NO_ALARM
        self._publisher.service("SPOOL", recorder.depth, severity)

    def _machine(self) -> None:
        inputs, post = self._inputs, self._publisher.service
        run, beam = inputs.value("run"), inputs.value("beam")
        post("RUN", int(run) if run is not None else self._pipeline.newest_run)
        if beam is not None:
            post("BEAM", beam)
        elif inputs.configured("beam"):
            self._publisher.lost("BEAM")
        gates = [self._pipeline.gate_open(watch) for watch in self._pipeline.watches.values()]
        post("GATE", int(any(gates)))


def worst_first(watches: Iterable[Watch]) -> list[Watch]:
    """Return plot types in the order of need: the worst status first, among equal ones the one that changed last."""
    return sorted(
        watches,
        key=lambda watch: (WORST_LAST.index(watch.state.status), watch.state.since or _NEVER),
        reverse=True,
    )
