"""The archiver request, the PV lists and the data browser's plots."""

import ast
import csv
import json
from itertools import product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.displays import MACRO

from hydra_core import opi
from hydra_core.config import HallConfig, parse_config
from hydra_core.opi.listing import all_pvs
from hydra_core.pvs import all_names

EXAMPLE = Path(__file__).parents[3] / "config" / "hall-d.example.yaml"


def test_the_archiver_is_asked_for_what_the_table_says(hall: HallConfig, generated: Path) -> None:
    rows = json.loads((generated / "archiver" / "archivePV.json").read_text())
    assert [row["pv"] for row in rows] == [name for name, spec in all_pvs(hall) if spec.archive]
    for row in rows:
        assert set(row) == {"pv", "samplingmethod", "samplingperiod"}
        assert row["samplingmethod"] in ("MONITOR", "SCAN") and isinstance(row["samplingperiod"], str)
    scanned = {row["pv"]: row["samplingperiod"] for row in rows if row["samplingmethod"] == "SCAN"}
    assert scanned == {"HYDRA:HALLD:SYS:HEARTBEAT": "60.0"}
    assert not [row["pv"] for row in rows if row["pv"].endswith(("IMAGE", "HEATMAP", "SCORES", "AGE"))]


def test_the_policy_says_the_same_as_the_request(hall: HallConfig, generated: Path) -> None:
    """It is called as the appliance calls it, which runs it with Jython: nothing in it may be newer than Python 2."""
    text = (generated / "archiver" / "policies.py").read_text()
    newer = (ast.JoinedStr, ast.AnnAssign, ast.AsyncFunctionDef, ast.NamedExpr, ast.Nonlocal, ast.Starred)
    tree = ast.parse(text)
    assert not [node for node in ast.walk(tree) if isinstance(node, newer) or getattr(node, "annotation", None)]
    policies: dict[str, Any] = {}
    exec(compile(tree, "policies.py", "exec"), policies)
    decide, rows = policies["determinePolicy"], json.loads((generated / "archiver" / "archivePV.json").read_text())
    for row in rows:
        found = decide({"pvName": row["pv"], "eventRate": 0.1, "storageRate": 1.0, "RTYP": "mbbi"})
        assert (found["samplingMethod"], str(found["samplingPeriod"])) == (row["samplingmethod"], row["samplingperiod"])
        assert len(found["dataStores"]) == 3 and "blackhole" not in found["dataStores"][2]
        assert found["archiveFields"] == []
    picture = decide({"pvName": "HYDRA:HALLD:CDC_OCC:IMAGE"})
    assert picture["policyName"] == "HydraPictures" and picture["dataStores"][2].startswith("blackhole:")
    assert decide({"pvName": "HYDRA:HALLD:CDC_OCC:SCORE", "RTYP": "ai"})["archiveFields"][:1] == ["HIHI"]
    assert decide({"pvName": "OTHER:PV"})["policyName"] == "Default"
    assert decide({"pvName": "OTHER:PV", "policyName": "HydraMinutes"})["samplingMethod"] == "SCAN"
    assert set(policies["getPolicyList"]()) >= {"HydraChanges", "HydraMinutes", "HydraPictures", "Default"}
    assert "LOLO" in policies["getFieldsArchivedAsPartOfStream"]()


def test_names_from_before_are_listed_and_archived(hall: HallConfig) -> None:
    """They are in the lists, the request and the policy; the alarm trees keep one trigger a plot, which is STATUS."""
    text = EXAMPLE.read_text().replace("# compat: clas12", "compat: clas12")
    files = opi.build(parse_config(text, EXAMPLE, {}), "/screens")
    scores = [f"HB:monitoring:ai:{one.name}" for one in hall.plot_types()]
    summary = ["HB:monitoring:ai:stat:A", "HB:monitoring:ai:stat", "HB:monitoring:ai:wf"]
    listed = [row["pv"] for row in csv.DictReader(files["pvs.csv"].splitlines())]
    assert listed[-len(scores) - 3 :] == scores + summary
    assert [row["pv"] for row in json.loads(files["archiver/archivePV.json"])][-len(scores) :] == scores
    policies: dict[str, Any] = {}
    exec(files["archiver/policies.py"], policies)
    assert policies["hydra_policy"](scores[0]) == "HydraChanges"
    assert not [name for name, content in files.items() if name.startswith("alarms/") and "HB:monitoring" in content]


def test_the_lists_have_every_pv(hall: HallConfig, generated: Path) -> None:
    names = list(all_names(hall.epics.prefix, hall.plot_types()))
    with (generated / "pvs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["pv"] for row in rows] == names
    status = next(row for row in rows if row["pv"].endswith("CDC_OCC:STATUS"))
    assert (status["record"], status["alarm"], status["archive"]) == ("mbbi", "yes", "yes")
    score = next(row for row in rows if row["pv"].endswith("CDC_OCC:SCORE"))
    assert (score["mdel"], score["adel"]) == ("0.001", "0.005")
    lines = (generated / "pvs.md").read_text().splitlines()
    assert [line.split("`")[1] for line in lines if line.startswith("| `")] == names


@pytest.mark.parametrize(("folder", "name"), list(product(("phoebus", "boy"), ("history", "service", "hall"))))
def test_plots_show_pvs_on_axes_that_exist(hall: HallConfig, generated: Path, folder: str, name: str) -> None:
    root = ElementTree.parse(generated / folder / f"{name}.plt").getroot()
    macros = {"P": hall.epics.prefix, "R": "CDC_OCC"}
    served = set(all_names(hall.epics.prefix, hall.plot_types()))
    axes, pvs = root.findall("axes/axis"), root.findall("pvlist/pv")
    assert root.tag == "databrowser" and len(pvs) >= 4
    for pv in pvs:
        assert MACRO.sub(lambda found: macros[found[1]], pv.findtext("name", "")) in served
        assert 0 <= int(pv.findtext("axis", "-1")) < len(axes)
    colours = ["/".join(pv.findtext(f"color/{part}", "") for part in ("red", "green", "blue")) for pv in pvs]
    assert len(set(colours)) == min(8, len(colours))


def test_the_hall_plot_needs_no_macros(hall: HallConfig, generated: Path) -> None:
    text = (generated / "phoebus" / "hall.plt").read_text()
    assert not MACRO.search(text)
    assert all(f"HYDRA:HALLD:{one.pv}:SCORE" in text for one in hall.plot_types())
