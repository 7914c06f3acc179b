"""The archiver request, the PV lists and the data browser's plots."""

import csv
import json
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.displays import MACRO

from hydra_core.config import HallConfig
from hydra_core.opi.listing import all_pvs
from hydra_core.pvs import all_names


def test_the_archiver_is_asked_for_what_the_table_says(hall: HallConfig, generated: Path) -> None:
    rows = json.loads((generated / "archiver" / "archivePV.json").read_text())
    assert [row["pv"] for row in rows] == [name for name, spec in all_pvs(hall) if spec.archive]
    for row in rows:
        assert set(row) == {"pv", "samplingmethod", "samplingperiod"}
        assert row["samplingmethod"] in ("MONITOR", "SCAN") and isinstance(row["samplingperiod"], str)
    scanned = {row["pv"]: row["samplingperiod"] for row in rows if row["samplingmethod"] == "SCAN"}
    assert scanned == {"HYDRA:HALLD:SYS:HEARTBEAT": "60.0"}
    assert not [row["pv"] for row in rows if row["pv"].endswith(("IMAGE", "HEATMAP", "SCORES", "AGE"))]


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
