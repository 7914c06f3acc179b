"""The log-book button over real HTTP: what the page sends reaches the log book with pictures and a link back."""

import io
from urllib.parse import quote

import pytest
from PIL import Image
from support.logbooks import running_elog
from support.people import signed_in
from support.wall import HALL, picture
from support.web_server import running_hall


@pytest.fixture
def elog():
    with running_elog() as kept:
        yield kept


@pytest.fixture
def hall(tmp_path, elog):
    book = f"\nlogbook: {{kind: jlab, url: '{elog.url}', logbooks: [HDLOG]}}\n"
    with running_hall(tmp_path, text=HALL + book) as made:
        made.shift.confirm("CDC_occupancy", "Bad", 0.98)
        made.shift.judge("CDC_occupancy", "Bad", 0.99, data=picture(7))
        made.caught_up()
        yield made


def enter(somebody, uid, **body):
    return somebody.client.post(f"/api/v1/episodes/{quote(uid, safe='')}/logbook", json=body)


def test_an_incident_goes_into_the_log_book_once(hall, elog):
    with signed_in(hall, "bob", "labeler") as bob:
        uid = bob.client.get("/api/v1/log").json()["incidents"][0]["uid"]
        made = enter(bob, uid, text="Board 7 replaced.")
        assert made.status_code == 201, made.text
        assert made.json()["url"].endswith("/entry/3900001")
        assert enter(bob, uid).status_code == 409
        assert enter(bob, uid, again=True).status_code == 201
        page = bob.client.get(f"/api/v1/episodes/{quote(uid, safe='')}").json()
    assert page["logbook_url"].endswith("/entry/3900002")
    entry = elog.entries[0]
    assert entry["title"] == "CDC occupancy: Bad, run 120345" and entry["author"] == "bob"
    assert entry["body"].startswith("Board 7 replaced.") and "99.0 % at its worst" in entry["body"]
    assert entry["body"].endswith(f"{hall.url}/episodes/{quote(uid, safe='')}")
    (kind, plot, name), (_, heat, _) = entry["files"]
    assert (kind, plot) == ("image/png", picture(7)) and name.startswith("CDC_occupancy_run120345_")
    assert Image.open(io.BytesIO(heat)).size == Image.open(io.BytesIO(plot)).size
    assert heat != plot


def test_a_log_book_that_refuses_is_told_and_nothing_is_kept(hall, elog):
    elog.refuse = 503
    with signed_in(hall, "bob", "labeler") as bob:
        one = bob.client.get("/api/v1/log").json()["incidents"][0]
        answer = enter(bob, one["uid"])
        assert answer.status_code == 502 and "503" in answer.json()["detail"]
        assert bob.client.get("/api/v1/log").json()["incidents"][0]["logbook_url"] is None


def test_a_hall_without_a_log_book_says_so(tmp_path):
    with running_hall(tmp_path) as plain, signed_in(plain, "bob", "labeler") as bob:
        plain.shift.confirm("CDC_occupancy", "Bad", 0.98)
        uid = bob.client.get("/api/v1/log").json()["incidents"][0]["uid"]
        assert enter(bob, uid).status_code == 409
