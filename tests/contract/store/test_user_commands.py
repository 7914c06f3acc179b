"""`hydra user`: accounts from the command line, as an admin makes the first of them."""

import json
import subprocess

import pytest
from support.commands import Hydra

from hydra_core.passwords import is_password
from hydra_core.store import open_store

PASSWORD = "three unlike words"


@pytest.fixture
def hydra(tmp_path):
    made = Hydra(tmp_path)
    made("db", "upgrade")
    return made


@pytest.fixture
def store(hydra):
    opened = open_store(f"sqlite:///{hydra.directory / 'data' / 'hydra.sqlite3'}")
    yield opened
    opened.close()


def say(hydra, *words):
    return hydra(*words).stdout


def typed(hydra, password, *words, code=0):
    """Run a command that reads a password; return all that it says."""
    process = hydra.start(*words, stdin=subprocess.PIPE)
    said, wrong = process.communicate(f"{password}\n", timeout=60)
    assert process.returncode == code, wrong
    assert not password or password not in said
    return said + wrong


def test_the_first_admin_and_what_becomes_of_others(hydra, store):
    assert "added, now admin" in typed(
        hydra, PASSWORD, "user", "add", "anna", "--stdin", "--role", "admin", "--email", "a@b.org"
    )
    assert is_password(PASSWORD, store.password_hash("anna"))
    hydra("user", "add", "ben", "--no-password")
    assert "expert of CDC_occupancy" in say(hydra, "user", "grant", "ben", "expert", "--plot", "CDC_occupancy")
    assert "nothing to do" in say(hydra, "user", "grant", "ben", "expert", "--plot", "CDC_occupancy")
    found = json.loads(say(hydra, "user", "list", "--json"))
    assert [(one["name"], one["has_password"]) for one in found] == [("anna", True), ("ben", False)]
    assert found[1]["roles"] == [{"role": "expert", "plot_type": "CDC_occupancy"}]
    assert "no role" in say(hydra, "user", "revoke", "ben", "expert", "--plot", "CDC_occupancy")
    hydra("user", "disable", "anna")
    assert store.password_hash("anna") is None
    assert "anna  admin  (disabled)" in say(hydra, "user", "list")
    hydra("user", "enable", "anna")
    typed(hydra, "other four unlike words", "user", "password", "anna", "--stdin")
    assert is_password("other four unlike words", store.password_hash("anna"))
    assert not is_password(PASSWORD, store.password_hash("anna"))
    assert all(line.who.endswith("(command line)") for line in store.audit_lines())


def test_what_makes_no_sense(hydra):
    assert "password" in typed(hydra, "short", "user", "add", "anna", "--stdin", code=2)
    hydra("user", "add", "anna", "--no-password")
    for words, code in (
        (("add", "anna", "--no-password"), 1),
        (("add", "a/b", "--no-password"), 1),
        (("add", "emil", "--no-password", "--role", "king"), 1),
        (("grant", "anna", "expert", "--plot", "No_such"), 2),
        (("grant", "nobody", "expert"), 1),
        (("password", "nobody", "--stdin"), 2),
    ):
        assert typed(hydra, "", "user", *words, code=code).startswith("hydra: "), words
