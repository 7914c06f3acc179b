"""Every page the application serves, from its own table of routes: axe-core finds nothing, nothing is wider than the
screen, nothing is asked of another host; in both themes, on a big screen, a laptop and a phone."""

from pathlib import Path

import pytest
from support.people import signed_in
from support.routes import routes
from support.web_server import running_hall

from hydra_core.domain import ModelRef
from hydra_core.store.episodes import Filters

AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SIZES = {"hd": (1920, 1080), "laptop": (1366, 768), "phone": (390, 844)}
NO_PAGES = ("/api/", "/events", "/images/", "/thumbs/", "/heatmaps/", "/healthz", "/readyz", "/metrics", "/v/")
NOT_DRAWN_HERE = ("/report", "/reference.webp")
"""Made in training; `test_report_page` looks at the report."""
PATHS = sorted(
    {one.path for one in routes() if one.method == "GET" and not one.path.startswith(NO_PAGES)}
    - {one.path for one in routes() if one.path.endswith(NOT_DRAWN_HERE)}
)


@pytest.fixture(scope="module")
def lively(tmp_path_factory):
    """A hall with something on every page, and an admin at the browser."""
    with running_hall(tmp_path_factory.mktemp("hall")) as hall:
        shift = hall.shift
        shift.confirm("fa125_itrig", "Good")
        shift.judge("FCAL_occupancy", "Good", 0.81)
        shift.confirm("ST_occupancy", "NoData")
        shift.confirm("TOF_occupancy", "Bad")
        shift.confirm("TOF_occupancy", "Good")
        shift.go_silent("BCAL_occupancy")
        good = shift.judge("CDC_occupancy", "Good")
        last = shift.confirm("CDC_occupancy", "Bad", 0.9931)
        classes = shift.types["CDC_occupancy"].class_names()
        hall.store.add_model("CDC_occupancy", ModelRef("CDC_occupancy", 3, "ab" * 32), "m/v3", classes, {}, {}, "eve")
        hall.store.promote("CDC_occupancy", 3, "eve")
        hall.store.save_votes("CDC_occupancy", "ann", {good.uid: "Good"})
        hall.store.queue_review("CDC_occupancy", "flag", {last.uid: 0.5})
        hall.store.add_news("Beam is back at eight.", None, "eve")
        detail = {"ready": True, "pvs": {"STATE": "RUNNING", "QUEUE": 0, "BEAM": 50.0, "DB": "DOWN"}, "stages": {}}
        hall.store.heartbeat("ioc", "host", 1, "RUNNING", detail)
        hall.caught_up()
        with signed_in(hall, "ada", "admin") as ada:
            yield hall, ada, last


def example(path, lively):
    """Return a URL of a page that has something to show."""
    hall, _, last = lively
    uid = hall.store.episodes(Filters())[0].uid if path.startswith("/episodes") else last.uid
    model = hall.store.active_model("CDC_occupancy")
    values = {"{uid}": uid, "{plot_type}": "CDC_occupancy", "{version}": str(model.ref.version)}
    values |= {"{model_id}": "1", "{name}": "CDC_occupancy"}
    for name, value in values.items():
        path = path.replace(name, value).replace(name.replace("}", ":path}"), value)
    assert "{" not in path, f"say in `example` what {path} may be, so that its page is looked at"
    return path


@pytest.fixture
def visit(lively, chromium):
    """Open a page in a theme; complaints in the console, failed requests and those to other hosts fail the test."""
    hall, ada, _ = lively
    contexts, complaints = [], []

    def console(one):
        if one.type in ("error", "warning") and "Failed to load resource" not in one.text:
            complaints.append(one.text)

    def response(one):
        if one.status >= 400 and not one.url.endswith(NOT_DRAWN_HERE):  # the model's bundle is not in this hall
            complaints.append(f"{one.status} {one.url}")

    def opened(path, theme):
        context = chromium.new_context(color_scheme=theme, reduced_motion="reduce")
        contexts.append(context)
        context.add_cookies(ada.cookies)
        page = context.new_page()
        page.on("console", console)
        page.on("response", response)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda one: None if one.url.startswith(hall.url) else complaints.append(one.url))
        answer = page.goto(hall.url + path)
        assert answer is not None and answer.ok, f"{path} answers {answer and answer.status}"
        assert "text/html" in answer.headers["content-type"]
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def too_wide(page):
    """Return what sticks out of the screen on the right."""
    if page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        return []
    script = """[...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth
      && !one.closest(".scroll, [hidden]")).map((one) => one.outerHTML.slice(0, 100)).slice(0, 5)"""
    return page.evaluate(script) or ["something"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_accessible_and_fits(lively, visit, path, theme):
    assert AXE.exists(), "axe-core is missing: run `npm ci` in the repository's root"
    page = visit(example(path, lively), theme)
    page.evaluate(AXE.read_text())
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert too_wide(page) == [], f"{path} on {size}"
        if size != "hd":  # the same as on a laptop
            found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
            told = [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found]
            assert told == [], f"{path} on {size}"
