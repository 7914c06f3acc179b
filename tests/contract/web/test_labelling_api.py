"""Labelling and reviewing over HTTP: who may, what is refused, what a program gets."""

import httpx
import pytest
from support.people import signed_in, token_holder

from hydra_core.domain import ModelRef

KIND = "CDC_occupancy"
LABEL = f"/api/v1/label/{KIND}"


@pytest.fixture
def plots(running):
    """Six plots of CDC, judged Good by the active model, the oldest first."""
    made = [running.shift.judge(KIND, "Good", 0.9 + number / 100) for number in range(6)]
    running.store.add_model(KIND, ModelRef(KIND, 3, "ab" * 32), "m/v3", ("Good", "Bad", "NoData"), {}, {}, "test")
    running.store.promote(KIND, 3, "test")
    running.caught_up()
    return made


@pytest.fixture
def ann(running, plots):
    with signed_in(running, "ann", "labeler", KIND) as made:
        yield made.client


@pytest.fixture
def eve(running, plots):
    with signed_in(running, "eve", "expert", KIND) as made:
        yield made.client


def vote(client, *plots, said="Good"):
    answer = client.post(f"{LABEL}/votes", json={"votes": {plot.uid: said for plot in plots}})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_page_tells_what_to_label_and_where_the_next_begins(ann, plots):
    first = ann.get(LABEL, params={"order": "new", "size": 4}).json()
    assert [tile["uid"] for tile in first["tiles"]] == [plot.uid for plot in plots[:1:-1]]
    tile = first["tiles"][0]
    assert (tile["suggestion"], tile["label"], tile["flagged"]) == ("Good", None, False)
    for path in (tile["thumbnail"], tile["image"], tile["heatmap"]):
        assert ann.get(path).status_code == 200
    second = ann.get(LABEL, params={"order": "new", "size": 4, "after": first["next"]}).json()
    assert [one["uid"] for one in second["tiles"]] == [plots[1].uid, plots[0].uid] and second["next"] is None


@pytest.mark.parametrize("order", ["uncertain", "diverse", "new", "random", "disagreement"])
def test_every_order_answers(ann, order):
    found = ann.get(LABEL, params={"order": order})
    assert found.status_code == 200 and len(found.json()["tiles"]) == (0 if order == "disagreement" else 6)


@pytest.mark.parametrize(
    "query",
    ["order=best", "run_from=x", "score_from=2", "from=yesterday", "size=0", "size=9999", "after=x", "show=some",
     "says=" + "x" * 300, "run_to=99999999999"],
)  # fmt: skip
def test_wrong_questions_are_refused(ann, query):
    assert ann.get(f"{LABEL}?{query}").status_code == 422


def test_empty_fields_of_a_form_ask_for_nothing(ann):
    empty = "run_from=&run_to=&from=&to=&says=&score_from=&score_to=&label=&show="
    assert len(ann.get(f"{LABEL}?order=new&{empty}").json()["tiles"]) == 6
    assert ann.get(f"/label/{KIND}?{empty}", headers={"Accept": "text/html"}).status_code == 200


def test_votes_undo_and_redo(running, ann, plots):
    batch = vote(ann, plots[0], plots[1], said="Bad")
    assert batch["labels"] == {"Bad": 2} and batch["by"] == "ann" and batch["source"] == "web"
    assert len(running.store.labelled(KIND)) == 2
    undone = ann.post(f"{LABEL}/batches/{batch['id']}/undo").json()
    assert undone["undone_at"] is not None and running.store.labelled(KIND) == []
    ann.post(f"{LABEL}/batches/{batch['id']}/redo")
    assert len(running.store.labelled(KIND)) == 2
    page = ann.get(f"{LABEL}/batches", params={"limit": 1}).json()
    assert [one["id"] for one in page["batches"]] == [batch["id"]] and page["next"] is None
    assert ann.post(f"{LABEL}/batches/{batch['id'] + 1}/undo").status_code == 404


def test_only_an_expert_undoes_what_somebody_else_labelled(ann, eve, running, plots):
    batch = vote(eve, plots[0])
    assert ann.post(f"{LABEL}/batches/{batch['id']}/undo").status_code == 403
    mine = vote(ann, plots[1])
    assert eve.post(f"{LABEL}/batches/{mine['id']}/undo").status_code == 200


def test_the_whole_query_is_labelled_if_it_is_what_was_shown(running, ann, plots):
    asked = {"says": "Good", "score_from": 0.925}
    count = ann.get(f"{LABEL}/count", params=asked).json()["count"]
    assert count == 3
    wrong = ann.post(f"{LABEL}/matching", params=asked, json={"class": "Good", "expected": 6})
    assert wrong.status_code == 409 and "3 plots match now, not 6" in wrong.json()["detail"]
    right = ann.post(f"{LABEL}/matching", params=asked, json={"class": "Good", "expected": 3})
    assert right.status_code == 201 and right.json()["labels"] == {"Good": 3}


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("votes", {"votes": {"0" * 32: "Good"}}, 404),
        ("votes", {"votes": {}}, 422),
        ("votes", {"votes": {"a": 1}}, 422),
        ("votes", {"vote": {"a": "Good"}}, 422),
        ("skip", {"uids": ["0" * 32]}, 404),
        ("flags", {"uids": ["0" * 32], "reason": "x"}, 404),
        ("flags", {"uids": ["0" * 32], "reason": ""}, 422),
        ("matching", {"class": "Ugly", "expected": 6}, 404),
    ],
)
def test_what_cannot_be_saved_is_refused(running, ann, path, body, code):
    assert ann.post(f"{LABEL}/{path}", json=body).status_code == code
    assert running.store.labelled(KIND) == []


def test_who_may_do_what(running, client, ann, plots):
    votes = {"votes": {plots[0].uid: "Good"}}
    assert client.get(LABEL).status_code == 200
    assert client.post(f"{LABEL}/votes", json=votes).status_code == 401
    assert ann.post("/api/v1/label/ST_occupancy/votes", json=votes).status_code == 403
    assert ann.post("/api/v1/review/1/decision", json={"action": "exclude"}).status_code == 403
    elsewhere = {"Origin": "https://evil.example"}
    assert ann.post(f"{LABEL}/votes", json=votes, headers=elsewhere).status_code == 403
    with token_holder(running, "labeler", (KIND,)) as program:
        assert program.post(f"{LABEL}/votes", json=votes).status_code == 201
    assert client.get("/api/v1/label/unknown").status_code == 404
    assert client.get("/label/unknown", headers={"Accept": "text/html"}).status_code == 404


def test_progress_and_index(ann, eve, plots):
    vote(ann, *plots[:3])
    vote(eve, *plots[:2])
    vote(eve, plots[2], said="Bad")
    found = ann.get(f"{LABEL}/progress").json()
    assert (found["in_run"], found["labelled_in_run"], found["disputed"]) == (6, 2, 1)
    assert found["agreement"] == pytest.approx(2 / 3)
    index = {one["plot"]: one for one in ann.get("/api/v1/label").json()}
    assert index[KIND]["labels"] == {"Good": 2, "Bad": 0, "NoData": 0} and index[KIND]["in_review"] == 1


def test_a_dispute_is_decided_and_taken_back(running, ann, eve, plots):
    vote(ann, plots[0])
    vote(eve, plots[0], said="Bad")
    queue = ann.get("/api/v1/review").json()
    (item,) = queue["items"]
    assert (item["kind"], item["uid"], item["label"]) == ("disagreement", plots[0].uid, None)
    assert queue["counts"]["disagreement"] == 1
    case = ann.get(f"/api/v1/review/{item['id']}").json()
    assert [(one["by"], one["class"]) for one in case["votes"]] == [("ann", "Good"), ("eve", "Bad")]
    assert case["opinion"]["scores"]["Good"] == pytest.approx(0.9) and eve.get(case["image"]).status_code == 200
    path = f"/api/v1/review/{item['id']}/decision"
    assert eve.post(path, json={"action": "decide"}).status_code == 422
    assert eve.post(path, json={"action": "decide", "class": "Ugly"}).status_code == 404
    assert eve.post(path, json={"action": "decide", "class": "Bad"}).status_code == 201
    assert [one.class_name for one in running.store.labelled(KIND)] == ["Bad"]
    assert eve.post(path, json={"action": "exclude"}).status_code == 409
    assert eve.post(f"/api/v1/review/{item['id']}/reopen").status_code == 200
    assert running.store.labelled(KIND) == [] and len(ann.get("/api/v1/review").json()["items"]) == 1
    assert eve.post(f"/api/v1/review/{item['id']}/reopen").status_code == 409
    assert eve.get("/api/v1/review/99999").status_code == 404


@pytest.mark.parametrize("query", ["kind=odd", "after=x", "size=0", "plot=" + "x" * 300])
def test_wrong_questions_to_the_queue(client, query):
    assert client.get(f"/api/v1/review?{query}").status_code == 422


def test_what_people_write_is_shown_as_text(running, ann, plots):
    evil = "<script>alert(1)</script>"
    ann.post(f"{LABEL}/flags", json={"uids": [plots[0].uid], "reason": evil})
    assert ann.get("/api/v1/review").json()["items"][0]["note"] == evil
    with httpx.Client(base_url=running.url, headers={"Accept": "text/html"}) as browser:
        for path in (f"/label/{KIND}?from={evil}", f"/label/{evil}", f"/review?plot={evil}", f"/review?kind={evil}"):
            answer = browser.get(path)
            assert evil not in answer.text or answer.headers["content-type"] == "application/json"
