"""Small charts of the status page as numbers for SVG: curves of the last hour and a calendar of the last year.

Pure: numbers go in, coordinates and words come out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from math import sqrt

WIDTH, HEIGHT = 120, 28
"""Size of a curve in its own units."""

WEEKS = 53
SHADES = 5
"""Shades of the calendar: none, and four that get stronger."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve of the last hour: `points` for an SVG polyline, and what it says in words."""

    points: str
    words: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar: its column (week) and row (Monday 0), how many plots arrived, and its shade."""

    day: date
    week: int
    row: int
    count: int
    shade: int


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the calendar: the column it begins in, and how many plots arrived in it."""

    name: str
    week: int
    count: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """The last 53 weeks, day by day in the hall's zone."""

    days: tuple[Day, ...]
    months: tuple[Month, ...]
    total: int
    most: int


def curve(values: Sequence[float], unit: str = "") -> Curve | None:
    """Return a curve of at least two values from its smallest to its largest; None for fewer."""
    if len(values) < 2:
        return None
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = WIDTH / (len(values) - 1)
    points = (
        f"{i * step:.1f},{HEIGHT - 2 - (value - low) / span * (HEIGHT - 4):.1f}" for i, value in enumerate(values)
    )
    return Curve(" ".join(points), f"from {low:g} to {high:g}{unit} in the last hour, {values[-1]:g}{unit} now")


def calendar(arrivals: Mapping[datetime, int], zone: tzinfo, today: date) -> Calendar:
    """Return the calendar of arrivals by hour; `today` is the last day shown."""
    counts: Counter[date] = Counter()
    for hour, count in arrivals.items():
        counts[hour.astimezone(zone).date()] += count
    monday = today - timedelta(days=today.weekday() + 7 * (WEEKS - 1))
    days = [monday + timedelta(days=n) for n in range((today - monday).days + 1)]
    most = max((counts[day] for day in days), default=0)
    told = tuple(
        Day(day, (day - monday).days // 7, day.weekday(), counts[day], _shade(counts[day], most)) for day in days
    )
    return Calendar(told, _months(told), sum(day.count for day in told), most)


def _shade(count: int, most: int) -> int:
    """Return 0 for nothing, and 1 to 4 by the root of the share of the busiest day, so that a calm one is seen too."""
    return 0 if count == 0 else 1 + min(SHADES - 2, int((SHADES - 1) * sqrt(count / most)))


def _months(days: Iterable[Day]) -> tuple[Month, ...]:
    months: dict[tuple[int, int], Month] = {}
    for day in days:
        key = (day.day.year, day.day.month)
        known = months.get(key) or Month(f"{day.day:%b %Y}", day.week, 0)
        months[key] = Month(known.name, known.week, known.count + day.count)
    return tuple(months.values())
