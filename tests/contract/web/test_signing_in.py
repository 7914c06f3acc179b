"""Signing in and out over real HTTP: the cookie, what it opens, when it ends, and who is turned away."""

import httpx
import pytest
from support.people import signed_in, token_holder
from support.web_server import running_hall

from hydra_core.passwords import hash_password
from hydra_web.people.identity import COOKIE
from hydra_web.people.limits import PER_ACCOUNT

HTML = {"Accept": "text/html"}
PASSWORD = "three unlike words"
CLOSED = "auth: {anonymous: none}"


@pytest.fixture
def anna(running):
    running.store.add_account("anna", "Anna", "anna@example.org", password_hash=hash_password(PASSWORD), by="test")
    running.store.grant_role("anna", "expert", "CDC_occupancy", "test")
    return "anna"


def sign_in(client, name, password=PASSWORD, **more):
    form = {"name": name, "password": password, **more}
    return client.post("/login", data=form, headers={"Origin": str(client.base_url).rstrip("/")})


def test_a_right_password_opens_and_leads_back(client, anna):
    assert client.get("/api/v1/me").json() == {"name": None, "roles": [{"role": "viewer", "plot_type": None}]}
    answer = sign_in(client, anna, next="/p/abc?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/p/abc?x=1")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "secure" not in cookie and "path=/" in cookie
    found = client.get("/api/v1/me").json()
    assert found["name"] == "anna"
    assert {"role": "expert", "plot_type": "CDC_occupancy"} in found["roles"]


@pytest.mark.parametrize("name, password", [("anna", "not it"), ("nobody", PASSWORD), ("anna", ""), ("", PASSWORD)])
def test_a_wrong_one_does_not_and_says_no_more(client, anna, name, password):
    answer = sign_in(client, name, password)
    assert answer.status_code == 403
    assert "Name or password is wrong." in answer.text
    assert "set-cookie" not in answer.headers
    assert not password or password not in answer.text


@pytest.mark.parametrize("where", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:1", ""])
def test_nobody_is_led_to_another_host(client, anna, where):
    assert sign_in(client, anna, next=where).headers["location"] == "/"


def test_signing_out_ends_the_session_for_whoever_kept_the_cookie(running, client, anna):
    sign_in(client, anna)
    kept = client.cookies[COOKIE]
    answer = client.post("/logout", headers={"Origin": running.url})
    assert answer.status_code == 303
    assert client.get("/api/v1/me").json()["name"] is None
    stolen = httpx.get(f"{running.url}/api/v1/me", headers={"Cookie": f"{COOKIE}={kept}"})
    assert stolen.json()["name"] is None


def test_a_session_ends_at_once(running):
    for end in (
        lambda: running.store.revoke_sessions("ben", None, "test"),
        lambda: running.store.set_disabled("ben", True, "test"),
    ):
        with signed_in(running, "ben", "labeler") as ben:
            assert ben.client.get("/api/v1/me").json()["name"] == "ben"
            end()
            assert ben.client.get("/api/v1/me").json()["name"] is None


def test_guessing_is_stopped_and_a_right_password_does_not_help_then(client, anna):
    for _ in range(PER_ACCOUNT):
        assert sign_in(client, anna, "wrong").status_code == 403
    answer = sign_in(client, anna)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 301
    assert client.get("/api/v1/me").json()["name"] is None


def test_where_reading_needs_a_name_people_are_led_to_the_form_and_programs_refused(tmp_path):
    with running_hall(tmp_path, web=CLOSED) as hall, httpx.Client(base_url=hall.url) as client:
        page = client.get("/p/1?x=2", headers=HTML)
        assert (page.status_code, page.headers["location"]) == (303, "/login?next=/p/1%3Fx%3D2")
        for path in ("/api/v1/status", "/api/v1/openapi.json", "/events", "/images/" + "0" * 64, "/nowhere"):
            assert client.get(path).status_code == 401
        for path in ("/login", "/healthz", "/static/hydra.css"):
            assert client.get(path).status_code == 200
        with signed_in(hall, "anna", "viewer") as anna, token_holder(hall, "viewer") as program:
            assert anna.client.get("/api/v1/status").status_code == 200
            assert program.get("/api/v1/status").status_code == 200
        with signed_in(hall, "cleo", None) as cleo:
            assert cleo.client.get("/api/v1/status").status_code == 403


def test_a_wrong_token_is_refused_even_where_anybody_may_read(running, client):
    answer = client.get("/api/v1/status", headers={"Authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_the_page_says_who_is_signed_in(running, client):
    assert 'href="/login"' in client.get("/login").text
    with signed_in(running, "anna", "viewer") as anna:
        text = anna.client.get("/login").text
        assert "anna</a>" in text and 'action="/logout"' in text


def test_no_password_and_no_token_is_in_any_log(running, client, anna, caplog):
    caplog.set_level("DEBUG")
    wrong, form = "not the right words", {"Origin": running.url}
    sign_in(client, anna, wrong)
    sign_in(client, anna)
    session = client.cookies[COOKIE]
    client.get("/api/v1/me", headers={"Authorization": "Bearer hydra_wrong-token"})
    with token_holder(running, "admin", name="logs") as program:
        token = program.headers["Authorization"].removeprefix("Bearer ")
        made = program.post("/api/v1/tokens", json={"name": "new"}).json()["token"]
        program.post("/api/v1/accounts", json={"name": "ben", "password": "four other unlike words"})
    client.post("/login", content=b"name=a&password=%ff%00broken-secret", headers=form)
    client.post("/logout", headers=form)
    ours = [one for one in caplog.records if not one.name.startswith(("httpcore", "httpx"))]  # those are the browser's
    said = "\n".join(one.getMessage() + str(one.exc_text or "") for one in ours)
    assert "signed in name=anna" in said and "sign-in refused" in said
    secrets = (PASSWORD, wrong, session, token, made, "hydra_wrong-token", "four other unlike words", "broken-secret")
    assert not [secret for secret in secrets if secret in said]
