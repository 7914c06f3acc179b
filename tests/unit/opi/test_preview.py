"""The preview draws what a screen says: quiet when all is well, and what is wrong in its colour."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.readings import BAD_DAY, readings
from typer.testing import CliRunner

from hydra_cli.main import build
from hydra_core.config import HallConfig
from hydra_core.domain import Status
from hydra_core.errors import UsageError
from hydra_core.opi.preview import draw
from hydra_core.opi.readings import Reading, read_values

MAJOR, MINOR, INVALID, GONE = (255, 0, 0), (255, 128, 0), (255, 0, 255), (200, 0, 200)
PAGES = ("overview", "plot", "service", "expert")
MACROS = {"P": "HYDRA:HALLD:", "R": "FCAL_OCC"}
Box = tuple[int, int, int, int]


def good(hall: HallConfig) -> dict[str, Reading]:
    return readings(hall, {one.name: Status.GOOD for one in hall.plot_types()}, {})


def bad(hall: HallConfig) -> dict[str, Reading]:
    return readings(hall, {one.name: status for one, status in zip(hall.plot_types(), BAD_DAY, strict=True)}, {})


def pixels(picture: Image.Image, colour: tuple[int, int, int], box: Box | None = None) -> int:
    part = picture.crop(box) if box is not None else picture
    return int((np.asarray(part) == colour).all(axis=2).sum())


@pytest.mark.parametrize("page", PAGES)
def test_all_is_quiet_while_all_is_well(hall: HallConfig, generated: Path, page: str) -> None:
    picture = draw(generated / "phoebus" / f"{page}.bob", good(hall), MACROS)
    assert picture.size == (1920, 1080)
    for colour in (MAJOR, MINOR, INVALID, GONE):
        assert pixels(picture, colour) == 0
    if page in ("service", "expert"):
        spread = np.ptp(np.asarray(picture).astype(int), axis=2)
        assert (spread > 60).mean() < 0.005, "grey, but for the names of lines"


def test_what_is_wrong_stands_out_where_it_is(hall: HallConfig, generated: Path) -> None:
    picture = draw(generated / "phoebus" / "overview.bob", bad(hall))
    first, second = (12, 160, 372, 210), (384, 160, 744, 210)
    assert pixels(picture, MAJOR, second) > 3000, "FCAL is BAD"
    assert pixels(picture, MAJOR, first) == 0, "CDC is GOOD"
    assert pixels(picture, MAJOR, (570, 40, 660, 90)) > 1000, "one plot type is BAD"
    assert pixels(picture, MINOR, (1200, 15, 1420, 40)) > 500, "the service is degraded"
    top = (1540, 150, 1700, 200)
    assert pixels(picture, MAJOR, top) > 1000, "the worst stands first"


def test_a_muted_alarm_keeps_its_word_and_has_no_colour(hall: HallConfig, generated: Path) -> None:
    values = bad(hall)
    muted = "HYDRA:HALLD:FCAL_OCC:STATUS"
    tile = generated / "phoebus" / "tile.bob"
    assert pixels(draw(tile, values, MACROS), MAJOR) > 3000
    values[muted] = Reading("BAD", index=4)
    values["HYDRA:HALLD:FCAL_OCC:MUTE"] = Reading(12.0)
    picture = draw(tile, values, MACROS)
    assert pixels(picture, MAJOR) == 0
    assert pixels(picture, (255, 255, 255), (194, 346, 240, 362)) > 300, "it says MUTED"


def test_the_marks_are_hidden_without_reason(hall: HallConfig, generated: Path) -> None:
    picture = draw(generated / "phoebus" / "tile.bob", good(hall), MACROS)
    assert pixels(picture, (255, 255, 255), (190, 346, 360, 366)) == 0


def test_a_pv_that_is_not_there_is_unlike_a_good_one(hall: HallConfig, generated: Path) -> None:
    values = {name: value for name, value in good(hall).items() if "FCAL" not in name}
    assert pixels(draw(generated / "phoebus" / "tile.bob", values, MACROS), GONE) > 200


def test_each_shape_is_drawn_differently(hall: HallConfig, generated: Path) -> None:
    drawn = set()
    for status in Status:
        values = {"HYDRA:HALLD:FCAL_OCC:STATUS": Reading(status.name, index=int(status))}
        picture = draw(generated / "phoebus" / "tile.bob", values, MACROS)
        drawn.add(picture.crop((6, 6, 36, 36)).tobytes())
    assert len(drawn) == len(Status)


def test_pictures_are_shown(hall: HallConfig, generated: Path) -> None:
    values = good(hall)
    values["HYDRA:HALLD:FCAL_OCC:IMAGE"] = Reading(np.full((300, 400, 3), (1, 2, 3), dtype=np.uint8))
    picture = draw(generated / "phoebus" / "tile.bob", values, MACROS)
    assert pixels(picture, (1, 2, 3)) == 352 * 264


def test_the_command_draws_a_png(hall: HallConfig, generated: Path, tmp_path: Path) -> None:
    values, out = tmp_path / "values.json", tmp_path / "tile.png"
    status = {"value": "BAD", "severity": "MAJOR", "index": 4}
    values.write_text(json.dumps({"X:Y:STATUS": status, "X:Y:AGE": 3}))
    screen = str(generated / "phoebus" / "tile.bob")
    arguments = ["opi", "preview", screen, "--out", str(out), "--values", str(values)]
    done = CliRunner().invoke(build(), [*arguments, "--macro", "P=X:", "--macro", "R=Y"])
    assert done.exit_code == 0, done.output
    assert pixels(Image.open(out).convert("RGB"), MAJOR) > 3000


@pytest.mark.parametrize("text", ["[1]", "{", '{"A": {"value": 1, "severity": "LOUD"}}', '{"A": {"colour": 1}}'])
def test_values_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "values.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"values\.json is no JSON object of PV values"):
        read_values(path)


@pytest.mark.parametrize("name", ["history.plt", "../boy/tile.opi", "../pvs.csv"])
def test_only_phoebus_displays_are_drawn(generated: Path, name: str) -> None:
    with pytest.raises(UsageError, match="display"):
        draw(generated / "phoebus" / name, {})
