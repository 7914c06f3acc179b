"""A model's report in a browser: accessible in both themes, whole on a phone, and asks nothing of anybody."""

from pathlib import Path

import pytest
from support.reports import example_report

from hydra_ml.report import render

AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_bytes(render(example_report()))
    return file


@pytest.fixture
def page(chromium, report, request):
    width, height, theme = request.param
    context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
    opened = context.new_page()
    asked = []
    opened.on("request", lambda one: asked.append(one.url))
    opened.goto(report.as_uri())
    yield opened
    context.close()
    assert [url for url in asked if not url.startswith(("data:image/webp", report.as_uri()))] == []


VIEWS = [(1366, 768, "light"), (1366, 768, "dark"), (390, 844, "light"), (390, 844, "dark")]


@pytest.mark.parametrize("page", VIEWS, indirect=True)
def test_it_is_accessible_and_fits(page):
    assert AXE.exists(), "axe-core is missing: run `npm ci` in the repository's root"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
    assert [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found] == []


@pytest.mark.parametrize("page", [(1366, 768, "dark")], indirect=True)
def test_charts_follow_the_theme_and_pictures_load(page):
    colour = "getComputedStyle(document.querySelector('svg text.f-text')).fill"
    dark = page.evaluate(colour)
    page.emulate_media(color_scheme="light")
    assert dark != page.evaluate(colour)
    sizes = page.evaluate("[...document.images].map(i => i.complete && i.naturalWidth)")
    assert len(sizes) == 12 and all(sizes)
