"""The committed example and schema agree with the code and with each other."""

import json
from pathlib import Path

import jsonschema
import pytest

from hydra_core.config import json_schema, load_config
from hydra_core.config.document import parse_document, read_document

CONFIG = Path(__file__).parents[3] / "config"
EXAMPLE = CONFIG / "hall-d.example.yaml"
PLOTS = {
    "CDC_occupancy": "CDC_OCC",
    "FCAL_occupancy": "FCAL_OCC",
    "BCAL_occupancy": "BCAL_OCC",
    "ST_occupancy": "ST_OCC",
    "TOF_occupancy": "TOF_OCC",
    "RF_TOF_selftiming": "RF_SELF",
    "Trigger-Bits": "TRIG_BITS",
    "fa125_itrig": "FA125_ITRIG",
}


def schema_says(text: str) -> list[str]:
    """Return what the committed schema finds wrong, as an editor would."""
    schema = json.loads((CONFIG / "schema.json").read_text(encoding="utf-8"))
    data = parse_document(text, "hall.yaml").data
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(data)]


def test_the_committed_schema_is_the_generated_one() -> None:
    committed = (CONFIG / "schema.json").read_text(encoding="utf-8")
    generated = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    assert committed == generated, "run: hydra config schema > config/schema.json"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_the_example_is_right_without_a_warning() -> None:
    config = load_config(EXAMPLE, {})
    assert config.warnings() == ()
    assert {plot.name: plot.pv for plot in config.plot_types()} == PLOTS


def test_an_empty_fa125_itrig_is_good() -> None:
    plot = next(plot for plot in load_config(EXAMPLE, {}).plot_types() if plot.name == "fa125_itrig")
    assert plot.class_names() == ("Good", "Bad")


def test_editors_find_the_schema_and_pass_the_example() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert text.splitlines()[0] == "# yaml-language-server: $schema=schema.json"
    assert schema_says(text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("timezone:", "time_zone:"),
        ("threshold: 0.90", "threshold: 90"),
        ("stale_after: 5m", "stale_after: 300"),
        ("bad: 2 of 3", "bad: 2/3"),
        ("severity: minor", "severity: mild"),
        ("key: g", "key: Go"),
        ("  port: 8080", "  port: 80800"),
        ("  Trigger-Bits:", "  Trigger Bits:"),
        ("    pv: CDC_OCC\n", ""),
    ],
)
def test_editors_see_the_commonest_mistakes(old: str, new: str) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert old in text
    assert schema_says(text.replace(old, new, 1))


def test_everything_in_the_schema_is_explained() -> None:
    """Each key has words of its own, or its section has."""
    schema = json_schema()
    sections = [schema, *schema["$defs"].values()]
    bare = [
        f"{section['title']}.{name}"
        for section in sections
        for name, entry in section.get("properties", {}).items()
        if "description" not in entry and "$ref" not in entry
    ]
    assert bare == []


def test_the_example_shows_every_section() -> None:
    shown = set(read_document(EXAMPLE).data) | {"database"}
    assert shown == set(json_schema()["properties"])
    assert "# database:" in EXAMPLE.read_text(encoding="utf-8")
