"""RF_TOF_selftiming: time differences of the accelerator's RF signal in four readout systems, log scale."""

import numpy as np

from hydra_ml.simulate.content import Axis, FaultBox, Floats, Pad, Steps, stats_of
from hydra_ml.simulate.model import Boxes, Fault, Measured, PlotModel, Severity, everywhere, no_data, top_of
from hydra_ml.simulate.run import RunConditions

NAME = "RF_TOF_selftiming"
SYSTEMS = ("FDC", "TOF", "TAGH", "PSC")
CORE = (0.075, 0.030, 0.055, 0.065)
"""Width of the peak (standard deviation, ns), as in SYSTEMS."""
RANGE, FINE_BINS, REBIN = 2.2, 1100, 12
BLUE = (0.0, 0.0, 0.6)
NORMAL_EVENTS = 4.0e5

BINS = FINE_BINS // REBIN
_EDGES = np.linspace(-RANGE, RANGE, BINS + 1)
_TIME = (_EDGES[:-1] + _EDGES[1:]) / 2
_STEP = float(_EDGES[1] - _EDGES[0])


def _peak(core: float) -> Floats:
    """Return the share of each bin: a narrow core, a broad tail, and next to nothing in between."""
    core = max(core, 0.6 * _STEP)
    parts = ((0.985, core), (0.014, 4.5 * core), (0.001, 16 * core))
    shape: Floats = np.full(BINS, 2e-5)
    for weight, width in parts:
        shape += weight / width * np.exp(-0.5 * (_TIME / width) ** 2)
    return shape / float(shape.sum())


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return four narrow peaks at 0 with tails over four decades."""
    dice = run.of_period(NAME, "widths")
    events = int(NORMAL_EVENTS * rng.uniform(0.85, 1.15) * run.level(NAME))
    widths = np.array(CORE) * dice.uniform(0.9, 1.15, 4)
    return Measured(events, tuple(rng.poisson(events * _peak(width)).astype(float) for width in widths))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return four pads, two by two."""
    return tuple(_pad(index, measured.counts[index]) for index in range(4))


def _pad(index: int, counts: Floats) -> Pad:
    column, row = index % 2, index // 2
    return Pad(
        title=f"{SYSTEMS[index]} RF self-timing",
        x=Axis(-RANGE, RANGE, "\N{GREEK CAPITAL LETTER DELTA}t (ns)", divisions=5),
        y=Axis(0.5, 3 * top_of(counts), log=True),
        layers=(Steps(_EDGES, counts, BLUE),),
        rect=(0.5 * column, 0.5 - 0.5 * row, 0.5 + 0.5 * column, 1.0 - 0.5 * row),
        margins=(0.12, 0.06, 0.15, 0.12),
        stats=stats_of(f"RF_{SYSTEMS[index]}", _TIME, counts),
        stats_shown=True,
    )


def _some(rng: np.random.Generator) -> tuple[int, ...]:
    """Return one system, or all of them (a fault of the RF itself)."""
    return (0, 1, 2, 3) if rng.random() < 0.3 else (int(rng.integers(4)),)


def _replaced(m: Measured, counts: dict[int, Floats]) -> Measured:
    for index, values in counts.items():
        m = m.with_counts(index, values)
    return m


def _moved(counts: Floats, by: int) -> Floats:
    """Return the histogram shifted by bins; what leaves the range is lost, what enters is empty."""
    out = np.zeros_like(counts)
    if by >= 0:
        out[by:] = counts[: BINS - by]
    else:
        out[:by] = counts[-by:]
    return out


def _offset(rng: np.random.Generator, severity: Severity) -> int:
    return int(rng.choice([-1, 1])) * round(severity.between(rng, 0.35, 2.0, faint=0.1) / _STEP)


def _shifted(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    which, by = _some(rng), _offset(rng, severity)
    return _replaced(m, {i: _moved(m.counts[i], by) for i in which}), tuple(FaultBox(i) for i in which)


def _double(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    which, by, share = _some(rng), _offset(rng, severity), severity.between(rng, 0.1, 0.6, faint=0.02)
    counts = {i: np.round(m.counts[i] * (1 - share) + _moved(m.counts[i], by) * share) for i in which}
    return _replaced(m, counts), tuple(FaultBox(i) for i in which)


def _broad(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    which, width = _some(rng), severity.between(rng, 0.25, 0.9, faint=0.13)
    shape = np.exp(-0.5 * (_TIME / width) ** 2) + 1e-4
    counts = {i: rng.poisson(m.counts[i].sum() * shape / shape.sum()).astype(float) for i in which}
    return _replaced(m, counts), tuple(FaultBox(i) for i in which)


def _missing(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    which = rng.choice(4, severity.count(rng, 1, 3), replace=False)
    return _replaced(m, {int(i): np.zeros(BINS) for i in which}), tuple(FaultBox(int(i)) for i in sorted(which))


def _background(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    which, share = _some(rng), severity.between(rng, 0.03, 0.3, faint=0.004)
    noise = {i: rng.poisson(m.counts[i].sum() * share / BINS, BINS) for i in which}
    return _replaced(m, {i: m.counts[i] + noise[i] for i in which}), tuple(FaultBox(i) for i in which)


def _low_statistics(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return m.thinned(severity.between(rng, 0.0003, 0.00005, faint=0.003), rng), everywhere(4)


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("shifted", "the peak of one system or of all is not at 0", _shifted),
        Fault("double_peak", "a second peak stands beside the first", _double),
        Fault("broad", "the peak is broad", _broad),
        Fault("missing_system", "one to three systems are empty", _missing),
        Fault("background", "a flat background lies under the peak", _background),
        Fault("low_statistics", "too few entries to see the tails", _low_statistics),
        no_data(4),
    ),
)
