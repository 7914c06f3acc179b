"""The past of one plot type as it is played again: what was judged and what else happened, compact and in order."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt

from hydra_core.domain import Episode, Event, Failure, ModelRef, Mute, Plot, Prediction, Ruled, Tick


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that happened. A judged plot has `uid`, `run`, `classes` and `scores`; all else has `event`.

    `id` orders rows, `plot_id` is the database's own.
    """

    id: int
    at: datetime
    plot_id: int = 0
    uid: str = ""
    run: int = 0
    classes: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    novelty: float = 0.0
    event: Failure | Tick | Mute | Ruled | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Of every row of a tape: the top class (index into `names`, -1: no judged plot), its score, and the novelty."""

    names: tuple[str, ...]
    top: npt.NDArray[np.int16]
    score: npt.NDArray[np.float64]
    novelty: npt.NDArray[np.float64]
    run: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tape:
    """Rows of one plot type, oldest first, and what people said of them.

    `truth` is plot_id → class that people agreed on; `incidents` are the episodes that there really were, with
    "true", "false" or "" for what somebody said of the alarm. `labelled` are the rows that have a truth, and it.
    """

    plot_type: str
    rows: Sequence[Row]
    truth: Mapping[int, str] = field(default_factory=dict)
    incidents: Sequence[tuple[Episode, str]] = ()
    columns: Columns = field(init=False)
    labelled: Sequence[tuple[int, str]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", _columns(self.rows))
        known = self.truth
        labelled = [(i, known[r.plot_id]) for i, r in enumerate(self.rows) if r.event is None and r.plot_id in known]
        object.__setattr__(self, "labelled", labelled)

    def __len__(self) -> int:
        return len(self.rows)

    def event(self, index: int) -> Event:
        """Return what `decide` is given for a row; a prediction has no more of its plot than decisions need."""
        row = self.rows[index]
        if row.event is not None:
            return row.event
        plot = Plot(row.uid, self.plot_type, row.run, 0, row.at, row.at, "", "")
        return Prediction(plot, ModelRef(self.plot_type, 0, ""), row.classes, row.scores, novelty=row.novelty)

    def events(self) -> Iterator[tuple[datetime, Event, None]]:
        """Yield the past as `hydra_core.replay` reads it."""
        for index, row in enumerate(self.rows):
            yield row.at, self.event(index), None

    def last_runs(self, runs: int) -> "Tape":
        """Return the part from the first plot of the last so many runs on; all of it when it has no more."""
        start = self._start_of(runs)
        if start == 0:
            return self
        rows = self.rows[start:]
        since = rows[0].at
        incidents = [(one, said) for one, said in self.incidents if one.ended_at is None or one.ended_at >= since]
        return Tape(self.plot_type, rows, self.truth, incidents)

    def _start_of(self, runs: int) -> int:
        judged = np.flatnonzero(self.columns.top >= 0)
        if not len(judged):
            return 0
        numbers, last = np.unique(self.columns.run[judged][::-1], return_index=True)
        newest = numbers[np.argsort(last)][:runs]
        if len(newest) == len(numbers):
            return 0
        return int(judged[np.isin(self.columns.run[judged], newest)][0])

    def index_at(self, when: datetime) -> int:
        """Return the first row at or after a time."""
        return bisect_left(self.rows, when, key=lambda row: row.at)


def _columns(rows: Sequence[Row]) -> Columns:
    names: dict[str, int] = {}
    top = np.full(len(rows), -1, np.int16)
    score, novelty = np.zeros(len(rows)), np.zeros(len(rows))
    run = np.zeros(len(rows), np.int64)
    for index, row in enumerate(rows):
        if row.event is None:
            best = max(row.scores)
            top[index] = names.setdefault(row.classes[row.scores.index(best)], len(names))
            score[index], novelty[index], run[index] = best, row.novelty, row.run
    return Columns(tuple(names), top, score, novelty, run)
