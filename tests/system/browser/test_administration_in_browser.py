"""An admin at the browser: makes an account, a token and news; somebody signs in by the form and out again."""

from support.people import signed_in

from hydra_core.passwords import hash_password

PASSWORD = "three unlike words"


def test_signing_in_by_the_form_and_out(running, open_page):
    running.store.add_account("anna", password_hash=hash_password(PASSWORD), by="test")
    page = open_page("/login?next=/me")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Where you are signed in").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in").wait_for()
    assert running.store.sessions("anna") == []


def test_an_admin_makes_an_account_a_token_and_news(running, open_page):
    with signed_in(running, "root", "admin") as root:
        page = open_page("/login")
        page.context.add_cookies(root.cookies)
        page.goto(f"{running.url}/admin")
        page.get_by_role("form", name="New account").get_by_label("Name", exact=True).fill("ben")
        page.get_by_role("button", name="Add account").click()
        form = page.get_by_role("form", name="A role for ben")
        form.get_by_label("Role for ben").select_option("expert")
        form.get_by_label("Plot type of the role").select_option("CDC_occupancy")
        form.get_by_role("button", name="Give").click()
        page.get_by_role("button", name="Take the role expert of CDC_occupancy from ben").wait_for()
        page.goto(f"{running.url}/admin/tokens")
        page.get_by_role("textbox", name="Program").fill("feeder")
        page.get_by_role("button", name="Make token").click()
        page.locator("#secret code").wait_for()
        assert page.locator("#secret code").inner_text().startswith("hydra_")
        page.goto(f"{running.url}/admin/news")
        page.get_by_label("What everybody should know").fill("Beam at six")
        page.get_by_role("button", name="Put it up").click()
        page.get_by_role("button", name="Take away: Beam at six").click()
        page.get_by_text("There is no news.").wait_for()
        assert [one.what for one in running.store.audit_lines(limit=5)] == [
            "remove news", "add news", "add token", "grant role", "add account",
        ]  # fmt: skip
