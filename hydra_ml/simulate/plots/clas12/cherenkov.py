"""clas12_HTCC_occupancy and clas12_LTCC_occupancy: counts of the Cherenkov counters' tubes."""

from dataclasses import dataclass

import numpy as np

from hydra_ml.simulate.content import Axis, Floats, Pad
from hydra_ml.simulate.model import Measured, PlotModel
from hydra_ml.simulate.plots.clas12.counters import counter_faults
from hydra_ml.simulate.plots.clas12.look import map_pad
from hydra_ml.simulate.regions import Map, worn
from hydra_ml.simulate.run import RunConditions

NORMAL_EVENTS = 2.0e4
WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Counter:
    """`columns` x `rows` tubes; some columns are not equipped, and up to `known` tubes are known to be dead."""

    name: str
    title: str
    columns: int
    rows: int
    axes: tuple[str, str]
    level: float
    missing: tuple[int, ...]
    known: int

    @property
    def place(self) -> Map:
        """Return where the histogram stands."""
        return Map(0, 0, (self.rows, self.columns), (0.5, self.columns + 0.5), (0.5, self.rows + 0.5))

    def shape(self) -> Floats:
        """Return the mean of each row: most in the middle rings."""
        at = (np.arange(self.rows) + 0.5) / self.rows
        shape: Floats = 0.35 + np.exp(-0.5 * ((at - 0.4) / 0.3) ** 2)
        return shape

    def healthy(self, rng: np.random.Generator, run: RunConditions) -> Measured:
        """Return counts of all tubes."""
        events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
        dice = run.of_period(self.name, "tubes")
        rates = self.level * np.outer(self.shape(), dice.normal(1, 0.08, self.columns))
        rates *= dice.lognormal(0, 0.22, rates.shape) * events / NORMAL_EVENTS * run.level(self.name)
        rates[:, list(self.missing)] = 0
        rates = worn(rates, (run.of_period(self.name, "known"), self.known), (run.of_run(self.name, "new"), 1))
        return Measured(events, (rng.poisson(rates).astype(float),))

    def pads(self, measured: Measured) -> tuple[Pad, ...]:
        """Return the one pad."""
        x = Axis(0.5, self.columns + 0.5, self.axes[0], divisions=self.columns)
        y = Axis(0.5, self.rows + 0.5, self.axes[1], divisions=self.rows)
        return (map_pad(f"{self.title} occupancy", x, y, measured.counts[0], WHOLE, text_scale=1.0),)


def _plot(counter: Counter, board: tuple[int, int], many: tuple[int, int], columns: int) -> PlotModel:
    faults = counter_faults(
        (counter.place,),
        1,
        board=board,
        channel="tube",
        dead_channels=many,
        sector=(None, columns),
        low=(0.004, 0.001, 0.03),
    )
    return PlotModel(counter.name, counter.healthy, counter.pads, faults)


HTCC = _plot(
    Counter("clas12_HTCC_occupancy", "HTCC", 6, 8, ("sector", "half-sector ring"), 2500.0, missing=(), known=1),
    board=(4, 1), many=(3, 8), columns=1,
)  # fmt: skip
LTCC = _plot(
    Counter("clas12_LTCC_occupancy", "LTCC", 12, 18, ("sector side", "segment"), 900.0, missing=(0, 1, 6, 7), known=5),
    board=(6, 1), many=(8, 25), columns=2,
)  # fmt: skip
