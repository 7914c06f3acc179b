"""`hydra config check|show|schema`, through the command line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from hydra_cli import config as commands
from hydra_core.config import json_schema, render_resolved
from hydra_core.config import load_config as load
from hydra_core.errors import ConfigError
from hydra_core.pvs import all_names


@pytest.fixture
def hall(tmp_path: Path, sound: str) -> Path:
    """A sound hall in a file."""
    path = tmp_path / "hall.yaml"
    path.write_text(sound)
    return path


def hydra(*words: str | Path, env: dict[str, str] | None = None) -> Result:
    """Run the commands in this process."""
    app = typer.Typer()
    commands.register(app)
    return CliRunner().invoke(app, ["config", *map(str, words)], env={"HYDRA_CONFIG": None, **(env or {})})


def count(hall: Path) -> int:
    """Return the number of PVs that the hall's tables describe."""
    config = load(hall, {})
    names = list(all_names(config.epics.prefix, config.plot_types()))
    assert len(set(names)) == len(names) > 100
    return len(names)


def test_check_counts_what_is_right(hall: Path) -> None:
    result = hydra("check", "-c", hall)
    assert result.exit_code == 0
    assert result.stdout == f"{hall}: ok, 2 plot types, {count(hall)} PVs\n"


def test_check_takes_the_file_from_the_environment(hall: Path) -> None:
    result = hydra("check", env={"HYDRA_CONFIG": str(hall)})
    assert (result.exit_code, "ok, 2 plot types" in result.stdout) == (0, True)


def test_check_without_a_file_is_wrong_usage() -> None:
    assert hydra("check").exit_code == 2


def test_check_prints_warnings_on_stderr(hall: Path) -> None:
    hall.write_text(hall.read_text().replace(", response: Call.", ", response: Call., mode: test", 1))
    result = hydra("check", "-c", hall)
    assert result.exit_code == 0
    assert result.stderr.startswith(f"warning: {hall}:12: plots.CDC_occupancy.mode: ")
    assert len(result.stdout.splitlines()) == 1


def test_check_for_machines(hall: Path) -> None:
    found = json.loads(hydra("check", "-c", hall, "--json").stdout)
    assert found == {"file": str(hall), "plot_types": 2, "pvs": count(hall), "warnings": []}


def test_check_looks_at_the_password_file_too(hall: Path) -> None:
    hall.write_text(
        hall.read_text() + "database: {url: 'mysql+pymysql://hydra@dbhost/hall_d', password_file: none.password}\n"
    )
    result = hydra("check", "-c", hall)
    assert isinstance(result.exception, ConfigError)
    assert "none.password: no such file" in str(result.exception)


def test_show_prints_the_file_as_understood(hall: Path) -> None:
    plain = hydra("show", "-c", hall)
    assert plain.exit_code == 0
    assert "prefix: 'HYDRA:HALLD:'" in plain.stdout
    machine = json.loads(hydra("show", "-c", hall, "--json").stdout)
    assert machine["plots"]["CDC_occupancy"] == {"pv": "CDC_OCC", "response": "Call."}


def test_show_resolved_prints_every_value_with_its_origin(hall: Path) -> None:
    assert hydra("show", "-c", hall, "--resolved").stdout == render_resolved(load(hall, {})) + "\n"
    settings = json.loads(hydra("show", "-c", hall, "--resolved", "--json").stdout)
    assert {
        "path": "plots.CDC_occupancy.pv",
        "value": "CDC_OCC",
        "origin": "plots.CDC_occupancy line 12",
        "line": 12,
    } in (settings)


def test_schema_prints_the_schema() -> None:
    assert json.loads(hydra("schema").stdout) == json_schema()


def test_the_real_command_exits_with_2_and_says_all(hall: Path) -> None:
    hall.write_text(hall.read_text().replace("threshold:", "treshold:").replace("pv: FCAL_OCC", "pv: FCAL.OCC"))
    command = [str(Path(sys.executable).with_name("hydra")), "config", "check", "-c", str(hall)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f'hydra: {hall}:5: defaults.treshold: unknown key; did you mean "threshold"?\n'
        f'{hall}:13: plots.FCAL_occupancy.pv: "FCAL.OCC" has "."; '
        "PV names may hold letters, digits and _ : - { } < >\n"
    )
