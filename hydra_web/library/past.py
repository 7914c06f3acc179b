"""The past that the simulator plays: read once, brought up to date when it is asked for again, and soon forgotten."""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hydra_core.domain import Policy
from hydra_core.simulator import Row, Simulation, Tape, simulate
from hydra_core.store.library import LibraryStore

MOST_ROWS = 100_000
"""Of the newest things that happened so many are played at most: months of a busy plot type."""
KEPT = 3
"""Plot types whose past is kept: each takes some 60 MB at most."""
FRESH = 10.0
"""Seconds until a past that is used is looked up again."""
REMEMBERED = 8
"""Results that are remembered of a plot type: those of the rules in force are asked for with every move of a slider."""


@dataclass(slots=True)
class _Kept:
    rows: Sequence[Row]
    read_at: float
    tapes: dict[int, Tape] = field(default_factory=dict)
    results: list[tuple[int, Policy, Simulation]] = field(default_factory=list)


class Pasts:
    """The pasts of the plot types that somebody simulates. May be asked from several threads; one plays at a time."""

    def __init__(self, store: LibraryStore, most: int = MOST_ROWS) -> None:
        self._store = store
        self._most = most
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def play(self, plot_type: str, runs: int, *policies: Policy) -> tuple[Tape, list[Simulation]]:
        """Return the last runs of a plot type and what each set of rules would have made of them. Raises StoreError."""
        with self._lock:
            kept = self._fresh(plot_type)
            tape = kept.tapes.get(runs)
            if tape is None:
                tape = kept.tapes[runs] = self._tape(plot_type, kept.rows).last_runs(runs)
            return tape, [self._played(kept, runs, tape, policy) for policy in policies]

    def _played(self, kept: _Kept, runs: int, tape: Tape, policy: Policy) -> Simulation:
        known = next((found for many, one, found in kept.results if many == runs and one == policy), None)
        if known is None:
            known = simulate(tape, policy, lambda _: policy)
            kept.results = [*kept.results, (runs, policy, known)][-REMEMBERED:]
        return known

    def _fresh(self, plot_type: str) -> _Kept:
        """Return what is kept of a plot type, with what has happened since when it is not fresh."""
        kept = self._kept.pop(plot_type, None)
        if kept is None or time.monotonic() - kept.read_at > FRESH:
            before = kept.rows if kept is not None else ()
            new = self._store.tape_rows(plot_type, self._most, before[-1].id if before else 0)
            kept = _Kept([*before, *new][-self._most :], time.monotonic())
        self._kept[plot_type] = kept
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return kept

    def _tape(self, plot_type: str, rows: Sequence[Row]) -> Tape:
        since = rows[0].at if rows else datetime.now(UTC)
        return Tape(plot_type, rows, self._store.truths(plot_type), self._store.past_incidents(plot_type, since))
