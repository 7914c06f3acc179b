"""clas12_ECAL_occupancy: counts of the Electromagnetic Calorimeter's strips, three modules by three views."""

import numpy as np

from hydra_ml.simulate.content import Axis, Floats, Pad
from hydra_ml.simulate.model import Measured, PlotModel
from hydra_ml.simulate.plots.clas12.counters import counter_faults
from hydra_ml.simulate.plots.clas12.look import SECTORS, map_pad, rect, sectors
from hydra_ml.simulate.regions import Map, worn
from hydra_ml.simulate.run import RunConditions

NAME = "clas12_ECAL_occupancy"
MODULES = (("PCAL", (68, 62, 62)), ("ECin", (36, 36, 36)), ("ECout", (36, 36, 36)))
VIEWS = "UVW"
SECTOR_STEPS = (1.0, 0.95, 1.05, 1.35, 0.62, 1.0)
"""How the sectors of the inner and outer module differ; accepted as Good."""
NORMAL_EVENTS = 2.0e4

_PLACES = tuple(
    Map(3 * m + v, 3 * m + v, (strips, SECTORS), (0.5, SECTORS + 0.5), (0.5, strips + 0.5))
    for m, (_, views) in enumerate(MODULES)
    for v, strips in enumerate(views)
)


def _rates(module: int, view: int, run: RunConditions) -> Floats:
    """Return expected counts (strips, sectors): PCAL's U even, V and W rising, the others stepped by sector."""
    strips = MODULES[module][1][view]
    at = (np.arange(strips) + 0.5) / strips
    if module == 0:
        shape = 5000 * (0.7 + 0.3 * at) if view == 0 else 7000 * 10 ** (-1.9 * (1 - at) ** 1.3)
        steps = np.ones(SECTORS)
    else:
        shape = (2600, 1300)[module - 1] * 10 ** (-0.7 * (1 - at))
        steps = np.array(SECTOR_STEPS)
    dice = run.of_period(NAME, "strips", str(module), str(view))
    rates = np.outer(shape, steps * dice.normal(1, 0.05, SECTORS)) * dice.normal(1, 0.06, (strips, SECTORS)).clip(0.6)
    known = run.of_period(NAME, "known", str(module), str(view)), run.of_run(NAME, "new", str(module), str(view))
    return worn(rates, (known[0], strips // 16), (known[1], strips // 60))


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return counts of nine views; a few strips are known to be dead."""
    events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
    scale = events / NORMAL_EVENTS * run.level(NAME)
    rates = [_rates(module, view, run) for module in range(3) for view in range(3)]
    return Measured(events, tuple(rng.poisson(r * scale).astype(float) for r in rates))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return three rows (PCAL, inner, outer) of three views."""
    return tuple(
        map_pad(
            f"{module} {VIEWS[v]}",
            sectors(),
            Axis(0.5, strips + 0.5, "strip", divisions=5),
            measured.counts[3 * m + v],
            rect(v, m, 3, 3),
            text_scale=0.7,
        )
        for m, (module, views) in enumerate(MODULES)
        for v, strips in enumerate(views)
    )


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    counter_faults(_PLACES, 9, board=(16, 1), channel="strip", dead_channels=(10, 40), whole_pad="a view"),
)
