"""Every role at every route, from the application's own table: a route that nobody thought of fails here."""

from contextlib import ExitStack

import httpx
import pytest
from support.people import signed_in, token_holder
from support.routes import other_paths, routes
from support.web_server import running_hall

from hydra_core.store.people import ROLES
from hydra_web.people.rights import Role

ROUTES = routes()
OPEN_READS = {"/events", "/api/v1/status", "/images/{sha256}", "/thumbs/{sha256}", "/heatmaps/{inference_id}.png"}
"""Declare no role: whoever gets past the door may read them."""
DOOR = {"GET /login", "POST /login", "GET /healthz", "GET /readyz", "GET /metrics"}
"""Open to everybody, even where reading needs a name."""
OWN = {
    "POST /logout", "POST /api/v1/views", "DELETE /api/v1/views/{slug}", "POST /api/v1/me/password",
    "DELETE /api/v1/me/sessions/{session_id}", "PUT /api/v1/reports/shift/mail", "DELETE /api/v1/reports/shift/mail",
}  # fmt: skip
"""Writes for which it is enough to have signed in: they touch one's own things."""
REFUSED = {401, 403}


@pytest.fixture(scope="module")
def hall(tmp_path_factory):
    with running_hall(tmp_path_factory.mktemp("roles")) as made:
        yield made


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    with running_hall(tmp_path_factory.mktemp("closed"), web="auth: {anonymous: none}") as made:
        yield made


@pytest.fixture(scope="module")
def everybody(hall):
    with ExitStack() as stack:
        found = {role: stack.enter_context(signed_in(hall, f"a {role}", role)).client for role in ROLES}
        found["fcal"] = stack.enter_context(signed_in(hall, "fcal", "admin", "FCAL_occupancy")).client
        yield found


def status(client, route):
    """Ask without a body and read no further than the status: one stream never ends."""
    headers = {"Accept": "application/json"}
    with client.stream(route.method, route.url(), headers=headers) as answer:
        return answer.status_code


def test_the_roles_are_the_same_in_database_and_web():
    assert [role.name.lower() for role in Role] == list(ROLES)


def test_the_application_serves_nothing_besides_its_routers(running):
    assert other_paths(running.server._app) <= {"/api/v1/openapi.json", "/static"}


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_every_route_declares_who_may(route):
    if str(route) in DOOR:
        assert route.needs is None
    elif route.needs is None:
        assert route.method == "GET" and route.path in OPEN_READS, f"{route} declares no role"
    elif route.method != "GET":
        enough = str(route) in OWN
        assert enough or route.needs.role > Role.VIEWER, f"{route} lets every visitor write"


@pytest.mark.parametrize("route", [one for one in ROUTES if one.path not in ("/login", "/logout")], ids=str)
def test_whoever_has_the_role_gets_in_and_nobody_else(hall, everybody, route):
    needed = route.needs.role if route.needs else Role.VIEWER
    for name in ROLES:
        answer = status(everybody[name], route)
        assert (answer in REFUSED) == (Role[name.upper()] < needed), f"{name}: {route} gives {answer}"
        assert answer < 500
    with httpx.Client(base_url=hall.url, headers={"Origin": hall.url}, timeout=20) as visitor:
        answer = status(visitor, route)
    own = route.needs is not None and route.needs.in_person
    known = needed > Role.VIEWER or own or str(route) in OWN
    assert answer == 401 if known else answer not in REFUSED


@pytest.mark.parametrize("route", [one for one in ROUTES if "{plot_type}" in one.path], ids=str)
def test_a_role_for_one_plot_type_is_none_for_another(everybody, route):
    if route.needs is not None and route.needs.role > Role.VIEWER:
        assert status(everybody["fcal"], route) == 403


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_where_reading_needs_a_name_the_door_is_all_that_is_open(closed, route):
    with httpx.Client(base_url=closed.url, headers={"Origin": closed.url}, timeout=20) as visitor:
        answer = status(visitor, route)
    assert (answer == 401) == (str(route) not in DOOR), f"{route} gives {answer}"


@pytest.mark.parametrize("route", [one for one in ROUTES if one.method != "GET" and one.path != "/login"], ids=str)
def test_no_write_without_an_origin_or_a_token(hall, everybody, route):
    admin = everybody["admin"]
    with httpx.Client(base_url=hall.url, cookies=admin.cookies, timeout=20) as bare:
        assert status(bare, route) == 403


def test_a_program_may_what_its_token_may(hall):
    with token_holder(hall, "viewer", name="looks") as looks, token_holder(hall, "admin", name="all") as everything:
        for route in ROUTES:
            if route.needs is not None and route.method != "GET":
                if route.needs.role > Role.VIEWER:
                    assert status(looks, route) == 403, str(route)
                    assert status(everything, route) not in REFUSED, str(route)
                elif route.needs.in_person:
                    assert status(everything, route) == 403, str(route)
