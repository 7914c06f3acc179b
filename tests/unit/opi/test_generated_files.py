"""The committed files are those that the configuration and the code give, and nothing else."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hydra_cli.main import build as build_app
from hydra_core import opi
from hydra_core.config import HallConfig

ROOT = Path(__file__).parents[3]
COMMITTED = ROOT / "opi" / "hall-d"


def texts(directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): path.read_text(encoding="utf-8")
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_committed_files_are_up_to_date(generated: Path) -> None:
    committed, now = texts(COMMITTED), texts(generated)
    assert sorted(committed) == sorted(now), "run `make generated`"
    assert [name for name in now if committed[name] != now[name]] == [], "run `make generated`"


def test_the_command_writes_them(tmp_path: Path) -> None:
    example = str(ROOT / "config" / "hall-d.example.yaml")
    done = CliRunner().invoke(build_app(), ["opi", "build", "-c", example, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert texts(tmp_path) == texts(COMMITTED)
    assert done.stdout.strip().endswith(f"{len(texts(tmp_path))} files")


def test_a_plot_type_that_is_gone_leaves_no_screen(hall: HallConfig, tmp_path: Path) -> None:
    files = dict(opi.build(hall, "/somewhere"))
    opi.write(files, tmp_path)
    (tmp_path / "phoebus" / "about" / "mine.txt").write_text("not ours")
    del files["phoebus/about/CDC_OCC.bob"], files["boy/about/CDC_OCC.opi"]
    opi.write(files, tmp_path)
    left = texts(tmp_path)
    assert "phoebus/about/CDC_OCC.bob" not in left and "boy/about/CDC_OCC.opi" not in left
    assert "phoebus/about/mine.txt" in left


@pytest.mark.parametrize("installed", ["/elsewhere", "/elsewhere/", "https://screens.example.org/hydra"])
def test_alarm_handlers_are_told_where_the_screens_are(hall: HallConfig, installed: str) -> None:
    text = opi.build(hall, installed)["alarms/phoebus.xml"]
    assert f"{installed.rstrip('/')}/phoebus/plot.bob?P=HYDRA:HALLD:&amp;R=CDC_OCC" in text
