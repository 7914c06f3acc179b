"""The shift report over real HTTP: what it counts and lists, and who lets it be mailed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from support.people import signed_in
from support.wall import HALL
from support.web_server import running_hall

from hydra_core.store.actions import Actor
from hydra_web.log.shift import last_shifts

HTML = {"Accept": "text/html"}
MAIL = "\nmail: {server: localhost, sender: hydra@example.org}\n"
URL = "/api/v1/reports/shift"


@pytest.fixture
def shift(running):
    """An hour ago one incident, acknowledged; a mute; a rule; yesterday another incident."""
    plots = running.shift
    plots.run, plots.moment = 120344, datetime.now(UTC) - timedelta(days=1)
    plots.confirm("FCAL_occupancy", "Bad")
    plots.confirm("FCAL_occupancy", "Good")
    plots.run, plots.moment = 120345, datetime.now(UTC) - timedelta(hours=1)
    plots.judge("CDC_occupancy", "Bad")
    plots.moment += timedelta(minutes=1)
    plots.judge("CDC_occupancy", "Bad")
    uid = running.store.episodes(_all(), limit=1)[0].uid
    running.store.acknowledge(uid, "bob")
    running.store.ask_mute("CDC_occupancy", datetime.now(UTC) + timedelta(minutes=30), Actor("eve"), "board 7 is off")
    running.store.audit("ops", "mute", "ST_occupancy", {"value": "None"}, {"value": "2026-11-24 21:00:00+00:00"})
    running.store.audit("ops", "mute", "ST_occupancy", {"value": "2026-11-24 21:00:00+00:00"}, {"value": "None"})
    running.store.audit("ops", "enable", "TOF_occupancy", {"value": "True"}, {"value": "False"})
    running.store.set_settings("CDC_occupancy", {"confirm": "3 of 3"}, "eve")
    running.caught_up()
    return running


def _all():
    from hydra_core.store.episodes import Filters

    return Filters()


def test_it_counts_and_lists_what_happened(shift, client):
    report = client.get(URL).json()
    figures = report["figures"]
    assert (figures["raised"], figures["unacknowledged"], figures["by_plot"]) == (1, 0, {"CDC_occupancy": 1})
    assert figures["per_hour"] == pytest.approx(1 / 8, rel=0.01)
    assert [(one["plot"], one["acknowledged_by"]) for one in report["incidents"]] == [("CDC_occupancy", "bob")]
    assert [(one["run"], one["plots"]) for one in report["runs"]] == [(120345, 2)]
    silenced = [(one["who"], one["target"], one["words"].split(" until")[0]) for one in report["silenced"]]
    assert silenced == [
        ("eve", "CDC_occupancy", "muted"),
        ("ops", "ST_occupancy", "muted"),
        ("ops", "ST_occupancy", "unmuted"),
        ("ops", "TOF_occupancy", "switched off"),
    ]
    assert report["silenced"][0]["words"].endswith("board 7 is off")
    (change,) = report["changed"]
    assert (change["who"], change["what"], change["words"]) == ("eve", "set rule", "confirm None → 3 of 3")


def test_another_span_has_its_own(shift, client):
    since, until = datetime.now(UTC) - timedelta(hours=30), datetime.now(UTC) - timedelta(hours=20)
    report = client.get(URL, params={"from": since.isoformat(), "to": until.isoformat()}).json()
    assert [one["plot"] for one in report["incidents"]] == ["FCAL_occupancy"]
    assert [one["run"] for one in report["runs"]] == [120344]
    assert report["changed"] == report["silenced"] == []


def test_the_page_shows_it(shift, client):
    page = client.get("/reports/shift", headers=HTML).text
    for words in ("CDC occupancy", "board 7 is off", "120345", "3 of 3", "Alarms an hour"):
        assert words in page
    assert "FCAL" not in page.partition('id="incidents-title"')[2].partition("<h2")[0]
    assert "by mail" not in page


@pytest.mark.parametrize("query", ["?from=2026-11-25&to=2026-11-24", "?from=2026-01-01&to=2026-03-01", "?from=then"])
def test_a_span_that_is_none_is_refused(client, query):
    assert client.get(URL + query).status_code == 422


def test_people_ask_for_the_mail_and_stop_it(tmp_path):
    with running_hall(tmp_path, text=HALL + MAIL) as hall, signed_in(hall, "bob", "viewer") as bob:
        assert "by mail" in bob.client.get("/reports/shift", headers=HTML).text
        for email in ("bob@example.org", "bob@physics.example.org"):
            assert bob.client.put(f"{URL}/mail", json={"email": email}).status_code == 204
            assert hall.store.report_recipients() == {"bob": email}
        assert bob.client.put(f"{URL}/mail", json={"email": "bob, eve@example.org"}).status_code == 422
        assert "bob@physics.example.org" in bob.client.get("/reports/shift", headers=HTML).text
        assert bob.client.delete(f"{URL}/mail").status_code == 204
        assert hall.store.report_recipients() == {}


def test_nobody_unknown_gets_mail(running, client):
    origin = {"Origin": running.url}
    assert client.put(f"{URL}/mail", json={"email": "a@example.org"}, headers=origin).status_code == 401
    with signed_in(running, "bob", "viewer") as bob:
        assert bob.client.put(f"{URL}/mail", json={"email": "a@example.org"}).status_code == 409


@pytest.mark.parametrize(
    ("now", "starts"),
    [
        ("2026-11-24T21:15", ["2026-11-24T16:00", "2026-11-24T08:00", "2026-11-24T00:00", "2026-11-23T16:00"]),
        ("2026-11-24T00:00", ["2026-11-24T00:00", "2026-11-23T16:00", "2026-11-23T08:00", "2026-11-23T00:00"]),
        ("2026-11-01T12:00", ["2026-11-01T08:00", "2026-11-01T00:00", "2026-10-31T16:00", "2026-10-31T08:00"]),
    ],
)
def test_shifts_follow_the_halls_clock_even_when_that_is_changed(now, starts):
    zone = ZoneInfo("America/New_York")
    found = last_shifts(datetime.fromisoformat(now).replace(tzinfo=zone), zone)
    assert [f"{start.astimezone(zone):%Y-%m-%dT%H:%M}" for start, _ in found] == starts
    assert [end for _, end in found[1:]] == [start for start, _ in found[:-1]]
    if now.startswith("2026-11-01"):
        assert found[1][1] - found[1][0] == timedelta(hours=9)
