"""clas12_RICH_occupancy: hits of the RICH's pixels, two modules, a trapezoid of tiles of two or three tubes."""

import numpy as np

from hydra_ml.simulate.content import Axis, Floats, HeatMap, Outlines, Pad
from hydra_ml.simulate.model import Fault, Mask, Measured, PlotModel, Severity, no_data
from hydra_ml.simulate.plots.clas12.look import log_range, margins, rect
from hydra_ml.simulate.regions import Choose, Chosen, Effect, Map, breaking, dead, gone, hot, times, too_few, whole
from hydra_ml.simulate.run import RunConditions

NAME = "clas12_RICH_occupancy"
TUBE, PITCH = 8, 9
"""A tube has 8 x 8 pixels; the next one begins 9 pixels further on."""
ROW_TUBES = tuple(range(6, 29))
"""Tubes of each row, bottom to top."""
WIDTH, HEIGHT = 261, 207
NORMAL_EVENTS = 2.0e4

_PLACES = tuple(Map(m, m, (HEIGHT, WIDTH), (0.0, float(WIDTH)), (0.0, float(HEIGHT))) for m in (0, 1))


def _tiles() -> tuple[tuple[int, int, int], ...]:
    """Return each tile as (row, first pixel, tubes): threes as far as they go, the rest twos."""
    tiles = []
    for row, tubes in enumerate(ROW_TUBES):
        twos = -tubes % 3
        start = (WIDTH - tubes * PITCH) // 2
        for size in (*(3,) * ((tubes - 2 * twos) // 3), *(2,) * twos):
            tiles.append((row, start, size))
            start += size * PITCH
    return tuple(tiles)


TILES = _tiles()


def _mask(tile: tuple[int, int, int]) -> Mask:
    row, start, tubes = tile
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    for tube in range(tubes):
        left = start + tube * PITCH
        mask[row * PITCH : row * PITCH + TUBE, left : left + TUBE] = True
    return mask


def _outlines() -> Floats:
    corners = []
    for row, start, tubes in TILES:
        x0, y0 = start - 0.5, row * PITCH - 0.5
        x1, y1 = x0 + tubes * PITCH, y0 + PITCH
        corners.append([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    return np.array(corners, dtype=float)


_OUTLINES = _outlines()
_X, _Y = np.meshgrid((np.arange(WIDTH) - WIDTH / 2) / WIDTH, (np.arange(HEIGHT) + 0.5) / HEIGHT)


def _rates(module: int, run: RunConditions) -> Floats:
    """Return expected hits (207, 261): most in the middle; in half of the periods one tile is known to be dead."""
    dice = run.of_period(NAME, "tiles", str(module))
    glow = 12 + 240 * np.exp(-0.5 * ((_X / 0.20) ** 2 + ((_Y - 0.42) / 0.24) ** 2))
    rates: Floats = np.zeros((HEIGHT, WIDTH))
    off = int(dice.integers(len(TILES))) if dice.random() < 0.5 else -1
    for number, tile in enumerate(TILES):
        level = 0.0 if number == off else float(np.clip(dice.normal(1, 0.15), 0.6, 1.5))
        rates[_mask(tile)] = level
    rates *= glow
    return rates


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return hits of both modules."""
    events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
    scale = events / NORMAL_EVENTS * run.level(NAME)
    return Measured(events, tuple(rng.poisson(_rates(module, run) * scale).astype(float) for module in (0, 1)))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the two modules side by side."""
    return tuple(_pad(module, measured.counts[module]) for module in (0, 1))


def _pad(module: int, hits: Floats) -> Pad:
    where = rect(module, 0, 2, 1)
    return Pad(
        title=f"RICH module {module + 1}",
        x=Axis(0, WIDTH, "pixel x", divisions=5),
        y=Axis(0, HEIGHT, "pixel y", divisions=5),
        layers=(HeatMap(hits, log_range(hits), palette="jet", log=True), Outlines(_OUTLINES)),
        rect=where,
        margins=margins(where),
        z_bar=True,
        grid=True,
        look="groot",
        text_scale=0.9,
    )


def _some_tiles(plain: int, strong: int, faint: int = 1, together: bool = False) -> Choose:
    """Return a choice of single tiles of a module, or (`together`) of as many that neighbour each other."""

    def choose(m: Measured, rng: np.random.Generator, severity: Severity) -> Chosen:
        place, wanted = _PLACES[int(rng.integers(2))], severity.count(rng, plain, strong, faint)
        order = rng.permutation(len(TILES))
        if together:
            centres = np.array([(row * PITCH, start + tubes * PITCH / 2) for row, start, tubes in TILES])
            order = np.argsort(np.hypot(*(centres - centres[order[0]]).T), kind="stable")
        masks = [_mask(TILES[int(n)]) for n in order]
        struck = [mask for mask in masks if (m.counts[place.index][mask] > 0).any()][:wanted]
        return [(place, np.logical_or.reduce(struck))] if together else [(place, mask) for mask in struck]

    return choose


_WEAK: Effect = times(0.2, 0.03, faint=0.7)
PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("missing_module", "a module sends nothing", breaking(whole(_PLACES), gone)),
        Fault("dead_group", "5-15 neighbouring tiles are dead", breaking(_some_tiles(5, 15, 3, together=True), dead)),
        Fault("dead_tiles", "several tiles are dead, all over", breaking(_some_tiles(3, 9, 2), dead)),
        Fault("hot_tile", "a tile outshines all others", breaking(_some_tiles(1, 2), hot(2, 10, faint=1.2))),
        Fault(
            "weak_group", "5-15 neighbouring tiles count too little", breaking(_some_tiles(5, 15, together=True), _WEAK)
        ),
        Fault("low_statistics", "too few events: all is speckled", too_few(2, 0.006, 0.002, faint=0.03)),
        no_data(2),
    ),
)
