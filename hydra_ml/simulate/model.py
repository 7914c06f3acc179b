"""How a plot type is described: what is measured when all is well, what can break, and how it is laid out."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hydra_ml.simulate.content import BAD, NO_DATA, FaultBox, Floats, Pad
from hydra_ml.simulate.run import RunConditions

Mask = npt.NDArray[np.bool_]
Boxes = tuple[FaultBox, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """The numbers behind one plot: events seen, and one array for each histogram."""

    events: int
    counts: tuple[Floats, ...]

    def scaled(self, index: int, where: Mask, factor: Floats | float) -> "Measured":
        """Return a copy with histogram `index` multiplied by `factor` in the bins `where`."""
        return self.with_counts(index, np.where(where, self.counts[index] * factor, self.counts[index]))

    def with_counts(self, index: int, counts: Floats) -> "Measured":
        """Return a copy with histogram `index` replaced."""
        return replace(self, counts=(*self.counts[:index], counts, *self.counts[index + 1 :]))

    def thinned(self, keep: float, rng: np.random.Generator) -> "Measured":
        """Return what is left when only the fraction `keep` was recorded, with its Poisson noise."""
        thin = tuple(rng.poisson(counts * keep).astype(float) for counts in self.counts)
        return Measured(round(self.events * keep), thin)

    def emptied(self) -> "Measured":
        """Return the plot of a detector that sent nothing."""
        return Measured(0, tuple(np.zeros_like(counts) for counts in self.counts))


@dataclass(frozen=True, slots=True)
class Severity:
    """How hard a fault strikes: `asked` from 0 (subtle) to 1 (obvious); None leaves it to the fault's own chance.

    Chance gives what a person sees at once. A random number is taken in any case, so that a fault stays in its
    place whatever its severity.
    """

    asked: float | None = None

    def between(self, rng: np.random.Generator, plain: float, strong: float, faint: float | None = None) -> float:
        """Return a size: by chance from `plain` to `strong`, or as asked from `faint` (else `plain`) to `strong`."""
        drawn = float(rng.uniform(min(plain, strong), max(plain, strong)))
        if self.asked is None:
            return drawn
        start = plain if faint is None else faint
        if start > 0 and strong > 0:
            return float(start * (strong / start) ** self.asked)
        return start + self.asked * (strong - start)

    def count(self, rng: np.random.Generator, plain: int, strong: int, faint: int | None = None) -> int:
        """Return a whole number in the same way."""
        drawn = int(rng.integers(min(plain, strong), max(plain, strong) + 1))
        if self.asked is None:
            return drawn
        start = plain if faint is None else faint
        return round(float(start * (strong / start) ** self.asked))

    def share(self, least: float) -> float:
        """Return how much of the full effect shows: all of it, but down to `least` where it is subtle."""
        return 1.0 if self.asked is None else least + self.asked * (1 - least)

    def left(self) -> float:
        """Return the share of its hits that a dead channel still has: none, but down to a half where it is subtle."""
        return 0.0 if self.asked is None else max(0.0, 0.5 * (1 - self.asked / 0.6))


Damage = Callable[[Measured, np.random.Generator, Severity], tuple[Measured, Boxes]]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail. `special` is a class of its own (Cosmic, LED) for halls that have it; others call it `label`."""

    name: str
    meaning: str
    damage: Damage
    label: str = BAD
    special: str = ""

    def label_among(self, classes: tuple[str, ...]) -> str:
        """Return the label in a hall with these classes."""
        return self.special if self.special in classes else self.label


@dataclass(frozen=True, slots=True)
class PlotModel:
    """One plot type: `healthy` measures it, `pads` lays it out, `faults` break it (the plainest first)."""

    name: str
    healthy: Callable[[np.random.Generator, RunConditions], Measured]
    pads: Callable[[Measured], tuple[Pad, ...]]
    faults: tuple[Fault, ...]


def no_data(pads: int = 1) -> Fault:
    """Return the fault of a detector that sends nothing at all."""

    def damage(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
        return measured.emptied(), everywhere(pads)

    return Fault("no_data", "the whole plot is empty", damage, label=NO_DATA)


def everywhere(pads: int = 1) -> Boxes:
    """Return boxes over the whole frame of each pad."""
    return tuple(FaultBox(pad) for pad in range(pads))


def event_text(measured: Measured) -> str:
    """Return the line of text with the number of events, which means nothing to a judge."""
    return f"{measured.events} events"


def top_of(*counts: Floats, at_least: float = 1.0) -> float:
    """Return the largest count, or `at_least` where there is none."""
    return max(at_least, *(float(c.max()) for c in counts))
