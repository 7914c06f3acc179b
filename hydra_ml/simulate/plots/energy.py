"""Kinematics-PSEnergy: the beam photon's energy in the Pair Spectrometer. A diamond's sharp edge is Good."""

import numpy as np

from hydra_ml.simulate.content import Axis, ErrorBars, FaultBox, Floats, Note, Pad
from hydra_ml.simulate.model import Boxes, Fault, Measured, PlotModel, Severity, everywhere, no_data, top_of
from hydra_ml.simulate.run import RunConditions

NAME = "Kinematics-PSEnergy"
LOW, HIGH, STEP = 6.0, 12.0, 0.02
BLUE = (0.0, 0.0, 0.6)
PAIRS = 2.5e5
EDGE = 8.8
"""Where the coherent peak of a well-set diamond ends, in GeV."""

_EDGES = np.arange(round((HIGH - LOW) / STEP) + 1) * STEP + LOW
_ENERGY = (_EDGES[:-1] + _EDGES[1:]) / 2


def _acceptance() -> Floats:
    """Return what the spectrometer sees of a flat spectrum: a smooth hump."""
    shape: Floats = np.exp(-0.5 * ((_ENERGY - 8.7) / 1.35) ** 2) / (1 + np.exp((6.7 - _ENERGY) / 0.18))
    shape /= 1 + np.exp((_ENERGY - 11.5) / 0.12)
    return shape


def _spectrum(edge: float, width: float, height: float) -> Floats:
    """Return the share of each bin: incoherent hump, coherent peak up to `edge` (GeV), a small second peak above."""
    rise = np.exp((_ENERGY - edge) / 0.55)
    peak = height * rise / (1 + np.exp((_ENERGY - edge) / width))
    second = 0.22 * height * np.exp((_ENERGY - edge - 1.35) / 0.5) / (1 + np.exp((_ENERGY - edge - 1.35) / (2 * width)))
    shape: Floats = _acceptance() * (1 + peak + second)
    return shape / float(shape.sum())


def _diamond(run: RunConditions) -> tuple[float, float, float]:
    dice = run.of_run(NAME, "diamond")
    edge = EDGE + 0.12 * float(run.of_period(NAME, "edge").uniform(-1, 1)) + 0.03 * float(dice.uniform(-1, 1))
    return edge, float(dice.uniform(0.045, 0.07)), float(dice.uniform(1.5, 2.2))


def _filled(m: Measured, shape: Floats, rng: np.random.Generator) -> Measured:
    return Measured(m.events, (rng.poisson(m.counts[0].sum() * shape).astype(float),))


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return the spectrum of a diamond radiator, edge near 8.8 GeV; it drifts a little from run to run."""
    pairs = PAIRS * rng.uniform(0.9, 1.1) * run.level(NAME)
    counts = rng.poisson(pairs * _spectrum(*_diamond(run))).astype(float)
    return Measured(int(pairs), (counts,))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the one pad; the printed peak is where a running mean is highest."""
    counts = measured.counts[0]
    smooth = np.convolve(counts, np.ones(9), "same")
    peak = f"Epeak: {_ENERGY[int(smooth.argmax())]:.2f} GeV" if counts.any() else "Epeak: 0 GeV"
    return (
        Pad(
            title="PS pair energy",
            x=Axis(LOW, HIGH, "E (GeV)", divisions=6),
            y=Axis(0.0, 1.15 * top_of(counts), f"pairs / {STEP * 1000:.0f} MeV", divisions=6),
            layers=(ErrorBars(_ENERGY, counts, np.sqrt(counts), BLUE), Note(0.82, 0.93, peak)),
            margins=(0.13, 0.05, 0.11, 0.10),
        ),
    )


def _amorphous(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    left = 0.0 if severity.asked is None else 0.35 * (1 - severity.asked)
    return _filled(m, _spectrum(EDGE, 0.06, 1.8 * left), rng), everywhere()


def _edge_moved(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    far = severity.between(rng, 0.5, 1.3, faint=0.22) * float(rng.choice([-1, 1]))
    return _filled(m, _spectrum(EDGE + far, 0.06, 1.8), rng), everywhere()


def _edge_blurred(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _filled(m, _spectrum(EDGE, severity.between(rng, 0.22, 0.45, faint=0.11), 1.8), rng), everywhere()


def _hole(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    width = severity.between(rng, 0.3, 0.9, faint=0.12)
    first = float(rng.uniform(7.4, 9.6 - width))
    where = (first <= _ENERGY) & (first + width > _ENERGY)
    left = severity.left() if severity.asked is not None else float(rng.choice([0.0, 0.3]))
    after = m.with_counts(0, np.where(where, np.round(m.counts[0] * left), m.counts[0]))
    x0, x1 = _EDGES[:-1][where][0], _EDGES[1:][where][-1]
    top = float(m.counts[0][where].max())
    return after, (FaultBox(0, float(x0), -np.inf, float(x1), top + np.sqrt(top)),)


def _spikes(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    bins = rng.choice(np.arange(40, 240), severity.count(rng, 2, 6, faint=1), replace=False)
    height = severity.between(rng, 0.6, 3.0, faint=0.3) * top_of(m.counts[0])
    counts = m.counts[0].copy()
    counts[bins] += np.round(height)
    boxes = tuple(FaultBox(0, float(_EDGES[b]), -np.inf, float(_EDGES[b + 1]), float(counts[b])) for b in np.sort(bins))
    return m.with_counts(0, counts), boxes


def _low_statistics(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return m.thinned(severity.between(rng, 0.008, 0.001, faint=0.03), rng), everywhere()


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("amorphous", "a smooth hump without an edge: the amorphous radiator", _amorphous, special="Amorphous"),
        Fault("edge_moved", "the coherent edge is far from 8.8 GeV: the diamond is off its angle", _edge_moved),
        Fault("edge_blurred", "the edge is washed out: beam or diamond is unsteady", _edge_blurred),
        Fault("hole", "a range of energies is missing: counters of the spectrometer are dead", _hole),
        Fault("spikes", "single bins stand out: hot counters", _spikes),
        Fault("low_statistics", "fewer than the 10,000 pairs that the shape needs", _low_statistics),
        no_data(),
    ),
)
