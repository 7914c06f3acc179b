"""From the overview everything can be reached, every macro resolves, every file and every PV is there."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.displays import MACRO, open_all

from hydra_core.config import HallConfig
from hydra_core.pvs import all_names

BOTH = pytest.mark.parametrize(("folder", "ending"), [("phoebus", ".bob"), ("boy", ".opi")])


@BOTH
def test_every_screen_is_reached_from_the_overview(generated: Path, folder: str, ending: str) -> None:
    reached = {opened.file for opened in open_all(generated / folder / f"overview{ending}")}
    other_tile = "tile-small" if (generated / folder / f"tile{ending}").resolve() in reached else "tile"
    assert {path.resolve() for path in (generated / folder).rglob(f"*{ending}")} - reached == {
        (generated / folder / f"{other_tile}{ending}").resolve()
    }


@BOTH
def test_every_macro_resolves(generated: Path, folder: str, ending: str) -> None:
    opened = open_all(generated / folder / f"overview{ending}")
    assert len(opened) > 20
    for one in opened:
        left = set(MACRO.findall(ElementTree.tostring(one.root, encoding="unicode"))) - {"pv_name"}
        assert left == set(), (one.file.name, one.macros)
        assert {name for name, _ in one.macros} <= {"P", "R"}


@BOTH
def test_a_plot_page_gets_its_own_plot_type(hall: HallConfig, generated: Path, folder: str, ending: str) -> None:
    opened = open_all(generated / folder / f"overview{ending}")
    pages = [dict(one.macros) for one in opened if one.file.stem == "plot"]
    assert sorted(page["R"] for page in pages) == sorted(one.pv for one in hall.plot_types())
    assert {page["P"] for page in pages} == {"HYDRA:HALLD:"}
    strips = {(one.file.stem, dict(one.macros)["R"]) for one in opened if one.file.parent.name == "about"}
    assert strips == {(one.pv, one.pv) for one in hall.plot_types()}


@BOTH
def test_every_file_that_is_referred_to_exists(generated: Path, folder: str, ending: str) -> None:
    seen = set()
    for one in open_all(generated / folder / f"overview{ending}"):
        for path, _, _ in one.files():
            assert path.is_file(), f"{one.file.name} refers to {path}"
            seen.add(path.suffix)
    assert seen == {ending, ".plt"}


@BOTH
def test_every_pv_is_in_the_table(hall: HallConfig, generated: Path, folder: str, ending: str) -> None:
    served = set(all_names(hall.epics.prefix, hall.plot_types()))
    asked = {pv for one in open_all(generated / folder / f"overview{ending}") for pv in one.pvs()}
    assert {pv.removesuffix(".VAL$") for pv in asked} <= served
    assert {pv for pv in asked if pv.rsplit(":", 1)[1] in ("MSG", "MODEL", "LASTREJ")} == set(), "long text needs .VAL$"
    for suffix in ("STATUS", "IMAGE", "HEATMAP", "SCORES", "MUTE", "ACK", "ENABLE", "AGE", "THRESH", "MSG.VAL$"):
        assert {f"HYDRA:HALLD:{one.pv}:{suffix}" for one in hall.plot_types()} <= asked, suffix


def test_age_stands_beside_every_judgement(generated: Path) -> None:
    for name in ("tile.bob", "tile-small.bob", "plot.bob"):
        text = (generated / "phoebus" / name).read_text()
        assert "$(P)$(R):STATUS" in text and "$(P)$(R):AGE" in text
    overview = (generated / "phoebus" / "overview.bob").read_text()
    ranks = range(1, 7)
    assert all(f"TOP{rank}:STATUS" in overview and f"TOP{rank}:AGE" in overview for rank in ranks)


def test_status_is_said_by_colour_word_and_shape(generated: Path) -> None:
    for name in ("tile.bob", "tile-small.bob", "plot.bob"):
        root = ElementTree.parse(generated / "phoebus" / name).getroot()
        widgets = [w for w in root.findall("widget") if w.findtext("pv_name") == "$(P)$(R):STATUS"]
        assert {widget.get("type") for widget in widgets} == {"text-symbol", "textupdate"}
        symbols = [symbol.text for widget in widgets for symbol in widget.findall("symbols/symbol")]
        assert len(symbols) == len(set(symbols)) == 8
        for widget in widgets:
            colours = [one.get("name") for one in widget.findall("rules/rule/exp/value/color")]
            assert colours == ["MINOR", "MAJOR", "INVALID"]


def test_the_operator_is_told_what_to_do(hall: HallConfig, generated: Path) -> None:
    for plot_type in hall.plot_types():
        for path in (f"phoebus/about/{plot_type.pv}.bob", f"boy/about/{plot_type.pv}.opi"):
            texts = [text.text for text in ElementTree.parse(generated / path).iter("text")]
            assert plot_type.response in texts and plot_type.title in texts
    assert "https://wiki.example.org/hydra/cdc" in (generated / "phoebus/about/CDC_OCC.bob").read_text()
