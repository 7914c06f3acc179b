"""`hydra replay` judges each plot by the rules that were in force then: after any put it finds no difference."""

import json
from collections.abc import Callable
from pathlib import Path

from support.screen import BAD, Screen
from support.stub_hall import StubHall, StubIoc

from hydra_core.domain import Severity, Status


def test_puts_change_no_history(
    tmp_path: Path, started: Callable[[StubHall], StubIoc], look: Callable[[StubHall], Screen]
) -> None:
    hall = StubHall(tmp_path / "hall")
    ioc = started(hall)
    screen = look(hall)

    def put(suffix: str, value: float | str) -> None:
        assert screen.client.put(hall.pv("P0", suffix), value, ftype=0 if isinstance(value, str) else None) == 1

    def drop(*kinds: tuple[str, float]) -> None:
        for label, score in kinds:
            screen.shows_chunk("P0", hall.drop_as("P0", label, score))

    drop(("Good", 0.99), ("Bad", 0.75), ("Bad", 0.75))
    assert screen.status("P0") == BAD
    put("ENTER1", 0.95)
    drop(("Good", 0.99), ("Good", 0.99), ("Bad", 0.9), ("Bad", 0.9))
    put("CONFIRMN", 5)
    put("LEAVE1", 0.4)
    put("SEV2", "major")
    drop(("NoData", 0.9), ("NoData", 0.9), ("Bad", 0.3))
    put("SEV2", "none")
    put("MODE", "TEST")
    drop(("Bad", 0.99), ("Bad", 0.99), ("Good", 0.9))
    put("MODE", "RUN")
    put("ONDELAY", 1.5)
    drop(("Bad", 0.99))
    ioc.stop()
    hall.write_yaml(defaults={"threshold": 0.8, "confirm": {"bad": "1 of 1", "clear": "1 of 1"}})
    ioc = started(hall)
    screen.client.close()
    screen = look(hall)
    drop(("Good", 0.99), ("Bad", 0.99))
    ioc.stop()

    (line,) = hall.hydra("replay", "--json").stdout.splitlines()
    found = json.loads(line)
    assert found["differences"] == [] and found["events"] >= 25
    with hall.store() as store:
        middle = [at for at, _, verdict in store.history(hall.config.plot_types()[0]) if verdict is not None][12]
        policy = store.policy_at("P0")
        assert policy is not None
        assert (policy.thresholds["Bad"], policy.leave, policy.on_delay) == (0.95, {"Bad": 0.4}, 1.5)
        assert policy.severities["NoData"] is Severity.NO_ALARM
        start = store.policy_at("P0", middle)
        assert start is not None and start != policy
    other = hall.hydra("replay", "--json", "--threshold", "1.0", code=1)
    assert json.loads(other.stdout)["episodes_now"] == 0
    assert Status.BAD.name in other.stdout
