"""What the IOC tells of itself with each heartbeat: its SYS PVs, how long each stage takes, its models and sources."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from hydra_core.domain import Condition
from hydra_core.sources.directory import DirectorySource
from hydra_ioc.ca import Record
from hydra_ioc.heads import Heads

RECENT = 200
"""How many plots the figures are taken over."""

STAGES = ("wait", "judge", "publish", "total")
"""Seconds a plot waits for the model, is decoded and judged, is kept and published; and all of it together."""


class Stopwatch:
    """How long the last plots took in each stage."""

    def __init__(self) -> None:
        self._taken: dict[str, deque[float]] = {stage: deque(maxlen=RECENT) for stage in STAGES}

    def note(self, wait: float, judge: float, total: float) -> None:
        """Take down one plot, in seconds; what is neither waiting nor judging is keeping and publishing."""
        for stage, seconds in zip(STAGES, (wait, judge, total - wait - judge, total), strict=True):
            self._taken[stage].append(max(0.0, seconds))

    def summary(self) -> dict[str, dict[str, float]]:
        """Return p50 and p95 in seconds of each stage that has seen a plot, and over how many plots."""
        return {stage: _quantiles(taken) for stage, taken in self._taken.items() if taken}


def _quantiles(taken: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.quantile(np.array(taken), [0.5, 0.95])
    return {"p50": round(float(p50), 6), "p95": round(float(p95), 6), "plots": len(taken)}


def report(
    service: Mapping[str, Record], stopwatch: Stopwatch, heads: Heads, sources: Iterable[tuple[str, DirectorySource]]
) -> dict[str, object]:
    """Return what goes into the heartbeat, with each source by its pattern; everything has a JSON form."""
    current = dict(heads.current())
    models = [
        {
            "plot_type": name,
            "model": "" if isinstance(head, str) else str(head.ref),
            "engine": heads.engine(name),
            "trouble": trouble,
        }
        for name, trouble in heads.troubles()
        if (head := current.get(name)) is not None
    ]
    return {
        "pvs": {suffix: said for suffix, record in service.items() if (said := _value(record)) is not None},
        "stages": stopwatch.summary(),
        "models": models,
        "sources": [_source(pattern, source) for pattern, source in sources],
    }


def _source(pattern: str, source: DirectorySource) -> dict[str, object]:
    last = source.last_arrival
    return {"pattern": pattern, "trouble": source.trouble or "", "last": last.isoformat() if last else None}


def _value(record: Record) -> float | str | None:
    """Return a PV's value as a person reads it; None for pictures and lists, and for what was never posted."""
    value, states = record.value, record.spec.states
    if record.condition is Condition.UDF or not isinstance(value, int | float | str) or value != value:
        return None
    return states[int(value)] if states and not isinstance(value, str) else value
