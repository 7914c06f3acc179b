"""The simulator over HTTP: what other thresholds and counts would have made of the last runs, before they are saved."""

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, Field

from hydra_core.domain import Policy
from hydra_core.errors import UsageError
from hydra_core.settings import checked
from hydra_core.simulator import Alarm, Simulation
from hydra_web.library.common import PlotTypeName, Rules, rules_of
from hydra_web.library.past import Pasts
from hydra_web.parts import PartsOf
from hydra_web.people.rights import Reader

MOST_LISTED = 50
"""Alarms gained or lost that are named one by one."""

router = APIRouter(prefix="/api/v1", tags=["models"])

Tried = Annotated[
    list[str] | None, Query(max_length=16, description="Thresholds to try: `CLASS:0.93`.", examples=[["Bad:0.93"]])
]
KOfN = Annotated[str | None, Query(max_length=20, description='"k of n" to try.', examples=["2 of 3"])]
Runs = Annotated[int, Query(ge=1, le=10_000, description="So many of the last runs.")]


class Counts(BaseModel):
    """What one set of rules would have done."""

    alarms: int
    alarms_a_day: float
    true: int = Field(description="Alarms on plots that people labelled with an alarming class, or called true.")
    false: int = Field(description="Alarms on plots that people called good, or alarms that they called false.")
    unknown: int = Field(description="Alarms of which nobody said anything.")
    faults: int = Field(description="What people called faults: labelled stretches and alarms called true.")
    missed: int = Field(description="Faults that would have raised no alarm.")
    too_short: int = Field(description="Of these, the ones with fewer labelled plots than k.")


class SimulatedAlarm(BaseModel):
    """One alarm that would (not) have been."""

    uid: str | None = Field(description="The plot that confirmed it: `/p/{uid}` is its page.")
    class_name: str
    started_at: datetime
    ended_at: datetime | None
    judged: str = Field(description="true, false or unknown, by what people said.")


class Day(BaseModel):
    """Alarms of one day, in the hall's time zone."""

    day: date
    now: int
    tried: int


class SimulationAnswer(BaseModel):
    """The rules in force beside those tried, over the same past."""

    plots: int
    runs: int
    days: float
    since: datetime | None
    until: datetime | None
    now: Counts
    tried: Counts
    gained: list[SimulatedAlarm] = Field(description="Alarms that only the rules tried raise, the newest first.")
    lost: list[SimulatedAlarm] = Field(description="Alarms that only the rules in force raise, the newest first.")
    by_day: list[Day]
    took_ms: float


@router.get("/plot-types/{plot_type}/simulation")
def simulation(
    plot_type: PlotTypeName,
    parts: PartsOf,
    person: Reader,
    request: Request,
    threshold: Tried = None,
    confirm: KOfN = None,
    clear: KOfN = None,
    runs: Runs = 50,
) -> SimulationAnswer:
    """Play the last runs through the rules in force and through others; nothing is changed by it."""
    started = time.perf_counter()
    rules = rules_of(plot_type, parts)
    policy = tried_policy(rules, thresholds_of(threshold or []), {"confirm": confirm, "clear": clear})
    pasts: Pasts = request.app.state.pasts
    tape, (now, tried) = pasts.play(plot_type, runs, rules.policy, policy)
    return SimulationAnswer(
        plots=now.plots,
        runs=now.runs,
        days=round(now.days, 3),
        since=tape.rows[0].at if len(tape) else None,
        until=tape.rows[-1].at if len(tape) else None,
        now=_counts(now, rules.policy),
        tried=_counts(tried, policy),
        gained=_only(tried, now),
        lost=_only(now, tried),
        by_day=_by_day(now, tried, parts.config.zone),
        took_ms=round((time.perf_counter() - started) * 1000, 1),
    )


def thresholds_of(pairs: Sequence[str]) -> dict[str, float]:
    """Return thresholds by class from `CLASS:0.93`. Raises HTTPException (422)."""
    found = {}
    for pair in pairs:
        name, _, number = pair.rpartition(":")
        try:
            found[name] = float(number)
        except ValueError as error:
            raise HTTPException(422, f"{pair!r} is no threshold such as Bad:0.93.") from error
    return found


def tried_policy(rules: Rules, thresholds: dict[str, float], settings: dict[str, str | None]) -> Policy:
    """Return the rules in force with some changed. Raises HTTPException (422) that says the limits."""
    policy = with_thresholds(rules, thresholds)
    for name, value in settings.items():
        if value is not None:
            try:
                policy = checked(rules.plot_type, policy, name, value)
            except UsageError as error:
                raise HTTPException(422, f"{error}.") from error
    return policy


def with_thresholds(rules: Rules, thresholds: dict[str, float]) -> Policy:
    """Return the rules in force with other thresholds to enter. Raises HTTPException (422) that says the limits."""
    for name, value in thresholds.items():
        if name not in rules.plot_type.class_names():
            raise HTTPException(422, f"{rules.plot_type.name} has no class {name}.")
        if not 0.0 <= value <= 1.0:
            raise HTTPException(422, f"A threshold is a number from 0 to 1, not {value:g}.")
        if value < (leave := rules.policy.leave.get(name, 0.0)):
            raise HTTPException(422, f"{name} leaves at {leave:g}; it must not enter lower.")
    return replace(rules.policy, thresholds={**rules.policy.thresholds, **thresholds})


def _counts(found: Simulation, policy: Policy) -> Counts:
    return Counts(
        alarms=len(found.alarms),
        alarms_a_day=round(found.alarms_a_day, 3),
        true=found.count("true"),
        false=found.count("false"),
        unknown=found.count("unknown"),
        faults=len(found.faults),
        missed=len(found.missed),
        too_short=sum(0 < fault.plots < policy.confirm.k for fault in found.missed),
    )


def _only(mine: Simulation, others: Simulation) -> list[SimulatedAlarm]:
    """Return the newest alarms of one simulation that no alarm of the other overlaps."""
    lonely = [alarm for alarm in mine.alarms if not _is_among(alarm, others.alarms)]
    return [
        SimulatedAlarm(
            uid=a.uid, class_name=a.class_name, started_at=a.started_at, ended_at=a.ended_at, judged=a.judged
        )
        for a in lonely[: -MOST_LISTED - 1 : -1]
    ]


def _is_among(alarm: Alarm, others: Sequence[Alarm]) -> bool:
    """Return whether one of the others, which follow each other in time, overlaps with an alarm."""
    begun = len(others)
    if alarm.ended_at is not None:
        begun = bisect_right(others, alarm.ended_at, key=lambda other: other.started_at)
    last = others[begun - 1] if begun else None
    return last is not None and (last.ended_at is None or last.ended_at >= alarm.started_at)


def _by_day(now: Simulation, tried: Simulation, zone: tzinfo) -> list[Day]:
    counts = [Counter(a.confirmed_at.astimezone(zone).date() for a in one.alarms) for one in (now, tried)]
    return [Day(day=day, now=counts[0][day], tried=counts[1][day]) for day in sorted({*counts[0], *counts[1]})]
