"""Debian's Chromium on a running hall: one browser for all tests, a fresh profile for each."""

import shutil

import pytest
from playwright.sync_api import sync_playwright
from support.web_server import running_hall

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium")
    assert path is not None, "Chromium is missing: install the Debian package `chromium`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def running(tmp_path):
    with running_hall(tmp_path) as made:
        yield made


@pytest.fixture
def open_page(chromium, running):
    """Open a path in a fresh profile; what is written to the console or asked of another host fails the test."""
    contexts, complaints = [], []

    def opened(path="/", **options):
        context = chromium.new_context(
            **{"viewport": {"width": 1366, "height": 768}, "reduced_motion": "reduce"} | options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request", lambda request: None if request.url.startswith(running.url) else complaints.append(request.url)
        )
        page.goto(running.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def busy(running):
    """The hall with every status there is, each with a name that says it."""
    shift = running.shift
    shift.confirm("fa125_itrig", "Good")
    shift.judge("FCAL_occupancy", "Good", 0.81)
    shift.confirm("ST_occupancy", "NoData")
    shift.confirm("CDC_occupancy", "Bad", 0.9931)
    shift.fail("TOF_occupancy")
    shift.go_silent("BCAL_occupancy")
    running.caught_up()
    return running
