"""clas12_RF_difference: time differences of the accelerator's RF signals as two channels measure them."""

import numpy as np

from hydra_ml.simulate.content import Axis, Floats, Pad
from hydra_ml.simulate.model import Boxes, Fault, Measured, PlotModel, Severity, everywhere, no_data, top_of
from hydra_ml.simulate.plots.clas12.look import BLUE, BROWN, GREEN, step_pad
from hydra_ml.simulate.regions import too_few
from hydra_ml.simulate.run import RunConditions

NAME = "clas12_RF_difference"
DIFFERENCE, RF1, RF2 = range(3)
TITLES = ("RF1 - RF2 time difference", "RF1 difference to the next pulse", "RF2 difference to the next pulse")
COLOURS = (BROWN, GREEN, BLUE)
PERIOD = 80.16
"""Nanoseconds between the RF pulses that are recorded."""
CENTRES = (0.0, PERIOD, PERIOD)
RANGE, BINS = 1.0, 120
RECTS = ((0.0, 0.45, 1.0, 1.0), (0.0, 0.0, 0.5, 0.45), (0.5, 0.0, 1.0, 0.45))
ENTRIES = 4.0e4

_EDGES = np.linspace(-RANGE, RANGE, BINS + 1)
_TIME = (_EDGES[:-1] + _EDGES[1:]) / 2


def _peak(centre: float, width: float, floor: float = 2e-4) -> Floats:
    shape: Floats = np.exp(-0.5 * ((_TIME - centre) / width) ** 2) + floor
    return shape / float(shape.sum())


def _widths(run: RunConditions) -> Floats:
    widths: Floats = np.array([0.075, 0.05, 0.055]) * run.of_period(NAME, "widths").uniform(0.9, 1.15, 3)
    return widths


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return three narrow peaks; the difference drifts by up to 0.06 ns from run to run."""
    entries = ENTRIES * rng.uniform(0.9, 1.1) * run.level(NAME)
    centres = run.of_run(NAME, "drift").uniform(-0.06, 0.06, 3) * np.array([1.0, 0.2, 0.2])
    peaks = [_peak(float(c), float(w)) for c, w in zip(centres, _widths(run), strict=True)]
    return Measured(int(entries), tuple(rng.poisson(entries * peak).astype(float) for peak in peaks))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the difference above, each channel's period below."""
    return tuple(
        step_pad(
            TITLES[n],
            Axis(CENTRES[n] - RANGE, CENTRES[n] + RANGE, "time (ns)", divisions=8 if n == DIFFERENCE else 4),
            Axis(0.0, 1.2 * top_of(counts), "counts", divisions=4),
            _EDGES + CENTRES[n],
            counts,
            COLOURS[n],
            RECTS[n],
            text_scale=0.85,
        )
        for n, counts in enumerate(measured.counts)
    )


def _redrawn(m: Measured, rng: np.random.Generator, shapes: dict[int, Floats]) -> tuple[Measured, Boxes]:
    for n, shape in shapes.items():
        m = m.with_counts(n, rng.poisson(m.counts[n].sum() * shape).astype(float))
    return m, tuple(everywhere(3)[n] for n in shapes)


def _offset(rng: np.random.Generator, severity: Severity) -> float:
    return float(rng.choice([-1, 1])) * severity.between(rng, 0.25, 0.8, faint=0.13)


def _shifted(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _redrawn(m, rng, {DIFFERENCE: _peak(_offset(rng, severity), 0.075)})


def _double(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    share, by = severity.between(rng, 0.15, 0.5, faint=0.04), _offset(rng, Severity(1.0))
    return _redrawn(m, rng, {DIFFERENCE: (1 - share) * _peak(0.0, 0.075) + share * _peak(by, 0.075)})


def _broad(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    channel, width = int(rng.choice([RF1, RF2])), severity.between(rng, 0.16, 0.4, faint=0.1)
    shapes = {DIFFERENCE: _peak(0.0, np.hypot(width, 0.05)), channel: _peak(0.0, width)}
    return _redrawn(m, rng, shapes)


def _missing(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    channel = int(rng.choice([RF1, RF2]))
    for n in (DIFFERENCE, channel):
        m = m.with_counts(n, np.zeros(BINS))
    return m, (everywhere(3)[DIFFERENCE], everywhere(3)[channel])


def _background(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    floor = severity.between(rng, 0.08, 0.5, faint=0.015)
    return _redrawn(m, rng, {n: _peak(0.0, 0.075, floor) for n in range(3)})


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("shifted", "the difference drifted away from 0", _shifted),
        Fault("double_peak", "a second peak stands beside the first: wrong bucket", _double),
        Fault("broad", "one channel is unsteady: its peak is broad, and so is the difference", _broad),
        Fault("missing_channel", "one channel is missing, and with it the difference", _missing),
        Fault("background", "a flat background lies under the peaks", _background),
        Fault("low_statistics", "too few entries: the peaks are ragged", too_few(3, 0.006, 0.001, faint=0.02)),
        no_data(3),
    ),
)
