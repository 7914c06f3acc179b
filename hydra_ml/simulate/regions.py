"""Faults that many detectors share: channels, boards and whole maps that are dead, weak, noisy or hot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hydra_ml.simulate.content import FaultBox, Floats
from hydra_ml.simulate.model import Boxes, Damage, Mask, Measured, Severity, everywhere, top_of


@dataclass(frozen=True, slots=True)
class Map:
    """A histogram of `shape` (rows, columns), the measurement's number `index`, that fills `x` and `y` of a pad."""

    index: int
    pad: int
    shape: tuple[int, int]
    x: tuple[float, float]
    y: tuple[float, float]

    def box(self, where: Mask, before: Floats, after: Floats) -> FaultBox:
        """Return the box around those of the bins `where` that exist."""
        exist = where & ((before > 0) | (after > 0))
        where = exist if exist.any() else where
        rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
        height, width = (self.y[1] - self.y[0]) / self.shape[0], (self.x[1] - self.x[0]) / self.shape[1]
        return FaultBox(
            self.pad,
            self.x[0] + width * float(columns[0]),
            self.y[0] + height * float(rows[0]),
            self.x[0] + width * float(columns[-1] + 1),
            self.y[0] + height * float(rows[-1] + 1),
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A histogram of bars, the measurement's number `index`: bar i reaches from `left` + i `step` over `width`."""

    index: int
    pad: int
    size: int
    left: float
    step: float = 1.0
    width: float = 1.0

    @property
    def shape(self) -> tuple[int, int]:
        """Return (1, bars)."""
        return 1, self.size

    def box(self, where: Mask, before: Floats, after: Floats) -> FaultBox:
        """Return the box over the bars `where`, as high as they are or were."""
        bars = np.flatnonzero(where)
        height = max(top_of(before[where], at_least=0.0), top_of(after[where], at_least=0.0))
        first, last = self.left + self.step * float(bars[0]), self.left + self.step * float(bars[-1])
        return FaultBox(self.pad, first, -np.inf, last + self.width, height)


Place = Map | Row
Chosen = Sequence[tuple[Place, Mask]]
Choose = Callable[[Measured, np.random.Generator, Severity], Chosen]
Effect = Callable[[Floats, Mask, np.random.Generator, Severity], Floats]
"""From counts and the bins that are struck to the counts with the fault."""


def breaking(choose: Choose, effect: Effect) -> Damage:
    """Return the damage that has `effect` where `choose` says."""

    def damage(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
        boxes = []
        for place, where in choose(m, rng, severity):
            before = m.counts[place.index]
            after = effect(before, where, rng, severity)
            m = m.with_counts(place.index, after)
            boxes.append(place.box(where, before, after))
        return m, tuple(boxes)

    return damage


def _typical(counts: Floats) -> float:
    alive = counts[counts > 0]
    return float(np.median(alive)) if alive.size else 0.0


def scattered(places: Sequence[Place], plain: int, strong: int, faint: int = 1, least: float = 0.25) -> Choose:
    """Return a choice of single channels all over, none that counts less than `least` of the typical one."""

    def choose(m: Measured, rng: np.random.Generator, severity: Severity) -> Chosen:
        wanted = severity.count(rng, plain, strong, faint)
        spots = [(place, bin_) for place in places for bin_ in range(m.counts[place.index].size)]
        floors = {place.index: least * _typical(m.counts[place.index]) for place in places}
        chosen: list[tuple[Place, Mask]] = []
        for at in rng.permutation(len(spots)):
            place, bin_ = spots[at]
            counts = m.counts[place.index]
            if counts.flat[bin_] > floors[place.index]:
                where = np.zeros(counts.shape, dtype=bool)
                where.flat[bin_] = True
                chosen.append((place, where))
            if len(chosen) == wanted:
                break
        return chosen

    return choose


def block(
    places: Sequence[Place],
    *sizes: tuple[int | None, int | None],
    aligned: bool = True,
    least: float = 0.25,
    most: float = np.inf,
) -> Choose:
    """Return a choice of one rectangle (rows, columns; None: all of them) of one place.

    It stands on whole multiples of its size where `aligned`; its mean is between `least` and `most` of the typical bin.
    """

    def choose(m: Measured, rng: np.random.Generator, severity: Severity) -> Chosen:
        place = places[int(rng.integers(len(places)))]
        rows, columns = sizes[int(rng.integers(len(sizes)))]
        return [(place, _rectangle(place, m.counts[place.index], rows, columns, rng, aligned, (least, most)))]

    return choose


def _rectangle(
    place: Place,
    counts: Floats,
    rows: int | None,
    columns: int | None,
    rng: np.random.Generator,
    aligned: bool,
    between: tuple[float, float],
) -> Mask:
    """Return the first rectangle by chance that fits; the choice depends on the counts only where it must."""
    rows, columns = rows or place.shape[0], columns or place.shape[1]
    downs = range(0, place.shape[0] - rows + 1, rows if aligned else 1)
    acrosses = range(0, place.shape[1] - columns + 1, columns if aligned else 1)
    corners = [(down, across) for down in downs for across in acrosses]
    low, high = (share * _typical(counts) for share in between)
    grid = counts.reshape(place.shape)
    best, mask = -1.0, np.zeros(place.shape, dtype=bool)
    for at in rng.permutation(len(corners)):
        down, across = corners[at]
        where = np.zeros(place.shape, dtype=bool)
        where[down : down + rows, across : across + columns] = True
        inside = grid[where]
        alive = float((inside > 0).mean())
        if alive > best:
            best, mask = alive, where
        if alive >= 0.6 and low <= float(inside.mean()) <= high:
            mask = where
            break
    return mask.reshape(counts.shape)


def whole(places: Sequence[Place]) -> Choose:
    """Return a choice of one place, all of it."""

    def choose(m: Measured, rng: np.random.Generator, severity: Severity) -> Chosen:
        place = places[int(rng.integers(len(places)))]
        return [(place, np.ones(m.counts[place.index].shape, dtype=bool))]

    return choose


def every(places: Sequence[Place]) -> Choose:
    """Return a choice of all of all places."""

    def choose(m: Measured, rng: np.random.Generator, severity: Severity) -> Chosen:
        return [(place, np.ones(m.counts[place.index].shape, dtype=bool)) for place in places]

    return choose


def same_in(places: Sequence[Place], choose: Choose) -> Choose:
    """Return what `choose` finds in one of the places, in all of them alike (they have one shape)."""

    def in_all(m: Measured, rng: np.random.Generator, severity: Severity) -> Chosen:
        return [(place, where) for _, where in choose(m, rng, severity) for place in places]

    return in_all


def dead(counts: Floats, where: Mask, rng: np.random.Generator, severity: Severity) -> Floats:
    """Take the hits away: all of them, or at low severity a part."""
    return np.where(where, counts * severity.left(), counts)


def gone(counts: Floats, where: Mask, rng: np.random.Generator, severity: Severity) -> Floats:
    """Take all hits away, whatever the severity."""
    return np.where(where, 0.0, counts)


def times(plain: float, strong: float, faint: float, rough: float = 0.0) -> Effect:
    """Return the effect of a board that counts too much or too little by a factor, uneven by `rough`."""

    def effect(counts: Floats, where: Mask, rng: np.random.Generator, severity: Severity) -> Floats:
        factor = severity.between(rng, plain, strong, faint)
        uneven = rng.normal(1, rough, counts.shape).clip(0.5) if rough else 1.0
        return np.where(where, counts * factor * uneven, counts)

    return effect


def hot(plain: float, strong: float, faint: float) -> Effect:
    """Return the effect of a channel that counts so many times the highest channel."""

    def effect(counts: Floats, where: Mask, rng: np.random.Generator, severity: Severity) -> Floats:
        return np.where(where, top_of(counts) * severity.between(rng, plain, strong, faint), counts)

    return effect


def at_level(plain: float, strong: float, faint: float, rough: float = 0.0) -> Effect:
    """Return the effect of channels that show this content, uneven by `rough`, where the colour scale is fixed."""

    def effect(counts: Floats, where: Mask, rng: np.random.Generator, severity: Severity) -> Floats:
        level = severity.between(rng, plain, strong, faint)
        uneven = rng.normal(1, rough, counts.shape).clip(0.5) if rough else 1.0
        return np.where(where & (counts > 0), level * uneven, counts)

    return effect


def too_few(pads: int, plain: float, strong: float, faint: float) -> Damage:
    """Return the damage that only this share of the events was recorded, for plots of raw counts."""

    def damage(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
        return m.thinned(severity.between(rng, plain, strong, faint), rng), everywhere(pads)

    return damage


def few_events(pads: int, plain: int = 299, strong: int = 60, faint: int = 1500, unit: float = 1.0) -> Damage:
    """Return the damage of so few events, for plots of hits per event or (`unit` 100) of per cent."""

    def damage(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
        events = severity.count(rng, plain, strong, faint)
        return Measured(events, tuple(rng.poisson(c / unit * events) / events * unit for c in m.counts)), everywhere(
            pads
        )

    return damage


def flat(pads: int, plain: float, strong: float, rough: float, of_events: bool = False) -> Damage:
    """Return the damage that all channels count alike (cosmic rays, a pulser), `rough` apart."""

    def damage(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
        level = float(rng.uniform(plain, strong)) * (m.events if of_events else 1.0)
        counts = []
        for before in m.counts:
            after = level * rng.normal(1, rough, before.shape).clip(0.3)
            counts.append(np.where(before > 0, rng.poisson(after) if of_events else after, 0.0))
        return Measured(m.events, tuple(counts)), everywhere(pads)

    return damage


def worn(rates: Floats, known: tuple[np.random.Generator, int], new: tuple[np.random.Generator, int]) -> Floats:
    """Return the rates without the known-dead channels (of a run period) and the newly dead ones (of a run).

    Each comes as a generator and the largest number of channels.
    """
    rates = rates.copy()
    alive = np.flatnonzero(rates)
    for dice, most in (known, new):
        rates.flat[dice.choice(alive, int(dice.integers(0, most + 1)), replace=False)] = 0
    return rates
