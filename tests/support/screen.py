"""What an operator's screen shows of a hall, read through libca."""

import base64
import itertools
from dataclasses import dataclass
from typing import Any

from hydra_core.domain import Condition, Severity, Status
from support.ca import ALARM, VALUE, CaClient, eventually
from support.hall import PATIENCE, Hall

DBR_TIME_ENUM, DBR_TIME_DOUBLE, DBR_CTRL_ENUM = 17, 20, 31


@dataclass(frozen=True)
class Shown:
    """A STATUS PV: word, severity and condition; `time` is its EPICS time stamp."""

    status: Status
    severity: Severity
    condition: Condition
    time: float = 0.0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shown) and self.alarm == other.alarm

    @property
    def alarm(self) -> tuple[Status, Severity, Condition]:
        """Everything but the time."""
        return self.status, self.severity, self.condition


GOOD = Shown(Status.GOOD, Severity.NO_ALARM, Condition.NO_ALARM)
SUSPECT = Shown(Status.SUSPECT, Severity.NO_ALARM, Condition.NO_ALARM)
BAD = Shown(Status.BAD, Severity.MAJOR, Condition.STATE)
WARN = Shown(Status.WARN, Severity.MINOR, Condition.STATE)
UNKNOWN = Shown(Status.UNKNOWN, Severity.INVALID, Condition.UDF)
OFF = Shown(Status.OFF, Severity.NO_ALARM, Condition.NO_ALARM)
STALE = Shown(Status.STALE, Severity.INVALID, Condition.TIMEOUT)
UNREADABLE = Shown(Status.ERROR, Severity.INVALID, Condition.READ)


class Screen:
    """One libca client that looks at one hall."""

    def __init__(self, hall: Hall, client: CaClient) -> None:
        self.hall = hall
        self.client = client
        self._keys = itertools.count()

    def status(self, plot: str) -> Shown:
        """Return what STATUS shows now."""
        return shown(self.client.get(self.hall.pv(plot, "STATUS"), DBR_TIME_ENUM))

    def becomes(self, plot: str, wanted: Shown) -> Shown:
        """Wait until STATUS shows this; fail if it never does."""
        seen = eventually(lambda: now if (now := self.status(plot)) == wanted else None, PATIENCE)
        assert seen, f"{plot} shows {self.status(plot)}, not {wanted}: {self.text(plot, 'MSG')}"
        return seen

    def alarm(self, plot: str, suffix: str) -> tuple[Severity, Condition]:
        """Return severity and condition of any PV."""
        got = self.client.get(self.hall.pv(plot, suffix), self._time_type(plot, suffix))
        return Severity(got["severity"]), Condition(got["status"])

    def value(self, plot: str, suffix: str) -> Any:
        """Return a PV's value: a number, text of a string PV, or a list."""
        return self.client.value(self.hall.pv(plot, suffix))

    def text(self, plot: str, suffix: str) -> str:
        """Return the text of a long string PV."""
        codes = self.value(plot, suffix)
        return bytes(codes if isinstance(codes, list) else [codes]).split(b"\0")[0].decode()

    def pixels(self, plot: str, suffix: str) -> bytes:
        """Return the bytes of a picture PV."""
        return base64.b64decode(self.value(plot, suffix)["base64"])

    def label(self, plot: str, suffix: str) -> str:
        """Return the word that an enum PV shows."""
        got = self.client.get(self.hall.pv(plot, suffix), DBR_CTRL_ENUM)
        word = got["enum_strs"][got["value"]]
        return word if isinstance(word, str) else word.decode()

    def judged(self, plot: str, data: bytes) -> Shown:
        """Drop a plot, wait until its chunk number is shown, and return STATUS."""
        chunk = self.hall.drop(plot, data)
        self.shows_chunk(plot, chunk)
        return self.status(plot)

    def shows_chunk(self, plot: str, chunk: int) -> None:
        """Wait until this chunk number is shown."""
        there = eventually(lambda: self.value(plot, "CHUNK") == chunk, PATIENCE)
        assert there, f"{plot} shows chunk {self.value(plot, 'CHUNK')}, not {chunk}: {self.text('SYS', 'MSG')}"

    def follow(self, plot: str, suffix: str = "STATUS") -> str:
        """Subscribe to value and alarm; return the key for `history`."""
        key = f"{plot} {suffix} {next(self._keys)}"
        return self.client.monitor(self.hall.pv(plot, suffix), VALUE | ALARM, key)

    def history(self, key: str) -> list[Shown]:
        """Return what a STATUS subscription was told, in order."""
        return [shown(event) for event in self.client.events(key)]

    def _time_type(self, plot: str, suffix: str) -> int:
        native = self.client.info(self.hall.pv(plot, suffix))["type"]
        return int(native) % 7 + 14


def shown(event: dict[str, Any]) -> Shown:
    """Return what a STATUS event says."""
    when = event["timestamp"] if "timestamp" in event else event["time"]
    return Shown(Status(event["value"]), Severity(event["severity"]), Condition(event["status"]), when)
