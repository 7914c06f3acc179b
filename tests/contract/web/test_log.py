"""The log over real HTTP: what it shows, finds and gives away as files; and what people decide about alarms."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from support.people import signed_in

HTML = {"Accept": "text/html"}


@pytest.fixture
def history(running):
    """Four incidents of two plot types in two runs over two days, the last still open, and one lone suspect."""
    shift = running.shift
    shift.run, shift.moment = 120345, datetime.now(UTC) - timedelta(days=2)
    for name, score in (("CDC_occupancy", 0.98), ("FCAL_occupancy", 0.97)):
        incident(shift, name, score)
    shift.run, shift.moment = 120346, datetime.now(UTC) - timedelta(hours=2)
    incident(shift, "CDC_occupancy", 0.999)
    shift.judge("ST_occupancy", "NoData", 0.6)
    shift.moment += timedelta(minutes=1)
    shift.confirm("CDC_occupancy", "NoData", 0.95)
    running.caught_up()
    return running


def incident(shift, name, score):
    """Let one begin, get worse, and end; a minute between plots."""
    for class_name, sure in (
        ("Bad", score - 0.02),
        ("Bad", score - 0.01),
        ("Bad", score),
        ("Good", 0.99),
        ("Good", 0.99),
    ):
        shift.judge(name, class_name, sure)
        shift.moment += timedelta(minutes=1)


def log(client, query=""):
    answer = client.get(f"/api/v1/log{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def incidents(client, query=""):
    return [(one["plot"], one["class"]) for one in log(client, query)["incidents"]]


def newest(client):
    return log(client)["incidents"][0]


def path_of(one, what=""):
    return f"/api/v1/episodes/{quote(one['uid'], safe='')}{what}"


CDC, FCAL, OPEN = ("CDC_occupancy", "Bad"), ("FCAL_occupancy", "Bad"), ("CDC_occupancy", "NoData")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [OPEN, CDC, FCAL, CDC]),
        ("?plot_type=FCAL_occupancy", [FCAL]),
        ("?plot_type=FCAL_occupancy&plot_type=CDC_occupancy", [OPEN, CDC, FCAL, CDC]),
        ("?group=CDC", [OPEN, CDC, CDC]),
        ("?group=CDC&plot_type=FCAL_occupancy", []),
        ("?class=NoData", [OPEN]),
        ("?run=120345", [FCAL, CDC]),
        ("?run=120346&class=Bad", [CDC]),
        ("?run=1", []),
        ("?from={long_ago}", [OPEN, CDC]),
        ("?to={long_ago}", [FCAL, CDC]),
    ],
)
def test_filters_find_incidents(history, client, query, found):
    long_ago = f"{datetime.now(UTC) - timedelta(hours=20):%Y-%m-%dT%H:%M:%SZ}"
    assert incidents(client, query.format(long_ago=long_ago)) == found


def test_an_incident_is_told_with_its_worst_plot(history, client):
    one = next(one for one in log(client)["incidents"] if one["plot"] == "FCAL_occupancy")
    assert (one["severity"], one["group"], one["title"]) == ("MAJOR", "FCAL", "FCAL occupancy")
    assert one["worst_score"] == one["worst"]["confidence"] == pytest.approx(0.97)
    assert one["worst"]["uid"] != one["first"]["uid"]
    assert one["started_at"] < one["confirmed_at"] < one["ended_at"]
    assert newest(client)["ended_at"] is None


def test_suspects_that_were_not_confirmed_are_found_apart(history, client):
    plots = log(client, "?confirmed=false&plot_type=ST_occupancy")["plots"]
    assert [(one["plot"], one["class"], one["status"]) for one in plots] == [("ST_occupancy", "NoData", "SUSPECT")]
    assert log(client, "?confirmed=false&class=NoData&run=120345")["plots"] == []


def test_pages_lead_through_all_of_it_once(history, client):
    for shown in ("true", "false"):
        whole = log(client, f"?confirmed={shown}")
        walked, after = [], ""
        while after is not None:
            page = log(client, f"?confirmed={shown}&limit=1&after={after}")
            walked += page["incidents"] + page["plots"]
            after = page["next"]
        assert walked == whole["incidents"] + whole["plots"]
        assert len(walked) >= 4


@pytest.mark.parametrize(
    "query",
    ["?run=x", "?from=yesterday", "?to=2026-13-01", "?after=nonsense", "?after=MSAy", "?limit=0", "?confirmed=perhaps"],
)
def test_what_makes_no_sense_is_refused(client, query):
    assert client.get(f"/api/v1/log{query}").status_code == 422


def test_the_strip_has_the_plots_of_the_incident_in_order(history, client):
    one = next(one for one in log(client)["incidents"] if one["plot"] == "FCAL_occupancy")
    strip = client.get(path_of(one, "/strip")).json()["plots"]
    assert [plot["class"] for plot in strip] == ["Bad", "Bad", "Bad", "Good", "Good"]
    assert [plot["at"] for plot in strip] == sorted(plot["at"] for plot in strip)
    few = client.get(path_of(one, "/strip?limit=2")).json()["plots"]
    assert [plot["uid"] for plot in few] == [strip[0]["uid"], strip[-1]["uid"]]


def test_files_hold_the_whole_selection(history, client):
    rows = list(csv.DictReader(io.StringIO(client.get("/api/v1/log.csv?group=CDC&limit=1").text)))
    assert [(row["plot"], row["class"], row["run"]) for row in rows] == [
        (*OPEN, "120346"),
        (*CDC, "120346"),
        (*CDC, "120345"),
    ]
    lines = client.get("/api/v1/log.jsonl?group=CDC").text.splitlines()
    assert [json.loads(line)["uid"] for line in lines] == [row["uid"] for row in rows]
    suspects = list(csv.DictReader(io.StringIO(client.get("/api/v1/log.csv?confirmed=false").text)))
    assert ("ST_occupancy", "NoData") in [(row["plot"], row["class"]) for row in suspects]


def test_a_note_is_no_formula_in_a_spreadsheet(history, client):
    with signed_in(history, "bob", "labeler") as bob:
        body = {"true_alarm": True, "note": "=HYPERLINK(1)"}
        assert bob.client.post(path_of(newest(client), "/feedback"), json=body).status_code == 200
    row = next(csv.DictReader(io.StringIO(client.get("/api/v1/log.csv").text)))
    assert row["note"] == "'=HYPERLINK(1)"


def test_the_pages_show_it(history, client):
    page = client.get("/log", headers=HTML).text
    assert page.count('class="incident"') == 4 and "goes on" in page and "nobody said" in page
    assert "No incident fits" in client.get("/log?run=7", headers=HTML).text
    assert "NoData" in client.get("/log?confirmed=false", headers=HTML).text
    one = client.get(newest(client)["page"], headers=HTML)
    assert one.status_code == 200 and "nobody has acknowledged it" in one.text and "Sign in" in one.text
    assert client.get("/episodes/nothing%40then", headers=HTML).status_code == 404


def test_acknowledging_is_kept_once_with_its_name(history, client):
    one = newest(client)
    with signed_in(history, "bob", "labeler") as bob, signed_in(history, "eve", "labeler") as eve:
        assert bob.client.post(path_of(one, "/acknowledge")).json()["acknowledged_by"] == "bob"
        assert eve.client.post(path_of(one, "/acknowledge")).json()["acknowledged_by"] == "bob"
    change = history.store.changes_after(0, 5000)[-1]
    assert (change.kind, change.payload) == ("acknowledge", {"episode": one["uid"], "by": "bob"})
    assert "bob" in client.get(one["page"], headers=HTML).text


def test_a_false_alarm_goes_to_review_and_may_be_taken_back(history, client):
    one = next(one for one in log(client)["incidents"] if one["plot"] == "FCAL_occupancy")
    with signed_in(history, "bob", "labeler") as bob:
        said = bob.client.post(path_of(one, "/feedback"), json={"true_alarm": False, "note": " a known hot channel "})
        assert (said.json()["feedback"], said.json()["note"]) == ("false", "a known hot channel")
        waiting = history.store.open_reviews("FCAL_occupancy", "false_alarm")
        assert {item.plot.uid for item in waiting} == {one["first"]["uid"], one["worst"]["uid"]}
        again = bob.client.post(path_of(one, "/feedback"), json={"true_alarm": True})
        assert (again.json()["feedback"], again.json()["note"]) == ("true", "a known hot channel")
    assert history.store.open_reviews("FCAL_occupancy", "false_alarm") == []


def test_a_mute_is_asked_of_the_ioc(history, client):
    with signed_in(history, "bob", "labeler", "CDC_occupancy") as bob:
        path = "/api/v1/plot-types/CDC_occupancy/mute"
        answer = bob.client.post(path, json={"minutes": 30, "reason": "board 7 is off"})
        assert answer.status_code == 202, answer.text
        assert bob.client.delete(path).json()["until"] is None
        asked = [change for change in history.store.changes_after(0, 5000) if change.kind == "mute"]
        assert asked[0].payload == {
            "until": answer.json()["until"].replace("Z", "+00:00"),
            "by": "bob",
            "reason": "board 7 is off",
        }
        assert asked[1].payload["until"] is None
        assert [change.id for change in history.store.unanswered_mutes()] == [asked[1].id]
        assert (
            bob.client.post("/api/v1/plot-types/FCAL_occupancy/mute", json={"minutes": 1, "reason": "x"}).status_code
            == 403
        )


@pytest.mark.parametrize(
    "body",
    [{}, {"minutes": 0, "reason": "x"}, {"minutes": 1441, "reason": "x"}, {"minutes": 5, "reason": ""},
     {"minutes": "5", "reason": "x"}, {"minutes": 5, "reason": "x", "for": "ever"}],
)  # fmt: skip
def test_a_senseless_mute_is_refused(history, body):
    with signed_in(history, "bob", "labeler") as bob:
        assert bob.client.post("/api/v1/plot-types/CDC_occupancy/mute", json=body).status_code == 422
    assert history.store.unanswered_mutes() == []


@pytest.mark.parametrize("what", ["acknowledge", "feedback", "logbook"])
def test_only_people_with_the_role_decide(history, client, what):
    one = newest(client)
    body = {"true_alarm": True} if what == "feedback" else {}
    origin = {"Origin": history.url}
    assert client.post(path_of(one, f"/{what}"), json=body, headers=origin).status_code == 401
    with signed_in(history, "vic", "viewer") as vic, signed_in(history, "fay", "labeler", "FCAL_occupancy") as fay:
        assert vic.client.post(path_of(one, f"/{what}"), json=body).status_code == 403
        assert fay.client.post(path_of(one, f"/{what}"), json=body).status_code == 403
        assert fay.client.post("/api/v1/episodes/none/" + what, json=body).status_code == 404
    assert newest(client) == one


def test_an_address_that_takes_no_messages_is_seen_on_the_status_page(running, client):
    targets = [{"target": "notify[0] (mailto)", "trouble": "no such host", "waiting": 2, "dropped": 7}]
    running.store.heartbeat("notify", "web1", 7, "RUNNING", {"cursor": 1, "levels": {}, "targets": targets})
    running.until(lambda: client.get("/api/v1/system").json()["targets"] == targets)
    page = client.get("/status", headers=HTML).text
    assert "notify[0] (mailto)" in page and "no such host" in page and "7 given up" in page
