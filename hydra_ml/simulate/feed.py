"""A live feed: plots arrive in a directory as from the detector's own producer, faults come and go.

Each picture is written as ``tmp_canvas_<pid>.png`` and renamed to ``Run<run>/<plot>_<chunk>.png`` when it is complete.
"""

import json
import logging
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from hydra_core.errors import UsageError
from hydra_ml.simulate.drawing import Renderer, draw, png
from hydra_ml.simulate.run import RunConditions
from hydra_ml.simulate.sampling import model_of, sample
from hydra_ml.simulate.schedule import Commands, FaultTimes
from hydra_ml.simulate.style import Style

logger = logging.getLogger(__name__)

FIRST_RUN = 121001
POLL = 0.1
"""Seconds between looks at the clock, the command file and the stop sign while waiting."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What one picture of the feed really shows: a line of ``truth.jsonl``.

    `at` is ISO 8601 UTC; an empty `fault` means healthy; `file` is relative to the feed's directory.
    """

    at: str
    plot: str
    run: int
    chunk: int
    label: str
    fault: str
    file: str


class Feed:
    """Plot types taking turns, one picture each `period` seconds per type.

    `chunks_per_run` pictures of a type make a run. A directory that has runs already gets the next number, and a
    `style` given fixes the looks, which else change from run to run. `truth` and `command_file` are
    ``truth.jsonl`` in `out`, and none, unless told otherwise. `severity` is that of every fault (None: by chance) and
    `renderer` draws instead of Matplotlib. Raises UsageError for an unknown plot type.
    """

    def __init__(
        self,
        out: Path,
        plot_types: Sequence[str],
        seed: int = 0,
        period: float = 8.0,
        faults: FaultTimes | None = None,
        chunks_per_run: int = 500,
        first_run: int = FIRST_RUN,
        style: Style | None = None,
        command_file: Path | None = None,
        truth: Path | None = None,
        severity: float | None = None,
        renderer: Renderer | None = None,
    ) -> None:
        if not plot_types or period < 0 or chunks_per_run < 1:
            raise UsageError("a feed needs at least one plot type, a period of 0 s or more and 1 chunk a run or more")
        self._types = tuple(model_of(name).name for name in plot_types)
        self._out, self._seed, self._period, self._style = out, seed, period, style
        self._faults = faults or FaultTimes(seed=seed)
        self._per_run = chunks_per_run
        self._first_run = max([first_run, *(run + 1 for run in _runs_in(out))])
        self._truth = truth or out / "truth.jsonl"
        self._commands = Commands(command_file)
        self._severity, self._renderer = severity, renderer
        self._turns = 0
        self._sent: Counter[str] = Counter()

    def run(self, stop: threading.Event, seconds: float | None = None) -> int:
        """Send pictures until `stop` is set or `seconds` are over; return how many were sent. Blocks."""
        started = time.monotonic()
        end = float("inf") if seconds is None else started + seconds
        sent, due = 0, started
        logger.info("feed started", extra={"directory": str(self._out), "run": self._first_run, "period": self._period})
        while not stop.is_set() and time.monotonic() < end:
            self._commands.poll()
            wait = min(due, end) - time.monotonic()
            if wait > 0:
                stop.wait(min(wait, POLL))
                continue
            sent += self.step() is not None
            # After a standstill the feed goes on from now: a real experiment does not send the past either.
            due = max(due + self._period / len(self._types), time.monotonic() - self._period)
        logger.info("feed stopped", extra={"directory": str(self._out), "sent": sent})
        return sent

    def step(self) -> Truth | None:
        """Send the next type's picture and return the truth about it; None when that type is silent."""
        plot_type = self._types[self._turns % len(self._types)]
        self._turns += 1
        self._commands.poll()
        if self._commands.silent(plot_type):
            return None
        index = self._sent[plot_type]
        self._sent[plot_type] += 1
        return self._send(plot_type, index)

    def _send(self, plot_type: str, index: int) -> Truth:
        run_index, chunk = index // self._per_run, index % self._per_run + 1
        run = RunConditions(self._first_run + run_index, self._seed)
        due = self._commands.due(plot_type, self._faults.due(plot_type, index))
        rng = np.random.default_rng([self._seed, run.run, self._types.index(plot_type), index])
        content = (
            sample(
                plot_type,
                rng,
                run=run,
                fault=due.fault,
                fault_rng=np.random.default_rng(due.seed),
                severity=self._severity,
            )
            if due
            else sample(plot_type, rng, run=run, label="Good")
        )
        name = f"Run{run.run:06d}/{plot_type}_{chunk:04d}.png"
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        truth = Truth(now, plot_type, run.run, chunk, content.label, content.fault, name)
        style = self._style or run.style()
        drawn = self._renderer.draw(content, style, style.size) if self._renderer else draw(content, style)
        self._deliver(png(drawn), truth)
        return truth

    def _deliver(self, data: bytes, truth: Truth) -> None:
        """Write the picture aside, note the truth, and only then give the picture its name."""
        path = self._out / truth.file
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f"tmp_canvas_{os.getpid()}.png")
        aside.write_bytes(data)
        self._truth.parent.mkdir(parents=True, exist_ok=True)
        with self._truth.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(truth)) + "\n")
        aside.replace(path)


def _runs_in(out: Path) -> list[int]:
    """Return the numbers of the runs that a directory holds."""
    found = (re.fullmatch(r"Run(\d+)", path.name) for path in (out.iterdir() if out.is_dir() else ()))
    return [int(match[1]) for match in found if match]
