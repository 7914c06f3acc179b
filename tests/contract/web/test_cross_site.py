"""Writes that another site makes a browser send are refused, whatever cookie comes with them."""

import pytest
from support.people import signed_in, token_holder

from hydra_web.people.origin import is_ours

OURS = "http://hydra.example.org:8080"
HOST = {"host": "hydra.example.org:8080"}


@pytest.mark.parametrize(
    "headers, ours",
    [
        ({"origin": OURS}, True),
        ({"origin": OURS, "sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "http://hydra.example.org"}, False),
        ({"origin": "http://hydra.example.org:80"}, False),
        ({"origin": "http://evil.example:8080"}, False),
        ({"origin": "http://hydra.example.org:8080.evil.example"}, False),
        ({"origin": "http://evil.example#hydra.example.org:8080"}, False),
        ({"origin": "http://hydra.example.org:8080@evil.example"}, False),
        ({"origin": "file://hydra.example.org:8080"}, False),
        ({"origin": OURS, "sec-fetch-site": "same-site"}, False),
        ({"origin": OURS, "sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"referer": f"{OURS}/admin"}, False),
    ],
)
def test_what_counts_as_ours(headers, ours):
    assert is_ours(HOST | headers, "") is ours


def test_behind_a_proxy_the_address_of_the_configuration_counts():
    outside = {"host": "127.0.0.1:8080", "origin": "https://hydra.example.org"}
    assert is_ours(outside, "https://hydra.example.org/")
    assert not is_ours(outside, "")
    assert not is_ours(outside | {"origin": "http://hydra.example.org"}, "https://hydra.example.org/")


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_no_write_of_another_site_gets_through(running, headers):
    with signed_in(running, "anna", "admin") as anna:
        del anna.client.headers["Origin"]
        for method, path in (("POST", "/api/v1/news"), ("DELETE", "/api/v1/me/sessions/1"), ("POST", "/logout")):
            answer = anna.client.request(method, path, headers=headers, json={"body": "x"})
            assert (answer.status_code, "another site" in answer.text) == (403, True)
        form = anna.client.post("/api/v1/news", headers=headers, data={"body": "x"})
        assert form.status_code == 403
        assert anna.client.get("/api/v1/me").json()["name"] == "anna"
        assert anna.client.get("/api/v1/news").json() == {"items": []}


def test_a_text_body_that_needs_no_preflight_is_no_json(running):
    with signed_in(running, "anna", "admin") as anna:
        kind = {"Content-Type": "text/plain"}
        assert anna.client.post("/api/v1/news", content=b'{"body": "x"}', headers=kind).status_code == 422


def test_a_program_with_a_token_needs_no_origin_and_its_cookie_is_not_looked_at(running):
    with token_holder(running, "liaison") as program, signed_in(running, "anna", None) as anna:
        assert program.post("/api/v1/news", json={"body": "x"}).status_code == 201
        program.cookies = anna.client.cookies
        assert program.get("/api/v1/me").json()["name"] == "token feeder"
