"""Whom the site's proxy vouches for, and what addresses are believed."""

import httpx
import pytest
from support.web_server import running_hall

PROXY = (
    "auth: {kind: proxy, anonymous: none, proxy: {addresses: [%s]}}, "
    "roles: {viewer: [halld], labeler: [halld-shift], admin: [hydra-admins]}"
)


def me(hall, **headers):
    return httpx.get(f"{hall.url}/api/v1/me", headers=headers)


def test_the_headers_of_the_proxy_are_believed(tmp_path):
    with running_hall(tmp_path, web=PROXY % "127.0.0.1") as hall:
        shift = {"X-Remote-User": "anna", "X-Remote-Groups": "users, halld-shift"}
        assert me(hall, **shift).json() == {"name": "anna", "roles": [{"role": "labeler", "plot_type": None}]}
        assert me(hall, **{"X-Remote-User": "anna", "X-Remote-Groups": "users"}).status_code == 403
        assert me(hall, **{"X-Remote-Groups": "hydra-admins"}).status_code == 401
        assert me(hall, **{"X-Remote-User": "a/../b", "X-Remote-Groups": "hydra-admins"}).status_code == 401
        hall.store.add_account("anna", password_hash=None, by="test")
        hall.store.grant_role("anna", "expert", "CDC_occupancy", "test")
        assert {"role": "expert", "plot_type": "CDC_occupancy"} in me(hall, **shift).json()["roles"]
        hall.store.set_disabled("anna", True, "test")
        assert me(hall, **shift).status_code == 401
        with httpx.Client(base_url=hall.url, headers={**shift, "X-Remote-User": "ben"}) as ben:
            wish = {"name": "v", "settings": {}}
            assert ben.post("/api/v1/views", json=wish).status_code == 403
            assert ben.post("/api/v1/views", json=wish, headers={"Origin": "https://evil.example"}).status_code == 403
            headers = {"Origin": hall.url, "X-Forwarded-For": "192.0.2.7, 198.51.100.9"}
            assert ben.post("/api/v1/views", json=wish, headers=headers).status_code == 201
        assert (hall.store.audit_lines(limit=1)[0].who, hall.store.audit_lines(limit=1)[0].where) == (
            "ben",
            "198.51.100.9",
        )


def test_the_same_headers_from_elsewhere_are_air(tmp_path):
    with running_hall(tmp_path, web=PROXY % "192.0.2.1") as hall:
        admin = {"X-Remote-User": "anna", "X-Remote-Groups": "hydra-admins", "X-Forwarded-For": "192.0.2.1"}
        assert me(hall, **admin).status_code == 401


@pytest.mark.parametrize("header", ["X-Remote-User", "X-Forwarded-User", "Remote-User", "X-Forwarded-For", "Forwarded"])
def test_a_hall_with_its_own_accounts_believes_no_header(running, header):
    assert me(running, **{header: "root"}).json()["name"] is None
