"""bad_hits: hits that the readout marked as bad, by detector and reason. Empty is Good; any cell is Bad."""

import numpy as np

from hydra_ml.simulate.content import Axis, FaultBox, HeatMap, Pad
from hydra_ml.simulate.model import Boxes, Fault, Measured, PlotModel, Severity, event_text, top_of
from hydra_ml.simulate.run import RunConditions

NAME = "bad_hits"
DETECTORS = ("CDC", "FDC", "BCAL", "FCAL", "ECAL", "ST", "TOF", "PS", "PSC", "TAGH", "TAGM", "TPOL", "RF", "DIRC")
REASONS = ("no pulse", "overflow", "underflow", "unsorted", "bad pedestal", "bad quality", "bad word", "late")


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return no bad hit at all."""
    return Measured(int(rng.normal(5.6e5, 4e3) * run.level(NAME)), (np.zeros((len(REASONS), len(DETECTORS))),))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the one pad."""
    hits = measured.counts[0]
    return (
        Pad(
            title="Bad hits",
            subtitle=event_text(measured),
            x=Axis(0, len(DETECTORS), labels=DETECTORS, vertical_labels=True, ticks=False),
            y=Axis(0, len(REASONS), labels=REASONS, ticks=False, text_scale=0.8),
            layers=(HeatMap(hits, (0.0, top_of(hits))),),
            margins=(0.18, 0.13, 0.14, 0.12),
            z_bar=True,
            grid=True,
        ),
    )


def _filled(m: Measured, rng: np.random.Generator, cells: list[tuple[int, int]]) -> Measured:
    """Return the plot with bad hits in cells (row, column), similar in number."""
    hits, level = m.counts[0].copy(), float(rng.choice([1, 5, 60, 3000]))
    for row, column in cells:
        hits[row, column] = 1 + rng.poisson(level)
    return m.with_counts(0, hits)


def _detector(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    column = int(rng.integers(len(DETECTORS)))
    cells = [(row, column) for row in range(len(REASONS))]
    return _filled(m, rng, cells), (FaultBox(0, x0=column, x1=column + 1),)


def _reason(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    row = int(rng.integers(len(REASONS)))
    cells = [(row, column) for column in range(len(DETECTORS))]
    return _filled(m, rng, cells), (FaultBox(0, y0=row, y1=row + 1),)


def _cells(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    chosen = rng.permutation(len(REASONS) * len(DETECTORS))[: severity.count(rng, 1, 4)]
    cells = [divmod(int(cell), len(DETECTORS)) for cell in chosen]
    return _filled(m, rng, cells), tuple(FaultBox(0, c, r, c + 1, r + 1) for r, c in cells)


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("detector", "one detector has bad hits for every reason", _detector),
        Fault("cells", "one to four cells are filled", _cells),
        Fault("reason", "all detectors have bad hits for one reason", _reason),
    ),
)
