"""axe-core finds nothing on any page in either theme, at any size; status is never told by colour alone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SIZES = {"hd": (1920, 1080), "laptop": (1366, 768), "phone": (390, 844)}


@pytest.fixture
def axe():
    assert AXE.exists(), "axe-core is missing: run `npm ci` in the repository's root"
    source = AXE.read_text()

    def violations(page):
        page.evaluate(source)
        found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
        return [(one["id"], one["help"], [node["html"][:160] for node in one["nodes"]]) for one in found]

    return violations


def settled(page):
    expect(page.locator("#link")).to_have_attribute("data-link", "live")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_busy_wall(busy, open_page, axe, theme, size):
    width, height = SIZES[size]
    page = open_page(color_scheme=theme, viewport={"width": width, "height": height})
    settled(page)
    assert axe(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_calm_wall_the_help_and_the_banner(running, open_page, axe, theme):
    for name in running.shift.types:
        if name != "RF_selftiming":
            running.shift.judge(name, "Good")
    running.caught_up()
    page = open_page(color_scheme=theme)
    settled(page)
    expect(page.locator("#summary")).to_contain_text("Nothing needs attention")
    assert axe(page) == []
    running.store.changes_after = lambda *_: 1 / 0
    expect(page.locator("#banner")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("?")
    assert axe(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["CDC_occupancy", "TOF_occupancy"])
def test_the_page_of_a_plot(busy, open_page, axe, theme, name):
    page = open_page(f"/p/{busy.feed.card(name).uid}", color_scheme=theme)
    assert axe(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_chosen_theme_is_as_good_as_the_system_s(busy, open_page, axe, theme):
    page = open_page(color_scheme="dark" if theme == "light" else "light")
    page.evaluate("theme => localStorage.setItem('hydra.theme', theme)", theme)
    page.reload()
    settled(page)
    assert axe(page) == []


def test_status_is_told_by_word_and_shape_in_every_badge(busy, open_page):
    page = open_page()
    texts = page.locator(".badge").all_inner_texts()
    assert len(texts) > len(busy.shift.types)
    shapes = dict(re.fullmatch(r"(\S)\s*([A-Z]+)", text).group(2, 1) for text in texts)
    assert len(set(shapes.values())) == len(shapes) == 8


def test_no_motion_for_those_who_want_none(running, open_page):
    page = open_page(reduced_motion="reduce")
    settled(page)
    running.shift.confirm("CDC_occupancy", "Bad")
    arrived = page.locator("#strip > li.arrived")
    expect(arrived).to_have_count(1)
    expect(arrived).to_have_css("animation-name", "none")
    page = open_page(reduced_motion="no-preference")
    settled(page)
    running.shift.confirm("ST_occupancy", "Bad")
    expect(page.locator("#strip > li.arrived")).to_have_css("animation-name", "arrive")
