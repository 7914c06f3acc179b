"""What a plot type inherits, overrides, adds and removes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hydra_core.config import HallConfig, parse_config
from hydra_core.domain import Gate, KofN, Mode, PlotType, Severity, WhenLost

HALL = """\
deployment: hall-d
epics: {{prefix: "HYDRA:HALLD:", inputs: {{beam: IBC, rate: TRG, pvs: {{run_state: RS}}}}}}
defaults:
  threshold: {{"*": 0.8, Bad: 0.95}}
  confirm: {{bad: 3 of 5, clear: 4 of 4}}
  stale_after: 10m
  active_when: {{beam_above: 5.0}}
  novelty: 0.7
  classes:
    Good: {{severity: none, key: g}}
    Bad: {{severity: major, key: b, description: A fault}}
    NoData: {{severity: minor, key: n}}
plots:
  CDC_occupancy: {{pv: CDC_OCC, response: Call.{own}}}
"""

Resolve = Callable[[str], PlotType]


@pytest.fixture
def resolve() -> Resolve:
    """A function that returns the plot type with these own settings."""

    def made(own: str) -> PlotType:
        own = f", {own}" if own else ""
        return parse_config(HALL.format(own=own), Path("hall.yaml"), {}).plot_types()[0]

    return made


def test_a_plot_type_that_says_nothing_inherits_everything(resolve: Resolve) -> None:
    plot = resolve("")
    assert (plot.name, plot.title, plot.group, plot.pv, plot.judged) == (
        "CDC_occupancy",
        "CDC occupancy",
        "Other",
        "CDC_OCC",
        True,
    )
    assert plot.class_names() == ("Good", "Bad", "NoData")
    policy = plot.policy
    assert policy.thresholds == {"Good": 0.8, "Bad": 0.95, "NoData": 0.8}
    assert policy.severities == {"Good": Severity.NO_ALARM, "Bad": Severity.MAJOR, "NoData": Severity.MINOR}
    assert (policy.confirm, policy.clear, policy.stale_after) == (KofN(3, 5), KofN(4, 4), 600.0)
    assert (policy.gate, policy.novelty, policy.suspect_severity) == (Gate(beam_above=5.0), 0.7, Severity.NO_ALARM)
    assert policy.plot_type == "CDC_occupancy"


@pytest.mark.parametrize(
    ("own", "thresholds"),
    [
        ("threshold: 0.5", {"Good": 0.5, "Bad": 0.5, "NoData": 0.5}),
        ("threshold: {Bad: 0.99}", {"Good": 0.8, "Bad": 0.99, "NoData": 0.8}),
        ('threshold: {"*": 0.6, Good: 0.7}', {"Good": 0.7, "Bad": 0.6, "NoData": 0.6}),
        ("threshold: {Good: 1, Bad: 0}", {"Good": 1.0, "Bad": 0.0, "NoData": 0.8}),
    ],
)
def test_a_number_overrides_all_thresholds_and_a_table_only_its_own(
    own: str, thresholds: dict[str, float], resolve: Resolve
) -> None:
    assert resolve(own).policy.thresholds == thresholds


def test_an_alarm_is_left_where_the_plot_or_the_defaults_say(resolve: Resolve) -> None:
    assert resolve("").policy.leave == {}
    assert resolve("leave: 0.4").policy.leave == {"Bad": 0.4, "NoData": 0.4}, "a good class is not left"
    assert resolve("leave: {Bad: 0.7}").policy.leave == {"Bad": 0.7}
    delayed = resolve("on_delay: 30s, off_delay: 2m, mode: maintenance").policy
    assert (delayed.on_delay, delayed.off_delay, delayed.mode) == (30.0, 120.0, Mode.MAINT)


def test_all_of_a_gate(resolve: Resolve) -> None:
    own = 'active_when: {rate_above: 100, when: "run_state in [RUNNING]", settle: 30s, when_lost: hold}'
    gate = Gate(None, 100.0, "run_state in [RUNNING]", 30.0, WhenLost.HOLD)
    assert resolve(own).policy.gate == gate


def test_a_class_may_have_a_response_of_its_own(resolve: Resolve) -> None:
    plot = resolve("classes: {Hot: {severity: major, key: h, response: Cool it.}}")
    assert [one.response for one in plot.classes] == ["Call.", "Call.", "Call.", "Cool it."]


def test_half_of_confirm_may_be_overridden(resolve: Resolve) -> None:
    policy = resolve("confirm: {bad: 1 of 1}").policy
    assert (policy.confirm, policy.clear) == (KofN(1, 1), KofN(4, 4))


def test_null_switches_an_inherited_setting_off(resolve: Resolve) -> None:
    policy = resolve("stale_after: null, active_when: null, novelty: null").policy
    assert (policy.stale_after, policy.gate, policy.novelty) == (None, Gate(), None)


def test_null_for_a_model_means_collected_but_not_judged(resolve: Resolve) -> None:
    assert resolve("model: null").judged is False
    assert resolve("model: active").judged is True


def test_own_classes_come_after_the_inherited_ones(resolve: Resolve) -> None:
    plot = resolve("classes: {LED: {severity: none, key: l}, Bad: {severity: minor}, Cosmic: {severity: none, key: c}}")
    assert plot.class_names() == ("Good", "Bad", "NoData", "LED", "Cosmic")
    bad = plot.classes[1]
    assert (bad.severity, bad.key, bad.description) == (Severity.MINOR, "b", "A fault")


def test_null_removes_an_inherited_class_and_frees_its_key(resolve: Resolve) -> None:
    plot = resolve("classes: {NoData: null, Noisy: {severity: minor, key: n}}")
    assert plot.class_names() == ("Good", "Bad", "Noisy")
    assert set(plot.policy.thresholds) == set(plot.policy.severities) == {"Good", "Bad", "Noisy"}


def test_colours_are_told_apart_unless_chosen(resolve: Resolve) -> None:
    plot = resolve(
        'classes: {LED: {severity: none, key: l}, Hot: {severity: major, key: h, colour: "#F0a"}, '
        "Odd: {severity: minor, key: o, colour: Gold}}"
    )
    colours = {one.name: one.colour for one in plot.classes}
    assert (colours["Hot"], colours["Odd"]) == ("#ff00aa", "#ffd700")
    assert len(set(colours.values())) == 6


@pytest.mark.parametrize(
    ("written", "seconds"), [("250ms", 0.25), ("30s", 30), ("1.5m", 90), ("2 h", 7200), ("1d", 86400)]
)
def test_durations_become_seconds(written: str, seconds: float, resolve: Resolve) -> None:
    assert resolve(f"stale_after: {written}").policy.stale_after == seconds


def test_built_in_defaults_hold_without_any_defaults() -> None:
    text = """\
deployment: hall-b
epics: {prefix: "B:"}
plots:
  A: {pv: A, classes: {Good: {severity: none, key: g}}}
"""
    config = parse_config(text, Path("hall.yaml"), {})
    policy = config.plot_types()[0].policy
    assert policy.thresholds == {"Good": 0.9}
    assert (policy.confirm, policy.clear, policy.stale_after) == (KofN(2, 3), KofN(2, 2), 300.0)
    assert (config.timezone, config.zone.key, config.epics.port, config.web.port) == ("UTC", "UTC", 5064, 8080)
    assert (config.archive.max_bytes, config.archive.max_pixels) == (32 * 1024 * 1024, 25_000_000)


def places(config: HallConfig) -> list[str]:
    """Return the directories and files of a hall."""
    paths = (config.data_dir, config.archive.path, config.models.path, config.spool_dir)
    return [str(path) for path in paths] + [config.database_url()]


def test_everything_is_kept_below_the_data_directory(sound: str) -> None:
    assert places(parse_config(sound, Path("/etc/hydra/hall.yaml"), {})) == [
        "/var/lib/hydra",
        "/var/lib/hydra/images",
        "/var/lib/hydra/models",
        "/var/lib/hydra/spool",
        "sqlite:////var/lib/hydra/hydra.sqlite3",
    ]


def test_relative_paths_are_relative_to_the_file(sound: str) -> None:
    text = sound.replace("timezone", "data_dir: data\nmodels: {path: ../library, threads: 1}\ntimezone")
    text = text.replace("plots:", "database: {url: 'sqlite:///own.db'}\nplots:")
    config = parse_config(text, Path("/etc/hydra/hall.yaml"), {})
    assert places(config) == [
        "/etc/hydra/data",
        "/etc/hydra/data/images",
        "/etc/hydra/../library",
        "/etc/hydra/data/spool",
        "sqlite:////etc/hydra/own.db",
    ]
    assert str(config.sources[0].path) == "/etc/hydra/incoming"
    assert (config.sources[0].polling, config.sources[0].settle, config.sources[0].lookback) == (None, 30.0, 86400.0)


def test_what_was_validated_can_be_validated_again(sound: str) -> None:
    """A hall built in Python takes paths and votes as they are."""
    text = sound.replace("path: incoming", "path: incoming, polling: 250ms")
    config = parse_config(text, Path("hall.yaml"), {})
    dumped = config.model_dump(mode="python")
    assert dumped["sources"][0]["polling"] == "250ms"
    assert HallConfig.model_validate(dumped).model_dump() == dumped
