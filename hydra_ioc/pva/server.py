"""The PVAccess server: finds records by name, lets clients in, and ends with the IOC."""

import asyncio
import ipaddress
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from p4p.server import DynamicProvider, Server
from p4p.server.raw import SharedPV

from hydra_core.errors import ServiceError
from hydra_ioc.ca import PutContext, Record
from hydra_ioc.pva.mirror import Desk, Mirror, Reason
from hydra_ioc.pva.poster import Poster
from hydra_ioc.pva.table import WorstTable

logger = logging.getLogger(__name__)


class _Served(Protocol):
    pv: SharedPV

    def open(self) -> None: ...

    def close(self) -> None: ...


class PvaServer:
    """Serves `records` by PVAccess on the interfaces. `desk` takes the puts and knows who may read.

    `reasons` gives a record's alarm its words: the record whose text is the reason, by the alarming record's name.
    A record costs nothing before the first client asks for it. `table` is a name and the worst plots.
    """

    def __init__(
        self,
        records: Iterable[Record],
        desk: Desk,
        *,
        interfaces: Sequence[str],
        port: int,
        reasons: Mapping[str, Record],
        plots: Mapping[str, Mapping[str, Record]],
        titles: Mapping[str, str],
        table: str,
    ) -> None:
        self._records = {record.name: record for record in records}
        self._desk, self._interfaces, self._port = desk, interfaces, port
        self._reasons, self._plots, self._titles, self._table = reasons, plots, titles, table
        self._served: dict[str, _Served] = {}
        self._server: Server | None = None
        self._provider: DynamicProvider | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poster: Poster | None = None

    @property
    def port(self) -> int:
        """The TCP port: the one asked for, or another where that was taken."""
        return int(self._server.conf()["EPICS_PVAS_SERVER_PORT"]) if self._server is not None else self._port

    async def start(self) -> None:
        """Serve. Raises ServiceError when an interface cannot be had."""
        self._loop = asyncio.get_running_loop()
        self._poster = Poster(self._loop)
        self._provider = DynamicProvider("hydra", self)
        try:
            self._server = await asyncio.to_thread(Server, providers=[self._provider], conf=self._conf())
        except (RuntimeError, ValueError, OSError) as error:
            where = ",".join(self._interfaces)
            raise ServiceError(f"cannot serve PVAccess on {where}:{self._port}: {error}") from error
        logger.info("serving by PVAccess pvs=%d port=%d", len(self._records) + 1, self.port)

    async def stop(self) -> None:
        """Say what waits to be said, and disconnect every client."""
        if self._poster is not None:
            await asyncio.to_thread(self._poster.stop)
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(server.stop)
        for served in self._served.values():
            served.close()

    def testChannel(self, name: str) -> bool:  # noqa: N802 (p4p asks for this name)
        """Tell whether a name is ours; called by a thread of p4p."""
        return name in self._records or name == self._table

    def makeChannel(self, name: str, peer: str) -> SharedPV | None:  # noqa: N802 (p4p asks for this name)
        """Return what serves a name, for a client at an address that may read it; called by a thread of p4p."""
        loop, poster, record = self._loop, self._poster, self._records.get(name)
        if loop is None or poster is None or (record is not None and not self._readable(record, peer)):
            return None
        served = self._served.setdefault(name, self._serve(name, record, loop, poster))
        try:
            loop.call_soon_threadsafe(served.open)
        except RuntimeError:
            return None  # the loop is closed: the IOC stops
        return served.pv

    def _serve(self, name: str, record: Record | None, loop: asyncio.AbstractEventLoop, poster: Poster) -> _Served:
        if name in self._served:
            return self._served[name]
        if record is None:
            return WorstTable(self._plots, self._titles, loop.call_soon, poster)
        return Mirror(record, self._reason(record), self._desk, loop, poster)

    def _reason(self, record: Record) -> Reason:
        words = self._reasons.get(record.name)
        return (lambda: "") if words is None else (lambda: str(words.value))

    def _readable(self, record: Record, peer: str) -> bool:
        who = PutContext("", "", peer)
        return self._desk.access.rights(record.access_group, record.access_level, who).read

    def _conf(self) -> dict[str, str]:
        conf = {
            "EPICS_PVAS_INTF_ADDR_LIST": " ".join(self._interfaces),
            "EPICS_PVAS_SERVER_PORT": str(self._port),
        }
        if all(ipaddress.ip_address(one).is_loopback for one in self._interfaces):
            conf |= {"EPICS_PVAS_AUTO_BEACON_ADDR_LIST": "NO", "EPICS_PVAS_BEACON_ADDR_LIST": "127.0.0.1"}
        return conf
