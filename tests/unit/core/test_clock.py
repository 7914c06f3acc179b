"""Time never goes back for Hydra, whatever is done to the computer's clock."""

from datetime import UTC, datetime, timedelta

import pytest

from hydra_core import clock as module
from hydra_core.clock import SteadyClock

T = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


class Hands:
    """The computer's clocks, set by hand."""

    def __init__(self) -> None:
        self.wall, self.monotonic_seconds = T, 100.0

    def now(self, zone: object) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.monotonic_seconds

    def pass_time(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.monotonic_seconds += seconds


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    hands = Hands()
    monkeypatch.setattr(module, "datetime", hands)
    monkeypatch.setattr(module, "time", hands)
    return hands


def test_it_follows_the_computer(hands: Hands) -> None:
    clock = SteadyClock()
    hands.pass_time(5)
    assert clock.now() == T + timedelta(seconds=5)
    hands.wall += timedelta(hours=2)
    assert clock.now() == T + timedelta(hours=2, seconds=5)
    assert clock.ahead == 0


def test_set_back_it_goes_on_until_the_computer_has_caught_up(hands: Hands) -> None:
    clock = SteadyClock()
    hands.pass_time(10)
    before = clock.now()
    hands.wall -= timedelta(minutes=1)
    hands.pass_time(20)
    assert clock.now() == before + timedelta(seconds=20)
    assert clock.ahead == 60
    hands.pass_time(5)
    hands.wall += timedelta(minutes=1)
    assert clock.now() == before + timedelta(seconds=25)
    assert clock.ahead == 0
