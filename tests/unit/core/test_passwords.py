"""Passwords: which are taken, how they are kept; tokens: long, random, and kept as hashes."""

import pytest

from hydra_core.errors import UsageError
from hydra_core.passwords import (
    LONGEST,
    check_password,
    hash_password,
    is_outdated,
    is_password,
    new_secret,
    secret_hash,
)


@pytest.mark.parametrize(
    "password",
    ["", "short", "123456789", "0123456789", "aaaaaaaaaaaaaaaa", "Password1234", "anna is anna", "ANNA-anna-1",
     "hydra-2026",
     "x" * (LONGEST + 1)],
)  # fmt: skip
def test_what_is_no_password(password):
    with pytest.raises(UsageError, match="password"):
        check_password(password, "anna")


@pytest.mark.parametrize(
    "password", ["three unlike words", "x9;Q_wb!37", "пароль на русском", "p" + "q" * (LONGEST - 1)]
)
def test_what_is_one(password):
    assert check_password(password, "anna") == password


def test_the_message_never_repeats_a_password():
    with pytest.raises(UsageError) as caught:
        check_password("hydrahydra", "anna")
    assert "hydrahydra" not in str(caught.value)


def test_a_hash_knows_its_password_and_no_other():
    one, other = hash_password("three unlike words"), hash_password("three unlike words")
    assert one != other and one.startswith("$argon2id$")
    assert is_password("three unlike words", one)
    assert not is_password("three unlike word", one)
    assert not is_password("three unlike words", None)
    assert not is_password("three unlike words", "rubbish")
    assert not is_outdated(one)
    assert is_outdated("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$fDsn3ssKtW0XSGgPFl5J0Q")


def test_secrets_are_long_and_never_twice():
    made = {new_secret() for _ in range(1000)}
    assert len(made) == 1000
    assert min(map(len, made)) >= 43
    assert secret_hash("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
