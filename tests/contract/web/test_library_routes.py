"""The library over HTTP: what is shown, what experts may change, and that nobody else may."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from support.library import add_model, cell
from support.people import signed_in
from support.web_server import Hall

from hydra_core.domain import LabelledPlot, ModelRef, Prediction

NAME = "CDC_occupancy"
CLASSES = ("Good", "Bad", "NoData")


@pytest.fixture
def expert(running: Hall) -> Iterator[httpx.Client]:
    with signed_in(running, "anna", "expert") as anna:
        yield anna.client


@pytest.fixture
def stocked(running: Hall) -> Hall:
    """A hall with an active model, one candidate, and 70 plots in a cell of the first."""
    running.shift.moment = datetime.now(UTC) - timedelta(hours=3)
    plots = [running.shift.judge(NAME, "Good") for _ in range(2)]
    made_up = [(f"{n:032x}", 0.5) for n in range(68)]
    right = cell("Good", "Good", [*((p.uid, 0.99) for p in plots), *made_up])
    add_model(running, 4, [right, cell("Bad", "Good", [(f"{99:032x}", 0.7)])])
    add_model(running, 5)
    running.store.promote(NAME, 4, "anna")
    return running


def past(hall: Hall, *said: tuple[str, float], truth: str | None = None) -> None:
    """Let plots arrive a minute apart, of which the model says this; `truth` is what people say of all of them."""
    rows = []
    for class_name, score in said:
        assert hall.shift.moment is not None
        hall.shift.moment += timedelta(minutes=1)
        rows.append(hall.shift.judge(NAME, class_name, score))
    if truth is not None:
        hall.store.add_labels([LabelledPlot(row, truth) for row in rows], {}, "anna", "test")


def test_the_library_lists_models_and_pages_them(stocked: Hall, client: httpx.Client) -> None:
    page = client.get("/models").text
    assert f'href="/models/{NAME}:4"' in page and "★ active" in page
    assert "RF self-timing" not in client.get("/models", params={"plot_type": NAME}).text.split("<section")[1]
    told = client.get("/api/v1/models").json()
    assert [(m["id"], m["state"]) for m in told["models"]] == [(f"{NAME}:4", "active"), (f"{NAME}:5", "candidate")]
    assert told["next"] is None
    assert client.get("/api/v1/models", params={"plot": "none"}).json()["models"] == []
    assert client.get("/api/v1/models", params={"after": "%%%"}).status_code == 422


def test_a_model_tells_what_its_bundle_says(stocked: Hall, client: httpx.Client) -> None:
    page = client.get(f"/models/{NAME}:4").text
    for words in ("Confusion", "Calibration", "Thresholds", "Simulator", "no test plot of NoData"):
        assert words in page
    told = client.get(f"/api/v1/models/{NAME}:4").json()
    assert (told["version"], told["trouble"], told["card"]["metrics"]["test"]["balanced_accuracy"]) == (4, None, 0.88)
    assert [c["count"] for c in told["confusion"]["test"]] == [70, 1]
    assert sum(b["plots"] for b in told["reliability"]["test"]) == 71
    assert [t["method"] for t in told["threshold_history"]] == ["evaluate"]
    assert client.get(f"/models/{NAME}:9").status_code == 404
    assert client.get(f"/models/{NAME}:0").status_code == 422
    assert client.get(f"/api/v1/models/{NAME}:x").status_code == 422
    assert client.get(f"/models/{NAME}:4/reference.webp").headers["content-type"] == "image/webp"
    report = client.get(f"/models/{NAME}:4/report")
    assert report.headers["content-disposition"].startswith("attachment")


def test_a_model_without_its_bundle_is_still_shown(stocked: Hall, client: httpx.Client) -> None:
    (stocked.models / NAME / "v5" / "card.json").write_text("{}")
    page = client.get(f"/models/{NAME}:5")
    assert (page.status_code, "cannot be read on this machine" in page.text) == (200, True)
    told = client.get(f"/api/v1/models/{NAME}:5").json()
    assert (told["card"], str(stocked.models) in json.dumps(told)) == (None, False)


def test_a_cell_gives_its_plots_page_by_page(stocked: Hall, client: httpx.Client) -> None:
    where, asked = f"/api/v1/models/{NAME}:4/cell", {"side": "test", "label": "Good", "said": "Good"}
    first = client.get(where, params=asked).json()
    assert (first["total"], len(first["plots"])) == (70, 60)
    assert [p["thumbnail"] is None for p in first["plots"][:3]] == [False, False, True]
    last = client.get(where, params={**asked, "after": first["next"]}).json()
    assert (len(last["plots"]), last["next"]) == (10, None)
    empty = client.get(where, params={**asked, "label": "NoData"}).json()
    assert (empty["total"], empty["plots"]) == (0, [])
    shown = client.get(f"/models/{NAME}:4", params=asked).text
    assert "70 plots labelled Good that the model called Good" in shown
    assert "not in this database" in shown


def test_an_expert_sets_thresholds_and_they_are_kept_as_history(stocked: Hall, expert: httpx.Client) -> None:
    where = f"/api/v1/models/{NAME}:4/thresholds"
    told = expert.put(where, json={"thresholds": {"Bad": 0.93}})
    assert (told.status_code, told.json()["manual"]) == (200, {"Bad": 0.93})
    newest = stocked.store.threshold_history(NAME, 4)[0]
    assert (newest.value, newest.by, newest.method) == (0.93, "anna", "manual")
    assert stocked.store.changes_after(0)[-1].kind == "threshold"
    for wrong in ({"Bad": 1.5}, {"Odd": 0.5}, {"Bad": "x"}, {}):
        assert expert.put(where, json={"thresholds": wrong}).status_code == 422
    assert expert.put(where, json={"thresholds": {"Bad": 0.9}, "more": 1}).status_code == 422


def test_promote_carries_thresholds_when_asked_and_rollback_returns(stocked: Hall, expert: httpx.Client) -> None:
    stocked.store.set_thresholds(NAME, 4, {"Bad": 0.93}, "anna")
    done = expert.post(f"/api/v1/models/{NAME}:5/promote", json={"carry": True}).json()
    assert (done["state"], done["manual"]) == ("active", {"Bad": 0.93})
    back = expert.post(f"/api/v1/plot-types/{NAME}/rollback").json()
    assert (back["version"], back["state"]) == (4, "active")
    refused = expert.post("/api/v1/plot-types/FCAL_occupancy/rollback")
    assert (refused.status_code, "no way back" in refused.json()["detail"]) == (409, True)


def test_a_damaged_bundle_is_neither_promoted_nor_tried(stocked: Hall, expert: httpx.Client) -> None:
    (stocked.models / NAME / "v5" / "model.keras").write_bytes(b"other")
    for method, path in (("POST", "promote"), ("PUT", "shadow")):
        refused = expert.request(method, f"/api/v1/models/{NAME}:5/{path}", json={} if path == "promote" else None)
        assert (refused.status_code, "not fit to judge" in refused.json()["detail"]) == (409, True)
        assert str(stocked.models) not in refused.text
    add_model(stocked, 6, classes=["Bad", "Good", "NoData"])
    assert expert.post(f"/api/v1/models/{NAME}:6/promote", json={}).status_code == 409
    assert stocked.store.active_model(NAME).ref.version == 4  # type: ignore[union-attr]


def test_a_candidate_goes_into_shadow_and_is_compared(stocked: Hall, expert: httpx.Client) -> None:
    where = f"/api/v1/models/{NAME}:5"
    assert expert.put(f"{where}/shadow").json() == {"shadow": 5}
    assert expert.put(f"/api/v1/models/{NAME}:4/shadow").status_code == 409
    for n in range(26):
        stocked.shift.moment = datetime.now(UTC) - timedelta(minutes=30 - n)
        plot = stocked.shift.judge(NAME, "Good", 0.95)
        scores = (0.1, 0.8, 0.1) if n else (0.8, 0.1, 0.1)
        said = Prediction(plot, stocked.store.model(NAME, 5).ref, CLASSES, scores)  # type: ignore[union-attr]
        stocked.store.add_live_shadow(plot, None, said)
    told = expert.get(f"{where}/comparison").json()
    assert (told["plots"], told["agree"], len(told["differences"])) == (26, 1, 24)
    assert told["pairs"][0] == {"active": "Good", "shadow": "Bad", "plots": 25}
    rest = expert.get(f"{where}/comparison", params={"after": told["next"]}).json()
    assert (len(rest["differences"]), rest["next"]) == (1, None)
    assert "in service: Good" in expert.get(f"/models/{NAME}:5").text
    assert expert.delete(f"{where}/shadow").json() == {"shadow": None}


def test_the_simulator_tells_what_other_rules_would_have_done(stocked: Hall, client: httpx.Client) -> None:
    past(stocked, *[("Good", 0.95)] * 4)
    past(stocked, *[("Bad", 0.7)] * 3, truth="Bad")
    past(stocked, *[("Good", 0.95)] * 4, truth="Good")
    past(stocked, *[("Bad", 0.75)] * 2, *[("Good", 0.95)] * 3)
    where = f"/api/v1/plot-types/{NAME}/simulation"
    told = client.get(where, params={"threshold": "Bad:0.6"}).json()
    assert (told["plots"], told["runs"]) == (18, 1)
    assert (told["now"]["alarms"], told["now"]["missed"]) == (0, 1)
    assert (told["tried"]["alarms"], told["tried"]["true"], told["tried"]["unknown"], told["tried"]["missed"]) == (
        2, 1, 1, 0,
    )  # fmt: skip
    assert [alarm["judged"] for alarm in told["gained"]] == ["unknown", "true"]
    assert (told["lost"], sum(day["tried"] for day in told["by_day"])) == ([], 2)
    stricter = client.get(where, params={"threshold": "Bad:0.6", "confirm": "3 of 3"}).json()
    assert stricter["tried"]["alarms"] == 1
    assert stocked.store.active_model(NAME).manual == {}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "asked",
    [{"threshold": "Bad"}, {"threshold": "Odd:0.5"}, {"threshold": "Bad:2"}, {"threshold": "Bad:nan"},
     {"confirm": "4 of 3"}, {"clear": "often"}, {"runs": 0}],
)  # fmt: skip
def test_the_simulator_refuses_what_could_not_be_saved(running: Hall, client: httpx.Client, asked: Any) -> None:
    assert client.get(f"/api/v1/plot-types/{NAME}/simulation", params=asked).status_code == 422


def test_the_simulator_of_a_plot_type_without_a_past(running: Hall, client: httpx.Client) -> None:
    told = client.get("/api/v1/plot-types/FCAL_occupancy/simulation").json()
    assert (told["plots"], told["now"]["alarms"], told["by_day"]) == (0, 0, [])
    assert client.get("/api/v1/plot-types/none/simulation").status_code == 404


def test_an_expert_changes_rules_and_the_history_tells_them(stocked: Hall, expert: httpx.Client) -> None:
    where = f"/api/v1/plot-types/{NAME}/rules"
    wish = {"thresholds": {"Bad": 0.8}, "settings": {"severity.NoData": "none", "confirm": "3 of 4", "on_delay": 5}}
    told = expert.put(where, json=wish).json()
    assert [(c["class_name"], c["severity"], c["threshold"]) for c in told["classes"]] == [
        ("Good", "none", 0.9), ("Bad", "major", 0.8), ("NoData", "none", 0.9),
    ]  # fmt: skip
    assert (told["confirm"], told["on_delay"], told["model"]) == ("3 of 4", 5.0, f"{NAME} v4")
    assert expert.get(where).json() == told
    changes = expert.get(f"{where}/history").json()["changes"]
    assert {c["name"] for c in changes} == {"threshold.Bad", "severity.NoData", "confirm", "on_delay"}
    back = expert.put(where, json={"settings": {"confirm": None}}).json()
    assert (back["confirm"], "confirm" in back["settings"]) == ("2 of 3", False)
    page = expert.get(f"/plots/{NAME}/rules").text
    assert "the configuration&#39;s" in page and "severity.NoData" in page


@pytest.mark.parametrize(
    "wish",
    [{"settings": {"confirm": "4 of 3"}}, {"settings": {"severity.Odd": "none"}}, {"settings": {"colour": "red"}},
     {"settings": {"severity.NoData": "loud"}}, {"thresholds": {"Bad": 1.2}}, {"settings": {"leave.Bad": 0.95}},
     {"settings": {"leave.Bad": 0.7}, "thresholds": {"Bad": 0.6}}, {"odd": 1}],
)  # fmt: skip
def test_rules_that_may_not_be_change_nothing(stocked: Hall, expert: httpx.Client, wish: Any) -> None:
    before = expert.get(f"/api/v1/plot-types/{NAME}/rules").json()
    assert expert.put(f"/api/v1/plot-types/{NAME}/rules", json=wish).status_code == 422
    assert expert.get(f"/api/v1/plot-types/{NAME}/rules").json() == before


def test_thresholds_need_an_active_model(running: Hall, expert: httpx.Client) -> None:
    refused = expert.put("/api/v1/plot-types/FCAL_occupancy/rules", json={"thresholds": {"Bad": 0.8}})
    assert (refused.status_code, "no active model" in refused.json()["detail"]) == (409, True)


WRITES = (
    ("PUT", f"/api/v1/models/{NAME}:4/thresholds", {"thresholds": {"Bad": 0.5}}),
    ("POST", f"/api/v1/models/{NAME}:5/promote", {}),
    ("PUT", f"/api/v1/models/{NAME}:5/shadow", None),
    ("DELETE", f"/api/v1/models/{NAME}:5/shadow", None),
    ("POST", f"/api/v1/plot-types/{NAME}/rollback", None),
    ("PUT", f"/api/v1/plot-types/{NAME}/rules", {"settings": {"confirm": "1 of 1"}}),
    ("POST", f"/api/v1/plot-types/{NAME}/trainings", {}),
)


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_nobody_but_an_expert_of_the_plot_type_decides(
    stocked: Hall, client: httpx.Client, method: str, path: str, body: Any
) -> None:
    last = stocked.store.last_change_id()
    assert client.request(method, path, json=body).status_code == 401
    with signed_in(stocked, "ben", "labeler") as ben, signed_in(stocked, "cora", "expert", "FCAL_occupancy") as cora:
        assert ben.client.request(method, path, json=body).status_code == 403
        assert cora.client.request(method, path, json=body).status_code == 403
    assert stocked.store.last_change_id() == last
    assert stocked.store.training_runs(NAME) == []


def test_a_cancel_asks_for_the_role_of_the_training_s_plot_type(running: Hall, expert: httpx.Client) -> None:
    run = running.store.start_training(NAME, {}, "anna")
    with signed_in(running, "cora", "expert", "FCAL_occupancy") as cora:
        assert cora.client.post(f"/api/v1/trainings/{run}/cancel").status_code == 403
    assert expert.post(f"/api/v1/trainings/{run}/cancel").json()["state"] == "cancelling"
    assert expert.post("/api/v1/trainings/999/cancel").status_code == 404
    assert expert.get(f"/api/v1/trainings/{run}").json()["plot"] == NAME
    assert "Under way" in expert.get(f"/plots/{NAME}/trainings").text


def test_a_second_training_of_a_plot_type_has_to_wait(running: Hall, expert: httpx.Client) -> None:
    running.store.start_training(NAME, {}, "anna")
    refused = expert.post(f"/api/v1/plot-types/{NAME}/trainings", json={"architecture": "light"})
    assert (refused.status_code, "being trained already" in refused.json()["detail"]) == (409, True)
    assert expert.post(f"/api/v1/plot-types/{NAME}/trainings", json={"architecture": "../x"}).status_code == 422


def test_the_last_words_of_a_training_that_failed_are_shown(running: Hall, client: httpx.Client) -> None:
    run = running.store.start_training(NAME, {"architecture": "light"}, "anna")
    running.store.end_training(run, "failed", "<b>no labelled plots</b>")
    page = client.get(f"/plots/{NAME}/trainings").text
    assert "&lt;b&gt;no labelled plots" in page and ">failed<" in page
    told = client.get(f"/api/v1/plot-types/{NAME}/trainings").json()["trainings"][0]
    assert told["error"] == "<b>no labelled plots</b>"


def test_what_names_no_model_file_leaves_the_models_directory(stocked: Hall, client: httpx.Client) -> None:
    ref = ModelRef(NAME, 8, "f" * 64)
    stocked.store.add_model(NAME, ref, "nowhere/v8", CLASSES, {}, {}, "anna")
    assert client.get(f"/models/{NAME}:8/report").status_code == 404
    assert client.get(f"/models/{NAME}:8").status_code == 200
