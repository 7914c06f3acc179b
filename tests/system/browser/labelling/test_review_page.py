"""The review page in a real browser: every key, the decision, the way back; and axe on the pages of teaching."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from support.labelling import KIND
from support.people import signed_in

AXE = Path(__file__).parents[4] / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
def queue(lesson):
    """Three questions: a flag on plot 0, a dispute about plot 1, a likely label error of plot 2, labelled Good."""
    store, plots = lesson.hall.store, lesson.plots
    store.save_votes(KIND, "ben", {plots[1].uid: "Good", plots[2].uid: "Good"})
    store.save_votes(KIND, "cleo", {plots[1].uid: "Bad"})
    store.flag(KIND, "ben", [plots[0].uid], "a stripe?")
    store.queue_review(KIND, "label_error", {plots[2].uid: 0.9})
    return lesson


@pytest.fixture
def review(queue, open_page):
    with signed_in(queue.hall, "eve", "expert") as eve:
        page = open_page("/login")
        page.context.add_cookies(eve.cookies)
        page.goto(queue.hall.url + "/review")
        expect(page.locator(".item")).to_have_count(3)
        expect(page.locator("#case-why")).to_contain_text("a stripe?")
        yield page


def labels(queue):
    numbers = {plot.uid: index for index, plot in enumerate(queue.plots)}
    return {numbers[one.plot.uid]: one.class_name for one in queue.hall.store.labelled(KIND)}


def done(page, words):
    expect(page.locator("#toast")).to_contain_text(words)


@pytest.mark.parametrize(("key", "name"), [("g", "Good"), ("b", "Bad"), ("n", "NoData"), ("2", "Bad")])
def test_a_class_key_decides_and_goes_on(review, queue, key, name):
    review.keyboard.press(key)
    done(review, name)
    assert labels(queue) == {0: name, 2: "Good"}
    expect(review.locator("#case-why")).to_contain_text("Disputed")


@pytest.mark.parametrize("key", ["u", "Control+z"])
def test_the_decision_is_taken_back(review, queue, key):
    review.keyboard.press("b")
    done(review, "Bad")
    review.keyboard.press(key)
    done(review, "Taken back")
    assert labels(queue) == {2: "Good"} and len(queue.hall.store.open_reviews()) == 3
    expect(review.locator("#case-why")).to_contain_text("a stripe?")


def test_x_leaves_out_and_a_asks_again_with_a_reason(review, queue):
    review.keyboard.press("x")
    review.keyboard.type("two in one")
    review.keyboard.press("Enter")
    done(review, "left out of training")
    expect(review.locator("#case-why")).to_contain_text("Disputed")
    review.keyboard.press("a")
    expect(review.locator("#note-title")).to_have_text("Ask again")
    review.keyboard.press("Enter")
    done(review, "asked again")
    expect(review.locator("#case-why")).to_contain_text("Label error")
    assert labels(queue) == {2: "Good"}
    assert [item.kind for item in queue.hall.store.open_reviews()] == ["label_error"]


def test_votes_scores_and_reference_are_shown(review, queue):
    review.keyboard.press("j")
    votes = review.locator("#votes li")
    expect(votes).to_have_count(2)
    expect(votes.nth(1)).to_contain_text("cleo")
    expect(review.locator("#scores tr")).to_have_count(3)
    expect(review.locator("#score-heads")).to_contain_text(f"{KIND} v3")
    expect(review.locator(".sight.reference img")).to_have_attribute("src", f"/images/{queue.plots[2].sha256}")


def test_moving_and_looking(review):
    at = review.locator('.item[aria-selected="true"] strong')
    for key, words in (
        ("j", "Disputed"),
        ("ArrowDown", "Label"),
        ("k", "Disputed"),
        ("ArrowUp", "Flag"),
        ("s", "Disp"),
    ):
        review.keyboard.press(key)
        expect(at).to_contain_text(words)
    review.keyboard.press("r")
    expect(review.locator(".sight.reference")).to_be_hidden()
    review.keyboard.press("r")
    expect(review.locator(".sight.reference")).to_be_visible()
    review.keyboard.down("d")
    expect(review.locator(".this .other")).to_be_visible()
    review.keyboard.up("d")
    expect(review.locator(".this .other")).to_be_hidden()
    review.keyboard.press("z")
    expect(review.locator("#compare")).to_have_class("compare with-reference is-zoomed")


def test_the_help_tells_every_key(review):
    review.keyboard.press("?")
    tested = {"g", "b", "n", "1", "2", "3", "j", "k", "s", "a", "x", "u", "Ctrl+z", "r", "d", "z", "↓", "↑"}
    assert set(review.locator("#keys dt").all_inner_texts()) == tested | {"h", "[", "]", "?", "Esc"}


def test_one_without_the_role_sees_but_cannot_decide(queue, open_page):
    page = open_page("/review")
    expect(page.locator("#case-why")).to_contain_text("a stripe?")
    page.keyboard.press("b")
    done(page, "takes the role expert")
    assert len(queue.hall.store.open_reviews()) == 3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/label", f"/label/{KIND}?order=new&says=Good", "/review"])
@pytest.mark.parametrize("width", [1366, 390])
def test_axe_finds_nothing_and_nothing_sticks_out(queue, open_page, ann, theme, path, width):
    assert AXE.exists(), "axe-core is missing: run `npm ci` in the repository's root"
    page = open_page("/login", color_scheme=theme, viewport={"width": width, "height": 800})
    page.context.add_cookies(ann.cookies)
    page.goto(queue.hall.url + path)
    page.wait_for_load_state("networkidle")
    if "says" in path:
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("g")
        done(page, "Good")
    if width == 390 and path != "/label":
        assert page.locator(".palette").bounding_box()["height"] < 80
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
    assert [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
