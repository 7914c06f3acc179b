"""The PV names of a Hydra that a hall ran before: one score per plot type, and what Hall B's IOC made of all of them.

The original Hydra writes P(Good) - P(Bad) to ``EPICS_ROOT`` + plot name. The IOC `iochydra` of CLAS12 serves these
names as `ai` records with limits, `calc` records that hold the worst severity of twelve each, and one waveform.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from string import ascii_uppercase

from hydra_core.domain import PlotType
from hydra_core.pvs import Element, Kind, PvSpec

PER_GROUP = 12
"""Inputs of a `calc` record."""

Named = tuple[str, PvSpec]


@dataclass(frozen=True, slots=True)
class ExistingNames:
    """Names that begin with `root`; without `summary` there are only the scores. `lolo` and `low` are their limits."""

    root: str
    lolo: float | None = None
    low: float | None = None
    summary: bool = False

    def score(self, plot_type: PlotType) -> Named:
        """Return the name and the record of a plot type's score."""
        limits = (self.lolo, self.low, None, None)
        title = f"{plot_type.title}: good or bad"[:40]
        spec = PvSpec(plot_type.name, Kind.AI, title, precision=3, low=-1, high=1, alarms=True, archive=True)
        return self.root + plot_type.name, replace(spec, limits=limits)

    def groups(self, plot_types: Sequence[PlotType]) -> Iterator[tuple[Named, Sequence[PlotType]]]:
        """Yield the records that hold the worst severity of up to twelve plot types, and of which."""
        if not self.summary:
            return
        for letter, members in zip(ascii_uppercase, _dozens(plot_types), strict=False):
            spec = PvSpec(f"stat:{letter}", Kind.CALC, f"Worst severity of group {letter}", alarms=True)
            yield (self.root + spec.suffix, spec), members

    def totals(self, plot_types: Sequence[PlotType]) -> tuple[Named, ...]:
        """Return the record of the worst severity of all, and the waveform of all scores in the file's order."""
        if not self.summary:
            return ()
        worst = PvSpec("stat", Kind.CALC, "Worst severity of all plots", alarms=True)
        scores = PvSpec("wf", Kind.WAVEFORM, "Scores of all plots", element=Element.DOUBLE, precision=3, low=-1, high=1)
        scores = replace(scores, length=max(1, len(plot_types)))
        return (self.root + worst.suffix, worst), (self.root + scores.suffix, scores)

    def pvs(self, plot_types: Iterable[PlotType]) -> Iterator[Named]:
        """Yield all names, each with its record."""
        plot_types = tuple(plot_types)
        yield from map(self.score, plot_types)
        yield from (named for named, _ in self.groups(plot_types))
        yield from self.totals(plot_types)


def _dozens(plot_types: Sequence[PlotType]) -> Iterator[Sequence[PlotType]]:
    return (plot_types[start : start + PER_GROUP] for start in range(0, len(plot_types), PER_GROUP))
