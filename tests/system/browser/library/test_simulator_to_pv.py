"""From a slider to a PV: an expert drags a threshold, sees what it would have done, saves, and the IOC follows."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect
from support.ca import eventually
from support.hall import PATIENCE, quiet
from support.screen import Screen
from support.stub_hall import StubHall, StubIoc

from hydra_core.passwords import new_secret, secret_hash
from hydra_core.store.sessions import NewSession
from hydra_web.people.identity import COOKIE


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Screen]:
    """A hall with an IOC and a web service, both processes, and four doubtful plots in a row between good ones."""
    hall = StubHall(tmp_path / "hall")
    with StubIoc(hall) as ioc, hall.client() as client:
        ioc.wait_ready()
        screen = Screen(hall, client)
        for label, score in [("Good", 0.97)] * 3 + [("Bad", 0.61)] * 4 + [("Good", 0.97)] * 3:
            screen.shows_chunk("P0", hall.drop_as("P0", label, score))
        command = [sys.executable, "-m", "hydra_cli.main", "web", "run", "-c", str(hall.yaml)]
        web = subprocess.Popen(command, env=quiet(), stderr=(hall.folder / "web.log").open("wb"))
        try:
            yield screen
        finally:
            web.terminate()
            web.wait(PATIENCE)


def sign_in(hall: StubHall, name: str) -> str:
    """Let an expert be signed in; return the cookie."""
    token = new_secret()
    with hall.store() as store:
        store.add_account(name, password_hash=None, by="test")
        store.grant_role(name, "expert", None, "test")
        store.open_session(NewSession(name, secret_hash(token), "127.0.0.1", "test", timedelta(hours=1)))
    return token


def up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_threshold_that_was_tried_and_saved_reaches_the_pv(watched: Screen, chromium: Browser) -> None:
    hall = watched.hall
    assert isinstance(hall, StubHall)
    url = f"http://127.0.0.1:{hall.web_port}"
    assert eventually(lambda: up(url), PATIENCE), (hall.folder / "web.log").read_text()
    assert watched.value("P0", "THRESH") == 0.7
    context = chromium.new_context(viewport={"width": 1366, "height": 900}, reduced_motion="reduce")
    context.add_cookies([{"name": COOKIE, "value": sign_in(hall, "anna"), "url": url}])
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{url}/models/P0:1")
    tried, save = page.locator('[data-tried-of="alarms"]'), page.get_by_role("button", name="Save these rules")
    expect(tried).to_have_text("0")
    expect(save).to_be_disabled()
    dial = page.get_by_role("slider", name="Bad alarms")
    dial.focus()
    for _ in range(12):
        dial.press("ArrowLeft")
    expect(page.get_by_role("spinbutton", name="Threshold of Bad", exact=True)).to_have_value("0.58")
    expect(tried).to_have_text("1")
    expect(page.locator('[data-now-of="alarms"]')).to_have_text("0")
    expect(page.get_by_text("New alarms: 1")).to_be_visible()
    page.get_by_role("spinbutton", name="Alarm after: k").fill("1")
    expect(tried).to_have_text("1")
    assert watched.value("P0", "THRESH") == 0.7
    save.click()
    expect(page.locator("#toast")).to_contain_text("Saved")
    assert eventually(lambda: watched.value("P0", "ENTER1") == pytest.approx(0.58), PATIENCE)
    assert eventually(lambda: watched.value("P0", "CONFIRM") == "1 of 3", PATIENCE)
    assert watched.value("P0", "THRESH") == pytest.approx(0.58)
    expect(page.locator('[data-now-of="alarms"]')).to_have_text("1")
    with hall.store() as store:
        assert {(c.name, c.value, c.by) for c in store.rule_changes("P0")} == {
            ("threshold.Bad", 0.58, "anna"),
            ("confirm", "1 of 3", "anna"),
        }
    context.close()
