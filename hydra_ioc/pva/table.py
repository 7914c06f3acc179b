"""The worst plots as one table, for a screen's table widget, which needs no script then."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from p4p import Value
from p4p.nt import NTTable
from p4p.server.raw import SharedPV

from hydra_core.domain import Severity, Status
from hydra_ioc.ca import Record, watch
from hydra_ioc.health import WORST_LAST
from hydra_ioc.pva.poster import Poster

MOST = 50
"""Rows at most."""
_QUIET = (Status.GOOD, Status.OFF)
_COLUMNS = (("plot", "s"), ("status", "s"), ("severity", "s"), ("since", "s"), ("run", "i"), ("why", "s"))

Plots = Mapping[str, Mapping[str, Record]]


class WorstTable:
    """Every plot type whose STATUS says something else than GOOD or OFF, the worst first; empty when all is well.

    `titles` are the plot types' by name, `soon` has a function called in the next turn of the event loop.
    """

    def __init__(
        self, plots: Plots, titles: Mapping[str, str], soon: Callable[[Callable[[], None]], object], poster: Poster
    ) -> None:
        self._plots, self._titles, self._soon, self._poster = plots, titles, soon, poster
        self._type = NTTable(columns=list(_COLUMNS)).type
        self._due = False
        self._ends: list[Callable[[], None]] = []
        self.pv = SharedPV()

    def open(self) -> None:
        """Let clients have the table, and follow the plots from here on."""
        if not self._ends:
            self._ends = [watch(records["STATUS"], self._look_soon) for records in self._plots.values()]
            self._poster.put(partial(self.pv.open, self._value()))

    def close(self) -> None:
        """Follow the plots no more."""
        for end in self._ends:
            end()

    def _look_soon(self) -> None:
        if not self._due:
            self._due = True
            self._soon(self._look)

    def _look(self) -> None:
        self._due = False
        self._poster.put(partial(self.pv.post, self._value()))

    def _value(self) -> Value:
        rows = worst_rows(self._plots, self._titles)
        columns = {name: [row[name] for row in rows] for name, _ in _COLUMNS}
        at = max((records["STATUS"].timestamp for records in self._plots.values()), default=0.0)
        seconds, fraction = divmod(at, 1)
        stamp = {"secondsPastEpoch": int(seconds), "nanoseconds": int(fraction * 1e9)}
        labels = [name for name, _ in _COLUMNS]
        return Value(self._type, {"labels": labels, "value": columns, "timeStamp": stamp})


def worst_rows(plots: Plots, titles: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    """Return one mapping per plot type that is not well: the worst first, among equals the one that changed last."""
    ill = [name for name, records in plots.items() if _status(records) not in _QUIET]
    ill.sort(key=lambda name: (WORST_LAST.index(_status(plots[name])), plots[name]["STATUS"].timestamp), reverse=True)
    return [_row(titles[name], plots[name]) for name in ill[:MOST]]


def _status(records: Mapping[str, Record]) -> Status:
    return Status(int(records["STATUS"].value))  # type: ignore[call-overload]


def _row(title: str, records: Mapping[str, Record]) -> Mapping[str, Any]:
    status = records["STATUS"]
    return {
        "plot": title,
        "status": _status(records).name,
        "severity": Severity(status.severity).name,
        "since": f"{datetime.fromtimestamp(status.timestamp, UTC):%Y-%m-%d %H:%M:%S}Z",
        "run": records["RUN"].value,
        "why": records["MSG"].value,
    }
