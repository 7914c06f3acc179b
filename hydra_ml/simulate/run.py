"""What all plots of one run have in common: level, known-dead channels, looks."""

import zlib
from dataclasses import dataclass

import numpy as np

from hydra_ml.simulate.style import Style

RUNS_PER_PERIOD = 1000


@dataclass(frozen=True, slots=True)
class RunConditions:
    """One run of a simulated experiment: the same `run` and `seed` always give the same conditions.

    Known-dead channels and looks are fixed for a run period (1000 run numbers); the level for a run.
    """

    run: int
    seed: int = 0

    @property
    def period(self) -> int:
        """Return the run period's number."""
        return self.run // RUNS_PER_PERIOD

    def of_run(self, *about: str) -> np.random.Generator:
        """Return a generator that is the same for everything asked `about` the same thing in this run."""
        return self._generator(1, self.run, about)

    def of_period(self, *about: str) -> np.random.Generator:
        """Return a generator that is the same for everything asked `about` the same thing in this run period."""
        return self._generator(2, self.period, about)

    def level(self, plot_type: str) -> float:
        """Return this run's rate relative to the normal one, within ±20 %."""
        return float(self.of_run(plot_type, "level").uniform(0.82, 1.18))

    def style(self) -> Style:
        """Return the looks of pictures in this run period: software changes between periods, not between runs."""
        return Style.sample(self.of_period("style"))

    def _generator(self, kind: int, number: int, about: tuple[str, ...]) -> np.random.Generator:
        return np.random.default_rng([self.seed, kind, number, zlib.crc32("/".join(about).encode())])
