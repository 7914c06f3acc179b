"""Accounts, grants, sessions and tokens on both engines."""

from datetime import UTC, datetime, timedelta

import pytest

from hydra_core.errors import StoreError
from hydra_core.store import SqlStore
from hydra_core.store.sessions import LONGEST_SESSION, NewSession
from hydra_core.store.tokens import NewToken

HOUR = timedelta(hours=1)
HASH, OTHER = "a" * 64, "b" * 64


def new_session(token_hash: str = HASH, lifetime: timedelta = HOUR) -> NewSession:
    return NewSession("anna", token_hash, "10.0.0.1", "Firefox " * 50, lifetime, ("shift",))


@pytest.fixture
def people(store: SqlStore) -> SqlStore:
    store.add_account("anna", "Anna", "anna@example.org", password_hash="hash", by="root", where="10.0.0.9")
    return store


def test_an_account_and_its_roles(people: SqlStore) -> None:
    assert people.grant_role("anna", "expert", None, "root")
    assert people.grant_role("anna", "labeler", "CDC", "root")
    assert not people.grant_role("anna", "expert", None, "root")
    account = people.account("anna")
    assert account is not None and account.has_password and not account.disabled
    assert [(one.role, one.plot_type, one.granted_by) for one in account.grants] == [
        ("expert", None, "root"),
        ("labeler", "CDC", "root"),
    ]
    assert people.revoke_role("anna", "labeler", "CDC", "root")
    assert not people.revoke_role("anna", "expert", "CDC", "root")
    found = people.account("anna")
    assert found is not None and [one.role for one in found.grants] == ["expert"]


def test_names_are_exact_and_once(people: SqlStore) -> None:
    people.add_account("Anna", password_hash=None, by="root")
    assert [one.name for one in people.accounts()] == ["Anna", "anna"]
    assert people.account("ANNA") is None
    with pytest.raises(StoreError, match="already"):
        people.add_account("anna", password_hash=None, by="root")
    assert people.ensure_account("anna") == people.ensure_account("anna")


@pytest.mark.parametrize("name", ["", " a", "a ", "a/b", "../a", "token a", "a\nb", "<b>", "a" * 65, "a\x00"])
def test_names_that_no_page_could_show(store: SqlStore, name: str) -> None:
    with pytest.raises(StoreError, match="no name"):
        store.add_account(name, password_hash=None, by="root")


def test_what_is_not_there(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="no account"):
        store.grant_role("nobody", "expert", None, "root")
    with pytest.raises(StoreError, match="no account"):
        store.set_password("nobody", "hash", "root")
    assert store.password_hash("nobody") is None
    store.add_account("anna", password_hash=None, by="root")
    with pytest.raises(StoreError, match="no role"):
        store.grant_role("anna", "king", None, "root")


def test_a_session_lives_and_ends(people: SqlStore) -> None:
    people.open_session(new_session())
    found = people.who_is_signed_in(HASH)
    assert found is not None
    assert (found.account.name, found.groups) == ("anna", ("shift",))
    (listed,) = people.sessions("anna")
    assert (listed.address, len(listed.agent)) == ("10.0.0.1", 190)
    assert people.who_is_signed_in(OTHER) is None
    assert people.close_session(HASH, "10.0.0.1")
    assert people.who_is_signed_in(HASH) is None
    assert not people.close_session(HASH, "10.0.0.1")


def test_a_session_runs_out_and_use_prolongs_it_but_not_for_ever(people: SqlStore) -> None:
    people.open_session(new_session(lifetime=timedelta(seconds=-1)))
    assert people.who_is_signed_in(HASH) is None
    people.open_session(new_session(OTHER))
    assert [one.id for one in people.sessions()] == [people.sessions("anna")[0].id]
    before = people.sessions("anna")[0].expires_at
    people.touch_session(OTHER, timedelta(hours=9))
    assert people.sessions("anna")[0].expires_at > before + timedelta(hours=7)
    people.touch_session(OTHER, timedelta(days=4000))
    (listed,) = people.sessions("anna")
    assert listed.expires_at == listed.created_at + LONGEST_SESSION


def test_password_disable_and_revoke_end_sessions(people: SqlStore) -> None:
    for end in (
        lambda: people.set_password("anna", "new", "root"),
        lambda: people.revoke_sessions("anna", people.sessions("anna")[0].id, "root"),
        lambda: people.set_disabled("anna", True, "root"),
    ):
        people.open_session(new_session())
        end()
        assert people.who_is_signed_in(HASH) is None
    assert people.password_hash("anna") is None
    people.set_disabled("anna", False, "root")
    assert people.password_hash("anna") == "new"


def test_nobody_ends_the_session_of_somebody_else(people: SqlStore) -> None:
    people.add_account("ben", password_hash=None, by="root")
    people.open_session(new_session())
    assert people.revoke_sessions("ben", people.sessions("anna")[0].id, "ben") == 0
    assert people.who_is_signed_in(HASH) is not None


def test_tokens(store: SqlStore) -> None:
    one = store.add_token(NewToken("feed", HASH, "labeler", ("CDC",)), "root")
    with pytest.raises(StoreError, match="already"):
        store.add_token(NewToken("feed", OTHER, "labeler", None), "root")
    found = store.use_token(HASH)
    assert found is not None and (found.id, found.role, found.plot_types) == (one, "labeler", ("CDC",))
    assert store.tokens()[0].last_used_at is not None
    assert store.revoke_token(one, "root")
    assert not store.revoke_token(one, "root")
    assert store.use_token(HASH) is None
    store.add_token(NewToken("feed", OTHER, "viewer", None, datetime.now(UTC) - HOUR), "root")
    assert store.use_token(OTHER) is None
    with pytest.raises(StoreError, match="no token"):
        store.revoke_token(10**6, "root")


def test_every_change_is_in_the_audit_log_and_no_secret_is(people: SqlStore) -> None:
    people.grant_role("anna", "expert", None, "root", "10.0.0.9")
    people.set_password("anna", "other hash", "root", "10.0.0.9")
    people.open_session(new_session())
    people.add_token(NewToken("feed", OTHER, "viewer", None), "root", "10.0.0.9")
    lines = people.audit_lines()
    assert [line.what for line in lines] == ["add token", "sign in", "set password", "grant role", "add account"]
    assert {line.where for line in lines} == {"10.0.0.9", "10.0.0.1"}
    written = str(lines)
    assert not any(secret in written for secret in ("other hash", "'hash'", HASH, OTHER))
