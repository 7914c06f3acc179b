"""What can be done at the wall: find, filter, hide, views, kiosk, sound, acknowledge, mute, call it a false alarm."""

import re

import pytest
from playwright.sync_api import expect
from support.people import signed_in


def live(page):
    expect(page.locator("#link")).to_have_attribute("data-link", "live")


def shown(page):
    all_slots = page.locator("#grid [data-plot]:not([hidden])")
    return all_slots.evaluate_all("all => all.map(one => one.dataset.plot)")


def in_strip(page, name):
    return page.locator(f'#strip [data-plot="{name}"]')


@pytest.fixture
def lee_page(busy, open_page):
    """The wall as somebody sees it who may act."""
    with signed_in(busy, "lee", "labeler") as lee:
        page = open_page("/help")
        page.context.add_cookies(lee.cookies)
        page.goto(busy.url)
        live(page)
        yield page


def test_slash_finds_by_name_and_the_address_keeps_it(busy, open_page):
    page = open_page()
    page.keyboard.press("/")
    expect(page.locator("#sieve-words")).to_be_focused()
    page.keyboard.type("occ bcal")
    assert shown(page) == ["BCAL_occupancy"]
    expect(page.locator("#sieve-told")).to_have_text("1 of 7 plots")
    assert page.url.endswith("?q=occ+bcal")
    page.reload()
    assert shown(page) == ["BCAL_occupancy"]
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.locator("#sieve-words")).not_to_be_focused()
    page.locator("#sieve-clear").click()
    assert len(shown(page)) == 7 and page.url == busy.url + "/"


def test_groups_and_statuses_filter_the_grid_but_never_the_alarms(busy, open_page):
    page = open_page("/?group=BCAL")
    assert shown(page) == ["BCAL_occupancy"]
    expect(in_strip(page, "CDC_occupancy")).to_be_visible()
    page.keyboard.press("g")
    page.locator("#group-menu").locator("input[value=FCAL]").check()
    assert shown(page) == ["FCAL_occupancy", "BCAL_occupancy"]
    page.keyboard.press("Escape")
    expect(page.locator("#group-menu")).not_to_have_attribute("open", "")
    page.goto(busy.url + "/?status=GOOD&status=OFF")
    assert sorted(shown(page)) == ["RF_selftiming", "fa125_itrig"]


def test_a_plot_that_changes_its_status_joins_the_filter(busy, open_page):
    page = open_page("/?status=WARN")
    live(page)
    assert shown(page) == ["ST_occupancy"]
    busy.shift.confirm("fa125_itrig", "Bad")
    busy.shift.confirm("FCAL_occupancy", "NoData")
    expect(page.locator('#grid [data-plot="FCAL_occupancy"]')).to_be_visible()
    assert shown(page) == ["FCAL_occupancy", "ST_occupancy"]


def test_plots_are_hidden_by_hand(busy, open_page):
    page = open_page()
    expect(page.locator(".hide").first).to_be_hidden()
    page.locator("#choose").click()
    page.get_by_role("button", name="Hide fa125 itrig").click()
    assert "fa125_itrig" not in shown(page)
    expect(page.locator("#sieve-told")).to_have_text("6 of 7 plots, 1 hidden by hand")
    assert "hide=fa125_itrig" in page.url


def test_nothing_left_says_so(busy, open_page):
    page = open_page("/?q=nosuchplot")
    expect(page.locator("#nothing-left")).to_be_visible()


def test_kiosk_shows_one_group_after_the_other(busy, open_page):
    page = open_page("/?kiosk=3")
    expect(page.locator("body.kiosk")).to_have_count(1)
    turn = page.locator("#grid .group.in-turn")
    expect(turn).to_have_count(1)
    first = turn.get_attribute("data-group")
    expect(page.locator(f'#grid .group.in-turn:not([data-group="{first}"])')).to_have_count(1)
    expect(in_strip(page, "CDC_occupancy")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("body.kiosk")).to_have_count(0)
    page.keyboard.press("k")
    expect(page.locator("body.kiosk")).to_have_count(1)
    page.keyboard.press("k")
    expect(page.locator("body.kiosk")).to_have_count(0)


def test_sound_is_off_until_asked_for_rings_once_an_episode_and_can_be_silenced(running, open_page):
    page = open_page()
    live(page)
    bell = page.locator("#bell")
    expect(bell).to_have_attribute("aria-pressed", "false")
    running.shift.confirm("ST_occupancy", "NoData")
    expect(in_strip(page, "ST_occupancy")).to_be_visible()
    expect(bell).not_to_have_attribute("data-rang", re.compile("."))
    bell.click()
    expect(bell).to_have_attribute("data-rang", "WARN")
    running.shift.confirm("CDC_occupancy", "Bad")
    expect(bell).to_have_attribute("data-rang", "BAD")
    expect(page.locator("#bell-word")).to_have_text("Silence")
    page.keyboard.press("s")
    expect(page.locator("#bell-word")).to_have_text("Sound on")
    running.shift.confirm("TOF_occupancy", "Bad")
    expect(page.locator("#bell-word")).to_have_text("Silence")
    page.reload()
    live(page)
    expect(page.locator("#bell-word")).to_have_text("Sound: click once")


def test_who_may_not_act_sees_no_buttons(busy, open_page):
    page = open_page()
    expect(page.locator("#strip .actions").first).to_be_hidden()


def test_acknowledge_is_seen_by_everybody(busy, lee_page, open_page):
    other = open_page()
    live(other)
    expect(other.locator("#unacked-count")).to_have_text("2")
    expect(in_strip(other, "CDC_occupancy")).to_contain_text("not acknowledged")
    lee_page.get_by_role("button", name="Acknowledge CDC occupancy").click()
    expect(lee_page.locator("#toast")).to_have_text("Acknowledged.")
    expect(in_strip(other, "CDC_occupancy")).to_contain_text("acknowledged by lee")
    expect(other.locator("#unacked-count")).to_have_text("1")
    expect(lee_page.get_by_role("button", name="Acknowledge CDC occupancy")).to_have_count(0)


def test_what_is_over_stays_until_somebody_has_acknowledged_it(busy, lee_page):
    busy.shift.confirm("CDC_occupancy", "Good")
    card = in_strip(lee_page, "CDC_occupancy")
    expect(card).to_contain_text("nobody has acknowledged it")
    expect(card.locator(".badge")).to_have_text(re.compile("GOOD"))
    card.get_by_role("button", name="Acknowledge").click()
    expect(card).to_have_count(0)


def test_mute_asks_for_how_long_and_why(busy, lee_page):
    lee_page.get_by_role("button", name="Mute… CDC occupancy").click()
    lee_page.get_by_label("1 h", exact=True).check()
    lee_page.get_by_label("Why").fill("HV work")
    lee_page.get_by_role("button", name="Mute", exact=True).click()
    expect(lee_page.locator("#toast")).to_contain_text("CDC occupancy is muted for 60 min.")
    (wish,) = [one for one in busy.store.changes_after(0) if one.kind == "mute"]
    assert (wish.plot_type, wish.payload["by"], wish.payload["reason"]) == ("CDC_occupancy", "lee", "HV work")


def test_leaving_the_mute_dialog_mutes_nothing(busy, lee_page):
    lee_page.get_by_role("button", name="Mute… CDC occupancy").click()
    lee_page.keyboard.press("Escape")
    expect(lee_page.locator("#mute-dialog")).to_be_hidden()
    assert [one for one in busy.store.changes_after(0) if one.kind == "mute"] == []


def test_a_false_alarm_is_told_to_the_experts(busy, lee_page):
    lee_page.get_by_role("button", name="False alarm of CDC occupancy").click()
    expect(lee_page.locator("#toast")).to_contain_text("Told the experts")
    assert [one.kind for one in busy.store.open_reviews("CDC_occupancy")] == ["false_alarm"]


def test_a_refusal_is_said_in_words(busy, chromium):
    with signed_in(busy, "lee", "labeler") as lee:
        page = chromium.new_context().new_page()
        page.context.add_cookies(lee.cookies)
        page.goto(busy.url)
        live(page)
        busy.store.revoke_role("lee", "labeler", None, "test")
        page.get_by_role("button", name="Acknowledge CDC occupancy").click()
        expect(page.locator("#toast.is-bad")).to_contain_text("labeler")
        page.context.close()


def test_a_view_is_saved_and_opened_by_its_short_link(busy, lee_page):
    lee_page.keyboard.press("/")
    lee_page.keyboard.type("fcal")
    lee_page.keyboard.press("Escape")
    lee_page.keyboard.press("v")
    lee_page.locator("#view-name").fill("My calorimeters")
    lee_page.locator("#view-save").click()
    expect(lee_page.locator("#toast")).to_contain_text("/v/")
    lee_page.locator("#views a", has_text="My calorimeters").click()
    lee_page.wait_for_url("**/?q=fcal")
    assert shown(lee_page) == ["FCAL_occupancy"]


def test_what_to_do_is_one_click_away_in_the_grid(busy, open_page):
    page = open_page()
    card = page.locator('#grid [data-plot="FCAL_occupancy"]')
    card.locator(".advice summary").click()
    expect(card).to_contain_text("Call the FCAL expert.")
    page.locator("#sieve-words").click()
    expect(card.locator(".advice-text")).to_be_hidden()


def test_news_are_read_once(busy, open_page):
    busy.store.add_news("Beam is back at eight.", None, "eve")
    page = open_page()
    expect(page.locator("#news")).to_contain_text("Beam is back at eight. (eve)")
    page.get_by_role("button", name="Read: Beam is back").click()
    expect(page.locator("#news")).to_be_hidden()
    page.reload()
    live(page)
    expect(page.locator("#news")).to_be_hidden()


def test_colours_for_the_colour_blind_are_remembered(busy, open_page):
    page = open_page(color_scheme="light")
    colour = "getComputedStyle(document.documentElement).getPropertyValue('--good')"
    assert page.evaluate(colour) == "#0b6e4f"
    page.keyboard.press("?")
    page.locator("#palette").check()
    assert page.evaluate(colour) == "#005ea8"
    page.reload()
    assert page.evaluate(colour) == "#005ea8"


def test_the_help_lists_every_key_of_the_wall(busy, open_page):
    page = open_page()
    page.keyboard.press("?")
    keys = page.locator("#keys kbd").all_inner_texts()
    assert sorted(keys) == sorted(["h", "[", "]", "?", "Esc", "/", "g", "v", "k", "s"])
