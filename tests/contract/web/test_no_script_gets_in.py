"""Fifty texts that want to be scripts, in every text that people or machines give, on every page."""

import itertools
import json
from datetime import timedelta
from urllib.parse import quote

import pytest
from support.people import signed_in
from support.routes import routes
from support.web_server import running_hall
from support.xss import PAYLOADS, injected, shown

from hydra_core.passwords import new_secret, secret_hash
from hydra_core.store.sessions import NewSession
from hydra_core.store.tokens import NewToken

NO_PAGES = ("/api/", "/images/", "/thumbs/", "/heatmaps/", "/events", "/healthz", "/readyz", "/metrics", "/v/")
PAGES = [one for one in routes() if one.method == "GET" and not one.path.startswith(NO_PAGES)]
TEXT = json.dumps("".join(PAYLOADS[:12]))
LINK = json.dumps("https://example.org/\"'><img/data-xss/src=x/onerror=alert(1)>")
HALL = f"""
deployment: hall-d
timezone: America/New_York
data_dir: data
epics: {{prefix: "HYDRA:TEST:"}}
defaults: {{classes: {{Good: {{severity: none, key: g}}, Bad: {{severity: major, key: b}}}}}}
plots:
  CDC_occupancy: {{title: {TEXT}, group: {TEXT}, pv: CDC_OCC, contact: {TEXT}, guidance: {LINK}, response: {TEXT}}}
"""
_numbers = itertools.count()


def _episode(hall, admin):
    hall.shift.confirm("CDC_occupancy", "Bad")
    return admin.get("/api/v1/log").json()["incidents"][0]["uid"]


def _post(admin, path, **body):
    answer = admin.post(f"/api/v1{path}", json=body)
    assert answer.status_code < 300, answer.text


def _session(hall, text):
    hall.store.open_session(NewSession("root", secret_hash(new_secret()), text, text, timedelta(hours=1)))


def _from_file(hall, text):
    hall.shift.source = text
    hall.shift.judge("CDC_occupancy", "Good")
    hall.shift.fail("CDC_occupancy", text)
    hall.shift.source = None


def _flag(hall, admin, text):
    plot = hall.shift.judge("CDC_occupancy", "Good")
    _post(admin, "/label/CDC_occupancy/flags", uids=[plot.uid], reason=text)


FIELDS = {
    "news": lambda hall, admin, text: _post(admin, "/news", body=text),
    "account": lambda hall, admin, text: _post(
        admin, "/accounts", name=f"user{next(_numbers)}", full_name=text[:190], email=text[:190]
    ),
    "saved view": lambda hall, admin, text: _post(admin, "/views", name=text[:100], settings={"query": text}),
    "token": lambda hall, admin, text: hall.store.add_token(
        NewToken(f"{text}{next(_numbers)}"[:190], secret_hash(new_secret()), "viewer", (text,)), text[:190]
    ),
    "browser and address of a session": lambda hall, admin, text: _session(hall, text[:190]),
    "audit log": lambda hall, admin, text: hall.store.audit(
        text[:190], text[:190], text[:190], {text: text}, {text: [text]}, text[:190]
    ),
    "file name, and why it was refused": lambda hall, admin, text: _from_file(hall, text),
    "who muted": lambda hall, admin, text: hall.shift.mute("CDC_occupancy", by=text),
    "why it is to be muted": lambda hall, admin, text: _post(
        admin, "/plot-types/CDC_occupancy/mute", minutes=5, reason=text[:200]
    ),
    "note on an alarm": lambda hall, admin, text: _post(
        admin, f"/episodes/{quote(_episode(hall, admin), safe='')}/feedback", true_alarm=False, note=text
    ),
    "flag": lambda hall, admin, text: _flag(hall, admin, text),
}
"""Every text that somebody gives and a page shows; a new one is one line here. Texts are 5 payloads, 50 to 250 long."""


@pytest.fixture(scope="module")
def hall(tmp_path_factory):
    with running_hall(tmp_path_factory.mktemp("xss"), HALL) as made:
        yield made


@pytest.fixture(scope="module")
def admin(hall):
    with signed_in(hall, "root", "admin") as root:
        root.client.headers["Accept"] = "text/html"
        yield root.client


@pytest.fixture(scope="module")
def planted(hall, admin):
    """Put every payload into every field, five at a time and one by one where five are cut off."""
    for first in range(0, len(PAYLOADS), 5):
        for plant in FIELDS.values():
            plant(hall, admin, "".join(PAYLOADS[first : first + 5]))
    for payload in PAYLOADS:
        FIELDS["account"](hall, admin, payload)
        FIELDS["audit log"](hall, admin, payload)
    hall.caught_up()


def _addresses(hall, admin, route):
    """Return the pages of a route: those of a plot and of an episode that have the texts."""
    if "{uid}" in route.path:
        episode = route.path.startswith("/episodes")
        key = _episode(hall, admin) if episode else hall.shift.judge("CDC_occupancy", "Good").uid
        return [route.url(uid=quote(key, safe=""))]
    return [route.url()]


def test_there_are_fifty_and_each_would_be_found():
    assert len(set(PAYLOADS)) == 50
    ways = ("<p>{}</p>", '<p title="{}">x</p>', "<p title='{}'>x</p>", "<p title={}>x</p>", "<textarea>{}</textarea>")
    missed = [one for one in PAYLOADS if not any(injected(way.format(one)) for way in ways)]
    assert not missed
    assert not injected(
        '<p title="&lt;img data-xss&gt;">&lt;script data-xss&gt;</p><script src="/static/a.js"></script>'
    )


@pytest.mark.parametrize("route", PAGES, ids=str)
def test_no_page_takes_a_text_for_a_script(hall, admin, planted, route):
    for url in _addresses(hall, admin, route):
        page = admin.get(url)
        assert page.status_code in (200, 303, 404), page.text[:500]
        assert injected(page.text) == []


@pytest.mark.parametrize("route", PAGES, ids=str)
def test_no_page_echoes_its_address_as_a_script(hall, admin, route):
    names = ("next", "who", "what", "target", "after", "group", "plot_type", "class", "run", "from", "to", "q", "order")
    for payload in PAYLOADS[::7]:
        page = admin.get(route.url(), params=dict.fromkeys(names, payload))
        assert page.status_code < 500
        if page.headers["content-type"].startswith("text/html"):
            assert injected(page.text) == []
    if "{" in route.path:
        for payload in PAYLOADS[::7]:
            page = admin.get(route.url(**dict.fromkeys(("uid", "plot_type", "slug"), quote(payload, safe=""))))
            assert page.status_code < 500
            assert not page.headers["content-type"].startswith("text/html") or injected(page.text) == []


def test_the_stream_of_the_wall_carries_no_script(hall, admin, planted):
    with admin.stream("GET", "/events?after=0") as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
                for html in (data.get("html"), data.get("strip"), data.get("summary")):
                    assert injected(html or "") == []
                if "summary" in data:
                    break


def test_the_texts_are_there_to_be_read(admin, planted):
    accounts = shown(admin.get("/admin").text)
    assert all(payload in accounts for payload in PAYLOADS if payload == payload.strip())


def test_json_says_that_it_is_json(admin, planted):
    for path in ("/api/v1/news", "/api/v1/accounts", "/api/v1/audit", "/api/v1/status", "/api/v1/views"):
        answer = admin.get(path)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
