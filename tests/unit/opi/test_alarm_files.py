"""The alarm trees: one trigger per plot type, the service beside them, and the response as guidance."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.halls import hall_of

from hydra_core.config import HallConfig, parse_config
from hydra_core.opi import alarms
from hydra_core.opi.alarms import service_alarms

SERVICE = {"STATE", "DB", "DISK", "FEED", "MODELS", "INPUTS"}
CHILDREN = {"enabled", "latching", "annunciating", "description", "delay", "count", "filter", "guidance", "display",
            "command", "automated_action"}  # fmt: skip
"""What Phoebus' and BEAST's readers look for in a pv."""


def triggers(hall: HallConfig) -> list[str]:
    return [f"{hall.epics.prefix}{one.pv}:STATUS" for one in hall.plot_types()]


def service(hall: HallConfig) -> list[str]:
    return [spec.name(hall.epics.prefix, "SYS") for spec in service_alarms(hall)]


def jaws(generated: Path, name: str) -> dict[str, Any]:
    lines = (generated / "alarms" / name).read_text(encoding="utf-8").splitlines()
    found = dict(line.split("=", 1) for line in lines)
    assert len(found) == len(lines), "a key stands twice"
    return {key: json.loads(value) for key, value in found.items()}


def test_phoebus_has_one_trigger_per_plot_type(hall: HallConfig, generated: Path) -> None:
    root = ElementTree.parse(generated / "alarms" / "phoebus.xml").getroot()
    assert root.tag == "config" and re.fullmatch(r"[A-Za-z0-9._-]+", root.get("name", ""))
    found = [pv.get("name", "") for pv in root.iter("pv")]
    assert sorted(found) == sorted(triggers(hall) + service(hall))
    assert {name.rsplit(":", 1)[1] for name in found} == {"STATUS"} | SERVICE


def test_phoebus_knows_everything_in_it(generated: Path) -> None:
    root = ElementTree.parse(generated / "alarms" / "phoebus.xml").getroot()
    for component in root.iter("component"):
        assert "/" not in component.get("name", "/")
        assert {child.tag for child in component} <= {"pv", "component", "guidance", "display"}
    for pv in root.iter("pv"):
        assert {child.tag for child in pv} <= CHILDREN
        assert pv.findtext("latching") == pv.findtext("annunciating") == pv.findtext("enabled") == "true"
        assert pv.findtext("description", "!")[0] not in "!*", "these change what is said aloud"
    for titled in (*root.iter("guidance"), *root.iter("display")):
        assert [child.tag for child in titled] == ["title", "details"]


def test_a_plot_does_not_alarm_beside_a_common_cause(hall: HallConfig, generated: Path) -> None:
    root = ElementTree.parse(generated / "alarms" / "phoebus.xml").getroot()
    filters = {pv.get("name", ""): pv.findtext("filter") for pv in root.iter("pv")}
    prefix = hall.epics.prefix
    expected = f"('{prefix}SYS:FEED' != 2) & ('{prefix}SYS:MODELS' != 2)"
    assert {filters[name] for name in triggers(hall)} == {expected}
    assert {filters[name] for name in service(hall)} == {None}


def test_phoebus_says_what_to_do(hall: HallConfig, generated: Path) -> None:
    root = ElementTree.parse(generated / "alarms" / "phoebus.xml").getroot()
    for plot_type in hall.plot_types():
        pv = root.find(f".//component[@name='{plot_type.group}']/pv[@name='HYDRA:HALLD:{plot_type.pv}:STATUS']")
        assert pv is not None
        assert plot_type.response in pv.findtext("guidance/details", "")
        assert pv.findtext("display/details", "").endswith(f"phoebus/plot.bob?P=HYDRA:HALLD:&R={plot_type.pv}")


def test_displays_of_the_tree_exist(generated: Path) -> None:
    root = ElementTree.parse(generated / "alarms" / "phoebus.xml").getroot()
    for details in root.findall(".//display/details"):
        name = (details.text or "").removeprefix("/opt/hydra/opi/hall-d/").split("?")[0]
        assert (generated / name).is_file(), details.text


def test_alh_has_groups_channels_and_guidance(hall: HallConfig, generated: Path) -> None:
    lines = (generated / "alarms" / "hydra.alhConfig").read_text(encoding="utf-8").splitlines()
    groups = {"NULL"}
    found = []
    guidance = False
    for line in lines:
        if line == "$GUIDANCE":
            assert not guidance
            guidance = True
        elif line == "$END":
            assert guidance
            guidance = False
        elif guidance:
            assert not line.startswith("$")
        elif line.startswith("GROUP"):
            _, parent, name = line.split()
            assert parent in groups
            groups.add(name)
        elif line.startswith("CHANNEL"):
            _, parent, pv, mask = line.split()
            assert parent in groups and mask == "-----"
            found.append(pv)
        else:
            assert line.startswith(("$ALIAS ", "$COMMAND "))
    assert not guidance
    assert sorted(found) == sorted(triggers(hall) + service(hall))


def test_jaws_actions_and_alarms_belong_together(hall: HallConfig, generated: Path) -> None:
    actions, entries = jaws(generated, "jaws-actions"), jaws(generated, "jaws-alarms")
    found = [one["source"]["org.jlab.jaws.entity.EPICSSource"]["pv"] for one in entries.values()]
    assert sorted(found) == sorted(triggers(hall) + service(hall) + ["HYDRA:HALLD:SYS:HEARTBEAT"])
    for entry in entries.values():
        assert entry["action"] in actions
        assert entry["maskedby"] is None or entry["maskedby"] in entries
    assert {action["latchable"] for action in actions.values()} == {True}
    for plot_type in hall.plot_types():
        assert plot_type.response in actions[f"Hydra hall-d {plot_type.title}"]["correctiveaction"]


def test_only_an_ioc_that_cannot_be_reached_masks_its_plots(hall: HallConfig, generated: Path) -> None:
    entries = jaws(generated, "jaws-alarms")
    parent = entries["Hydra hall-d service down"]
    assert parent["source"]["org.jlab.jaws.entity.EPICSSource"]["pv"] == "HYDRA:HALLD:SYS:HEARTBEAT"
    masked = [one for one in entries.values() if one["maskedby"] == "Hydra hall-d service down"]
    assert len(masked) == len(hall.plot_types())


def test_awkward_groups_and_texts() -> None:
    text = """\
deployment: test
epics: {prefix: "T:"}
defaults: {classes: {Good: {severity: none, key: g}, Bad: {severity: major, key: b}}}
plots:
  A: {pv: A, group: "RF / timing", title: 'Ω <&> "A"', response: "$END of <it> & all"}
  B: {pv: B, group: "RF / timing", classes: {Bad: {severity: minor}}}
"""
    hall = parse_config(text, Path("hall.yaml"), {})
    files = alarms.files(hall, "/screens")
    root = ElementTree.fromstring(files["phoebus.xml"].encode())
    assert [component.get("name") for component in root.findall("component")] == ["RF - timing", "Hydra itself"]
    assert root.findtext("component/pv/guidance/details") == "$END of <it> & all"
    assert "GROUP    HYDRA  RF_timing" in files["hydra.alhConfig"]
    assert "$GUIDANCE\nEND of <it> & all\n$END" in files["hydra.alhConfig"]
    assert '"correctiveaction": "$END of <it> & all"' in files["jaws-actions"]
    assert "Nothing is written down for this plot." in files["phoebus.xml"]


@pytest.mark.parametrize("file", ["phoebus.xml", "hydra.alhConfig", "jaws-alarms"])
def test_no_inputs_no_alarm_of_inputs(file: str) -> None:
    text = alarms.files(hall_of({"A": 1}), "/screens")[file]
    assert "T:SYS:DISK" in text and "T:SYS:INPUTS" not in text
