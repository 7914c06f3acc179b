"""Scores under the names of the Hydra before: what they show, and when they alarm."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from hydra_core.config.naming import Compat
from hydra_core.domain import Condition, Mode, PlotType, Policy, Severity, Status
from hydra_core.existing_names import ExistingNames
from hydra_core.pvs import plot_pvs
from hydra_ioc.ca import PutContext, Record, make_record
from hydra_ioc.existing import ExistingScores
from hydra_ioc.limits import KeptLimits

NAMES = ExistingNames("OLD:", lolo=-0.5, low=0.0, summary=True)
MAJOR, MINOR, OK = (Severity.MAJOR, Condition.LOLO), (Severity.MINOR, Condition.LOW), (Severity.NO_ALARM, 0)
NOWHERE = Path("/nonexistent/limits.json")
FOLLOWED = ("SCORE", "STATUS", "MODE", "MUTE")


def kinds(number: int) -> tuple[PlotType, ...]:
    return tuple(PlotType(f"P{n}", f"P{n}", "", f"P{n}", (), Policy({}, {})) for n in range(number))


class Old:
    """Plot types and what is served of them under the old names."""

    def __init__(self, number: int = 1, names: ExistingNames = NAMES, kept: Path = NOWHERE) -> None:
        types = kinds(number)
        self.plots: Mapping[str, Mapping[str, Record]] = {
            t.name: {s.suffix: make_record(s.name("T:", t.pv), s) for s in plot_pvs(t) if s.suffix in FOLLOWED}
            for t in types
        }
        self.scores = ExistingScores(names, types, self.plots, KeptLimits(kept))
        self.served = {record.name: record for record in self.scores.records}
        for plot_type in types:
            self.set(plot_type.name, MODE=Mode.RUN, MUTE=0.0)

    def set(self, plot: str, **values: object) -> None:
        for suffix, value in values.items():
            self.plots[plot][suffix].post(value, severity=Severity.NO_ALARM)
        self.scores.follow(plot)

    def judged(self, plot: str, score: float, status: Status = Status.GOOD) -> None:
        self.set(plot, SCORE=score, STATUS=status)

    def shown(self, name: str) -> tuple[object, tuple[Severity, Condition]]:
        record = self.served[f"OLD:{name}"]
        return record.value, (record.severity, record.condition)


def test_before_the_first_plot_a_score_is_undefined_and_one() -> None:
    assert Old().shown("P0") == (1.0, (Severity.INVALID, Condition.UDF))


@pytest.mark.parametrize(("score", "alarm"), [(0.9, OK), (0.01, OK), (0.0, MINOR), (-0.4, MINOR), (-0.5, MAJOR)])
def test_a_score_alarms_by_its_limits(score: float, alarm: object) -> None:
    old = Old()
    old.judged("P0", score)
    assert old.shown("P0") == (score, alarm)


def test_without_limits_nothing_alarms() -> None:
    old = Old(names=ExistingNames("OLD:"))
    old.judged("P0", -1.0, Status.BAD)
    assert old.shown("P0") == (-1.0, OK)
    assert list(old.served) == ["OLD:P0"]


def test_a_score_that_says_nothing_any_more_is_invalid_with_the_reason() -> None:
    old = Old()
    old.judged("P0", 0.9)
    source = old.plots["P0"]
    source["SCORE"].post(0.9, severity=Severity.INVALID, condition=Condition.TIMEOUT)
    source["STATUS"].post(Status.STALE, severity=Severity.INVALID, condition=Condition.TIMEOUT)
    old.scores.follow("P0")
    assert old.shown("P0") == (0.9, (Severity.INVALID, Condition.TIMEOUT))
    old.set("P0", MODE=Mode.MAINT)
    assert old.shown("P0") == (0.9, OK)


@pytest.mark.parametrize("quiet", [{"STATUS": Status.OFF}, {"MUTE": 5.0}, {"MODE": Mode.TEST}])
def test_a_score_is_quiet_where_its_plot_type_is(quiet: dict[str, object]) -> None:
    old = Old()
    old.judged("P0", -1.0, Status.BAD)
    assert old.shown("P0") == (-1.0, MAJOR)
    old.set("P0", **quiet)
    assert old.shown("P0") == (-1.0, OK)


def test_maintenance_does_not_hide_a_bad_plot() -> None:
    old = Old()
    old.set("P0", MODE=Mode.MAINT)
    old.judged("P0", -1.0, Status.BAD)
    assert old.shown("P0") == (-1.0, MAJOR)


async def test_groups_of_twelve_take_the_worst_severity_over() -> None:
    old = Old(13)
    for n in range(13):
        old.judged(f"P{n}", 0.9)
    assert [old.shown(name) for name in ("stat:A", "stat:B", "stat")] == [(0.0, OK)] * 3
    old.judged("P12", -1.0, Status.BAD)
    linked = (0.0, (Severity.MAJOR, Condition.LINK))
    assert [old.shown(name) for name in ("stat:A", "stat:B", "stat")] == [(0.0, OK), linked, linked]
    await old.scores.beat()
    assert old.served["OLD:wf"].value.tolist() == [0.9] * 12 + [-1.0]  # type: ignore[attr-defined]


def test_clas12_has_these_names_and_types() -> None:
    names = Compat(kind="clas12").names()
    found = {name: str(spec.kind) for name, spec in names.pvs(kinds(87))}
    stats = [f"HB:monitoring:ai:stat:{letter}" for letter in "ABCDEFGH"]
    assert [name for name, kind in found.items() if kind == "calc"] == [*stats, "HB:monitoring:ai:stat"]
    assert [name for name, kind in found.items() if kind == "ai"] == [f"HB:monitoring:ai:P{n}" for n in range(87)]
    assert dict(names.pvs(kinds(87)))["HB:monitoring:ai:wf"].length == 87
    assert names.score(kinds(1)[0])[1].limits == (0.0, 0.0, None, None)


async def set_limit(old: Old, field: str, value: float) -> None:
    hook = old.served["OLD:P0"].settable[field]
    await hook(value, PutContext("anna", "host", "127.0.0.1:1"))  # type: ignore[misc]


async def test_a_limit_that_is_put_holds_at_once_and_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "limits.json"
    old = Old(kept=path)
    old.judged("P0", 0.3)
    assert old.shown("P0") == (0.3, OK)
    await set_limit(old, "LOW", 0.5)
    assert old.shown("P0") == (0.3, MINOR)
    await set_limit(old, "LOLO", 0.4)
    assert old.shown("P0") == (0.3, MAJOR)
    again = Old(kept=path)
    assert again.served["OLD:P0"].spec.limits == (0.4, 0.5, None, None)
    again.judged("P0", 0.45)
    assert again.shown("P0") == (0.45, MINOR)


@pytest.mark.parametrize("content", ["{", "[1]", '{"P0": {"LOLO": "x"}}', '{"P0": 3}'])
def test_a_file_of_limits_that_is_damaged_stops_nothing(
    content: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "limits.json"
    path.write_text(content)
    assert Old(kept=path).served["OLD:P0"].spec.limits == (-0.5, 0.0, None, None)
    assert "limits not read" in caplog.text


async def test_limits_that_cannot_be_written_hold_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    old = Old()
    old.judged("P0", 0.3)
    await set_limit(old, "LOW", 0.5)
    assert old.shown("P0") == (0.3, MINOR) and "limits not kept" in caplog.text
