"""RF_TPOL_occupancy: counts of the RF signal in four systems, and of the Triplet Polarimeter's 32 sectors."""

import numpy as np

from hydra_ml.simulate.content import Axis, Bars, Pad, stats_of
from hydra_ml.simulate.model import Fault, Measured, PlotModel, event_text, no_data, top_of
from hydra_ml.simulate.regions import Row, block, breaking, dead, every, gone, hot, same_in, times, too_few
from hydra_ml.simulate.run import RunConditions

NAME = "RF_TPOL_occupancy"
SYSTEMS = ("FDC", "PSC", "TAGH", "TOF")
CUTS = (("TPOL raw", 1.0), ("TPOL waveform<150", 0.55), ("TPOL amp>50", 0.12))
"""Titles of the three pads and the share of hits that each keeps."""
SECTORS = 32
BLUE, ORANGE = (0.25, 0.35, 1.0), (1.0, 0.65, 0.0)
NORMAL_EVENTS = 2.0e5

_SECTOR = np.arange(1.0, SECTORS + 1)
_RF = (Row(0, 0, len(SYSTEMS), 0.0),)
_TPOL = tuple(Row(1 + cut, 1 + cut, SECTORS, 0.5) for cut in range(len(CUTS)))


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return four equal counts of the RF and three ragged histograms of the polarimeter."""
    events = int(NORMAL_EVENTS * rng.uniform(0.95, 1.05))
    dice = run.of_period(NAME, "sectors")
    scale = events / NORMAL_EVENTS
    sectors = 2600 * dice.normal(1, 0.16, SECTORS).clip(0.6, 1.45) * scale * run.level(NAME)
    rf = np.full(len(SYSTEMS), 1.9e5) * dice.normal(1, 0.015, len(SYSTEMS)) * scale
    cuts = [sectors * share * dice.normal(1, 0.05, SECTORS) for _, share in CUTS]
    return Measured(events, tuple(rng.poisson(r).astype(float) for r in (rf, *cuts)))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the RF above and the three pads of the polarimeter in a row below."""
    rf = measured.counts[0]
    return (
        Pad(
            title="RF occupancy",
            subtitle=event_text(measured),
            x=Axis(0, len(SYSTEMS), labels=SYSTEMS, ticks=False, text_scale=1.3),
            y=Axis(0.0, 1.15 * top_of(rf), "counts", divisions=5),
            layers=(Bars(np.arange(len(SYSTEMS), dtype=float), rf, 1.0, BLUE, edge=3.0),),
            rect=(0.0, 0.5, 1.0, 1.0),
            margins=(0.11, 0.05, 0.12, 0.16),
        ),
        *(_tpol_pad(cut, measured) for cut in range(len(CUTS))),
    )


def _tpol_pad(cut: int, measured: Measured) -> Pad:
    counts = measured.counts[1 + cut]
    return Pad(
        title=CUTS[cut][0],
        x=Axis(0.5, SECTORS + 0.5, "sector", divisions=4),
        y=Axis(0.0, 1.5 * top_of(counts), divisions=5),
        layers=(Bars(_SECTOR - 0.5, counts, 1.0, ORANGE, edge=1.6),),
        rect=(cut / 3, 0.0, (cut + 1) / 3, 0.5),
        margins=(0.19, 0.05, 0.16, 0.12),
        stats=stats_of(f"tpol_{cut}", _SECTOR, counts),
        stats_shown=True,
        text_scale=0.8,
    )


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("missing_rf", "the RF is missing in one system", breaking(block(_RF, (None, 1)), dead)),
        Fault(
            "weak_rf", "the RF is seen too seldom in one system", breaking(block(_RF, (None, 1)), times(0.7, 0.2, 0.9))
        ),
        Fault("missing_group", "8 sectors are missing", breaking(same_in(_TPOL, block(_TPOL[:1], (None, 8))), dead)),
        Fault("missing_sector", "a sector is missing", breaking(same_in(_TPOL, block(_TPOL[:1], (None, 1))), dead)),
        Fault(
            "hot_sector",
            "a sector counts far too much",
            breaking(same_in(_TPOL, block(_TPOL[:1], (None, 1))), hot(1.6, 6.0, faint=1.1)),
        ),
        Fault("missing_tpol", "all of the polarimeter is missing", breaking(every(_TPOL), gone)),
        Fault("low_statistics", "too few events: all bars are ragged", too_few(4, 0.003, 0.0005, faint=0.02)),
        no_data(4),
    ),
)
