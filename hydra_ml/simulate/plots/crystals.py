"""ECAL_occupancy and CCAL_occupancy: hits per crystal and event around the beam, column against row."""

from dataclasses import dataclass

import numpy as np

from hydra_ml.simulate.content import Axis, Floats, HeatMap, Pad
from hydra_ml.simulate.model import (
    Boxes,
    Damage,
    Fault,
    Mask,
    Measured,
    PlotModel,
    Severity,
    event_text,
    everywhere,
    no_data,
)
from hydra_ml.simulate.regions import (
    Map,
    at_level,
    block,
    breaking,
    dead,
    few_events,
    flat,
    gone,
    scattered,
    times,
    worn,
)
from hydra_ml.simulate.run import RunConditions

Z = (1e-4, 0.25)
LOW = -1.5


@dataclass(frozen=True, slots=True)
class Calorimeter:
    """A square of `side` x `side` crystals with a hole of 2 x 2 for the beam; rates fall with `reach` in crystals."""

    name: str
    side: int
    reach: float
    floor: float
    known: int

    @property
    def bins(self) -> int:
        """Return the bins of each axis: one empty bin around the crystals."""
        return self.side + 2

    @property
    def place(self) -> Map:
        """Return where the histogram stands."""
        span = (LOW, LOW + self.bins)
        return Map(0, 0, (self.bins, self.bins), span, span)

    def distance(self, right: float = 0.0, up: float = 0.0) -> Floats:
        """Return each bin's distance (bins, bins) from a spot so far from the centre, in crystals."""
        offset = np.arange(self.bins) - (self.bins - 1) / 2
        away: Floats = np.hypot(offset[None, :] - right, offset[:, None] - up)
        return away

    def crystals(self) -> Mask:
        """Return which bins are crystals."""
        offset = np.abs(np.arange(self.bins) - (self.bins - 1) / 2)
        ring = np.maximum(offset[None, :], offset[:, None])
        inside: Mask = (ring > 1) & (ring < self.side / 2)
        return inside

    def shape(self, distance: Floats) -> Floats:
        """Return the rates: a steep spot at the beam, little elsewhere."""
        spot: Floats = 0.26 * np.exp(-np.maximum(distance - 1.5, 0) / self.reach)
        return spot + self.floor / np.maximum(distance, 1)

    def healthy(self, rng: np.random.Generator, run: RunConditions) -> Measured:
        """Return rates around the beam; a few crystals are known to be dead."""
        rates = self.shape(self.distance()) * run.level(self.name) * rng.uniform(0.97, 1.03)
        rates *= run.of_period(self.name, "crystals").normal(1, 0.05, rates.shape) * rng.normal(1, 0.02, rates.shape)
        rates = np.where(self.crystals(), np.maximum(rates, 5e-4), 0)
        dice = run.of_period(self.name, "known"), run.of_run(self.name, "new")
        return Measured(int(rng.normal(2.1e5, 3e3)), (worn(rates, (dice[0], self.known), (dice[1], 1)),))

    def pads(self, measured: Measured) -> tuple[Pad, ...]:
        """Return the one pad, square in the middle of the canvas."""
        return (
            Pad(
                title=f"{self.name.split('_')[0]} occupancy (hits/crystal/event)",
                subtitle=event_text(measured),
                x=Axis(LOW, LOW + self.bins, "column", divisions=7),
                y=Axis(LOW, LOW + self.bins, "row", divisions=7),
                layers=(HeatMap(measured.counts[0], Z),),
                margins=(0.21, 0.25, 0.12, 0.14),
                z_bar=True,
            ),
        )

    def moved(self, farthest: int) -> Damage:
        """Return the damage of a beam that is up to so many crystals off."""

        def damage(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
            angle = float(rng.uniform(0, 2 * np.pi))
            far = severity.between(rng, 0.5 * farthest, farthest, faint=0.1 * farthest)
            there = self.shape(self.distance(far * np.cos(angle), far * np.sin(angle)))
            return m.scaled(0, m.counts[0] > 0, there / self.shape(self.distance())), everywhere()

        return damage

    def pulser(self) -> Damage:
        """Return the damage of an LED run: flat and bright, quadrants unlike each other."""

        def damage(m: Measured, rng: np.random.Generator, severity: Severity) -> tuple[Measured, Boxes]:
            half = np.arange(self.bins) >= self.bins / 2
            quadrant = rng.uniform(0.08, 0.22, 4)[2 * half[:, None] + half[None, :]]
            bright = quadrant * rng.normal(1, 0.05, quadrant.shape)
            return m.with_counts(0, np.where(m.counts[0] > 0, bright, 0)), everywhere()

        return damage


def _faults(of: Calorimeter, board: tuple[tuple[int, int], ...], crate: tuple[int, int], far: int) -> tuple[Fault, ...]:
    places = (of.place,)
    many = 6 * of.known
    # Far from the beam half the hits have the same colour as all of them: nobody could see a dimmed crystal there.
    off = dead if of.side < 20 else gone
    return (
        Fault("dead_crate", "a crate is missing: a large patch is white", breaking(block(places, crate), off)),
        Fault("dead_board", "a board is off: neighbouring crystals are dead", breaking(block(places, *board), off)),
        Fault(
            "dead_crystals",
            "far more crystals are dead, all over, than are known to be",
            breaking(scattered(places, 3 * of.known, many, faint=of.known + 2, least=0.0), off),
        ),
        Fault(
            "hot_crystal",
            "one crystal far from the beam counts as much as those beside it",
            breaking(block(places, (1, 1), most=1.0), at_level(0.15, 0.4, faint=0.03 if of.side > 20 else 0.12)),
        ),
        Fault(
            "noisy_board",
            "a board counts far too much",
            breaking(block(places, *board, most=2.5), at_level(0.05, 0.2, faint=0.02, rough=0.2)),
        ),
        Fault(
            "weak_group",
            "a group of crystals at the beam counts far too little (threshold or HV)",
            breaking(
                block(places, board[0], aligned=False, least=8 if of.side > 20 else 3), times(0.3, 0.05, faint=0.7)
            ),
        ),
        Fault("spot_moved", "the bright spot is not around the hole: the beam is off", of.moved(far)),
        Fault("led", "flat and bright with a quadrant pattern: the LED pulser is on", of.pulser(), special="LED"),
        Fault("cosmics", "uniform and low: only cosmic rays", flat(1, 0.001, 0.003, rough=0.1), special="Cosmic"),
        Fault("low_statistics", "too few events: the map is speckled", few_events(1)),
        no_data(),
    )


def _plot(of: Calorimeter, board: tuple[tuple[int, int], ...], crate: tuple[int, int], far: int) -> PlotModel:
    return PlotModel(of.name, of.healthy, of.pads, _faults(of, board, crate, far))


ECAL = _plot(Calorimeter("ECAL_occupancy", 40, reach=1.6, floor=0.03, known=5), ((4, 4), (8, 2), (2, 8)), (10, 18), 6)
CCAL = _plot(Calorimeter("CCAL_occupancy", 12, reach=1.7, floor=0.03, known=2), ((2, 4), (4, 2)), (6, 4), 3)
