"""A plot's page and twin, the trend, the status page, Prometheus' numbers: over real uvicorn and SQLite."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from support.people import signed_in

GRAFANA = Path(__file__).parents[3] / "config" / "grafana-dashboard.json"


@pytest.fixture
def history(running):
    """Three hours of plots, one incident."""
    shift = running.shift
    start = datetime.now(UTC) - timedelta(minutes=4 * 40)
    for n in range(40):
        shift.moment = start + timedelta(minutes=4 * n)
        vector = np.array([1.0, n / 10, 0.0], np.float32)
        shift.judge("CDC_occupancy", "Bad" if 10 <= n < 14 else "Good", 0.95 + n / 1000, embedding=vector)
    shift.moment = None
    running.caught_up()
    return running


def beat(running, **pvs):
    detail = {
        "ready": True, "pvs": {"STATE": "RUNNING", "QUEUE": 2, "RUN": 777, "BEAM": 55.5} | pvs,
        "stages": {"total": {"p50": 0.05, "p95": 0.2, "plots": 9}},
        "models": [{"plot_type": "CDC_occupancy", "model": "CDC_occupancy v3", "trouble": ""}],
        "sources": [{"pattern": "{plot}.png", "trouble": "", "last": None}],
    }  # fmt: skip
    running.store.heartbeat("ioc", "host", 1, "RUNNING", detail)
    running.until(lambda: running.feed.around.known)


def test_the_trend_tells_every_plot_with_rules_and_incident(history, client):
    found = client.get("/api/v1/plot-types/CDC_occupancy/trend").json()
    assert (found["plot"], found["count"], found["width"]) == ("CDC_occupancy", 40, 0.0)
    lines = {line["class"]: line for line in found["lines"]}
    assert (len(lines["Good"]["mean"]), len(lines["Bad"]["mean"])) == (36, 4)
    assert all(re.fullmatch("[0-9a-f]{32}", uid) for uid in lines["Bad"]["uid"])
    assert found["steps"][0]["thresholds"]["Bad"] == pytest.approx(0.9)
    (episode,) = found["episodes"]
    assert episode["class"] == "Bad" and episode["start"] <= lines["Bad"]["first"][1] < episode["end"]


def test_a_trend_of_a_range(history, client):
    ask = {"since": (datetime.now(UTC) - timedelta(hours=1)).isoformat(), "until": datetime.now(UTC).isoformat()}
    few = client.get("/api/v1/plot-types/CDC_occupancy/trend", params=ask).json()
    assert 0 < few["count"] < 40


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v1/plot-types/nothing/trend", 404),
        ("/t/nothing", 404),
        ("/api/v1/plot-types/CDC_occupancy/trend?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", 422),
        ("/api/v1/plot-types/CDC_occupancy/trend?since=yesterday", 422),
        ("/api/v1/plot-types/CDC_occupancy/trend?since=2026-01-02T00:00:00", 422),
        ("/api/v1/plot-types/CDC_occupancy/trend?buckets=0", 422),
        ("/api/v1/plots/xyz/neighbours", 422),
        (f"/api/v1/plots/{'0' * 32}/neighbours", 404),
    ],
)
def test_what_there_is_not_is_refused(running, client, path, code):
    assert client.get(path).status_code == code


def test_a_plot_tells_votes_neighbours_and_what_the_pvs_said(history, client):
    card = history.feed.card("CDC_occupancy")
    found = client.get(f"/api/v1/plots/{card.uid}").json()
    assert found["after"] is None and found["before"]
    assert found["told"][0]["status"] == "GOOD" and found["told"][0]["uid"] == card.uid
    assert (found["votes"], found["truth"], found["reference"]) == ([], None, None)
    near = client.get(f"/api/v1/plots/{card.uid}/neighbours").json()
    assert near[0]["uid"] == found["before"]
    assert near[0]["likeness"] > near[-1]["likeness"] > 0.9
    page = client.get(f"/p/{card.uid}").text
    assert "Most alike" in page and near[0]["uid"] in page and "/t/CDC_occupancy" in page


def test_only_experts_pin_the_reference(history):
    card = history.feed.card("CDC_occupancy")
    path = "/api/v1/plot-types/CDC_occupancy/reference"
    with signed_in(history, "lee", "labeler") as lee:
        assert lee.client.put(path, json={"uid": card.uid}).status_code == 403
        assert 'id="pin"' not in lee.client.get(f"/p/{card.uid}").text
    with signed_in(history, "eva", "expert") as eva:
        assert 'id="pin"' in eva.client.get(f"/p/{card.uid}").text
        assert eva.client.put(path, json={"uid": card.uid}).status_code == 204
        assert eva.client.put(path, json={"uid": "0" * 32}).status_code == 404
        assert eva.client.put(path, json={"uid": "../../etc"}).status_code == 422
        assert eva.client.get(f"/api/v1/plots/{card.uid}").json()["reference"] == card.uid


def test_the_status_page_and_its_twin_tell_the_ioc_s_numbers(history, client):
    assert "No service has told of itself yet" in client.get("/status").text
    beat(history)
    page = client.get("/status").text
    assert "CDC_occupancy v3" in page and "{plot}.png" in page and "200.0 ms" in page
    twin = client.get("/api/v1/system").json()
    assert twin["services"][0]["pvs"]["QUEUE"] == 2 and not twin["services"][0]["silent"]
    assert twin["stages"] == [{"stage": "total", "p50_ms": 50.0, "p95_ms": 200.0}]
    assert twin["database_bytes"] > 0
    assert sum(day["plots"] for day in client.get("/api/v1/arrivals").json()) == 40


def test_the_wall_shows_run_and_beam_of_the_machine(running, client):
    beat(running)
    page = client.get("/").text
    assert re.search(r'id="run">777<', page) and "55.5 nA" in page


def test_a_card_without_a_plot_says_why(running, client):
    assert "IOC has not run yet" in client.get("/").text
    beat(running, FEED="LOST")
    running.until(lambda: "source is away" in running.feed.card("CDC_occupancy").cause)
    assert "source is away" in client.get("/").text


def metrics(client):
    text = client.get("/metrics").text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_prometheus_gets_plots_ioc_and_web(history, client):
    before = metrics(client)
    assert "hydra_ioc_heartbeat_age_seconds" not in before
    beat(history, MSG='a "quoted"\\ word')
    found = metrics(client)
    assert found['hydra_plot_status{plot="CDC_occupancy",group="CDC"}'] == 1
    assert found['hydra_plot_score{plot="CDC_occupancy",group="CDC",class="Good"}'] == pytest.approx(0.989)
    assert found["hydra_unacknowledged"] == 1
    assert found['hydra_ioc_pv{pv="QUEUE"}'] == 2
    assert found['hydra_ioc_word{pv="MSG",value="a \\"quoted\\"\\\\ word"}'] == 1
    assert found['hydra_stage_seconds{stage="total",quantile="0.95"}'] == 0.2
    assert found["hydra_web_database_up"] == 1


def test_every_metric_is_explained_once(history, client):
    text = client.get("/metrics").text
    helped = re.findall(r"# HELP (\S+)", text)
    assert len(helped) == len(set(helped))
    assert {name.split("{")[0] for name in metrics(client)} == set(helped)


def test_the_grafana_dashboard_asks_only_for_what_there_is(history, client):
    beat(history)
    there = {name.split("{")[0] for name in metrics(client)}
    dashboard = json.loads(GRAFANA.read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
        for name in re.findall(r"hydra_\w+", target["expr"])
    }
    assert len(asked) > 8 and asked <= there


def test_the_leader_board_and_the_help_are_pages(running, client):
    assert "Nobody has labelled" in client.get("/leaders").text
    assert client.get("/api/v1/leaders").json() == []
    page = client.get("/help").text
    assert all(word in page for word in ("SUSPECT", "Acknowledge", "heat map"))
