"""The status page's numbers: curves, stages, the calendar in the hall's zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hydra_web.events import Beat
from hydra_web.status.charts import HEIGHT, WEEKS, WIDTH, calendar, curve
from hydra_web.status.figures import size_words, stages, tiles

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STAGE = {"p50": 0.01, "p95": 0.05, "plots": 200}


def test_a_curve_fills_its_box_and_says_its_range():
    found = curve([1.0, 3.0, 2.0], " ms")
    assert found.points == f"0.0,{HEIGHT - 2:.1f} {WIDTH / 2:.1f},2.0 {WIDTH:.1f},{HEIGHT / 2:.1f}"
    assert found.words == "from 1 to 3 ms in the last hour, 2 ms now"


@pytest.mark.parametrize("values", [[], [1.0]])
def test_a_single_value_is_no_curve(values):
    assert curve(values) is None


def test_a_flat_curve_divides_by_nothing():
    assert curve([2.0, 2.0]).points.endswith(f",{HEIGHT - 2:.1f}")


def test_stages_come_in_the_order_of_the_way_and_only_those_that_were_told():
    beats = [Beat(NOW, {}, {"total": STAGE, "wait": {**STAGE, "p95": 0.1 * n}}) for n in (1, 2)]
    found = stages(beats)
    assert [one.name for one in found] == ["wait", "total"]
    assert (found[0].p95, found[1].p50) == (200.0, 10.0)
    assert "from 100 to 200 ms" in found[0].curve.words
    assert stages([]) == ()


def test_tiles_mark_what_is_not_as_it_should_be():
    beats = [Beat(NOW, {"STATE": "RUNNING", "DB": "DOWN", "QUEUE": n, "MSG": "x"}, {}) for n in (0, 4)]
    found = {one.suffix: one for one in tiles(beats)}
    assert (found["STATE"].fine, found["DB"].fine, found["QUEUE"].fine) == (True, False, None)
    assert found["QUEUE"].value == "4" and "from 0 to 4" in found["QUEUE"].curve.words
    assert "MSG" not in found


def test_the_calendar_counts_days_in_the_hall_s_zone():
    zone, today = ZoneInfo("America/New_York"), date(2026, 11, 24)
    night = datetime(2026, 11, 24, 3, tzinfo=UTC)  # still the 23rd there
    found = calendar({night: 7, night + timedelta(hours=4): 2}, zone, today)
    counts = {day.day: day.count for day in found.days if day.count}
    assert counts == {date(2026, 11, 23): 7, date(2026, 11, 24): 2}
    assert (found.total, found.most) == (9, 7)
    last = found.days[-1]
    assert (last.day, last.week, last.row) == (today, WEEKS - 1, today.weekday())
    assert found.days[0].row == 0
    assert {day.shade for day in found.days if day.count == 0} == {0}
    assert next(day.shade for day in found.days if day.count == 7) == 4


def test_months_have_all_their_plots():
    found = calendar({NOW: 5, NOW - timedelta(days=40): 3}, UTC, NOW.date())
    assert {month.name: month.count for month in found.months if month.count} == {"Oct 2026": 3, "Nov 2026": 5}


def test_an_empty_hall_has_a_calendar_too():
    assert calendar({}, UTC, NOW.date()).most == 0


@pytest.mark.parametrize(("size", "words"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (4.2e12, "4.2 TB")])
def test_sizes_in_words(size, words):
    assert size_words(size) == words
