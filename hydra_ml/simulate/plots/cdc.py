"""CDC_occupancy: hits per straw and event in the 28 rings of the Central Drift Chamber."""

import numpy as np

from hydra_ml.simulate.content import Axis, Cells, Circle, FaultBox, Floats, Pad
from hydra_ml.simulate.model import Boxes, Fault, Mask, Measured, PlotModel, Severity, event_text, everywhere, no_data
from hydra_ml.simulate.run import RunConditions

NAME = "CDC_occupancy"
# fmt: off
STRAWS = (
    42, 42, 54, 54, 66, 66, 80, 80, 93, 93, 106, 106, 123, 123,
    135, 135, 146, 146, 158, 158, 170, 170, 182, 182, 197, 197, 209, 209,
)
RADII = (
    10.72, 12.08, 13.78, 15.15, 18.72, 20.24, 22.02, 23.50, 25.16, 26.61, 28.34, 29.77, 31.38, 32.76,
    34.43, 35.81, 38.29, 39.70, 41.32, 42.73, 44.34, 45.75, 47.36, 48.77, 50.38, 51.76, 53.36, 54.75,
)
# fmt: on
HALF_WIDTH = 0.66
Z = (0.0, 0.10)

_RING = np.repeat(np.arange(len(STRAWS)), STRAWS)
_RADIUS = np.array(RADII)[_RING]


def _edges() -> tuple[Floats, Floats]:
    """Return the azimuth of each straw's two sides, rings shifted against each other as in the chamber."""
    shift = np.random.default_rng(28).uniform(0, 0.1, len(STRAWS))
    number = np.concatenate([np.arange(n) for n in STRAWS])
    step = (2 * np.pi / np.array(STRAWS))[_RING]
    low = shift[_RING] + number * step
    return low, low + step


def _corners() -> Floats:
    low, high = _edges()
    inner, outer = _RADIUS - HALF_WIDTH, _RADIUS + HALF_WIDTH
    polar = ((inner, low), (outer, low), (outer, high), (inner, high))
    return np.stack([np.stack([r * np.cos(phi), r * np.sin(phi)], axis=1) for r, phi in polar], axis=1)


_CORNERS = _corners()
_PHI = np.mean(_edges(), axis=0) % (2 * np.pi)


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return rates that fall smoothly outwards, with the run period's two dead and few odd straws."""
    rates = 0.095 * (RADII[0] / _RADIUS) ** 1.35 * run.level(NAME) * rng.uniform(0.97, 1.03)
    rates *= run.of_period(NAME, "straws").normal(1, 0.03, len(rates)) * rng.normal(1, 0.025, len(rates))
    known = run.of_period(NAME, "known")
    odd = known.choice(len(rates), 2 + known.integers(4, 7), replace=False)
    rates[odd[:2]] = 0
    rates[odd[2:]] *= known.uniform(0.3, 0.6, len(odd) - 2)
    return Measured(int(rng.normal(5.6e5, 4e3)), (np.maximum(rates, 0),))


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return the one pad."""
    return (
        Pad(
            title="CDC occupancy (hits/straw/event)",
            subtitle=event_text(measured),
            x=Axis(-76, 76, "x (cm)"),
            y=Axis(-57, 57, "y (cm)", divisions=6),
            layers=(Cells(_CORNERS, measured.counts[0], Z), Circle(9.55), Circle(56.0)),
            margins=(0.09, 0.13, 0.10, 0.12),
            z_bar=True,
        ),
    )


def _around(rings: Mask, phi: float, straws: int) -> Mask:
    """Return the `straws` of those rings that are nearest to azimuth `phi`."""
    away = np.abs((_PHI - phi + np.pi) % (2 * np.pi) - np.pi) * _RADIUS
    away[~rings] = np.inf
    mask = np.zeros(len(away), dtype=bool)
    mask[np.argsort(away, kind="stable")[:straws]] = True
    return mask


def _board(rng: np.random.Generator, innermost: int = 0) -> Mask:
    """Return 20-24 neighbouring straws in one ring or two adjacent ones, from ring `innermost` outwards."""
    first = int(rng.integers(innermost, len(STRAWS) - 1))
    rings = (first <= _RING) & (first + int(rng.integers(0, 2)) >= _RING)
    return _around(rings, float(rng.uniform(0, 2 * np.pi)), int(rng.integers(20, 25)))


def _box(where: Mask) -> Boxes:
    points = _CORNERS[where].reshape(-1, 2)
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return (FaultBox(0, float(x0), float(y0), float(x1), float(y1)),)


def _dead(measured: Measured, where: Mask, severity: Severity) -> tuple[Measured, Boxes]:
    return measured.scaled(0, where, severity.left()), _box(where)


def _hv_board(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _dead(measured, _board(rng), severity)


def _missing_roc(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    quarter = (np.floor(_PHI / (np.pi / 2)) == rng.integers(4)) & (_PHI >= 0)
    return _dead(measured, quarter, severity)


def _missing_ring(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _dead(measured, _RING == rng.integers(len(STRAWS)), severity)


def _hot_straws(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    hot = rng.choice(np.flatnonzero(_RADIUS > 24), severity.count(rng, 1, 4), replace=False)
    rates = measured.counts[0].copy()
    rates[hot] = rng.uniform(0.095, 0.4, len(hot)) * severity.share(0.3)
    where = np.isin(np.arange(len(rates)), hot, kind="sort")
    boxes = tuple(box for straw in hot for box in _box(np.arange(len(where)) == straw))
    return measured.with_counts(0, rates), boxes


def _noisy_board(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    # Further in, twice as much would still be the same yellow: the scale is fixed.
    where = _board(rng, innermost=6) & (measured.counts[0] > 0)
    return measured.scaled(
        0, where, severity.between(rng, 2.6, 4.0, faint=1.5) * rng.normal(1, 0.15, len(where))
    ), _box(where)


def _weak_group(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    first = int(rng.integers(0, len(STRAWS) - 4))
    rings = (first <= _RING) & (first + 3 >= _RING)
    where = _around(rings, float(rng.uniform(0, 2 * np.pi)), int(rng.integers(48, 97)))
    return measured.scaled(0, where, severity.between(rng, 0.4, 0.15, faint=0.75)), _box(where)


def _cosmics(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    rates = np.where(measured.counts[0] > 0, 0.004 * rng.normal(1, 0.1, len(_RING)), 0)
    return measured.with_counts(0, np.maximum(rates, 0)), everywhere()


def _low_statistics(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    events = severity.count(rng, 299, 60, faint=1500)
    return Measured(events, (rng.poisson(measured.counts[0] * events) / events,)), everywhere()


def _gain(measured: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    low = rng.random() < 0.6
    factor = severity.between(rng, 0.4, 0.2, faint=0.7) if low else severity.between(rng, 2.2, 3.0, faint=1.5)
    return measured.scaled(0, measured.counts[0] > 0, factor), everywhere()


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("missing_roc", "a readout crate is missing: a quarter of the disc is white", _missing_roc),
        Fault("hv_board", "an HV board is off: 20-24 neighbouring straws are dead", _hv_board),
        Fault("missing_ring", "a whole ring is dead", _missing_ring),
        Fault("hot_straws", "one to four straws fire all the time", _hot_straws),
        Fault("noisy_board", "a board counts two to four times too much", _noisy_board),
        Fault("weak_group", "a sector of four rings counts too little (threshold or HV)", _weak_group),
        Fault("gain", "all straws count far too little or too much", _gain),
        Fault("low_statistics", "too few events: the disc is speckled", _low_statistics),
        Fault("cosmics", "uniform and low: only cosmic rays", _cosmics, special="Cosmic"),
        no_data(),
    ),
)
