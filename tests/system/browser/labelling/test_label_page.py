"""The labelling page in a real browser: the mouse, filters, progress, and what goes wrong."""

import re

from playwright.sync_api import expect
from support.grid import GRID, focus, labels, saved, selected, suggestion
from support.labelling import KIND


def test_the_mouse_focuses_ranges_toggles_and_draws_a_band(page, lesson):
    at = lambda i: page.locator(f"#tile-{i}")  # noqa: E731
    at(2).click()
    assert focus(page) == "2" and selected(page) == []
    at(4).click(modifiers=["Shift"])
    assert selected(page) == [2, 3, 4]
    at(3).click(modifiers=["Control"])
    assert selected(page) == [2, 4]
    at(0).click()
    assert selected(page) == []
    first, third = at(0).bounding_box(), at(2).bounding_box()
    page.mouse.move(first["x"] + 8, first["y"] + 8)
    page.mouse.down()
    page.mouse.move(third["x"] + 30, third["y"] + 30, steps=4)
    expect(page.locator(".band")).to_be_visible()
    page.mouse.up()
    expect(page.locator(".band")).to_have_count(0)
    assert selected(page) == [0, 1, 2]
    page.get_by_role("button", name=re.compile("^Bad")).click()
    expect(page.locator("#toast")).to_contain_text("3 \N{MULTIPLICATION SIGN} Bad")
    assert labels(lesson) == {0: "Bad", 1: "Bad", 2: "Bad"}


def test_filters_and_order_stand_in_the_address(page, lesson):
    page.locator("select[name=order]").select_option(label="most disputed first")
    expect(page).to_have_url(re.compile(r"\?order=disagreement$|order=disagreement&"))
    expect(page.locator("#nothing")).to_be_visible()
    page.goto(lesson.hall.url + f"/label/{KIND}?order=new&says=Bad&score_from=0.5&run_from=120345")
    expect(page.locator("select[name=says]")).to_have_value("Bad")
    expect(page.get_by_label("Score from")).to_have_value("0.5")
    for text in page.locator(".tile .words strong").all_inner_texts():
        assert text == "Bad"


def test_progress_and_agreement_are_told(page, lesson):
    page.keyboard.press("Enter")
    saved(page)
    expect(page.locator("#labelled")).to_have_text("10")
    said = {one.plot.uid: one.class_name for one in lesson.hall.store.labelled(KIND)}
    lesson.hall.store.save_votes(KIND, "ben", said)
    page.reload()
    expect(page.locator("#agreement")).to_have_text("100 % agree with you")


def test_what_could_not_be_saved_is_said_and_shown_as_not_said(lesson, ann, chromium):
    with chromium.new_context() as context:
        context.add_cookies(ann.cookies)
        page = context.new_page()
        # Before the page is there: a browser may miss the first request after it is told to intercept.
        page.route("**/votes", lambda route: route.abort())
        page.goto(lesson.hall.url + GRID)
        expect(page.locator(".tile")).to_have_count(10)
        before = suggestion(page, 0)
        page.keyboard.press("b")
        expect(page.locator("#toast.is-bad")).to_contain_text("Nothing was saved")
        expect(page.locator("#tile-0 .words strong")).to_have_text(before)
        page.unroute("**/votes")
        page.keyboard.press("n")
        expect(page.locator("#toast")).to_contain_text("1 \N{MULTIPLICATION SIGN} NoData")
        assert labels(lesson) == {1: "NoData"}


def test_a_viewer_may_look_but_is_told_why_not_label(lesson, open_page):
    page = open_page(GRID)
    expect(page.locator(".tile")).to_have_count(10)
    page.keyboard.press("g")
    expect(page.locator("#toast.is-bad")).to_contain_text("takes the role labeler")
    assert labels(lesson) == {}
    expect(page.get_by_role("link", name="sign in", exact=True)).to_be_visible()


def test_the_index_leads_to_the_grid(page, lesson):
    lesson.hall.store.save_votes(KIND, "ben", {lesson.plots[0].uid: "Good"})
    page.goto(lesson.hall.url + "/label")
    row = page.locator("tr", has=page.get_by_role("link", name="CDC occupancy"))
    expect(row).to_contain_text("Good 1")
    row.get_by_role("link", name="CDC occupancy").click()
    expect(page.locator(".tile")).to_have_count(9)
