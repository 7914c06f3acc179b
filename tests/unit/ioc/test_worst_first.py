"""The order in which the overview names plot types: the worst first."""

from datetime import UTC, datetime, timedelta

from hydra_core.domain import PlotState, PlotType, Policy, Status
from hydra_ioc.health import worst_first
from hydra_ioc.watch import Watch

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
POLICY = Policy({}, {})


def watch(name: str, status: Status, minutes: float | None = None) -> Watch:
    since = None if minutes is None else NOON - timedelta(minutes=minutes)
    return Watch(PlotType(name, name, "", name, (), POLICY), POLICY, PlotState(status=status, since=since))


def names(*watches: Watch) -> list[str]:
    return [one.plot_type.name for one in worst_first(watches)]


def test_every_status_has_its_place() -> None:
    found = names(*(watch(status.name, status) for status in Status))
    assert found == ["BAD", "WARN", "ERROR", "STALE", "UNKNOWN", "SUSPECT", "GOOD", "OFF"]


def test_of_equally_bad_ones_the_last_to_change_comes_first() -> None:
    old, new = watch("old", Status.BAD, 30), watch("new", Status.BAD, 1)
    never, good = watch("never", Status.BAD), watch("good", Status.GOOD, 0)
    assert names(good, old, never, new) == ["new", "old", "never", "good"]


def test_nothing_to_watch() -> None:
    assert names() == []
