"""Access security in force: the rules of the hall's access file, the PVs they look at, and who may do what now."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from hydra_core.acf import AccessRules, Group, Level, load_rules
from hydra_core.domain import Severity
from hydra_core.errors import ConfigError
from hydra_ioc.ca import FULL, PutContext, Record, Rights, watch

logger = logging.getLogger(__name__)


class AccessSecurity:
    """Answers the server's questions. Without a file everybody may read, and write what is writable.

    `changed` is called on the loop when an answer may be another than before. Addresses decide, never the host that a
    client claims to be; the user is what the client says, as everywhere in Channel Access.
    """

    def __init__(self, path: Path | None, records: Mapping[str, Record]) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._path, self._records = path, records
        self._rules: AccessRules | None = None
        self._inputs: dict[str, dict[str, Record]] = {}
        self._ends: list[Callable[[], None]] = []
        self._due = False

    @property
    def path(self) -> Path | None:
        """The access file; None: there is none."""
        return self._path

    @property
    def rules(self) -> AccessRules | None:
        """The rules in force, hosts replaced by their addresses; None: there is no file."""
        return self._rules

    def load(self) -> None:
        """Read the file and put its rules into force. Raises ConfigError. Looks hosts up, which may take a while."""
        if self._path is not None:
            self._take(self._read(self._path))

    async def reload(self) -> None:
        """Read the file anew, in a thread, and tell the clients what changed. Raises ConfigError: the old stay."""
        if self._path is None:
            raise ConfigError("there is no access file; name one as epics.access_file and start again")
        self._take(await asyncio.to_thread(self._read, self._path))
        logger.info("access rules read file=%s", self._path)
        self.changed()

    def rights(self, group: str, level: int, who: PutContext) -> Rights:
        """Return what a client may do with fields of access level 0 or 1 of the PVs of a group."""
        if self._rules is None:
            return FULL
        found = self._rules.group(group)
        grant = self._rules.grant(found, level, who.user, who.ip, self.values(found))
        return Rights(grant.level >= Level.READ, grant.level >= Level.WRITE, grant.trapped)

    def values(self, group: Group) -> dict[str, float | None]:
        """Return the present value of each input of a group; None: it is INVALID or no number."""
        return {letter: _number(record) for letter, record in self._inputs.get(group.name, {}).items()}

    def _read(self, path: Path) -> AccessRules:
        return load_rules(path, self._records.keys()).resolved(_addresses)

    def _take(self, rules: AccessRules) -> None:
        for end in self._ends:
            end()
        self._rules = rules
        self._inputs = {}
        for group, letter, pv in rules.input_pvs():
            self._inputs.setdefault(group, {})[letter] = self._records[pv.removesuffix(".VAL")]
        looked_at = {record for inputs in self._inputs.values() for record in inputs.values()}
        self._ends = [watch(record, self._input_changed) for record in looked_at]

    def _input_changed(self) -> None:
        """Look again in the next turn of the loop: this is called while a record tells its clients."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._look_again)

    def _look_again(self) -> None:
        self._due = False
        self.changed()


def _number(record: Record) -> float | None:
    value = record.value
    if record.severity is Severity.INVALID or not isinstance(value, int | float):
        return None
    return float(value)


def _addresses(host: str) -> Iterable[str]:
    """Return the IPv4 addresses of a host; one that nobody knows matches nobody, and is logged."""
    with contextlib.suppress(OSError):
        return sorted({str(info[4][0]) for info in socket.getaddrinfo(host, None, socket.AF_INET)})
    logger.warning("host of an access rule not known, it matches nobody host=%s", host)
    return ()
