"""The log in Chromium: filters, image strip, paging, the buttons of an incident, the shift report."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from support.people import signed_in


@pytest.fixture
def history(running):
    """Three incidents of two plot types in two runs; the last goes on."""
    shift = running.shift
    shift.moment = datetime.now(UTC) - timedelta(hours=3)
    for run, name, clears in ((7, "CDC_occupancy", True), (7, "FCAL_occupancy", True), (8, "CDC_occupancy", False)):
        shift.run = run
        for class_name in ("Bad", "Bad", "Bad", *(("Good", "Good") if clears else ())):
            shift.judge(name, class_name)
            shift.moment += timedelta(minutes=1)
    shift.moment = None
    running.caught_up()
    return running


def rows(page):
    return page.locator("tbody.incident")


def test_filters_are_chosen_kept_in_the_url_and_taken_back(history, open_page):
    page = open_page("/log")
    expect(rows(page)).to_have_count(3)
    page.get_by_role("combobox", name="Plot", exact=True).select_option("FCAL_occupancy")
    page.get_by_role("button", name="Filter").click()
    expect(rows(page)).to_have_count(1)
    assert "plot_type=FCAL_occupancy" in page.url
    expect(page.get_by_role("combobox", name="Plot", exact=True)).to_have_value("FCAL_occupancy")
    page.get_by_role("link", name="Show all").click()
    expect(rows(page)).to_have_count(3)
    page.get_by_role("textbox", name="Run").fill("8")
    page.get_by_role("textbox", name="Run").press("Enter")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("combobox", name="Show", exact=True).select_option("false")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("heading", name="Suspects that were not confirmed")).to_be_visible()
    assert "confirmed=false" in page.url and "run=8" in page.url
    page.go_back()
    expect(rows(page)).to_have_count(1)


def test_pages_keep_the_filters(history, open_page):
    page = open_page("/log?group=CDC&limit=1")
    first = rows(page).first.get_attribute("data-uid")
    page.get_by_role("link", name="Older").click()
    expect(rows(page)).to_have_count(1)
    assert rows(page).first.get_attribute("data-uid") != first and "group=CDC" in page.url
    page.get_by_role("link", name="Newest").click()
    expect(rows(page).first).to_have_attribute("data-uid", first)


def test_an_incident_opens_its_plots_by_keyboard_and_closes_them(history, open_page):
    page = open_page("/log")
    button = page.get_by_role("button", name="Plots of FCAL occupancy")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    film = page.locator(".film li")
    expect(film).to_have_count(5)
    expect(film.locator("img.plot").first).to_have_js_property("complete", True)
    assert film.locator("img.plot").first.evaluate("image => image.naturalWidth") > 0
    page.keyboard.press("Enter")
    expect(film).to_have_count(0)
    expect(button).to_have_attribute("aria-expanded", "false")


def test_somebody_acknowledges_and_says_that_it_was_real(history, open_page):
    page = open_page("/log")
    page.get_by_role("link", name="CDC occupancy").first.click()
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    expect(page.get_by_text("to acknowledge it")).to_be_visible()
    with signed_in(history, "bob", "labeler") as bob:
        page.context.add_cookies(bob.cookies)
        page.reload()
        page.get_by_role("button", name="Acknowledge").click()
        expect(page.locator("#acked")).to_have_text("bob")
        expect(page.get_by_role("button", name="Acknowledge")).to_be_disabled()
        page.get_by_label("Note").fill("board 7 <b>again</b>")
        page.get_by_role("button", name="False alarm").click()
        expect(page.locator("#feedback")).to_have_text("false alarm, says bob: board 7 <b>again</b>")
        page.reload()
        expect(page.locator("#feedback")).to_contain_text("board 7 <b>again</b>")
        expect(page.get_by_role("button", name="False alarm")).to_have_attribute("aria-pressed", "true")
    assert len(history.store.open_reviews("CDC_occupancy", "false_alarm")) == 1


def test_the_shift_report_prints_without_the_tools(history, open_page):
    page = open_page("/reports/shift")
    expect(page.get_by_text("Alarms an hour")).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.locator("header.bar")).to_be_hidden()
    expect(page.get_by_role("cell", name="FCAL occupancy")).to_be_visible()


@pytest.mark.parametrize("path", ["/log", "/log?confirmed=false", "/reports/shift", "/episodes"])
@pytest.mark.parametrize("width", [1920, 390])
def test_nothing_is_wider_than_the_screen(history, open_page, path, width):
    if path == "/episodes":
        from hydra_core.store.episodes import Filters
        from hydra_web.log.incidents import page_of

        path = page_of(history.store.episodes(Filters())[0].uid)
    page = open_page(path, viewport={"width": width, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
