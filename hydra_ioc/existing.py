"""Serves the scores under the names of the Hydra that a hall ran before, so that its screens and alarms go on working.

The alarm of such a score comes from its limits, as it always did, with two mends: it is INVALID when nobody can judge
(the Hydra before showed the last good value for ever), and quiet where the plot type is: off, muted, or in test.
"""

import logging
from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np

from hydra_core.domain import Condition, Mode, PlotType, Severity, Status
from hydra_core.existing_names import ExistingNames, Named
from hydra_ioc.ca import PutContext, Record, make_record
from hydra_ioc.limits import KeptLimits

logger = logging.getLogger(__name__)

LIMITS = ("LOLO", "LOW")
"""Fields of a score that may be put."""
BEFORE_THE_FIRST = 1.0
"""What Hall B's records hold at the start; ours are UDF/INVALID beside it."""


class ExistingScores:
    """The records of names from before. `plots[plot type][suffix]` are those they follow."""

    def __init__(
        self,
        names: ExistingNames,
        plot_types: Iterable[PlotType],
        plots: Mapping[str, Mapping[str, Record]],
        kept: KeptLimits,
    ) -> None:
        types = tuple(plot_types)
        self._plots, self._kept = plots, kept
        self._scores = {one.name: _record(names.score(one), BEFORE_THE_FIRST) for one in types}
        self._groups = [
            (_record(named), [self._scores[one.name] for one in members]) for named, members in names.groups(types)
        ]
        self._totals = [_record(named) for named in names.totals(types)]
        for name, record in self._scores.items():
            _limit(record, kept.of(name))
            record.settable = {field: partial(self._set, name, field) for field in LIMITS}

    @property
    def records(self) -> tuple[Record, ...]:
        """All records, to be served."""
        return (*self._scores.values(), *(record for record, _ in self._groups), *self._totals)

    def follow(self, plot_type: str) -> None:
        """Take over what was just published of a plot type."""
        source, score = self._plots[plot_type], self._scores[plot_type]
        said, status = source["SCORE"], source["STATUS"]
        at = max(said.timestamp, status.timestamp)
        if said.condition is Condition.UDF:
            return  # nothing was ever judged, and the record says so
        if _quiet(source, said):
            score.post(said.value, severity=Severity.NO_ALARM, at=at)
        elif said.severity is Severity.INVALID:
            score.post(said.value, severity=Severity.INVALID, condition=said.condition, at=at)
        else:
            score.post(said.value, at=at)
        self._sum_up()

    async def beat(self) -> None:
        """Publish what is made of all scores; called every second."""
        self._sum_up()
        for record in self._totals[1:]:
            record.post(np.array([score.value for score in self._scores.values()], np.float64))

    async def _set(self, plot_type: str, field: str, value: object, who: PutContext) -> None:
        """Put a limit in force, and remember it."""
        limit = float(str(value))
        logger.info(
            "limit set plot_type=%s field=%s value=%g user=%r client=%s", plot_type, field, limit, who.user, who.peer
        )
        _limit(self._scores[plot_type], {field: limit})
        self.follow(plot_type)
        await self._kept.keep(plot_type, field, limit)

    def _sum_up(self) -> None:
        for record, members in self._groups:
            _worst(record, members)
        for record in self._totals[:1]:
            _worst(record, [group for group, _ in self._groups])


def _quiet(source: Mapping[str, Record], said: Record) -> bool:
    """Tell whether a plot type raises no alarm whatever its score: off, muted, in test; INVALID in maintenance."""
    mode = source["MODE"].value
    return (
        source["STATUS"].value == Status.OFF
        or source["MUTE"].value != 0
        or mode == Mode.TEST
        or (mode == Mode.MAINT and said.severity is Severity.INVALID)
    )


def _limit(record: Record, limits: Mapping[str, float]) -> None:
    lolo, low, high, hihi = record.spec.limits
    record.describe(limits=(limits.get("LOLO", lolo), limits.get("LOW", low), high, hihi))


def _worst(record: Record, members: Iterable[Record]) -> None:
    """Take the worst severity over, as a link with MS does."""
    severity = max((member.severity for member in members), default=Severity.NO_ALARM)
    record.post(0.0, severity=severity, condition=Condition.LINK if severity else Condition.NO_ALARM)


def _record(named: Named, initial: object = None) -> Record:
    name, spec = named
    return make_record(name, spec, initial=initial, acknowledgeable=spec.alarms)
