"""Every screen speaks only what Phoebus and BOY know: types, versions, properties, named colours and fonts."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support import display_model as known

BOB_TESTS = re.compile(r"pvSev0 == [0-3]|pvInt0 == \d+|pv0 > \d+")
OPI_TESTS = re.compile(r"pvSev0 == (-1|0|1|2)|pvInt0 == \d+|pv0 > \d+")


def screens(generated: Path, ending: str) -> list[tuple[str, Any]]:
    found = sorted(generated.rglob(f"*{ending}"))
    assert len(found) >= 14
    return [(path.name, ElementTree.parse(path).getroot()) for path in found]


def test_all_xml_is_well_formed(generated: Path) -> None:
    files = [path for path in generated.rglob("*") if path.suffix in (".bob", ".opi", ".plt", ".xml")]
    assert len(files) > 30
    for path in files:
        ElementTree.parse(path)
        assert path.read_text(encoding="utf-8").startswith('<?xml version="1.0" encoding="UTF-8"?>\n')


def test_phoebus_knows_every_widget_and_property(generated: Path) -> None:
    for name, root in screens(generated, ".bob"):
        version, properties = known.PHOEBUS_DISPLAY
        assert root.tag == "display" and root.get("version") == version
        assert {child.tag for child in root} <= properties, name
        for widget in root.findall("widget"):
            version, properties = known.PHOEBUS[widget.get("type", "")]
            assert widget.get("version") == version
            assert {child.tag for child in widget} <= properties, (name, widget.get("type"))
            for part, inside in known.PHOEBUS_PARTS.items():
                for element in widget.iter(part):
                    assert {child.tag for child in element} <= inside, (name, part)


def test_boy_knows_every_widget_and_property(generated: Path) -> None:
    for name, root in screens(generated, ".opi"):
        version, properties = known.BOY_DISPLAY
        assert root.get("typeId") == "org.csstudio.opibuilder.Display" and root.get("version") == version
        assert {child.tag for child in root} <= properties, name
        for widget in root.findall("widget"):
            version, properties = known.BOY[widget.get("typeId", "")]
            assert widget.get("version") == version
            assert {child.tag for child in widget} <= properties, (name, widget.get("typeId"))


@pytest.mark.parametrize(("ending", "actions"), [(".bob", known.PHOEBUS_ACTIONS), (".opi", known.BOY_ACTIONS)])
def test_every_action_is_known(generated: Path, ending: str, actions: dict[str, set[str]]) -> None:
    used = set()
    for name, root in screens(generated, ending):
        for action in root.iter("action"):
            assert {child.tag for child in action} <= actions[action.get("type", "")], name
            used.add(action.get("type"))
    assert used == set(actions)


@pytest.mark.parametrize(("ending", "tests"), [(".bob", BOB_TESTS), (".opi", OPI_TESTS)])
def test_rules_only_compare_and_change_what_the_widget_has(
    generated: Path, ending: str, tests: re.Pattern[str]
) -> None:
    table = known.PHOEBUS if ending == ".bob" else known.BOY
    count = 0
    for name, root in screens(generated, ending):
        for widget in root.findall("widget"):
            for rule in widget.iter("rule"):
                assert rule.get("prop_id") in table[widget.get("type", widget.get("typeId"))][1], name
                assert rule.get("out_exp") == "false"
                for case in rule.findall("exp"):
                    assert tests.fullmatch(case.get("bool_exp", "")), name
                    count += 1
    assert count > 100


@pytest.mark.parametrize(("ending", "names"), [(".bob", known.PHOEBUS_COLOURS), (".opi", known.BOY_COLOURS)])
def test_colours_have_names(generated: Path, ending: str, names: set[str]) -> None:
    for name, root in screens(generated, ending):
        colours = [element for element in root.iter("color") if not element.findall("color")]
        assert colours and {element.get("name") for element in colours} <= names, name


def test_fonts_have_names(generated: Path) -> None:
    for name, root in screens(generated, ".bob"):
        assert {font.get("name") for font in root.iter("font") if font.get("name")} <= known.FONTS, name
    for name, root in screens(generated, ".opi"):
        assert {font.text for font in root.iter("opifont.name")} <= known.FONTS, name


def test_there_are_no_scripts(generated: Path) -> None:
    for path in (*generated.rglob("*.bob"), *generated.rglob("*.opi")):
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text and "EXECUTE" not in text and 'type="execute"' not in text


@pytest.mark.parametrize("ending", [".bob", ".opi"])
def test_colour_stands_only_in_rules(generated: Path, ending: str) -> None:
    """Grey and quiet: a screen as drawn has no colour of an alarm; only a rule brings one."""
    loud = {"MINOR", "MAJOR", "INVALID", "Minor", "Major", "Invalid", "OK"}
    for name, root in screens(generated, ending):
        for rules in [(widget, widget.find("rules")) for widget in root.findall("widget")]:
            if rules[1] is not None:
                rules[0].remove(rules[1])
        assert not loud & {element.get("name") for element in root.iter("color")}, name
