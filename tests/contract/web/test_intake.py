"""Plots pushed in by HTTP: who may, what is refused, what lies in the inbox then."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from support.people import signed_in, token_holder
from support.wall import HALL, picture
from support.web_server import running_hall

from hydra_core.inbox import Inbox

TAKING = f"{HALL}\nsources: [{{kind: http}}]\narchive: {{max_bytes: 200000}}\n"
PNG = {"Content-Type": "image/png"}
FACTS = {"plot_type": "CDC_occupancy", "run": "42", "chunk": "7"}


@pytest.fixture(scope="module")
def hall(tmp_path_factory):
    with running_hall(tmp_path_factory.mktemp("intake"), TAKING) as made:
        yield made


@pytest.fixture(scope="module")
def feeder(hall):
    with token_holder(hall, "labeler") as client:
        yield client


def inbox(hall) -> Path:
    return Path(hall.store.where.removeprefix("sqlite:///")).parent / "data" / "inbox"


def push(client, data, **facts):
    return client.post("/api/v1/plots", params={**FACTS, **facts}, content=data, headers=PNG)


def test_a_body_becomes_a_whole_file_and_its_answer_names_the_page(hall, feeder):
    data, when = picture(1), datetime.now(UTC) - timedelta(minutes=3)
    answer = push(feeder, data, taken_at=when.isoformat())
    assert answer.status_code == 202
    body = answer.json()
    assert body == {"uid": body["uid"], "url": f"{hall.url}/p/{body['uid']}", "is_new": True}
    (file,) = inbox(hall).glob("Run42/CDC_occupancy_0007.png")
    assert file.read_bytes() == data
    assert file.stat().st_mtime_ns // 1000 == round(when.timestamp() * 1e6)
    assert not list(inbox(hall).rglob("*.part"))


def test_a_form_says_the_same(hall, feeder):
    data = picture(2)
    answer = feeder.post("/api/v1/plots", data={**FACTS, "chunk": "8"}, files={"file": ("x.png", data, "image/png")})
    assert answer.status_code == 202
    assert (inbox(hall) / "Run42" / "CDC_occupancy_0008.png").read_bytes() == data


def test_sending_again_changes_nothing(hall, feeder):
    data = picture(3)
    first, second = push(feeder, data, chunk="9").json(), push(feeder, data, chunk="9").json()
    assert (first["is_new"], second["is_new"]) == (True, False)
    assert first["uid"] == second["uid"]
    other = push(feeder, picture(4), chunk="9").json()
    assert other["uid"] != first["uid"]


@pytest.mark.parametrize(
    "facts, data, code, words",
    [
        ({"plot_type": "CDC_ocupancy"}, picture(5), 404, "CDC_occupancy"),
        ({"plot_type": "../../etc/passwd"}, picture(5), 404, "No such"),
        ({"run": "-1"}, picture(5), 422, "run"),
        ({"run": "2147483648"}, picture(5), 422, "run"),
        ({"chunk": "x"}, picture(5), 422, "chunk"),
        ({"taken_at": "yesterday"}, picture(5), 422, "taken_at"),
        ({"taken_at": "2026-11-24T00:00:00"}, picture(5), 422, "taken_at"),
        ({"taken_at": "2001-01-01T00:00:00Z"}, picture(5), 422, "hydra import"),
        ({"taken_at": "2199-01-01T00:00:00Z"}, picture(5), 422, "taken_at"),
        ({}, b"", 422, "EMPTY"),
        ({}, b"<svg onload=alert(1)>", 422, "FORMAT"),
        ({}, picture(5)[:-20], 422, "TRUNCATED"),
        ({}, b"\x89PNG\r\n\x1a\n" + bytes(200_000), 413, "200000"),
    ],
)
def test_what_is_no_plot_is_refused_and_leaves_nothing(hall, feeder, facts, data, code, words):
    before = sorted(inbox(hall).rglob("*"))
    answer = push(feeder, data, **facts)
    assert answer.status_code == code
    assert words in answer.text
    assert sorted(inbox(hall).rglob("*")) == before


def test_a_body_without_a_length_is_cut_off(hall, feeder):
    def endless():
        for _ in range(100):
            yield bytes(10_000)

    assert push(feeder, endless()).status_code == 413


@pytest.mark.parametrize("form", [{"data": {"a": "b"}, "files": {"other": b"x"}}, {"files": {"file": b""}}])
def test_a_form_without_a_picture(feeder, form):
    assert feeder.post("/api/v1/plots", params=FACTS, **form).status_code == 422


def test_a_broken_form(feeder):
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert feeder.post("/api/v1/plots", params=FACTS, content=b"--y\r\nrubbish", headers=kind).status_code == 422


def test_only_who_may(hall):
    assert push(httpx.Client(base_url=hall.url), picture(6)).status_code == 403
    with httpx.Client(base_url=hall.url, headers={"Origin": hall.url}) as visitor:
        assert push(visitor, picture(6)).status_code == 401
    with token_holder(hall, "viewer", name="looks") as looks:
        assert push(looks, picture(6)).status_code == 403
    with token_holder(hall, "labeler", ("FCAL_occupancy",), name="fcal") as fcal:
        assert push(fcal, picture(6)).status_code == 403
        assert push(fcal, picture(6), plot_type="FCAL_occupancy").status_code == 202
    with signed_in(hall, "anna", "labeler") as anna:
        assert push(anna.client, picture(7), chunk="70").status_code == 202


def test_a_hall_without_the_source_takes_none(running):
    with token_holder(running, "admin") as feeder:
        answer = push(feeder, picture(1))
    assert answer.status_code == 404
    assert "kind http" in answer.json()["detail"]


def test_what_is_in_the_database_leaves_the_inbox_after_a_while(tmp_path, monkeypatch):
    box = Inbox(tmp_path)
    one, other = box.push("A", 1, 1, picture(1), None), box.push("A", 1, 2, picture(2), None)
    assert box.sweep(lambda since: {one.uid, other.uid}) == 0
    assert box.waiting() == 2
    real = datetime.now(UTC)

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return real + timedelta(minutes=5)

    monkeypatch.setattr("hydra_core.inbox.datetime", Later)
    assert box.sweep(lambda since: {one.uid}) == 1
    assert [path.name for path in tmp_path.rglob("*.png")] == ["A_0002.png"]
