"""The service's own PVs, once a second: is Hydra itself well, and how are the plots all together."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from hydra_core.archive import FileArchive
from hydra_core.domain import Condition, Severity, Status
from hydra_core.errors import StoreError
from hydra_core.kpi import HOUR, figures
from hydra_core.ports import Clock
from hydra_core.pvs import TOP
from hydra_ioc.causes import LOST, OK, Causes
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
        causes: Causes,
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
        self._causes = causes
        self._troubles = troubles
        self._disk_free: float | None = None
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
        self._common()
        self._alarms(now)
        self._machine()
        self.state()

    def state(self) -> None:
        """Publish STATE and MSG from everything that is in trouble.

        What has a PV of its own alarms there and not here, so that one cause is announced once.
        """
        own = [text for text in self._troubles() if text]
        told = (self._recorder.trouble, self._recorder.refusing, self._pipeline.archive_trouble)
        troubles = [text for text in (*told, self._causes.feed().text, self._causes.models().text, *own) if text]
        if self._recorder.lost:
            troubles.append(f"{self._recorder.lost} results lost, the spool could not be written")
        if lost := self._inputs.lost():
            troubles.append(f"input lost: {', '.join(lost)}")
        name = "DEGRADED" if troubles else "RUNNING" if self.ready else "STARTING"
        self._publisher.service("STATE", name, Severity.MINOR if own else Severity.NO_ALARM)
        self._publisher.service("MSG", "; ".join(troubles) or ("ok" if self.ready else "loading models"))

    async def watch_disk(self, thread: Executor) -> None:
        """Look at the archive's disk for ever, in a thread: a file server that hangs must not stop the loop."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                self._disk_free = await loop.run_in_executor(thread, self._archive.free_percent)
            except StoreError as error:
                logger.warning("disk not seen error=%s", error)
                self._disk_free = None
            self._disk()
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
        self._publisher.service("SPOOL", recorder.depth)
        if self._disk_free is not None:
            self._disk()

    def _disk(self) -> None:
        """Publish the disk: by its limits, unless it cannot be seen or refuses what is written to it."""
        if self._disk_free is None:
            self._publisher.lost("DISK")
        elif self._recorder.refusing or self._pipeline.archive_trouble:
            self._publisher.service("DISK", self._disk_free, Severity.MAJOR, Condition.WRITE)
        else:
            self._publisher.limited("DISK", self._disk_free)

    def _common(self) -> None:
        """Publish what all plot types need: their loss alarms here, once."""
        lost = self._inputs.lost()
        for suffix, cause in (("FEED", self._causes.feed()), ("MODELS", self._causes.models())):
            self._publisher.service(suffix, cause.state, Severity.MAJOR if cause.state == LOST else Severity.NO_ALARM)
        self._publisher.service("INPUTS", LOST if lost else OK, Severity.MINOR if lost else Severity.NO_ALARM)
        self._publisher.service("LOSTIN", ", ".join(lost))

    def _alarms(self, now: datetime) -> None:
        """Publish how the alarms behave; what ended over an hour ago is forgotten."""
        incidents = self._pipeline.incidents
        for uid in [uid for uid, one in incidents.items() if one.cleared is not None and now - one.cleared > HOUR]:
            del incidents[uid]
        found, post = figures(incidents.values(), now), self._publisher.service
        post("ALMPERHR", found.per_hour)
        post("ALM10MIN", found.in_ten_minutes)
        post("CHATTER", len(found.chattering))
        post("STANDING", len(found.standing))

    def _machine(self) -> None:
        inputs, post = self._inputs, self._publisher.service
        run = inputs.value("run")
        post("RUN", int(run) if run is not None and abs(run) < 2**31 else self._pipeline.newest_run)
        for name, suffix in (("beam", "BEAM"), ("rate", "TRGRATE")):
            if (value := inputs.value(name)) is not None:
                post(suffix, value)
            elif inputs.configured(name):
                self._publisher.lost(suffix)
        post("GATE", int(any(self._pipeline.around(watch).gate_open for watch in self._pipeline.watches.values())))


def worst_first(watches: Iterable[Watch]) -> list[Watch]:
    """Return plot types in the order of need: the worst status first, among equal ones the one that changed last."""
    return sorted(
        watches,
        key=lambda watch: (WORST_LAST.index(watch.state.status), watch.state.since or _NEVER),
        reverse=True,
    )
