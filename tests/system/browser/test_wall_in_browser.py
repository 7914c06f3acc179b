"""The wall in a real browser: live, in order, without a jump, and honest about a lost line."""

import re

import pytest
from playwright.sync_api import expect

from hydra_web.views import duration

SIZES = {"hd": (1920, 1080), "laptop": (1366, 768), "phone": (390, 844)}


def strip_plots(page):
    return page.locator("#strip > li").evaluate_all("all => all.map(one => one.dataset.plot)")


def live(page):
    expect(page.locator("#link")).to_have_attribute("data-link", "live")


def slot(page, name):
    return page.locator(f'#grid [data-plot="{name}"]')


def in_strip(page, name):
    return page.locator(f'#strip [data-plot="{name}"]')


def test_a_plot_turning_bad_comes_first_live_and_says_so(running, open_page):
    running.shift.confirm("ST_occupancy", "NoData")
    running.caught_up()
    page = open_page()
    live(page)
    assert strip_plots(page) == ["ST_occupancy"]
    page.evaluate("window.sameDocument = true")
    before = page.locator("#grid > .group > ul > li").evaluate_all("all => all.map(one => one.dataset.plot)")
    running.shift.confirm("CDC_occupancy", "Bad", 0.9931)
    alarm = in_strip(page, "CDC_occupancy")
    expect(alarm.locator(".badge")).to_have_text(re.compile("BAD"))
    assert strip_plots(page) == ["CDC_occupancy", "ST_occupancy"]
    expect(alarm).to_contain_text("99.3 %")
    expect(alarm).to_contain_text("What to do")
    expect(slot(page, "CDC_occupancy").locator(".badge")).to_have_text(re.compile("BAD"))
    expect(slot(page, "CDC_occupancy").locator('a[href="#attention-0"]')).to_be_visible()
    expect(page.locator("#announce")).to_have_text("CDC occupancy: Bad, confirmed")
    expect(page).to_have_title(re.compile(r"^\(2\)"))
    expect(page.locator("#attention-count")).to_have_text("2")
    after = page.locator("#grid > .group > ul > li").evaluate_all("all => all.map(one => one.dataset.plot)")
    assert after == before
    assert page.evaluate("window.sameDocument")


def test_a_plot_that_is_good_again_leaves_the_strip_once_somebody_has_seen_it(running, open_page):
    running.shift.confirm("CDC_occupancy", "Bad")
    running.caught_up()
    running.store.acknowledge(running.feed.card("CDC_occupancy").episode, "ann")
    page = open_page()
    live(page)
    running.shift.confirm("CDC_occupancy", "Good")
    expect(in_strip(page, "CDC_occupancy")).to_have_count(0)
    expect(slot(page, "CDC_occupancy").locator(".badge")).to_have_text(re.compile("GOOD"))
    expect(page.locator("#attention-count")).to_be_hidden()


def test_a_new_plot_of_the_same_status_brings_its_picture(running, open_page):
    running.shift.judge("CDC_occupancy", "Good")
    running.caught_up()
    page = open_page()
    live(page)
    plot = running.shift.judge("CDC_occupancy", "Good")
    image = slot(page, "CDC_occupancy").locator("img.plot")
    expect(image).to_have_attribute("src", f"/thumbs/{plot.sha256}")
    assert image.evaluate("one => one.complete && one.naturalWidth === 320")
    expect(page.locator("#run")).to_have_text(str(plot.run))


def test_focus_stays_where_it_was_when_the_card_is_swapped(running, open_page):
    running.shift.judge("CDC_occupancy", "Good")
    running.caught_up()
    page = open_page()
    live(page)
    slot(page, "CDC_occupancy").locator("h3 a").focus()
    plot = running.shift.judge("CDC_occupancy", "Good")
    expect(slot(page, "CDC_occupancy").locator("h3 a")).to_have_attribute("href", f"/p/{plot.uid}")
    expect(slot(page, "CDC_occupancy").locator("h3 a")).to_be_focused()


def test_heat_maps_can_be_faded_and_hidden_and_it_is_remembered(busy, open_page):
    page = open_page()
    heat = in_strip(page, "CDC_occupancy").locator("img.heat")
    expect(heat).to_be_visible()
    expect(heat).to_have_css("opacity", "0.5")
    page.keyboard.press("]")
    expect(heat).to_have_css("opacity", "0.6")
    page.locator("#heat-opacity").fill("20")
    expect(heat).to_have_css("opacity", "0.2")
    page.keyboard.press("h")
    expect(heat).to_be_hidden()
    page.reload()
    expect(heat).to_be_hidden()
    expect(page.locator("#heat-toggle")).to_have_attribute("aria-pressed", "false")
    page.locator("#heat-toggle").click()
    expect(heat).to_be_visible()
    expect(heat).to_have_css("opacity", "0.2")


def test_the_heat_map_lies_exactly_over_its_plot(busy, open_page):
    page = open_page()
    for name in ("CDC_occupancy", "ST_occupancy"):
        card = in_strip(page, name)
        card.locator("img.plot").evaluate("one => one.decode()")
        assert card.locator("img.plot").bounding_box() == card.locator("img.heat").bounding_box()


def test_in_the_grid_a_good_plot_shows_its_heat_map_when_looked_at(busy, open_page):
    page = open_page()
    good, doubtful = slot(page, "fa125_itrig"), slot(page, "FCAL_occupancy")
    expect(good.locator("img.heat")).to_have_css("opacity", "0")
    expect(doubtful.locator("img.heat")).to_have_css("opacity", "0.5")
    good.hover()
    expect(good.locator("img.heat")).to_have_css("opacity", "0.5")


def test_ages_count_up_by_themselves_by_the_server_s_clock(busy, open_page):
    page = open_page()
    age = slot(page, "FCAL_occupancy").locator("time.age")
    first = int(age.inner_text().split()[0])
    expect(age).not_to_have_text(f"{first} s")
    assert int(age.inner_text().split()[0]) > first
    expect(in_strip(page, "BCAL_occupancy")).to_contain_text("STALE")


def test_ages_read_the_same_from_server_and_script(running, open_page):
    page = open_page()
    seconds = [-5, 0, 59.9, 60, 3599, 3600, 7380, 86399, 86400, 999999]
    script = "async all => { const { words } = await import('/static/ages.js'); return all.map(words); }"
    assert page.evaluate(script, seconds) == [duration(one) for one in seconds]


def test_the_theme_is_chosen_and_remembered(running, open_page):
    page = open_page(color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    for name, dark in (("Light", False), ("Dark", True)):
        page.locator("#theme-toggle").click()
        expect(page.locator("#theme-name")).to_have_text(name)
        assert (page.evaluate(background) != light) is dark
    page.reload()
    assert page.evaluate(background) != light
    expect(page.locator("#theme-name")).to_have_text("Dark")


def test_help_explains_every_sign(running, open_page):
    page = open_page()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    for status in ("UNKNOWN", "GOOD", "SUSPECT", "WARN", "BAD", "STALE", "ERROR", "OFF"):
        expect(page.locator("#help dt", has_text=status)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_a_database_away_is_said_and_taken_back(busy, open_page):
    page = open_page()
    live(page)
    expect(page.locator("#banner")).to_be_hidden()
    original = busy.store.changes_after
    busy.store.changes_after = lambda *_: 1 / 0
    expect(page.locator("#banner")).to_contain_text("Database away since")
    expect(in_strip(page, "CDC_occupancy")).to_be_visible()
    busy.store.changes_after = original
    expect(page.locator("#banner")).to_be_hidden()


def test_a_lost_line_is_said(running, chromium):
    page = chromium.new_context().new_page()
    page.goto(running.url)
    live(page)
    running.stop()
    expect(page.locator("#link")).to_have_attribute("data-link", "lost", timeout=20_000)
    expect(page.locator("#link-word")).to_have_text("connection lost")
    page.context.close()


def test_a_picture_that_is_gone_says_so(running, chromium, tmp_path):
    plot = running.shift.judge("CDC_occupancy", "Good")
    running.caught_up()
    for file in (tmp_path / "images").rglob(f"{plot.sha256}.*"):
        file.unlink()
    page = chromium.new_context().new_page()
    page.goto(running.url)
    expect(slot(page, "CDC_occupancy").locator(".picture")).to_have_class(re.compile("broken"))
    expect(slot(page, "CDC_occupancy").locator("img.plot")).to_be_hidden()
    page.context.close()


def test_all_controls_can_be_reached_by_the_tab_key(busy, open_page):
    page = open_page()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.getAttribute('href')"))
    assert {
        "#main",
        "/",
        "heat-toggle",
        "heat-opacity",
        "theme-toggle",
        "help-open",
        "#slot-0",
        "#attention-0",
    } <= reached
    page.locator("#help-open").focus()
    page.keyboard.press("Shift+Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"


@pytest.mark.parametrize("size", SIZES)
def test_nothing_sticks_out_sideways(busy, open_page, size):
    width, height = SIZES[size]
    page = open_page(viewport={"width": width, "height": height})
    uid = busy.feed.card("CDC_occupancy").uid
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"{busy.url}/p/{uid}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
