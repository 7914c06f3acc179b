"""When faults come and go in a live feed: by chance from a seed, or as a command file says.

A command file has one command a line, read as lines are added:
``bad PLOT [FAULT]``, ``good PLOT``, ``auto PLOT`` (back to chance), ``silent PLOT``, ``resume PLOT``.
"""

import logging
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hydra_core.errors import UsageError
from hydra_ml.simulate.sampling import faults

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """The fault that is due: its name and the seed that keeps it in its place while it lasts."""

    fault: str
    seed: int


@dataclass(frozen=True, slots=True)
class FaultTimes:
    """Faults by chance: one about every `every` plots of a type (0: never), lasting `length` plots.

    `glitch` is the chance that any other plot has a fault of its own, for this plot only.
    """

    every: int = 30
    length: int = 6
    glitch: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.every and not 1 <= self.length < self.every:
            raise UsageError(
                f"a fault must last at least 1 plot and heal before the next: {self.length} of {self.every}"
            )
        if not 0 <= self.glitch <= 1:
            raise UsageError(f"the chance of a glitch is a fraction 0…1, not {self.glitch}")

    def due(self, plot_type: str, index: int) -> Due | None:
        """Return the fault of this type's plot number `index` (from 0), or None when it is healthy."""
        if self.every:
            block, within = divmod(index, self.every)
            dice = self._dice(plot_type, "fault", block)
            onset = int(dice.integers(1, self.every - self.length + 1))
            if onset <= within < onset + self.length:
                return self._one(plot_type, dice)
        dice = self._dice(plot_type, "glitch", index)
        return self._one(plot_type, dice) if dice.random() < self.glitch else None

    def _dice(self, plot_type: str, kind: str, number: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, zlib.crc32(f"{plot_type}/{kind}".encode()), number])

    @staticmethod
    def _one(plot_type: str, dice: np.random.Generator) -> Due:
        possible = faults(plot_type)
        return Due(possible[int(dice.integers(len(possible)))].name, int(dice.integers(2**31)))


class Commands:
    """What the command file asks for; without one (None) nothing is forced."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._read = 0
        self._forced: dict[str, Due | None] = {}
        self._silent: set[str] = set()

    def poll(self) -> None:
        """Obey the complete lines that were added since the last call; what is not understood is logged and skipped."""
        if self._path is None or not self._path.exists():
            return
        data = self._path.read_bytes()
        if len(data) < self._read:
            self._read = 0
        end = data.rfind(b"\n") + 1
        for line in data[self._read : end].decode("utf-8", "replace").splitlines():
            self._obey(line.split())
        self._read = max(self._read, end)

    def silent(self, plot_type: str) -> bool:
        """Return whether this type sends nothing."""
        return plot_type in self._silent

    def due(self, plot_type: str, by_chance: Due | None) -> Due | None:
        """Return the fault that is forced on this type, else the one by chance."""
        return self._forced.get(plot_type, by_chance)

    def _obey(self, words: list[str]) -> None:
        match words:
            case []:
                return
            case ["bad" | "good" | "auto" | "silent" | "resume" as verb, plot_type, *rest]:
                try:
                    self._apply(verb, plot_type, rest)
                except UsageError as error:
                    logger.warning("command refused", extra={"file": str(self._path), "error": str(error)})
            case _:
                logger.warning("command not understood", extra={"file": str(self._path), "line": " ".join(words)})

    def _apply(self, verb: str, plot_type: str, rest: list[str]) -> None:
        known = [fault.name for fault in faults(plot_type)]
        match verb:
            case "bad":
                name = rest[0] if rest else known[0]
                if name not in known:
                    raise UsageError(f"{plot_type} has no fault {name!r}; use one of: {', '.join(known)}")
                self._forced[plot_type] = Due(name, 0)
            case "good":
                self._forced[plot_type] = None
            case "auto":
                self._forced.pop(plot_type, None)
            case "silent":
                self._silent.add(plot_type)
            case "resume":
                self._silent.discard(plot_type)
