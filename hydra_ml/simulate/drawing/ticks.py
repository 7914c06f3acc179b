"""Where an axis has its ticks and numbers, in ROOT's manner: few and round."""

import math
from dataclasses import dataclass

import numpy as np

from hydra_ml.simulate.content import Axis


@dataclass(frozen=True, slots=True)
class Ticks:
    """Where an axis has long ticks (with their texts) and short ones, in data units; `power` scales the texts."""

    major: tuple[float, ...]
    minor: tuple[float, ...]
    texts: tuple[str, ...]
    power: int = 0


def ticks_of(axis: Axis) -> Ticks:
    """Return an axis' ticks."""
    return _log_ticks(axis) if axis.log else _linear_ticks(axis)


def _linear_ticks(axis: Axis) -> Ticks:
    rough = (axis.high - axis.low) / axis.divisions
    decade = 10.0 ** math.floor(math.log10(rough))
    factor = next(f for f in (1, 2, 5, 10) if f * decade >= rough * 0.99)
    step = factor * decade
    fine = step / (4 if factor == 2 else 5)
    numbers = np.arange(math.ceil(axis.low / step - 1e-9), math.floor(axis.high / step + 1e-9) + 1) * step
    short = np.arange(math.ceil(axis.low / fine - 1e-9), math.floor(axis.high / fine + 1e-9) + 1) * fine
    top = max(abs(axis.low), abs(axis.high))
    power = 3 * math.floor(math.log10(top) / 3) if top >= 1e5 else 0
    texts = tuple(f"{round(float(n) / 10**power, 10):g}" for n in numbers)
    return Ticks(tuple(map(float, numbers)), tuple(map(float, short)), texts, power)


def _log_ticks(axis: Axis) -> Ticks:
    decades = range(math.ceil(math.log10(axis.low) - 1e-9), math.floor(math.log10(axis.high) + 1e-9) + 1)
    minor = [m * 10.0**d for d in range(decades.start - 1, decades.stop) for m in range(2, 10)]
    shown = tuple(m for m in minor if axis.low <= m <= axis.high)
    texts = tuple("1" if d == 0 else "10" if d == 1 else f"10^{d}" for d in decades)
    return Ticks(tuple(10.0**d for d in decades), shown, texts)


def grid_values(axis: Axis) -> tuple[float, ...]:
    """Return where the grid's lines are: at the long ticks, or between labelled bins."""
    if axis.labels:
        return tuple(np.linspace(axis.low, axis.high, len(axis.labels) + 1)[1:-1])
    return ticks_of(axis).major
