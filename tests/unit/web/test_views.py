"""What templates are given: times with their zone, ages, percents, and nothing that could be script."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from support.wall import hall

from hydra_core.domain import Status
from hydra_web.board import build_cards
from hydra_web.needs import Away
from hydra_web.views import Views, duration, is_web, percent

EVIL = "<script>alert(1)</script>\"' onerror=x"


@pytest.fixture
def views():
    return Views("hall-d", ZoneInfo("America/New_York"), "1.2.3")


@pytest.fixture
def card(tmp_path):
    return build_cards((), hall(tmp_path).plot_types(), "P:")[0]


def test_times_name_the_hall_s_zone(views):
    assert views.when(datetime(2026, 7, 1, 12, tzinfo=UTC)) == "2026-07-01 08:00:00 EDT"
    assert views.when(datetime(2026, 11, 24, 12, tzinfo=UTC)) == "2026-11-24 07:00:00 EST"
    assert views.clock(datetime(2020, 1, 1, 12, tzinfo=UTC)) == "2020-01-01 07:00 EST"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s"), (0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h 0 min"), (86400, "1 d")],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("score", "words"), [(1.0, "100.0 %"), (0.99999, "99.9 %"), (0.9747, "97.5 %"), (0.00001, "0.1 %"), (0.0, "0.0 %")]
)
def test_only_certainty_reads_as_certain(score, words):
    assert percent(score) == words


@pytest.mark.parametrize("status", list(Status))
def test_a_card_says_its_status_in_word_and_shape(views, card, status):
    html = views.slot(replace(card, status=status))
    assert status.name in html
    assert replace(card, status=status).shape in html
    assert f"is-{status.name.lower()}" in html


@pytest.mark.parametrize("status", [Status.GOOD, Status.BAD, Status.STALE])
def test_everything_is_escaped(views, card, status):
    kind = replace(card.plot_type, title=EVIL, contact=EVIL, response=EVIL, guidance=EVIL)
    evil = replace(
        card, plot_type=kind, status=status, reason=EVIL, class_name=EVIL, muted_by=EVIL, uid="u", run=1, chunk=1,
        sha256="s", muted_until=datetime.now(UTC), model=EVIL,
    )  # fmt: skip
    html = views.slot(evil) + (views.strip(evil) or "")
    assert "<script" not in html
    assert "' onerror" not in html
    assert "alert(1)" in html


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", " https://a", "//evil", ""])
def test_only_web_addresses_become_links(views, card, link):
    assert not is_web(link)
    bad = replace(card, status=Status.BAD, plot_type=replace(card.plot_type, guidance=link))
    assert "Guidance" not in (views.strip(bad) or "")


def test_only_what_needs_attention_is_in_the_strip(views, card):
    assert views.strip(replace(card, status=Status.SUSPECT)) is None
    assert "What to do" in (views.strip(replace(card, status=Status.BAD)) or "")


def test_the_banner_says_since_when_and_stays_empty_when_all_is_well(views):
    since = datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert views.banner(None, None) == ""
    assert "Database away since 2026-01-05 07:00 EST" in views.banner(Away(since, "advice"), since)
    assert "No verdict since 2026-01-05 07:00 EST" in views.banner(None, since)


def test_calm_is_only_claimed_when_all_is_judged(views, card):
    assert "Nothing needs attention" in views.summary([replace(card, status=Status.GOOD)])
    doubtful = views.summary([replace(card, status=Status.GOOD), card])
    assert "Nothing needs attention" not in doubtful
    assert "Nothing is in alarm" in doubtful
