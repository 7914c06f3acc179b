"""What a PVAccess client gets of each kind of PV, beside what a Channel Access client gets of the same."""

from typing import Any

import numpy as np
import pytest
from support.ca import CaClient, eventually

from hydra_core.domain import Condition, Severity
from hydra_core.pvs import STATUS_STATES, THUMBNAIL_SIZE

BAD = {"severity": Severity.MAJOR, "condition": Condition.STATE}
UNDEFINED, RECORD, DEVICE = 6, 3, 1


def test_status_says_why(both: Any, pva: Any, ca: CaClient) -> None:
    name = both.name("P0", "STATUS")
    before = pva.get(name)
    assert before.getID() == "epics:nt/NTEnum:1.0"
    assert tuple(before["value.choices"]) == STATUS_STATES
    assert (before["alarm.severity"], before["alarm.status"], before["alarm.message"]) == (3, UNDEFINED, "UDF")
    both.post("P0", "MSG", "Bad 0.993 >= 0.90, 3 of 3")
    both.post("P0", "STATUS", "BAD", **BAD, at=1_700_000_000.25)
    after = pva.get(name)
    assert after["value.index"] == STATUS_STATES.index("BAD")
    assert (after["alarm.severity"], after["alarm.status"]) == (2, RECORD)
    assert after["alarm.message"] == "Bad 0.993 >= 0.90, 3 of 3"
    assert (after["timeStamp.secondsPastEpoch"], after["timeStamp.nanoseconds"]) == (1_700_000_000, 250_000_000)
    assert ca.get(name, 17) | {"value": 4, "severity": 2, "status": 7} == ca.get(name, 17)
    assert ca.get(name, 17)["timestamp"] == 1_700_000_000.25


def test_a_reason_stays_until_the_alarm_changes(both: Any, pva: Any) -> None:
    """Each other message is another event to the alarm server of Phoebus, so figures that flicker must not come."""
    name, seen = both.name("P0", "STATUS"), []
    with pva.monitor(name, lambda value: seen.append(value["alarm.message"])):
        assert eventually(lambda: seen == ["UDF"])
        for text in ("Bad 0.99", "Bad 0.98", "Bad 0.97"):
            both.post("P0", "MSG", text)
            both.post("P0", "STATUS", "BAD", **BAD)
        both.post("P0", "STATUS", "GOOD")
        assert eventually(lambda: seen[-1] == "NO_ALARM")
    assert seen == ["UDF", "Bad 0.99", "NO_ALARM"]


def test_a_number_with_its_range_and_limits(both: Any, pva: Any) -> None:
    both.post("SYS", "DISK", 1.5)
    got = pva.get(both.name("SYS", "DISK"))
    assert got.getID() == "epics:nt/NTScalar:1.0"
    assert (got["value"], got["display.units"], got["display.precision"]) == (1.5, "%", 1)
    assert (got["display.limitLow"], got["display.limitHigh"]) == (0, 100)
    assert (got["valueAlarm.active"], got["valueAlarm.lowAlarmLimit"], got["valueAlarm.lowWarningLimit"]) == (1, 2, 10)
    assert [got[f"valueAlarm.{one}Severity"] for one in ("lowAlarm", "lowWarning", "highAlarm")] == [2, 1, 0]
    assert np.isnan(got["valueAlarm.highAlarmLimit"])
    assert (got["alarm.severity"], got["alarm.message"]) == (2, "LOLO")


def test_limits_that_change_reach_a_subscriber(both: Any, pva: Any) -> None:
    seen: list[Any] = []
    with pva.monitor(both.name("SYS", "DISK"), lambda value: seen.append(value["valueAlarm.lowAlarmLimit"])):
        assert eventually(lambda: seen == [2])
        both.thread.do(both.service["DISK"].describe, limits=(5.0, 10.0, None, None))
        assert eventually(lambda: seen[-1] == 5)


@pytest.mark.parametrize(
    ("suffix", "value", "got"),
    [
        ("RUN", 51234, 51234),
        ("TAKEN", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("MSG", "m" * 255, "m" * 255),
        ("SCORE", -0.5, -0.5),
        ("SCORES", [0.25, 0.75], [0.25, 0.75]),
        ("CLASSES", ["Good", "Bad"], ["Good", "Bad"]),
    ],
)
def test_plain_values(both: Any, pva: Any, suffix: str, value: object, got: object) -> None:
    both.post("P0", suffix, value)
    found = pva.get(both.name("P0", suffix))["value"]
    assert (found.tolist() if isinstance(found, np.ndarray) else found) == got


@pytest.mark.parametrize("suffix", ["IMAGE", "HEATMAP"])
def test_a_picture_describes_itself(both: Any, pva: Any, suffix: str) -> None:
    width, height = THUMBNAIL_SIZE
    name = both.name("P0", suffix)
    assert not pva.get(name)["value"].any() and pva.get(name)["alarm.severity"] == 3
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    both.post("P0", suffix, pixels.reshape(-1))
    got = pva.get(name)
    assert got.getID() == "epics:nt/NTNDArray:1.0"
    assert [one["size"] for one in got["dimension"]] == [3, width, height]
    assert [(one["name"], one["value"]) for one in got["attribute"]] == [("ColorMode", 2)]
    assert np.array_equal(got["value"].reshape(height, width, 3), pixels)


def test_every_record_has_a_form(both: Any, pva: Any) -> None:
    records = [record for group in (*both.plots.values(), both.service) for record in group.values()]
    found = pva.get([record.name for record in records])
    kinds = {value.getID().split("/")[1].split(":")[0] for value in found}
    assert kinds == {"NTScalar", "NTScalarArray", "NTEnum", "NTNDArray"}
    assert all(value["alarm.severity"] == record.severity for value, record in zip(found, records, strict=True))
    assert len(found) == len(records) > 150


def test_a_name_that_is_not_ours_is_not_found(both: Any, pva: Any) -> None:
    with pytest.raises(TimeoutError):
        pva.get(both.name("P0", "NOSUCH"), timeout=0.5)
