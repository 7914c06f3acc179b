"""axe-core finds nothing on the log, an incident and the shift report, in both themes, on a screen and a phone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.people import signed_in

from hydra_core.store.actions import Actor
from hydra_core.store.episodes import Filters
from hydra_web.log.incidents import page_of

AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
def path(running, request):
    shift = running.shift
    shift.moment = datetime.now(UTC) - timedelta(hours=3)
    shift.confirm("CDC_occupancy", "Bad")
    shift.confirm("CDC_occupancy", "Good")
    shift.confirm("FCAL_occupancy", "NoData")
    shift.moment = None
    running.store.set_settings("CDC_occupancy", {"confirm": "3 of 3"}, "eve")
    newest, oldest = running.store.episodes(Filters())
    running.store.give_feedback(oldest.uid, False, "hot channel", Actor("bob"))
    running.store.acknowledge(oldest.uid, "bob")
    running.caught_up()
    return {"episode": page_of(newest.uid)}.get(request.param, request.param)


@pytest.mark.parametrize("path", ["/log", "/log?confirmed=false", "episode", "/reports/shift"], indirect=True)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1366, 390])
def test_axe_finds_nothing(running, open_page, path, theme, width):
    page = open_page(path, viewport={"width": width, "height": 844}, color_scheme=theme)
    with signed_in(running, "ann", "labeler") as ann:
        page.context.add_cookies(ann.cookies)
        page.reload()
        if path == "/log":
            page.locator(".expand").first.click()
            page.wait_for_selector(".film")
        page.evaluate(AXE.read_text())
        found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
    assert [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found] == []
