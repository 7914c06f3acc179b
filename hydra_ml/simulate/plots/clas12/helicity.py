"""clas12_helicity: the beam's helicity states as the helicity board reports them."""

import numpy as np

from hydra_ml.simulate.content import Axis, Colour, Floats, Pad
from hydra_ml.simulate.model import Boxes, Fault, Measured, PlotModel, Severity, everywhere, no_data, top_of
from hydra_ml.simulate.plots.clas12.look import BLUE, BROWN, GREEN, YELLOW, map_pad, rect, step_pad
from hydra_ml.simulate.regions import too_few
from hydra_ml.simulate.run import RunConditions

NAME = "clas12_helicity"
STATE, DELAYED, BOTH, RAW, PAIR, PATTERN = range(6)
TITLES = ("Helicity", "Delayed helicity (L3)", "Helicity vs L3", "Raw helicity", "Pair sync", "Pattern sync")
COLOURS: dict[int, Colour] = {STATE: BROWN, DELAYED: YELLOW, RAW: BROWN, PAIR: GREEN, PATTERN: BLUE}
SIGNED = (STATE, DELAYED, RAW)
NORMAL_EVENTS = 1.0e5


def _measured(events: int, minus: float, unknown: float, quartet: float, rng: np.random.Generator) -> Measured:
    """Return counts: share of helicity -1, share of events whose state is not known, share of pattern state 0."""
    known = 1 - unknown
    states = events * np.array([minus * known, unknown, (1 - minus) * known])
    grid = np.outer(states, states) / events
    signed = [rng.poisson(states).astype(float) for _ in SIGNED]
    pair = rng.poisson(np.array([0.5, 0.5]) * events).astype(float)
    pattern = rng.poisson(np.array([quartet, 1 - quartet]) * events).astype(float)
    both = rng.poisson(grid).astype(float)
    return Measured(events, (signed[0], signed[1], both, signed[2], pair, pattern))


def healthy(rng: np.random.Generator, run: RunConditions) -> Measured:
    """Return equal numbers of both states, hardly an unknown one, and patterns of four."""
    events = int(NORMAL_EVENTS * rng.uniform(0.9, 1.1) * run.level(NAME))
    dice = run.of_run(NAME, "states")
    return _measured(events, 0.5 + float(dice.uniform(-0.004, 0.004)), float(dice.uniform(0.001, 0.01)), 0.75, rng)


def pads(measured: Measured) -> tuple[Pad, ...]:
    """Return two rows of three pads."""
    return tuple(_pad(number, measured.counts[number]) for number in range(6))


def _pad(number: int, counts: Floats) -> Pad:
    where = rect(number % 3, number // 3, 3, 2)
    signed = Axis(-1.5, 1.5, "helicity", divisions=3)
    if number == BOTH:
        return map_pad(TITLES[number], signed, Axis(-1.5, 1.5, "L3", divisions=3), counts, where)
    x = signed if number in SIGNED else Axis(-0.5, 1.5, "state", divisions=2)
    edges: Floats = np.linspace(x.low, x.high, len(counts) + 1)
    y = Axis(0.0, 1.25 * top_of(counts), divisions=4)
    return step_pad(TITLES[number], x, y, edges, counts, COLOURS[number], where)


def _states(
    m: Measured, rng: np.random.Generator, minus: float = 0.5, unknown: float = 0.004
) -> tuple[Measured, Boxes]:
    """Return the plot with other helicity states; pair and pattern stay as they are."""
    after = _measured(m.events, minus, unknown, 0.75, rng)
    return Measured(m.events, (*after.counts[:PAIR], *m.counts[PAIR:])), everywhere(PAIR)


def _asymmetry(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    excess = severity.between(rng, 0.08, 0.3, faint=0.02) * float(rng.choice([-1, 1]))
    return _states(m, rng, minus=0.5 + excess)


def _missing_state(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    left = 0.5 * severity.left()
    return _states(m, rng, minus=float(rng.choice([left, 1 - left])))


def _unknown(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    return _states(m, rng, unknown=severity.between(rng, 0.12, 0.6, faint=0.04))


def _pattern(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    after = _measured(m.events, 0.5, 0.004, severity.between(rng, 0.6, 0.3, faint=0.71), rng)
    return m.with_counts(PATTERN, after.counts[PATTERN]), everywhere(6)[PATTERN:]


def _stuck_pair(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
    share = severity.left()
    lost = int(rng.integers(2))
    counts = m.counts[PAIR].copy()
    counts[1 - lost] += np.round(counts[lost] * (1 - share))
    counts[lost] = np.round(counts[lost] * share)
    return m.with_counts(PAIR, counts), everywhere(6)[PAIR : PAIR + 1]


PLOT = PlotModel(
    NAME,
    healthy,
    pads,
    (
        Fault("missing_state", "one helicity state is missing", _missing_state),
        Fault("asymmetry", "one helicity state is far more frequent than the other", _asymmetry),
        Fault("unknown_states", "many events have no helicity", _unknown),
        Fault("stuck_pair", "the pair signal does not toggle", _stuck_pair),
        Fault("wrong_pattern", "the pattern signal is not one in four", _pattern),
        Fault("low_statistics", "too few events: the states are unequal by chance", too_few(6, 0.0006, 0.0001, 0.003)),
        no_data(6),
    ),
)
