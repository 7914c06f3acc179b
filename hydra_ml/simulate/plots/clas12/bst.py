"""clas12_BST_occupancy: counts of the Silicon Vertex Tracker's strips, six layers, strip against sector."""

import numpy as np

from hydra_ml.simulate.content import Axis, Floats, Pad
from hydra_ml.simulate.model import Fault, Measured, PlotModel, no_data
from hydra_ml.simulate.plots.clas12.look import map_pad, rect
from hydra_ml.simulate.regions import Map, block, breaking, dead, gone, times, too_few, whole, worn
from hydra_ml.simulate.run import RunConditions

NAME = "clas12_BST_occupancy"
STRIPS, CHIP = 256, 128
LAYER_SECTORS = (10, 10, 14, 14, 18, 18)
PAD_OF_LAYER = (3, 0, 4, 1, 5, 2)
"""Layers 2, 4, 6 stand above layers 1, 3, 5."""
NORMAL_EVENTS = 2.0e4

_PLACES = tuple(
    Map(layer, PAD_OF_LAYER[layer], (sectors, STRIPS), (0.5, STRIPS + 0.5), (0.5, sectors + 0.5))
    for layer, sectors in enumerate(LAYER_SECTORS)
)


def _rates(layer: int, run: RunConditions) -> Floats:
    """Return expected counts (sectors, strips): bright up to strip 190, then falling to a dark edge."""
    dice = run.of_period(NAME, "strips", str(layer))
    strip, sectors = np.arange(STRIPS) + 1.0, LAYER_SECTORS[layer]
    edge = 198 + dice.uniform(-6, 6)
    fall = np.where(strip < edge, 1.0, 10 ** (-2.6 * ((strip - edge) / 58).clip(0) ** 1.2))
    rates = 620 * (1 - 0.07 * layer) * np.outer(dice.normal(1, 0.07, sectors), fall)
    rates *= dice.normal(1, 0.08, rates.shape).clip(0.5)
    known = run.of_period(NAME, "known", str(layer)), run.of_run(NAME, "new", str(layer))
    return worn(rates, (known[0], 14), (known[1], 2))


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return counts of six layers; up to 14 strips of each are known to be dead."""
    events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
    scale = events / NORMAL_EVENTS * run.level(NAME)
    return Measured(events, tuple(rng.poisson(_rates(n, run) * scale).astype(float) for n in range(6)))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return two rows of three layers."""
    layers = [PAD_OF_LAYER.index(pad) for pad in range(6)]
    return tuple(
        map_pad(
            f"BST layer {layer + 1}",
            Axis(0.5, STRIPS + 0.5, "strip", divisions=5),
            Axis(0.5, LAYER_SECTORS[layer] + 0.5, "sector", divisions=6),
            measured.counts[layer],
            rect(pad % 3, pad // 3, 3, 2),
        )
        for pad, layer in enumerate(layers)
    )


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("missing_layer", "a layer sends nothing", breaking(whole(_PLACES), gone)),
        Fault("missing_module", "a sector of a layer is dead", breaking(block(_PLACES, (1, None)), dead)),
        Fault("dead_chip", "a readout chip is dead: half a module", breaking(block(_PLACES, (1, CHIP)), dead)),
        Fault(
            "strange_chip", "a chip counts too much", breaking(block(_PLACES, (1, CHIP)), times(4, 12, 1.8, rough=0.4))
        ),
        Fault(
            "weak_module",
            "a module counts too little",
            breaking(block(_PLACES, (1, None)), times(0.2, 0.03, faint=0.7)),
        ),
        Fault("dead_strips", "32 strips are dead in all sectors", breaking(block(_PLACES, (None, 32)), dead)),
        Fault("low_statistics", "too few events: all is speckled", too_few(6, 0.004, 0.001, faint=0.02)),
        no_data(6),
    ),
)
