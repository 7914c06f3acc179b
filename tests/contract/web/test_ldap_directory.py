"""People of the site's directory sign in: against a real LDAP server, with and without encryption."""

import httpx
import pytest
from support.ldap_server import BASE, PEOPLE, make_certificate, running_ldap
from support.ports import free_port
from support.web_server import running_hall

from hydra_core.config.auth import Ldap
from hydra_core.errors import AuthError
from hydra_core.passwords import hash_password
from hydra_web.people.directory import look_up


@pytest.fixture(scope="module")
def port():
    with running_ldap() as made:
        yield made


def plain(port, **more):
    options = {"url": f"ldap://localhost:{port}", "start_tls": False, "base": PEOPLE, "group_base": f"ou=groups,{BASE}"}
    return Ldap(**{**options, **more})


def test_somebody_is_found_with_their_groups(port):
    anna = look_up(plain(port), "anna", "annas password")
    assert anna is not None
    assert (anna.full_name, anna.email, anna.groups) == ("Anna L.", "anna@example.org", ("halld-shift",))
    ben = look_up(plain(port), "ben", "bens password")
    assert ben is not None and ben.groups == ("halld-experts",)


@pytest.mark.parametrize(
    "name, password",
    [
        ("anna", "bens password"),
        ("anna", ""),
        ("nobody", "annas password"),
        ("*", "annas password"),
        ("anna)(uid=*", "annas password"),
        ("a*", "annas password"),
        ("anna\x00", "annas password"),
    ],
)
def test_nobody_else_is(port, name, password):
    assert look_up(plain(port), name, password) is None


def test_a_name_that_two_have_is_nobodys(port):
    assert look_up(plain(port, base=BASE), "twin", "the twins password") is None


def test_with_a_name_to_look_with(port, tmp_path):
    secret = tmp_path / "password"
    secret.touch(0o600)
    secret.write_text("reads-everything\n")
    who = {"bind_dn": f"cn=reader,{BASE}", "password_file": secret}
    assert look_up(plain(port, **who), "anna", "annas password") is not None
    secret.write_text("wrong\n")
    with pytest.raises(AuthError, match="refuses cn=reader"):
        look_up(plain(port, **who), "anna", "annas password")


def test_start_tls_trusts_only_the_certificate_of_the_site(tmp_path):
    mine, other = make_certificate(tmp_path / "mine.pem"), make_certificate(tmp_path / "other.pem")
    with running_ldap(mine) as port:
        assert look_up(plain(port, start_tls=True, ca_file=mine), "anna", "annas password") is not None
        for untrusted in (other, None):
            with pytest.raises(AuthError, match="does not answer as it should"):
                look_up(plain(port, start_tls=True, ca_file=untrusted), "anna", "annas password")


def test_a_directory_that_is_away_lets_nobody_in():
    with pytest.raises(AuthError, match="does not answer"):
        look_up(plain(free_port()), "anna", "annas password")


def test_signing_in_by_the_directory(port, tmp_path):
    ldap = f"{{url: 'ldap://localhost:{port}', start_tls: false, base: '{PEOPLE}', group_base: 'ou=groups,{BASE}'}}"
    web = f"auth: {{kind: ldap, ldap: {ldap}}}, roles: {{expert: [halld-experts]}}"
    with running_hall(tmp_path, web=web) as hall:
        hall.store.add_account("anna", password_hash=hash_password("a password of our own"), by="test")
        with httpx.Client(base_url=hall.url, headers={"Origin": hall.url}) as browser:

            def enter(name, password):
                return browser.post("/login", data={"name": name, "password": password}).status_code

            assert enter("anna", "annas password") == 403
            assert enter("anna", "a password of our own") == 303
            assert enter("ben", "not bens") == 403
            assert enter("ben", "bens password") == 303
            assert {"role": "expert", "plot_type": None} in browser.get("/api/v1/me").json()["roles"]
            account = hall.store.account("ben")
            assert account is not None and not account.has_password
            hall.store.set_disabled("ben", True, "test")
            assert browser.get("/api/v1/me").json()["name"] is None
            assert enter("ben", "bens password") == 403
