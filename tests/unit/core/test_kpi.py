"""The alarms' own figures: rate, flood, chattering and standing, against a plain count."""

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given
from support.plots import at

from hydra_core.kpi import Figures, Incident, figures, shift_figures

DAY = 86400.0


def incident(raised: float, cleared: float | None = None, name: str = "CDC", acked: float | None = None) -> Incident:
    gone = at(cleared) if cleared is not None else None
    return Incident(name, "Bad", at(raised), gone, at(acked) if acked is not None else None)


def test_nothing_happened() -> None:
    assert figures([], at(0)) == Figures(0, 0, 0, (), ())
    assert shift_figures([], at(0), at(3600)).per_hour == 0


def test_the_rate_is_that_of_the_last_hour() -> None:
    raised = [incident(second, second + 1) for second in (0, 1000, 3599, 3600, 7000)]
    found = figures(raised, at(7190))
    assert (found.per_hour, found.in_ten_minutes, found.active) == (3, 1, 0)


def test_more_than_ten_in_ten_minutes_is_a_flood() -> None:
    raised = [incident(number * 50, number * 50 + 10, f"P{number}") for number in range(11)]
    assert figures(raised, at(520)).flood
    assert not figures(raised[:10], at(520)).flood
    assert not figures(raised, at(620)).flood


@pytest.mark.parametrize(
    ("times", "chatters"), [((0, 20, 59.9), True), ((0, 20, 60), False), ((0, 20, 100, 120), False)]
)
def test_three_in_a_minute_chatter(times: tuple[float, ...], chatters: bool) -> None:
    raised = [incident(second, second + 5) for second in times]
    assert figures([*raised, incident(1, 2, "FCAL")], at(200)).chattering == (("CDC",) if chatters else ())


def test_a_day_makes_an_alarm_standing() -> None:
    old, ended = incident(0), incident(0, DAY - 1, "FCAL")
    assert figures([old, ended], at(DAY - 1)).standing == ()
    assert figures([old, ended], at(DAY)).standing == ("CDC",)
    assert figures([old, ended], at(DAY)).active == 1


def test_a_shift_is_counted_from_its_start_to_its_end() -> None:
    raised = [
        incident(-100, 50, "Early"),
        incident(0, 100, "A", acked=30),
        incident(10, 210, "B", acked=70),
        incident(20, None, "B"),
        incident(28800, None, "Late"),
    ]
    found = shift_figures(raised, at(0), at(28800))
    assert (found.raised, found.per_hour, found.worst_ten_minutes) == (3, 3 / 8, 3)
    assert (found.unacknowledged, found.to_acknowledge, found.to_clear) == (1, 45.0, 150.0)
    assert found.by_type == (("B", 2), ("A", 1))


def test_a_shift_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="no length"):
        shift_figures([], at(5), at(5))


spans = st.lists(st.tuples(st.integers(0, 7200), st.none() | st.integers(0, 300), st.sampled_from("AB")), max_size=40)


@given(spans, st.integers(0, 9000))
def test_figures_are_a_plain_count(given_spans: list[tuple[int, int | None, str]], now: int) -> None:
    raised = [incident(s, None if d is None else s + d, name) for s, d, name in given_spans]
    found = figures(raised, at(now))
    assert found.per_hour == sum(now - 3600 < s <= now for s, _, _ in given_spans)
    assert found.active == sum(s <= now and (d is None or s + d > now) for s, d, _ in given_spans)
    for name in "AB":
        recent = [s for s, _, n in given_spans if n == name and now - 3600 < s <= now]
        assert (name in found.chattering) == any(sum(t <= s < t + 60 for s in recent) >= 3 for t in recent)


def test_no_window_is_longer_than_it_says() -> None:
    raised = [incident(0, 1, f"P{n}") for n in range(5)] + [incident(600, 601, f"Q{n}") for n in range(4)]
    assert shift_figures(raised, at(0), at(0) + timedelta(hours=1)).worst_ten_minutes == 5
