"""What an IOC owes its site beside its own PVs: access security, put log, ChannelFinder, statistics, a shell."""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Executor
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from hydra_core.clock import SteadyClock
from hydra_core.config import HallConfig
from hydra_core.domain import PlotType
from hydra_core.errors import ConfigError, HydraError
from hydra_ioc.access import AccessSecurity
from hydra_ioc.ca import CaServer, PutContext, PutDone, PutRefused, Record, answers
from hydra_ioc.console import Console, read_terminal
from hydra_ioc.existing import ExistingScores
from hydra_ioc.iocstats import IocStats
from hydra_ioc.limits import KeptLimits
from hydra_ioc.notify import tell_systemd
from hydra_ioc.pipeline import Pipeline
from hydra_ioc.putlog import PutLog
from hydra_ioc.reccaster import Announced, RecCaster
from hydra_ioc.regularly import every
from hydra_ioc.shell import Shell
from hydra_ioc.watchdog import Watchdog, watchdog_seconds

ENVIRONMENT = ("ENGINEER", "LOCATION", "CONTACT", "BUILDING", "SECTOR", "HOSTNAME", "EPICS_CA_SERVER_PORT",
               "EPICS_CAS_SERVER_PORT", "EPICS_CA_ADDR_LIST", "EPICS_CA_AUTO_ADDR_LIST", "EPICS_CA_NAME_SERVERS",
               "EPICS_CAS_INTF_ADDR_LIST", "EPICS_CAS_BEACON_ADDR_LIST", "EPICS_TIMEZONE", "IOCNAME")  # fmt: skip
"""Variables that ChannelFinder is told of where they are set."""

_PVA_ADVICE = "pip install 'hydra-monitoring[pva]', or leave epics.pva out"

if TYPE_CHECKING:
    from hydra_ioc.pva import PvaServer

logger = logging.getLogger(__name__)


class Citizen:
    """Builds the server with its access rules and put log, and the parts that run beside it.

    Raises ConfigError for a wrong access file. `audit` is told of every kept put to a service PV (what is put to a
    plot's controls is audited by them, with what it meant). `terminal` lets people type into the one it started in.
    """

    def __init__(
        self,
        config: HallConfig,
        plots: Mapping[str, Mapping[str, Record]],
        service: Mapping[str, Record],
        audit: Callable[[PutDone], None],
        terminal: bool = False,
    ) -> None:
        self._config, self._plots, self._service, self._audit = config, plots, service, audit
        self._names = {record.name for record in service.values()}
        self._terminal = terminal
        self._ended = 0
        self._records = {r.name: r for group in (*plots.values(), service) for r in group.values()}
        names = config.epics.existing_names()
        self._existing: ExistingScores | None = None
        if names is not None:
            kept = KeptLimits(config.data_dir / "limits.json")
            self._existing = ExistingScores(names, config.plot_types(), plots, kept)
            self._records |= {record.name: record for record in self._existing.records}
            self._names |= {record.name for record in self._existing.records}
        self._access = AccessSecurity(config.epics.access_file, self._records)
        self._access.load()
        self._logs = [PutLog(server) for server in config.epics.put_log]
        epics = config.epics
        self.server = CaServer(
            self._records.values(), interfaces=epics.interfaces, port=epics.port, access=self._access, on_put=self._put
        )
        self._access.changed = self.server.access_changed
        self._pva = self._by_pva() if epics.pva else None
        service["READACF"].on_put = self._read_access_file
        service["READACF"].post(0)

    async def start(self) -> None:
        """Serve the PVs. Raises ServiceError when a port or an interface cannot be had."""
        await self.server.start()
        if self._pva is not None:
            await self._pva.start()

    async def stop(self) -> None:
        """Send the last updates and disconnect every client."""
        if self._pva is not None:
            await self._pva.stop()
        await self.server.stop()

    def parts(
        self, threads: Mapping[str, Executor], pipeline: Pipeline, clock: SteadyClock
    ) -> Iterator[Coroutine[Any, Any, None]]:
        """Yield what runs as long as the service does; `threads` are those of the service by name."""
        shell = Shell(self.server, self._access)
        parts: list[IocStats | Console | PutLog | RecCaster | Watchdog] = [
            self._statistics(threads["archive"], pipeline, clock),
            Console(shell, self._config.shell_socket),
        ]
        parts += self._logs
        recsync = self._config.epics.recsync
        if recsync is not None:
            parts.append(RecCaster(recsync, list(self._announced()), self._information()))
        seconds = watchdog_seconds(os.environ)
        if seconds is not None:
            serves = partial(answers, self.server)
            parts.append(Watchdog(seconds, threads["infer"], serves, lambda: tell_systemd("WATCHDOG=1")))
        yield from (self._guarded(type(part).__name__, part.run()) for part in parts)
        if self._existing is not None:
            yield self._guarded("names from before", every(1.0, self._existing.beat))
        if self._terminal:
            yield self._guarded("terminal", read_terminal(shell))

    def _by_pva(self) -> "PvaServer":
        """Make the PVAccess server. Raises ConfigError where p4p is not installed."""
        try:
            from hydra_ioc.pva import PvaServer
        except ModuleNotFoundError as error:
            raise ConfigError(f"epics.pva is true but {error.name} is not installed: {_PVA_ADVICE}") from error
        epics, words = self._config.epics, self._service["MSG"]
        reasons = {records["STATUS"].name: records["MSG"] for records in self._plots.values()}
        reasons |= {record.name: words for record in self._service.values() if record.spec.alarms}
        return PvaServer(
            self._records.values(),
            self.server,
            interfaces=epics.interfaces,
            port=epics.pva_port,
            reasons=reasons,
            plots=self._plots,
            titles={plot_type.name: plot_type.title for plot_type in self._config.plot_types()},
            table=f"{epics.prefix}SYS:WORSTTABLE",
        )

    def follow(self, plot_type: str) -> None:
        """Take over what was just published of a plot type into the names that the hall has from before."""
        if self._existing is not None:
            self._existing.follow(plot_type)

    def _statistics(self, thread: Executor, pipeline: Pipeline, clock: SteadyClock) -> IocStats:
        server, inbox = self.server, pipeline.inbox
        return IocStats(
            self._service,
            self._config.data_dir / "ioc-stats.json",
            thread,
            record_count=len(self._records),
            clients=lambda: (server.clients, server.channels),
            waiting=lambda: (len(inbox), len(pipeline.watches), inbox.dropped),
            ahead=lambda: clock.ahead,
        )

    async def _guarded(self, name: str, part: Coroutine[Any, Any, None]) -> None:
        """Run a part; one that ends, for whatever reason, is counted and logged, and takes nothing with it."""
        try:
            await part
        except Exception:
            logger.exception("a part of the IOC ended part=%s", name)
        self._ended += 1
        self._service["SUSP_TASK_CNT"].post(self._ended)
        await asyncio.Event().wait()

    def _put(self, done: PutDone) -> None:
        for log in self._logs:
            log.put(done)
        if done.pv.partition(".")[0] in self._names:
            self._audit(done)

    async def _read_access_file(self, value: object, who: PutContext) -> object:
        if value:
            try:
                await self._access.reload()
            except HydraError as error:
                raise PutRefused(str(error)) from error
        return 0

    def _announced(self) -> Iterator[Announced]:
        for plot_type in self._config.plot_types():
            for record in self._plots[plot_type.name].values():
                yield Announced(record.name, record.record_type, _information(record, plot_type))
        for record in (*self._service.values(), *(self._existing.records if self._existing is not None else ())):
            yield Announced(record.name, record.record_type, _information(record, None))

    def _information(self) -> dict[str, str]:
        found = {name: os.environ[name] for name in ENVIRONMENT if os.environ.get(name)}
        return {"EPICS_VERSION": f"Hydra {version('hydra-monitoring')}", "IOCNAME": self._config.deployment, **found}


def _information(record: Record, plot_type: PlotType | None) -> dict[str, str]:
    """Return the info tags of a record: what is archived, what alarms, and which plot it is about."""
    spec = record.spec
    found = {"recordDesc": spec.description}
    if spec.archive:
        found["archive"] = "monitor, 00:00:01, VAL"
    if spec.alarms:
        found["alarm"] = "true"
    if plot_type is not None:
        found |= {"hydra:plot": plot_type.name, "detector": plot_type.group}
    return found
