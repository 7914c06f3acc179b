"""Accounts, roles, tokens, news, views and the audit log over HTTP: who may, what comes of it, what is written down."""

from datetime import UTC, datetime, timedelta

import pytest
from support.people import signed_in, token_holder
from support.web_server import running_hall

PASSWORD = "three unlike words"


@pytest.fixture(scope="module")
def hall(tmp_path_factory):
    with running_hall(tmp_path_factory.mktemp("admin")) as made:
        yield made


@pytest.fixture(scope="module")
def admin(hall):
    with signed_in(hall, "root", "admin") as root:
        yield root.client


def last_line(hall):
    return hall.store.audit_lines(limit=1)[0]


def test_an_account_from_its_making_to_its_end(hall, admin):
    made = admin.post("/api/v1/accounts", json={"name": "dora", "full_name": "Dora", "password": PASSWORD})
    assert made.status_code == 201
    assert made.json()["has_password"] and made.json()["roles"] == []
    wish = {"role": "expert", "plot_type": "CDC_occupancy"}
    assert admin.post("/api/v1/accounts/dora/roles", json=wish).json()["roles"] == [wish]
    line = last_line(hall)
    assert (line.who, line.what, line.target, line.where) == ("root", "grant role", "dora", "127.0.0.1")
    assert (line.before, line.after) == ({"roles": []}, {"roles": ["expert of CDC_occupancy"]})
    with signed_in(hall, "dora", None) as dora:
        assert dora.client.get("/api/v1/me/sessions").json()[0]["address"] == "127.0.0.1"
        assert admin.delete("/api/v1/accounts/dora/sessions").json() == {"ended": 1}
        assert dora.client.get("/api/v1/me").json()["name"] is None
    assert admin.post("/api/v1/accounts/dora/roles/revoke", json=wish).json()["roles"] == []
    assert admin.post("/api/v1/accounts/dora/disabled", json={"disabled": True}).json()["disabled"]
    assert last_line(hall).after == {"disabled": True}
    origin = {"Origin": hall.url}
    assert admin.post("/login", data={"name": "dora", "password": PASSWORD}, headers=origin).status_code == 403


@pytest.mark.parametrize(
    "path, body, code",
    [
        ("/accounts", {"name": "root"}, 409),
        ("/accounts", {"name": "a/b"}, 409),
        ("/accounts", {"name": "token x"}, 409),
        ("/accounts", {"name": "<b>"}, 409),
        ("/accounts", {"name": "emil", "password": "short"}, 422),
        ("/accounts", {"name": "emil", "password": "emil and emil"}, 422),
        ("/accounts", {"name": "emil", "is_admin": True}, 422),
        ("/accounts/nobody/roles", {"role": "admin"}, 409),
        ("/accounts/root/roles", {"role": "king"}, 422),
        ("/accounts/root/roles", {"role": "expert", "plot_type": "None_such"}, 404),
        ("/accounts/root/disabled", {"disabled": True}, 409),
        ("/accounts/root/roles/revoke", {"role": "admin"}, 409),
        ("/tokens", {"name": "x", "role": "admin", "plot_types": ["None_such"]}, 404),
        ("/tokens", {"name": ""}, 422),
        ("/news", {"body": ""}, 422),
        ("/news", {"body": "x", "expires_at": "2026-01-01"}, 422),
        ("/views", {"name": "x", "settings": {"a": "b" * 5000}}, 422),
        ("/views", {"name": "x", "settings": [1]}, 422),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(admin, path, body, code):
    answer = admin.post(f"/api/v1{path}", json=body)
    assert answer.status_code == code, answer.text
    assert answer.json()["detail"]


def test_a_liaison_grants_labeler_for_their_own_plots_and_no_more(hall):
    with signed_in(hall, "lisa", "liaison", "CDC_occupancy") as lisa:
        hall.store.add_account("emmy", password_hash=None, by="test")
        give = "/api/v1/accounts/emmy/roles"
        mine = {"role": "labeler", "plot_type": "CDC_occupancy"}
        assert lisa.client.post(give, json=mine).status_code == 200
        assert lisa.client.post(give, json={**mine, "plot_type": "FCAL_occupancy"}).status_code == 403
        assert lisa.client.post(give, json={**mine, "plot_type": None}).status_code == 403
        assert lisa.client.post(give, json={**mine, "role": "expert"}).status_code == 403
        assert lisa.client.post(f"{give}/revoke", json=mine).status_code == 200
        assert lisa.client.get("/admin").status_code == 200
        assert lisa.client.get("/admin/audit").status_code == 403


def test_a_token_is_shown_once_and_refused_once_revoked(hall, admin):
    made = admin.post(
        "/api/v1/tokens", json={"name": "feed", "role": "labeler", "plot_types": ["CDC_occupancy"]}
    ).json()
    assert made["token"].startswith("hydra_")
    program = {"Authorization": f"Bearer {made['token']}"}
    listed = next(one for one in admin.get("/api/v1/tokens").json() if one["id"] == made["id"])
    assert made["token"] not in str(listed) and listed["last_used_at"] is None
    me = admin.get("/api/v1/me", headers=program).json()
    assert me == {"name": "token feed", "roles": [{"role": "labeler", "plot_type": "CDC_occupancy"}]}
    assert admin.get("/api/v1/tokens", headers=program).status_code == 403
    assert admin.post("/api/v1/tokens", json={"name": "feed"}).status_code == 409
    assert admin.delete(f"/api/v1/tokens/{made['id']}").json() == {"revoked": True}
    assert admin.get("/api/v1/me", headers=program).status_code == 401
    assert made["token"] not in str([line.after for line in hall.store.audit_lines(limit=500)])
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    late = admin.post("/api/v1/tokens", json={"name": "late", "expires_at": past}).json()
    assert admin.get("/api/v1/me", headers={"Authorization": f"Bearer {late['token']}"}).status_code == 401


def test_one_changes_ones_own_password(hall):
    from hydra_core.passwords import hash_password

    hall.store.add_account("fred", password_hash=hash_password(PASSWORD), by="test")
    with signed_in(hall, "fred", None) as fred:
        change = {"old": "not it", "password": "four other unlike words"}
        assert fred.client.post("/api/v1/me/password", json=change).status_code == 403
        assert fred.client.post("/api/v1/me/password", json={**change, "old": PASSWORD}).status_code == 204
        assert fred.client.get("/api/v1/me").json()["name"] is None
        form = {"name": "fred", "password": change["password"]}
        assert fred.client.post("/login", data=form).status_code == 303


def test_news_come_and_go(hall, admin):
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    made = admin.post("/api/v1/news", json={"body": "Beam back at 18:00", "expires_at": soon}).json()
    over = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    admin.post("/api/v1/news", json={"body": "Old", "expires_at": over})
    assert [one["body"] for one in admin.get("/api/v1/news").json()["items"]] == ["Beam back at 18:00"]
    assert admin.delete(f"/api/v1/news/{made['id']}").status_code == 204
    assert admin.get("/api/v1/news").json() == {"items": []}
    assert last_line(hall).before["body"] == "Beam back at 18:00"
    assert admin.delete(f"/api/v1/news/{made['id']}").status_code == 404


def test_views_are_ones_own_and_their_links_everybodys(hall, admin):
    with signed_in(hall, "gina", None) as gina, signed_in(hall, "hans", None) as hans:
        made = gina.client.post("/api/v1/views", json={"name": "mine", "settings": {"query": "group=CDC"}}).json()
        again = gina.client.post("/api/v1/views", json={"name": "mine", "settings": {"query": "?group=ST"}}).json()
        assert again["slug"] == made["slug"]
        assert [one["name"] for one in gina.client.get("/api/v1/views").json()["items"]] == ["mine"]
        assert hans.client.get("/api/v1/views").json() == {"items": []}
        assert hans.client.get(f"/v/{made['slug']}").headers["location"] == "/?group=ST"
        assert hans.client.get(f"/api/v1/views/{made['slug']}").json()["owner"] == "gina"
        assert hans.client.delete(f"/api/v1/views/{made['slug']}").status_code == 404
        assert gina.client.delete(f"/api/v1/views/{made['slug']}").status_code == 204
        assert gina.client.get(f"/v/{made['slug']}").status_code == 404
    with token_holder(hall, "admin", name="robot") as robot:
        assert robot.get("/api/v1/views").json() == {"items": []}
        assert robot.post("/api/v1/views", json={"name": "x", "settings": {}}).status_code == 403


def test_the_audit_log_is_paged_and_filtered(hall, admin):
    for number in range(7):
        hall.store.audit("ida", "set rule", f"T{number}", None, {"number": number})
    seen, after = [], None
    while True:
        page = admin.get(
            "/api/v1/audit", params={"who": "ida", "limit": 3, **({"after": after} if after else {})}
        ).json()
        seen += [one["target"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [f"T{number}" for number in reversed(range(7))]
    assert [one["after"] for one in admin.get("/api/v1/audit?target=T3").json()["items"]] == [{"number": 3}]
    assert admin.get("/api/v1/audit", params={"since": "2199-01-01T00:00:00Z"}).json()["items"] == []
    for wrong in ("x", "!!", "LTE", "0"):
        assert admin.get("/api/v1/audit", params={"after": wrong}).status_code == 422


@pytest.mark.parametrize("path", ["/admin", "/admin/tokens", "/admin/news", "/admin/audit", "/me"])
def test_every_page_is_drawn_for_an_admin_and_for_nobody_else(hall, admin, client, path):
    page = admin.get(path, headers={"Accept": "text/html"})
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    visitor = client.get(path, headers={"Accept": "text/html"})
    assert (visitor.status_code, visitor.headers["location"]) == (303, f"/login?next={path}")
