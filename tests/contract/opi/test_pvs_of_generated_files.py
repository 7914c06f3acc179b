"""Every PV in every generated file connects to an IOC that serves the same hall, through libca."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.ca import CaClient, LoopThread
from support.displays import open_all
from support.ports import free_port

from hydra_core import opi
from hydra_core.config import HallConfig, load_config
from hydra_core.opi.listing import all_pvs
from hydra_ioc.ca import CaServer, make_record

EXAMPLE = Path(__file__).parents[3] / "config" / "hall-d.example.yaml"


@pytest.fixture(scope="module")
def hall() -> HallConfig:
    return load_config(EXAMPLE, {})


@pytest.fixture(scope="module")
def generated(hall: HallConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("generated")
    opi.write(opi.build(hall, "/screens"), directory)
    return directory


@pytest.fixture(scope="module")
def client(hall: HallConfig) -> Iterator[CaClient]:
    """A libca client that sees an IOC with all of the hall's PVs."""
    thread, port = LoopThread(), free_port()
    server = CaServer([make_record(*pv) for pv in all_pvs(hall)], interfaces=["127.0.0.1"], port=port)
    thread.wait(server.start())
    with CaClient(port) as client:
        yield client
    thread.wait(server.stop())
    thread.close()


def check(client: CaClient, names: set[str], at_least: int) -> None:
    wanted = sorted(names)
    assert len(wanted) >= at_least
    there = client.connect(*wanted, timeout=30.0)
    assert [name for name, found in zip(wanted, there, strict=True) if not found] == []


@pytest.mark.parametrize("overview", ["phoebus/overview.bob", "boy/overview.opi"])
def test_screens(client: CaClient, generated: Path, overview: str) -> None:
    check(client, {pv for one in open_all(generated / overview) for pv in one.pvs()}, 220)


def test_long_texts_are_longer_than_a_string(client: CaClient, hall: HallConfig) -> None:
    name = f"{hall.epics.prefix}CDC_OCC:MSG.VAL$"
    check(client, {name}, 1)
    assert client.info(name)["count"] == 256


@pytest.mark.parametrize("file", ["phoebus/hall.plt", "phoebus/history.plt", "boy/service.plt"])
def test_data_browser(client: CaClient, hall: HallConfig, generated: Path, file: str) -> None:
    text = (generated / file).read_text().replace("$(P)", hall.epics.prefix).replace("$(R)", "TOF_OCC")
    check(client, {pv.text or "" for pv in ElementTree.fromstring(text.encode()).findall("pvlist/pv/name")}, 4)


def test_phoebus_alarms(client: CaClient, generated: Path) -> None:
    root = ElementTree.parse(generated / "alarms" / "phoebus.xml").getroot()
    check(client, {pv.get("name", "") for pv in root.iter("pv")}, 13)
    check(client, set(re.findall(r"'([^']+)'", " ".join(pv.findtext("filter", "") for pv in root.iter("pv")))), 2)


def test_alh(client: CaClient, generated: Path) -> None:
    text = (generated / "alarms" / "hydra.alhConfig").read_text()
    check(client, set(re.findall(r"^CHANNEL\s+\S+\s+(\S+)", text, re.MULTILINE)), 13)


def test_jaws(client: CaClient, generated: Path) -> None:
    text = (generated / "alarms" / "jaws-alarms").read_text()
    check(client, set(re.findall(r'"pv": "([^"]+)"', text)), 13)


def test_archiver(client: CaClient, generated: Path) -> None:
    rows = json.loads((generated / "archiver" / "archivePV.json").read_text())
    check(client, {row["pv"] for row in rows}, 90)


def test_list(client: CaClient, generated: Path) -> None:
    with (generated / "pvs.csv").open(newline="") as file:
        check(client, {row["pv"] for row in csv.DictReader(file)}, 250)
