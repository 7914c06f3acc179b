"""The web service over HTTP: pages, API, pictures, headers; real uvicorn, real SQLite, real pictures."""

import hashlib
import io
import re
from importlib.metadata import version

import pytest
from PIL import Image
from support.wall import hot_spot, picture

from hydra_core.domain import Status

HTML = {"Accept": "text/html"}


def status_of(client, name="CDC_occupancy"):
    return next(one for one in client.get("/api/v1/status").json() if one["plot"] == name)


def test_the_wall_shows_what_was_recorded(running, client):
    running.shift.confirm("CDC_occupancy", "Bad", 0.9931)
    running.shift.confirm("ST_occupancy", "Good")
    running.caught_up()
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    strip = page.text[page.text.index('id="strip"') : page.text.index('id="grid"')]
    assert "CDC occupancy" in strip
    assert "BAD" in strip
    assert "99.3 %" in strip
    assert "Start counter" not in strip
    assert page.text.count('id="slot-') == len(running.shift.types)


def test_status_has_one_object_a_plot_type(running, client):
    plot = running.shift.confirm("CDC_occupancy", "Bad", 0.9931)
    running.caught_up()
    assert [one["plot"] for one in client.get("/api/v1/status").json()] == [card.name for card in running.feed.cards]
    one = status_of(client)
    assert one["pv"] == "HYDRA:TEST:CDC_OCC"
    assert (one["status"], one["severity"], one["class"], one["confidence"]) == ("BAD", "MAJOR", "Bad", 0.9931)
    assert (one["run"], one["chunk"], one["model"]) == (plot.run, plot.chunk, "CDC_occupancy v3")
    assert (one["uid"], one["image"]) == (plot.uid, f"/images/{plot.sha256}")
    assert 0 <= one["age"] < 60
    assert one["since"] is not None
    assert "0.993" in one["reason"]
    never = status_of(client, "TOF_occupancy")
    assert (never["status"], never["class"], never["age"], never["uid"]) == ("UNKNOWN", None, None, None)
    assert status_of(client, "RF_selftiming")["status"] == "OFF"


@pytest.mark.parametrize(
    ("class_name", "status", "severity"), [("Good", "GOOD", "NO_ALARM"), ("NoData", "WARN", "MINOR")]
)
def test_other_verdicts(running, client, class_name, status, severity):
    running.shift.confirm("CDC_occupancy", class_name)
    running.caught_up()
    assert (status_of(client)["status"], status_of(client)["severity"]) == (status, severity)


def test_an_unreadable_plot_has_no_class(running, client):
    running.shift.confirm("CDC_occupancy", "Good")
    running.shift.fail("CDC_occupancy")
    running.caught_up()
    one = status_of(client)
    assert (one["status"], one["severity"], one["class"], one["heatmap"]) == ("ERROR", "INVALID", None, None)


def test_pictures_by_hash_for_ever(running, client):
    data = picture(77, (640, 480))
    running.shift.judge("CDC_occupancy", "Good", data=data)
    running.caught_up()
    one = status_of(client)
    image = client.get(one["image"])
    assert image.content == data
    assert image.headers["content-type"] == "image/png"
    thumb = client.get(one["thumbnail"])
    with Image.open(io.BytesIO(thumb.content)) as small:
        assert (small.format, small.size) == ("WEBP", (320, 240))
    heat = client.get(one["heatmap"])
    with Image.open(io.BytesIO(heat.content)) as drawn:
        assert drawn.width / drawn.height == pytest.approx(hot_spot().shape[1] / hot_spot().shape[0], rel=0.02)
    for answer in (image, thumb, heat):
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/images/" + "0" * 64,
        "/thumbs/" + "0" * 64,
        "/heatmaps/999.png",
        "/p/" + "0" * 32,
        "/api/v1/plots/" + "0" * 32,
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/images/..%2f..%2fhydra.sqlite3",
        "/thumbs/....//hydra.sqlite3",
    ],
)
def test_what_is_not_there_is_not_found(running, client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "immutable" not in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["/images/" + "A" * 64, "/images/abc", "/heatmaps/0.png", "/heatmaps/x.png", "/p/zz"])
def test_what_is_no_address_is_refused(client, path):
    assert client.get(path).status_code == 422


def test_the_page_of_a_plot_has_scores_and_history(running, client):
    first = running.shift.judge("CDC_occupancy", "Good")
    plot = running.shift.confirm("CDC_occupancy", "Bad", 0.9931)
    running.caught_up()
    page = client.get(f"/p/{plot.uid}").text
    assert "NoData" in page
    assert "99.3 %" in page
    assert f"/images/{plot.sha256}" in page
    assert f"/p/{first.uid}" in page
    assert "not the newest" not in page
    assert "not the newest" in client.get(f"/p/{first.uid}").text
    told = re.findall(r"is-(good|suspect|bad)", page[page.index("PVs said lately") :])
    assert told[:3] == ["bad", "suspect", "good"]
    twin = client.get(f"/api/v1/plots/{plot.uid}").json()
    assert twin["judgements"][0]["scores"][1] == {"class": "Bad", "score": 0.9931}
    assert twin["judgements"][0]["status"] == "BAD"


def test_a_plot_that_could_not_be_judged_has_a_page_too(running, client):
    plot = running.shift.fail("CDC_occupancy", "TRUNCATED: the file ends early")
    running.caught_up()
    page = client.get(f"/p/{plot.uid}").text
    assert "not judged" in page
    assert "TRUNCATED" in page


@pytest.mark.parametrize("path", ["/", "/api/v1/status", "/nothing", "/static/wall.js", "/healthz", "/images/abc"])
def test_every_answer_is_guarded(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


def test_pages_have_no_inline_script_or_style(running, client):
    plot = running.shift.confirm("CDC_occupancy", "Bad")
    running.caught_up()
    for path in ("/", f"/p/{plot.uid}", "/nothing"):
        html = client.get(path, headers=HTML).text
        assert not re.search(r"<script(?![^>]*\bsrc=)", html)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)
        assert not re.search(r"(src|href)=\"(https?:)?//(?!example\.org)", html)


def test_errors_are_pages_for_people_and_json_for_programs(client):
    assert "Back to the wall" in client.get("/nothing", headers=HTML).text
    assert client.get("/nothing").json() == {"detail": "Not Found"}
    assert client.get("/api/v1/nothing", headers=HTML).json() == {"detail": "Not Found"}
    assert client.post("/api/v1/status").status_code == 405


def test_openapi_has_the_release_and_every_route_of_the_api(client):
    document = client.get("/api/v1/openapi.json").json()
    assert document["info"]["version"] == version("hydra-monitoring")
    assert {"/api/v1/status", "/api/v1/plots/{uid}", "/images/{sha256}", "/healthz"} <= set(document["paths"])
    names = document["components"]["schemas"]["PlotStatus"]["properties"]["status"]["enum"]
    assert names == [status.name for status in Status]
    assert client.get("/docs").status_code == 404


def test_the_database_away_leaves_the_wall_up(running, client):
    running.shift.confirm("CDC_occupancy", "Bad")
    running.caught_up()
    uid = status_of(client)["uid"]
    assert client.get("/readyz").status_code == 200
    original = running.store.changes_after
    running.store.changes_after = _away
    running.until(lambda: running.feed.away is not None)
    page = client.get("/")
    assert page.status_code == 200
    assert "Database away since" in page.text
    assert "secret-host" not in page.text
    assert status_of(client)["status"] == "BAD"
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").json()["status"] == "ok"
    running.store.plot_page = _away
    answer = client.get(f"/p/{uid}", headers=HTML)
    assert answer.status_code == 503
    assert "secret-host" not in answer.text
    running.store.changes_after = original
    running.until(lambda: running.feed.away is None)
    assert client.get("/readyz").status_code == 200


def test_thumbnails_of_what_cannot_be_decoded_are_not_found(running, client):
    data = picture(5)[:-20]
    sha256 = running.archive.put(data)
    assert hashlib.sha256(data).hexdigest() == sha256
    assert client.get(f"/thumbs/{sha256}").status_code == 404
    assert client.get(f"/images/{sha256}").content == data


def _away(*_: object) -> None:
    from hydra_core.errors import StoreError

    raise StoreError("the database mysql://hydra@secret-host/x does not answer")
