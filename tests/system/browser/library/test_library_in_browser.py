"""The library in Chromium: cells, promotions, the rules' form, a training that ends; axe-core finds nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from support.library import add_model, cell
from support.people import signed_in

NAME = "CDC_occupancy"
AXE = Path(__file__).parents[4] / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PAGES = ("/models", f"/models/{NAME}:4?label=Good&said=Good", f"/models/{NAME}:5", f"/plots/{NAME}/rules",
         f"/plots/{NAME}/trainings", "/plots/FCAL_occupancy/trainings")  # fmt: skip


@pytest.fixture
def stocked(running):
    """An active model and one in shadow, a past, and trainings that run, failed and finished."""
    shift, store = running.shift, running.store
    shift.moment = datetime.now(UTC) - timedelta(hours=2)
    plots = [shift.judge(NAME, "Good") for _ in range(3)]
    shift.confirm(NAME, "Bad")
    shift.confirm(NAME, "Good")
    cells = [cell("Good", "Good", [(p.uid, 0.99) for p in plots]), cell("Bad", "Good", [("f" * 32, 0.7)])]
    add_model(running, 4, cells)
    add_model(running, 5, cells)
    store.promote(NAME, 4, "anna")
    store.set_shadow(NAME, 5, "anna")
    store.set_thresholds(NAME, 4, {"Bad": 0.85}, "anna")
    curves = {"loss": [1.0, 0.5, 0.4], "val_loss": [1.1, 0.6, None], "accuracy": [0.5, 0.8, 0.9]}
    run = store.start_training(NAME, {"architecture": "compact"}, "anna")
    store.finish_training(run, dataset_id=None, version=5, settings={"epochs_run": 3}, history=curves)
    store.end_training(store.start_training(NAME, {"architecture": "light"}, "anna"), "failed", "no labels")
    store.hear_training(store.start_training("FCAL_occupancy", {"architecture": "light"}, "anna"), {"stage": "fitting"})
    running.caught_up()
    return running


@pytest.fixture
def expert_page(stocked, open_page):
    """Open a path as an expert."""
    with signed_in(stocked, "anna", "expert") as anna:

        def opened(path, **options):
            page = open_page("/models", **options)
            page.context.add_cookies(anna.cookies)
            page.goto(stocked.url + path)
            return page

        yield opened


def test_a_click_on_a_cell_shows_its_plots(expert_page):
    page = expert_page(f"/models/{NAME}:4")
    page.get_by_role("link", name="3 plots labelled Good that the model called Good").click()
    expect(page.locator(".thumbs img")).to_have_count(3)
    page.get_by_role("link", name="1 plots labelled Bad that the model called Good").click()
    expect(page.get_by_text("not in this database")).to_be_visible()


def test_one_click_promotes_with_the_thresholds_and_one_rolls_back(stocked, expert_page):
    page = expert_page(f"/models/{NAME}:5")
    page.on("dialog", lambda dialog: dialog.accept())
    expect(page.get_by_role("checkbox", name="take the thresholds")).to_be_checked()
    page.get_by_role("button", name="Promote").click()
    expect(page.locator(".head .state")).to_have_text("★ active")
    assert stocked.store.active_model(NAME).manual == {"Bad": 0.85}
    page.get_by_role("button", name="Roll back").click()
    expect(page.locator(".head .state")).to_have_text("retired")
    assert stocked.store.active_model(NAME).ref.version == 4


def test_what_is_not_confirmed_is_not_done(stocked, expert_page):
    page = expert_page(f"/models/{NAME}:5")
    page.on("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Promote").click()
    expect(page.locator("#toast")).to_be_hidden()
    assert stocked.store.active_model(NAME).ref.version == 4


def test_the_rules_form_sends_what_differs(stocked, expert_page):
    page = expert_page(f"/plots/{NAME}/rules")
    page.get_by_label("Severity of NoData").select_option("none")
    page.get_by_label("Hold this long to alarm, s").fill("30")
    page.get_by_role("button", name="Save rules").click()
    expect(page.locator("tbody").last).to_contain_text("severity.NoData")
    assert stocked.store.settings()[NAME] == {"severity.NoData": "none", "on_delay": 30.0}
    page.get_by_role("button", name="to the configuration's").click()
    expect(page.get_by_label("Hold this long to alarm, s")).to_have_value("0")


def test_the_rules_form_says_why_something_was_refused(stocked, chromium):
    context = chromium.new_context()
    with signed_in(stocked, "anna", "expert") as anna:
        context.add_cookies(anna.cookies)
        page = context.new_page()
        page.goto(f"{stocked.url}/plots/{NAME}/rules")
        page.get_by_label("Bad is over below").fill("0.9")
        page.get_by_role("button", name="Save rules").click()
        expect(page.locator("#toast")).to_contain_text("must not leave higher")
        expect(page.get_by_label("Bad is over below")).to_have_value("0.9")
    context.close()


def test_a_threshold_is_saved_on_the_model_s_page(stocked, expert_page):
    page = expert_page(f"/models/{NAME}:4")
    page.get_by_label("New threshold of Bad").fill("0.77")
    page.get_by_role("button", name="Save thresholds").click()
    expect(page.get_by_role("row", name="Bad 0.770 by hand")).to_be_visible()


def test_a_training_is_followed_until_it_ends(stocked, expert_page):
    page = expert_page("/plots/FCAL_occupancy/trainings")
    expect(page.locator("[data-stage]")).to_have_text("fitting")
    (run,) = stocked.store.training_runs("FCAL_occupancy")
    told = {"stage": "training", "total": 10, "loss": [1.0, 0.5]}
    stocked.store.hear_training(run.id, told)
    expect(page.locator("[data-epoch]")).to_have_text("epoch 2 of 10")
    expect(page.locator("[data-figures]")).to_have_text("Loss 0.500.")
    stocked.store.end_training(run.id, "failed", "the disk is full")
    expect(page.get_by_text("the disk is full")).to_be_visible()
    expect(page.get_by_role("button", name="Start training")).to_be_visible()


def test_who_may_not_change_rules_sees_them_all_the_same(stocked, open_page):
    page = open_page(f"/plots/{NAME}/rules")
    expect(page.get_by_label("Severity of Bad")).to_be_disabled()
    expect(page.get_by_text("sign in as an expert")).to_be_visible()
    page.goto(f"{stocked.url}/models/{NAME}:5")
    expect(page.get_by_role("button", name="Promote")).to_have_count(0)
    page.goto(f"{stocked.url}/models/{NAME}:4")
    expect(page.locator('[data-now-of="alarms"]')).to_have_text("1")
    expect(page.get_by_role("button", name="Save these rules")).to_have_count(0)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_sticks_out(expert_page, path, theme):
    for width in (1366, 390):
        page = expert_page(path, viewport={"width": width, "height": 844}, color_scheme=theme)
        page.wait_for_load_state("networkidle") if "trainings" not in path else page.wait_for_selector("main")
        page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        page.evaluate(AXE.read_text())
        found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
        assert [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
