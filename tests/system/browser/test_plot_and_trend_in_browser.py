"""A plot under the lens and beside its reference; a trend that is drawn, looked at closer, and told as a table."""

import io
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect


def drawn(bright: bool) -> bytes:
    """Return a dark picture, with a bright square when asked for."""
    pixels = np.full((120, 160, 3), 40, np.uint8)
    if bright:
        pixels[30:60, 40:80] = 240
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def pair(running):
    """A plot with a bright square, and a reference without."""
    shift = running.shift
    reference = shift.judge("CDC_occupancy", "Good", data=drawn(False))
    plot = shift.judge("CDC_occupancy", "Bad", data=drawn(True))
    running.store.pin_reference("CDC_occupancy", reference.uid, "eve")
    running.caught_up()
    return reference, plot


@pytest.fixture
def trend(running):
    """Two hours of plots, one incident."""
    shift, start = running.shift, datetime.now(UTC) - timedelta(minutes=121)
    for n in range(30):
        shift.moment = start + timedelta(minutes=4 * n)
        shift.judge("CDC_occupancy", "Bad" if 10 <= n < 14 else "Good", 0.95 + n / 1000)
    shift.moment = None
    running.caught_up()
    return running


def scale_of(page):
    return page.locator("#stage .frame").evaluate("one => new DOMMatrix(getComputedStyle(one).transform).a")


def test_zoom_by_keys_wheel_and_buttons(pair, open_page):
    page = open_page(f"/p/{pair[1].uid}")
    page.keyboard.press("+")
    assert scale_of(page) == pytest.approx(1.5)
    page.locator("#zoom-in").click()
    assert scale_of(page) == pytest.approx(2.25)
    page.keyboard.press("-")
    assert scale_of(page) == pytest.approx(1.5)
    page.keyboard.press("0")
    assert scale_of(page) == 1
    page.locator("#stage").hover()
    page.mouse.wheel(0, -400)
    expect(page.locator("#stage.is-zoomed")).to_have_count(1)
    assert scale_of(page) > 2


def test_what_is_under_the_pointer_stays_there_and_dragging_moves_it(pair, open_page):
    page = open_page(f"/p/{pair[1].uid}")
    box = page.locator("#stage .frame").bounding_box()
    at = (box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    page.mouse.move(*at)
    page.mouse.dblclick(*at)
    zoomed = page.locator("#stage .frame").bounding_box()
    assert (at[0] - zoomed["x"]) / zoomed["width"] == pytest.approx(0.25, abs=0.01)
    assert (at[1] - zoomed["y"]) / zoomed["height"] == pytest.approx(0.75, abs=0.01)
    page.mouse.down()
    page.mouse.move(at[0] + 30, at[1] - 20)
    page.mouse.up()
    moved = page.locator("#stage .frame").bounding_box()
    assert (moved["x"] - zoomed["x"], moved["y"] - zoomed["y"]) == (pytest.approx(30, abs=1), pytest.approx(-20, abs=1))


def test_the_reference_beside_it_moves_along(pair, open_page):
    page = open_page(f"/p/{pair[1].uid}")
    page.keyboard.press("r")
    expect(page.locator("#reference")).to_be_visible()
    assert page.locator("#reference").get_attribute("src") == f"/images/{pair[0].sha256}"
    page.keyboard.press("+")
    frames = page.locator(".stage .frame").evaluate_all("all => all.map(one => getComputedStyle(one).transform)")
    assert len(frames) == 2 and frames[0] == frames[1]
    page.keyboard.press("r")
    expect(page.locator("#reference")).to_be_hidden()


def test_blink_turns_by_key_for_those_who_want_no_motion(pair, open_page):
    page = open_page(f"/p/{pair[1].uid}")
    page.keyboard.press("b")
    expect(page.locator("#stage-word")).to_have_text("Reference")
    assert page.locator("#this").get_attribute("src") == f"/images/{pair[0].sha256}"
    page.keyboard.press("b")
    expect(page.locator("#stage-word")).to_be_hidden()


def test_blink_turns_by_itself_otherwise(pair, open_page):
    page = open_page(f"/p/{pair[1].uid}", reduced_motion="no-preference")
    page.keyboard.press("b")
    expect(page.locator("#stage-word")).to_have_text("This plot")
    expect(page.locator("#stage-word")).to_have_text("Reference")


def test_the_difference_is_bright_where_the_plots_differ(pair, open_page):
    page = open_page(f"/p/{pair[1].uid}")
    page.keyboard.press("d")
    expect(page.locator("#difference")).to_be_visible()
    script = """one => { const all = one.getContext("2d").getImageData(0, 0, one.width, one.height).data;
      return [[60, 45], [10, 10]].map(([x, y]) => all[4 * (y * one.width + x)]); }"""
    assert page.locator("#difference").evaluate(script) == [200, 0]


def test_arrows_lead_to_the_plots_before_and_after(pair, open_page):
    page = open_page(f"/p/{pair[1].uid}")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**/p/{pair[0].uid}")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/p/{pair[1].uid}")


def test_every_key_of_the_plot_page_is_told(pair, open_page):
    page = open_page(f"/p/{pair[1].uid}")
    page.keyboard.press("?")
    told = page.locator("#keys kbd").all_inner_texts()
    assert set("+-0rbd←→") <= set(told)


def test_a_trend_is_drawn_with_every_plot_threshold_and_episode(trend, open_page):
    page = open_page("/t/CDC_occupancy?range=6h")
    expect(page.locator("#chart circle")).to_have_count(30)
    expect(page.locator("#chart rect.episode")).to_have_count(1)
    expect(page.locator("#chart path.step")).to_have_count(3)
    expect(page.locator("#trend-told")).to_have_text("30 plots, each by itself")
    expect(page.locator("#episodes a")).to_have_text(re.compile("^Bad, "))


def test_dragging_looks_closer_and_back_returns(trend, open_page):
    page = open_page("/t/CDC_occupancy?range=6h")
    expect(page.locator("#chart circle")).to_have_count(30)
    box = page.locator("#chart").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.85, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.95, middle, steps=4)
    expect(page.locator("#selection")).to_be_visible()
    page.mouse.up()
    expect(page.locator("#trend-told")).not_to_have_text("30 plots, each by itself")
    assert 0 < page.locator("#chart circle").count() < 30
    assert "since=" in page.url
    page.go_back()
    expect(page.locator("#chart circle")).to_have_count(30)


def test_a_mark_is_read_and_opens_its_plot(trend, open_page):
    page = open_page("/t/CDC_occupancy?range=6h")
    mark = page.locator("#chart circle").nth(12)
    mark.hover(force=True)
    expect(page.locator("#readout")).to_contain_text("America/New_York: ")
    mark.click(force=True)
    page.wait_for_url(re.compile("/p/[0-9a-f]{32}$"))


def test_the_table_has_the_same_numbers(trend, open_page):
    page = open_page("/t/CDC_occupancy?range=6h")
    expect(page.locator("#chart circle")).to_have_count(30)
    page.locator("#as-table summary").click()
    rows = page.locator("#rows tr").evaluate_all("all => all.map(one => [...one.cells].map(cell => cell.textContent))")
    assert sum(int(row[2]) for row in rows) == 30
    assert {row[1] for row in rows} == {"Good", "Bad"}
    assert max(float(row[5]) for row in rows) == pytest.approx(0.979)


def test_classes_can_be_left_out_and_keys_move(trend, open_page):
    page = open_page("/t/CDC_occupancy?range=6h")
    expect(page.locator("#chart circle")).to_have_count(30)
    page.get_by_label("Good").uncheck()
    expect(page.locator("#chart circle")).to_have_count(4)
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**since=**")
    page.keyboard.press("-")
    expect(page.locator("#trend-told")).to_have_text("30 plots, each by itself")
