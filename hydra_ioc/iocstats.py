"""Publishes what devIocStats publishes of a C IOC: clients, files, processor, memory, host, environment, time."""

import asyncio
import json
import logging
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from importlib.metadata import version
from pathlib import Path

from hydra_core.domain import Severity
from hydra_core.ioc_stats import ACCESS_STATES, ENVIRONMENT, PERIODS, QUEUES
from hydra_ioc.ca import EPOCH_1990, PutContext, PutRefused, Record
from hydra_ioc.machine import CpuLoad, descriptors, memory

ACCESS_SEVERITIES = {"Maintenance": Severity.MINOR, "Test": Severity.MINOR, "OFFLINE": Severity.MAJOR}
"""What the states of ACCESS mean."""
SHORTEST, LONGEST = 1.0, 60.0
"""Seconds that a look may be set to take place after the last."""
_PART = 39
"""Characters of a long text that its first and second part hold."""

logger = logging.getLogger(__name__)


class IocStats:
    """Keeps the devIocStats PVs true. `clients` tells clients and channels, `waiting` plots that wait, room, dropped.

    `ahead` is how many seconds the service's clock is ahead of the computer's. START_CNT and ACCESS are kept in
    `path`; a file that cannot be read or written is logged and starts from nothing.
    """

    def __init__(
        self,
        records: Mapping[str, Record],
        path: Path,
        thread: Executor,
        *,
        record_count: int,
        clients: Callable[[], tuple[int, int]],
        waiting: Callable[[], tuple[int, int, int]],
        ahead: Callable[[], float],
    ) -> None:
        self._records, self._path, self._thread = records, path, thread
        self._record_count, self._clients, self._waiting, self._ahead = record_count, clients, waiting, ahead
        self._due = dict.fromkeys(PERIODS, 0.0)
        self._cpu = CpuLoad()
        self._most_waiting = 0
        self._steps = 0
        self._stepped = False
        self._kept = {"starts": 0, "access": 0}
        self._looks = {"CA": self._look_at_clients, "FD": self._look_at_files, "LOAD": self._look_at_load,
                       "MEM": self._look_at_memory}  # fmt: skip

    async def run(self) -> None:
        """Publish what never changes, then everything else at its times until cancelled."""
        self._accept_puts()
        await self._remember()
        self._publish_constants()
        while True:
            self.beat(time.monotonic())
            await asyncio.sleep(1.0)

    def beat(self, now: float) -> None:
        """Publish what is due at `now`, monotonic seconds."""
        self._post("TOD", _wall_clock())
        self._post("GTIM_TIME", time.time() - EPOCH_1990)
        self._look_at_clock()
        self._look_at_queues()
        for name, look in self._looks.items():
            if now >= self._due[name]:
                self._due[name] = now + float(str(self._records[f"{name}_UPD_TIME"].value))
                look()

    def _post(self, suffix: str, value: object) -> None:
        self._records[suffix].post(value)

    def _publish_constants(self) -> None:
        self._post("STARTTOD", _wall_clock())
        self._post("RECORD_CNT", self._record_count)
        self._post("CPU_CNT", os.cpu_count() or 1)
        self._post("PROCESS_ID", os.getpid())
        self._post("PARENT_ID", os.getppid())
        self._post("KERNEL_VERS", f"{platform.system()} {platform.release()}"[:_PART])
        self._post("HOSTNAME", platform.node()[:_PART])
        for suffix, variable in ENVIRONMENT.items():
            self._post(suffix, os.environ.get(variable, "")[:_PART])
        for suffix, value in self._texts():
            self._post(suffix, value)
        for suffix in ("SYSRESET", "SUSP_TASK_CNT", "CB_Q_SIZE"):
            self._post(suffix, 0)
        for suffix in ("GTIM_CUR_SRC", "GTIM_HI_SRC"):
            self._post(suffix, "OS Clock")
        self._post("GTIM_EVT_SRC", "")

    def _texts(self) -> Iterator[tuple[str, str]]:
        serving = f"Hydra {version('hydra-monitoring')}, caproto {version('caproto')}"
        yield "EPICS_VERS", serving[:_PART]
        yield "EPICS_VERSION", serving
        for suffix, text in (("ST_SCRIPT", " ".join(sys.argv)), ("APP_DIR", str(Path.cwd()))):
            yield suffix, text
            yield f"{suffix}1", text[:_PART]
            yield f"{suffix}2", text[_PART : 2 * _PART]

    def _look_at_clients(self) -> None:
        clients, channels = self._clients()
        self._post("CA_CLNT_CNT", clients)
        self._post("CA_CONN_CNT", channels)

    def _look_at_files(self) -> None:
        used, most = descriptors()
        self._post("FD_MAX", most)
        self._post("FD_CNT", used)
        self._post("FD_FREE", most - used)

    def _look_at_load(self) -> None:
        load = self._cpu.percent()
        if load is not None:
            system, own = load
            self._post("SYS_CPU_LOAD", system)
            self._post("IOC_CPU_LOAD", own)
            self._post("LOAD", own)

    def _look_at_memory(self) -> None:
        used, free, most = memory()
        self._post("MEM_USED", used)
        self._post("MEM_FREE", free)
        self._post("MEM_MAX", most)

    def _look_at_queues(self) -> None:
        waiting, room, dropped = self._waiting()
        self._most_waiting = max(self._most_waiting, waiting)
        self._post("SCANONCE_Q_SIZE", room)
        for name in QUEUES:
            used, most, lost = (waiting, self._most_waiting, dropped) if name == "SCANONCE" else (0, 0, 0)
            self._post(f"{name}_Q_USED", used)
            self._post(f"{name}_Q_USEDPER", 100 * used / room if room else 0)
            self._post(f"{name}_Q_HIGH", most)
            self._post(f"{name}_Q_HIGHPER", 100 * most / room if room else 0)
            self._post(f"{name}_Q_OVERRUNS", lost)

    def _look_at_clock(self) -> None:
        behind = self._ahead() > 1.0
        self._steps += behind and not self._stepped
        self._stepped = behind
        self._post("GTIM_ERR_CNT", self._steps)

    def _accept_puts(self) -> None:
        for name, period in PERIODS.items():
            record = self._records[f"{name}_UPD_TIME"]
            record.post(period)
            record.on_put = lambda value, who, name=name: self._period(name, value)
        self._records["ACCESS"].on_put = self._access
        self._records["GTIM_RESET"].on_put = self._reset_clock_errors
        self._post("GTIM_RESET", 0)

    def _period(self, name: str, value: object) -> float:
        seconds = float(str(value))
        if not SHORTEST <= seconds <= LONGEST:
            raise PutRefused(f"a period is {SHORTEST:g} to {LONGEST:g} seconds")
        self._due[name] = 0.0
        return seconds

    def _reset_clock_errors(self, value: object, who: PutContext) -> int:
        self._steps = 0
        self._post("GTIM_ERR_CNT", 0)
        return 0

    async def _access(self, value: object, who: PutContext) -> object:
        self._kept["access"] = int(str(value))
        await asyncio.get_running_loop().run_in_executor(self._thread, _write, self._path, dict(self._kept))
        return value

    async def _remember(self) -> None:
        """Read what the last start left, count this one, and write it back."""
        loop = asyncio.get_running_loop()
        self._kept = await loop.run_in_executor(self._thread, _read, self._path)
        self._kept["starts"] += 1
        await loop.run_in_executor(self._thread, _write, self._path, dict(self._kept))
        self._post("START_CNT", self._kept["starts"])
        self._post("ACCESS", self._kept["access"])


def _read(path: Path) -> dict[str, int]:
    try:
        found = json.loads(path.read_text())
        starts, access = int(found["starts"]), int(found["access"])
    except FileNotFoundError:
        return {"starts": 0, "access": 0}
    except (OSError, ValueError, TypeError, KeyError) as error:
        logger.warning("start count not read file=%s error=%s", path, error)
        return {"starts": 0, "access": 0}
    return {"starts": starts % (1 << 31), "access": access if 0 <= access < len(ACCESS_STATES) else 0}


def _write(path: Path, kept: Mapping[str, int]) -> None:
    new = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps(kept))
        new.replace(path)
    except OSError as error:
        logger.warning("start count not written file=%s error=%s", path, error)


def _wall_clock() -> str:
    return time.strftime("%m/%d/%Y %H:%M:%S")
