"""The table of the worst plots, for a table widget without scripts."""

from collections.abc import Callable, Sequence
from typing import Any

from support.ca import eventually
from support.pva import pva_client

from hydra_core.domain import Condition, Severity


def rows(value: Any) -> list[tuple[str, ...]]:
    return list(zip(*(value["value"][name] for name in ("plot", "status", "severity", "why")), strict=True))


def test_the_worst_come_first_and_the_good_not_at_all(serve: Callable[..., Any]) -> None:
    both = serve(5)
    said: Sequence[tuple[str, str, Severity, Condition]] = [
        ("P0", "GOOD", Severity.NO_ALARM, Condition.NO_ALARM),
        ("P1", "WARN", Severity.MINOR, Condition.STATE),
        ("P2", "BAD", Severity.MAJOR, Condition.STATE),
        ("P3", "STALE", Severity.INVALID, Condition.TIMEOUT),
        ("P4", "OFF", Severity.NO_ALARM, Condition.NO_ALARM),
    ]
    seen: list[list[tuple[str, ...]]] = []
    table = f"{both.prefix}SYS:WORSTTABLE"
    with pva_client(both.pva.port) as pva, pva.monitor(table, lambda value: seen.append(rows(value))):
        assert eventually(lambda: seen and len(seen[0]) == 5), "none was ever judged, and all say so"
        for plot, status, severity, condition in said:
            both.post(plot, "MSG", f"why {plot}")
            both.post(plot, "STATUS", status, severity=severity, condition=condition)
        expected = [
            ("Plot 2", "BAD", "MAJOR", "why P2"),
            ("Plot 1", "WARN", "MINOR", "why P1"),
            ("Plot 3", "STALE", "INVALID", "why P3"),
        ]
        assert eventually(lambda: seen[-1] == expected), seen[-1]
        for plot in ("P1", "P2", "P3"):
            both.post(plot, "STATUS", "GOOD", severity=Severity.NO_ALARM)
        assert eventually(lambda: seen[-1] == [])
        got = pva.get(table)
        assert got.getID() == "epics:nt/NTTable:1.0"
        assert list(got["labels"]) == ["plot", "status", "severity", "since", "run", "why"]
        assert got["alarm.severity"] == 0, "one fault alarms once, in its STATUS"
