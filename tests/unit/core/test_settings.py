"""What may be set at run time, within which limits, and what holds of it."""

from dataclasses import replace

import pytest
from support.plots import plot_type

from hydra_core.domain import KofN, Mode, PlotType, Severity
from hydra_core.errors import UsageError
from hydra_core.settings import checked, in_force

KIND = replace(plot_type(), response="Look.")


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("severity.NoData", "major", "severities", {"Good": 0, "Bad": 2, "NoData": 2}),
        ("severity.Bad", "none", "severities", {"Good": 0, "Bad": 0, "NoData": 1}),
        ("leave.Bad", 0.4, "leave", {"Bad": 0.4}),
        ("leave.Bad", 0, "leave", {}),
        ("confirm", "3 of 5", "confirm", KofN(3, 5)),
        ("clear", "1 of 1", "clear", KofN(1, 1)),
        ("on_delay", 30, "on_delay", 30.0),
        ("off_delay", 0, "off_delay", 0.0),
        ("stale_after", 600.0, "stale_after", 600.0),
        ("stale_after", 0, "stale_after", None),
        ("mode", "TEST", "mode", Mode.TEST),
    ],
)
def test_a_setting_changes_its_rule(name: str, value: object, field: str, expected: object) -> None:
    assert getattr(checked(KIND, KIND.policy, name, value), field) == expected


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("severity.Bda", "none", "has no class Bda: Good, Bad, NoData"),
        ("severity.Bad", "invalid", "a severity is one of none, minor, major"),
        ("severity.Bad", ["none"], "a severity is one of none, minor, major"),
        ("leave.Bad", 0.95, "Bad enters at 0.9; it must not leave higher"),
        ("leave.Bad", 1.5, "a threshold to leave is a number from 0 to 1"),
        ("leave.Bad", float("nan"), "a threshold to leave is a number from 0 to 1"),
        ("leave.Bad", True, "a threshold to leave is a number from 0 to 1"),
        ("confirm", "3 of 2", "k is 1 to n, n at most 16"),
        ("confirm", "2 of 17", "k is 1 to n, n at most 16"),
        ("confirm", "0 of 2", "k is 1 to n, n at most 16"),
        ("confirm", 2, 'confirm is "k of n"'),
        ("on_delay", -1, "on_delay in seconds is a number from 0 to 86400"),
        ("mode", "OFF", "a mode is one of RUN, MAINT, TEST"),
        ("threshold", 0.5, "threshold is no setting; there are confirm, clear"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_limits(name: str, value: object, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked(KIND, KIND.policy, name, value)
    assert said in str(caught.value)


def test_no_class_becomes_major_without_a_response() -> None:
    with pytest.raises(UsageError, match="has no response"):
        checked(plot_type(), plot_type().policy, "severity.NoData", "major")
    silent = replace(plot_type(), judged=False)
    assert checked(silent, silent.policy, "severity.NoData", "major").severities["NoData"] is Severity.MAJOR


def test_the_rules_in_force_are_those_of_all_sources_together() -> None:
    own: dict[str, object] = {"leave.Bad": 0.8, "severity.NoData": "none", "on_delay": 10.0, "mode": "MAINT"}
    policy = in_force(KIND, {"Bad": 0.95}, own, {})
    assert policy.thresholds == {"Good": 0.9, "Bad": 0.95, "NoData": 0.9}
    assert (policy.leave, policy.on_delay, policy.mode) == ({"Bad": 0.8}, 10.0, Mode.MAINT)
    assert policy.severities["NoData"] is Severity.NO_ALARM


def test_the_stricter_mode_holds() -> None:
    assert in_force(KIND, {}, {"mode": "MAINT"}, {"mode": "TEST"}).mode is Mode.TEST
    assert in_force(KIND, {}, {"mode": "TEST"}, {"mode": "MAINT"}).mode is Mode.TEST
    assert in_force(KIND, {}, {}, {"mode": "nonsense"}).mode is Mode.RUN


def test_what_no_longer_fits_is_passed_over() -> None:
    old: dict[str, object] = {"severity.Gone": "major", "leave.Bad": 0.8, "confirm": "9 of 2", "clear": "1 of 2"}
    policy = in_force(KIND, {"Bad": 0.6}, old, {})
    assert policy.leave == {"Bad": 0.6}, "a threshold to leave never exceeds the one to enter"
    assert (policy.confirm, policy.clear) == (KIND.policy.confirm, KofN(1, 2))


def test_nothing_set_is_the_configuration() -> None:
    kind: PlotType = plot_type()
    assert in_force(kind, {}, {}, {}) == kind.policy
