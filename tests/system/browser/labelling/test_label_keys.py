"""Every key of the labelling page in a real browser."""

import pytest
from playwright.sync_api import expect
from support.grid import GRID, focus, labels, saved, selected, suggestion
from support.labelling import KIND, Lesson

from hydra_core.store.label_queue import Filters


@pytest.mark.parametrize(
    ("key", "name"), [("g", "Good"), ("b", "Bad"), ("n", "NoData"), ("1", "Good"), ("2", "Bad"), ("3", "NoData")]
)
def test_one_key_labels_saves_and_moves_on(page, lesson, key, name):
    page.keyboard.press(key)
    expect(page.locator("#tile-0 .words strong")).to_have_text(name)
    expect(page.locator("#toast")).to_contain_text(f"1 \N{MULTIPLICATION SIGN} {name}")
    assert focus(page) == "1" and labels(lesson) == {0: name}


def test_every_key_of_the_table_is_in_the_help_and_tested_here(page):
    page.keyboard.press("?")
    told = set(page.locator("#keys dt").all_inner_texts())
    tested = {"g", "b", "n", "1", "2", "3", "Space", "Enter", "→", "←", "↓", "↑", "j", "k", "PageDown", "PageUp", "x"}
    tested |= {"Ctrl+a", "Ctrl+Shift+a", "Esc", "u", "Ctrl+z", "r", "d", "z", "e", "f", "s", "h", "[", "]", "?"}
    assert told == tested


def test_space_accepts_the_suggestion_and_enter_those_of_the_page(page, lesson):
    said = [suggestion(page, i) for i in range(10)]
    page.keyboard.press("Space")
    expect(page.locator("#toast")).to_contain_text(f"1 \N{MULTIPLICATION SIGN} {said[0]}")
    assert focus(page) == "1" and labels(lesson) == {0: said[0]}
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("Good")
    saved(page)
    assert labels(lesson) == {0: said[0], 1: "Bad", **dict(enumerate(said[2:], 2))}


def test_arrows_and_letters_move_and_shift_extends(page):
    columns = page.evaluate("getComputedStyle(document.getElementById('tiles')).gridTemplateColumns.split(' ').length")
    for key, where in (("ArrowRight", 1), ("j", 2), ("ArrowLeft", 1), ("k", 0), ("ArrowDown", columns), ("ArrowUp", 0)):
        page.keyboard.press(key)
        assert focus(page) == str(where)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert selected(page) == [0, 1, 2]
    page.keyboard.press("Shift+ArrowLeft")
    assert selected(page) == [0, 1]
    page.keyboard.press("Shift+ArrowDown")
    assert selected(page) == list(range(columns + 2))
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Escape")
    assert selected(page) == []


def test_x_takes_in_and_out_and_a_key_labels_the_selection(page, lesson):
    page.keyboard.press("x")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    assert selected(page) == [0, 2]
    expect(page.locator("#selection")).to_have_text("2 selected")
    page.keyboard.press("x")
    assert selected(page) == [0]
    page.keyboard.press("x")
    page.keyboard.press("b")
    expect(page.locator("#toast")).to_contain_text("2 \N{MULTIPLICATION SIGN} Bad")
    assert labels(lesson) == {0: "Bad", 2: "Bad"} and focus(page) == "3" and selected(page) == []


def test_ctrl_a_selects_the_page(page, lesson):
    page.keyboard.press("Control+a")
    assert selected(page) == list(range(10))
    page.keyboard.press("n")
    expect(page.locator("#toast")).to_contain_text("10 \N{MULTIPLICATION SIGN} NoData")
    assert set(labels(lesson).values()) == {"NoData"} and len(labels(lesson)) == 10


def test_ctrl_shift_a_labels_all_that_match_on_all_pages(page, lesson):
    page.goto(lesson.hall.url + GRID + "&size=3&says=Good")
    expect(page.locator(".tile").first).to_be_visible()
    count = lesson.hall.store.count_matching(KIND, "ann", Filters(says="Good"))
    page.keyboard.press("Control+Shift+A")
    expect(page.locator("#selection")).to_contain_text(f"All {count} plots that match")
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_have_text("")
    page.keyboard.press("Control+Shift+A")
    expect(page.locator("#selection")).to_contain_text(f"All {count}")
    page.keyboard.press("g")
    expect(page.locator("#toast")).to_contain_text(f"{count} \N{MULTIPLICATION SIGN} Good")
    expect(page.locator("#nothing")).to_be_visible()
    assert list(labels(lesson).values()) == ["Good"] * count
    page.keyboard.press("u")
    expect(page.locator("#toast")).to_contain_text("Taken back")
    assert labels(lesson) == {}


@pytest.mark.parametrize("key", ["u", "Control+z"])
def test_undo_goes_back_batch_by_batch_and_redo_forth(page, lesson, key):
    before = suggestion(page, 0)
    page.keyboard.press("b")
    page.keyboard.press("n")
    saved(page)
    page.keyboard.press(key)
    expect(page.locator("#toast")).to_contain_text("Taken back: 1 \N{MULTIPLICATION SIGN} NoData")
    page.keyboard.press(key)
    expect(page.locator("#toast")).to_contain_text("Taken back: 1 \N{MULTIPLICATION SIGN} Bad")
    expect(page.locator("#tile-0 .words strong")).to_have_text(before)
    assert labels(lesson) == {}
    page.get_by_role("button", name="Redo").click()
    expect(page.locator("#tile-0 .words strong")).to_have_text("Bad")
    assert labels(lesson) == {0: "Bad"}


def test_undo_after_a_reload_takes_back_the_last_batch(page, lesson):
    page.keyboard.press("b")
    saved(page)
    page.reload()
    expect(page.locator(".tile")).to_have_count(9)
    page.keyboard.press("u")
    expect(page.locator("#toast")).to_contain_text("Taken back: 1 \N{MULTIPLICATION SIGN} Bad")
    assert labels(lesson) == {}


def test_any_batch_is_undone_from_the_history(page, lesson):
    page.keyboard.press("b")
    page.keyboard.press("n")
    saved(page)
    page.get_by_role("button", name="History").click()
    lines = page.locator("#batches li")
    expect(lines).to_have_count(2)
    expect(lines.nth(1)).to_contain_text("ann · 1 \N{MULTIPLICATION SIGN} Bad")
    lines.nth(1).get_by_role("button", name="Undo").click()
    expect(lines.nth(1).get_by_role("button", name="Redo")).to_be_visible()
    assert labels(lesson) == {1: "NoData"}
    page.keyboard.press("Escape")
    expect(page.locator("#history")).to_be_hidden()


def test_pages_forth_and_back_keep_what_was_said(page, lesson):
    page.goto(lesson.hall.url + GRID + "&size=4")
    expect(page.locator(".tile")).to_have_count(4)
    page.keyboard.press("b")
    page.keyboard.press("PageDown")
    expect(page.locator("#page-number")).to_have_text("page 2")
    page.keyboard.press("PageDown")
    expect(page.locator(".tile")).to_have_count(2)
    page.keyboard.press("PageDown")
    expect(page.locator("#toast")).to_contain_text("last page")
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")
    expect(page.locator("#tile-0 .words strong")).to_have_text("Bad")
    expect(page.locator("#page-number")).to_have_text("page 1")


def test_the_last_label_of_a_page_brings_the_next(page, lesson):
    page.goto(lesson.hall.url + GRID + "&size=4")
    expect(page.locator(".tile")).to_have_count(4)
    for _ in range(4):
        page.keyboard.press("g")
    expect(page.locator("#page-number")).to_have_text("page 2")
    saved(page)
    assert sorted(labels(lesson)) == [0, 1, 2, 3]


def test_r_shows_the_reference_and_d_the_difference_while_it_is_held(page, lesson):
    page.keyboard.press("r")
    expect(page.locator("#toast")).to_contain_text("There is no reference yet")
    good = next(plot for plot in lesson.plots if lesson.truth[plot.uid] == "Good")
    lesson.hall.store.save_votes(KIND, "ben", {good.uid: "Good"})
    page.reload()
    page.locator(".this .plot").wait_for()
    page.keyboard.press("r")
    expect(page.locator(".sight.reference img")).to_have_attribute("src", f"/images/{good.sha256}")
    page.keyboard.press("r")
    expect(page.locator(".sight.reference")).to_be_hidden()
    page.keyboard.down("d")
    expect(page.locator(".this .other")).to_be_visible()
    expect(page.locator(".this .other")).to_have_css("mix-blend-mode", "difference")
    page.keyboard.up("d")
    expect(page.locator(".this .other")).to_be_hidden()


def test_z_shows_every_pixel_and_the_heat_map_stays_on_the_plot(page):
    plot, heat = page.locator(".this .plot"), page.locator(".this .heat")
    plot.wait_for()
    assert list(heat.bounding_box().values()) == pytest.approx(list(plot.bounding_box().values()), abs=0.1)
    assert plot.bounding_box()["width"] < 640
    page.keyboard.press("z")
    assert plot.bounding_box()["width"] == heat.bounding_box()["width"] == 640
    page.keyboard.press("z")
    assert plot.bounding_box()["width"] < 640


def test_heat_map_keys(page):
    heat = page.locator(".this .heat")
    expect(heat).to_have_css("opacity", "0.5")
    page.keyboard.press("[")
    expect(heat).to_have_css("opacity", "0.4")
    page.keyboard.press("]")
    expect(heat).to_have_css("opacity", "0.5")
    page.keyboard.press("h")
    expect(heat).to_be_hidden()


def test_f_asks_an_expert_with_a_reason(page, lesson):
    page.keyboard.press("f")
    expect(page.locator("#flag-reason")).to_be_focused()
    page.keyboard.type("a bright stripe")
    page.keyboard.press("Enter")
    expect(page.locator("#tile-0 .flag")).to_be_visible()
    expect(page.locator("#toast")).to_contain_text("Flagged for an expert")
    (row,) = lesson.hall.store.review_page(None, "flag", None).rows
    assert (row.plot.uid, row.note, row.asked_by) == (lesson.plots[-1].uid, "a bright stripe", "ann")
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#tile-0 .flag")).to_be_hidden()
    page.keyboard.press("f")
    page.keyboard.press("Escape")
    expect(page.locator("#flag")).to_be_hidden()


def test_s_puts_off_and_the_plot_comes_last(page, lesson):
    page.keyboard.press("s")
    assert focus(page) == "1"
    expect(page.locator("#tile-0")).to_contain_text("put off")
    saved(page)
    page.reload()
    expect(page.locator(".tile")).to_have_count(10)
    assert page.locator(".tile").last.get_attribute("data-uid") == lesson.plots[-1].uid


def test_e_shows_folded_copies_one_by_one(lesson, page):
    copies = Lesson(lesson.hall, "ST_occupancy").bring(6, pictures=1)
    copies.promote()
    page.goto(lesson.hall.url + "/label/ST_occupancy?order=random")
    fold = page.locator(".fold").first
    expect(fold).to_be_visible()
    tiles = page.locator(".tile").count()
    page.locator(".tile", has=fold).first.click()
    many = int(fold.inner_text().removeprefix("\N{MULTIPLICATION SIGN}"))
    page.keyboard.press("e")
    expect(page.locator(".tile")).to_have_count(tiles + many - 1)
    page.keyboard.press("b")
    expect(page.locator("#toast")).to_contain_text("1 \N{MULTIPLICATION SIGN} Bad")
