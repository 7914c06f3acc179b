"""Guessing passwords is stopped per account and per address, and only for a while."""

from hydra_web.people.limits import MOST_KEPT, PER_ACCOUNT, PER_ADDRESS, WINDOW, LoginLimits


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_one_account_from_many_addresses() -> None:
    clock = Clock()
    limits = LoginLimits(clock)
    for number in range(PER_ACCOUNT):
        assert limits.wait(f"10.0.0.{number}", "anna") == 0
        limits.failed(f"10.0.0.{number}", "Anna")
        clock.now += 1
    assert limits.wait("10.9.9.9", "anna") == WINDOW - PER_ACCOUNT
    assert limits.wait("10.9.9.9", "ben") == 0
    clock.now += WINDOW - PER_ACCOUNT
    assert limits.wait("10.9.9.9", "anna") == 0


def test_many_accounts_from_one_address() -> None:
    limits = LoginLimits(Clock())
    for number in range(PER_ADDRESS):
        assert limits.wait("10.0.0.1", f"user{number}") == 0
        limits.failed("10.0.0.1", f"user{number}")
    assert limits.wait("10.0.0.1", "somebody else") == WINDOW
    assert limits.wait("10.0.0.2", "somebody else") == 0


def test_success_forgives_the_account_and_not_the_address() -> None:
    limits = LoginLimits(Clock())
    for _ in range(PER_ADDRESS):
        limits.failed("10.0.0.1", "anna")
        limits.succeeded("anna")
    assert limits.wait("10.0.0.2", "anna") == 0
    assert limits.wait("10.0.0.1", "anna") == WINDOW


def test_memory_is_bounded() -> None:
    limits = LoginLimits(Clock())
    for number in range(MOST_KEPT):
        limits.failed(f"address {number}", f"name {number}")
    assert len(limits._failures) == MOST_KEPT
