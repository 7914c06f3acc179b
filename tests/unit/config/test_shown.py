"""What `hydra config show` says: every effective value and where it came from."""

from pathlib import Path

import yaml

from hydra_core.config import Setting, parse_config, render, render_resolved, resolved

HALL = """\
deployment: hall-d
data_dir: /data
epics:
  prefix: "HYDRA:HALLD:"
defaults:
  threshold: 0.8
  confirm:
    clear: 1 of 2
  classes:
    Good: {severity: none, key: g}
    Bad:
      severity: major
      key: b
plots:
  CDC_occupancy:
    pv: CDC_OCC
    threshold:
      Bad: 0.97
    stale_after: null
    classes:
      Bad:
        colour: "#ABCDEF"
    response: Call.
  RF: {pv: RF, threshold: 0.5, response: Call.}
"""


def settings() -> dict[str, Setting]:
    return {one.path: one for one in resolved(parse_config(HALL, Path("hall.yaml"), {}))}


def test_every_value_says_where_it_came_from() -> None:
    found = settings()
    wanted = [
        Setting("deployment", "hall-d", "line 1", 1),
        Setting("timezone", "UTC", "built-in default"),
        Setting("archive.path", "/data/images", "data_dir line 2", 2),
        Setting("database.url", "sqlite:////data/hydra.sqlite3", "data_dir line 2", 2),
        Setting("epics.prefix", "HYDRA:HALLD:", "epics line 4", 4),
        Setting("epics.port", 5064, "built-in default"),
        Setting("plots.CDC_occupancy.title", "CDC occupancy", "built-in default"),
        Setting("plots.CDC_occupancy.pv", "CDC_OCC", "plots.CDC_occupancy line 16", 16),
        Setting("plots.CDC_occupancy.threshold.Good", 0.8, "defaults line 6", 6),
        Setting("plots.CDC_occupancy.threshold.Bad", 0.97, "plots.CDC_occupancy line 18", 18),
        Setting("plots.CDC_occupancy.confirm.bad", "2 of 3", "built-in default"),
        Setting("plots.CDC_occupancy.confirm.clear", "1 of 2", "defaults line 8", 8),
        Setting("plots.CDC_occupancy.stale_after", None, "plots.CDC_occupancy line 19", 19),
        Setting("plots.CDC_occupancy.classes.Bad.severity", "major", "defaults line 12", 12),
        Setting("plots.CDC_occupancy.classes.Bad.colour", "#abcdef", "plots.CDC_occupancy line 22", 22),
        Setting("plots.RF.stale_after", "5m", "built-in default"),
        Setting("plots.RF.threshold.Bad", 0.5, "plots.RF line 24", 24),
    ]
    assert [found[one.path] for one in wanted] == wanted


def test_what_is_shown_is_what_is_used() -> None:
    """The plot types are built from the same look-ups, so each of their thresholds and classes stands in the list."""
    found = settings()
    for plot in parse_config(HALL, Path("hall.yaml"), {}).plot_types():
        for one in plot.classes:
            here = f"plots.{plot.name}"
            assert found[f"{here}.threshold.{one.name}"].value == plot.policy.thresholds[one.name]
            assert found[f"{here}.classes.{one.name}.colour"].value == one.colour
            assert found[f"{here}.classes.{one.name}.key"].value == one.key
        assert found[f"plots.{plot.name}.confirm.bad"].value == str(plot.policy.confirm)


def test_the_text_has_one_line_a_setting() -> None:
    lines = render_resolved(parse_config(HALL, Path("hall.yaml"), {})).splitlines()
    assert len(lines) == len(settings())
    (line,) = [line for line in lines if line.startswith("plots.CDC_occupancy.threshold.Bad ")]
    assert line.split() == ["plots.CDC_occupancy.threshold.Bad", "0.97", "#", "plots.CDC_occupancy", "line", "18"]


def test_what_show_prints_can_be_loaded_and_is_the_same() -> None:
    config = parse_config(HALL, Path("hall.yaml"), {})
    again = parse_config(render(config), Path("/elsewhere/hall.yaml"), {})
    assert again.plot_types() == config.plot_types()
    assert again.model_dump() == config.model_dump()
    assert yaml.safe_load(render(config))["plots"]["RF"]["threshold"] == 0.5


def test_warnings_name_their_lines() -> None:
    text = HALL.replace('"HYDRA:HALLD:"', "HALLD").replace("stale_after: null\n", "stale_after: null\n    mode: test\n")
    assert parse_config(text, Path("hall.yaml"), {}).warnings() == (
        'hall.yaml:4: epics.prefix: no separator at the end; names will read "HALLDSYS:STATE"',
        "hall.yaml:1: no sources; no plot will ever arrive",
        "hall.yaml:20: plots.CDC_occupancy.mode: CDC_occupancy raises no alarm at all while in test mode",
    )
