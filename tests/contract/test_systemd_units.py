"""The shipped units are such as systemd accepts, expose little, and come back whatever happens."""

import configparser
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from hydra_cli.main import build
from hydra_core.config.database import CREDENTIAL

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = ("hydra-ioc@.service", "hydra-web@.service")
ALL = (*SERVICES, "hydra-notify@.service", "hydra-train@.service", "hydra-purge@.service", "hydra-report@.service")
PYTHON = "/opt/hydra/.venv/bin/hydra"
MOST = 2.0


class Unit(configparser.RawConfigParser):
    """A unit file; a key that stands twice keeps its last value here."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, interpolation=None)
        self.optionxform = str  # type: ignore[assignment]
        self.read(path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units as an administrator would have them for one hall, with a program that is on this machine."""
    folder = tmp_path_factory.mktemp("units")
    for path in UNITS.iterdir():
        text = path.read_text().replace(PYTHON, sys.executable)
        (folder / path.name.replace("@.", "@hall-d.")).write_text(text)
    return folder


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("systemd-analyze")
    assert tool is not None, "systemd-analyze is needed: install the package systemd"
    return subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=60)


def test_systemd_accepts_them(installed: Path) -> None:
    done = analyze("verify", "--man=no", *(str(path) for path in sorted(installed.iterdir())))
    assert (done.returncode, done.stderr) == (0, "")


def test_verify_would_notice(installed: Path, tmp_path: Path) -> None:
    broken = tmp_path / "hydra-ioc@hall-d.service"
    text = (installed / broken.name).read_text()
    broken.write_text(text.replace("Restart=always", "Restart=allways"))
    assert "restart specifier" in analyze("verify", "--man=no", str(broken)).stderr


@pytest.mark.parametrize("name", ALL)
def test_they_expose_little(installed: Path, name: str) -> None:
    unit = str(installed / name.replace("@.", "@hall-d."))
    done = analyze("security", "--offline=true", "--no-pager", unit)
    found = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= MOST
    rows = json.loads(analyze("security", "--offline=true", "--json=short", unit).stdout)
    tensorflow = {row["json_field"]: row["set"] for row in rows}["MemoryDenyWriteExecute"]
    assert tensorflow is ("ioc" not in name and "train" not in name), (
        "TensorFlow compiles at run time, the others need nothing of the kind"
    )


@pytest.mark.parametrize("name", ALL)
def test_they_start_a_command_that_exists(name: str) -> None:
    words = Unit(UNITS / name)["Service"]["ExecStart"].split()
    assert words[0] == PYTHON
    command = get_command(build())
    for word in (word for word in words[1:] if not word.startswith("--")):
        command = command.commands[word]  # type: ignore[attr-defined]
    options = [option for param in command.params for option in param.opts if "HYDRA_CONFIG" == param.envvar]
    assert "--config" in options, "the configuration comes from the environment"


@pytest.mark.parametrize("name", [*SERVICES, "hydra-notify@.service", "hydra-train@.service"])
def test_they_come_back(name: str) -> None:
    unit = Unit(UNITS / name)
    assert unit["Service"]["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit["Service"]["RestartPreventExitStatus"] == "2", "a wrong configuration is not mended by a restart"
    assert unit["Service"]["Environment"] == "HYDRA_CONFIG=/etc/hydra/%i.yaml"
    assert unit["Install"]["WantedBy"] == unit["Unit"]["PartOf"] == "hydra.target"
    assert ("WatchdogSec" in unit["Service"]) == ("ioc" in name), "the IOC alone feeds a watchdog"


@pytest.mark.parametrize("name", ALL)
def test_secrets_need_not_lie_where_the_user_can_read_them(name: str) -> None:
    """A path that is not absolute is looked for in /etc/credstore, and may be missing."""
    identifier, path = Unit(UNITS / name)["Service"]["LoadCredential"].split(":")
    assert identifier == CREDENTIAL and path == "hydra-%i.db.password" and "/" not in path


def test_the_purge_comes_every_night_and_is_not_felt() -> None:
    timer, service = Unit(UNITS / "hydra-purge@.timer"), Unit(UNITS / "hydra-purge@.service")["Service"]
    assert timer["Timer"]["Persistent"] == "true" and timer["Install"]["WantedBy"] == "timers.target"
    done = analyze("calendar", timer["Timer"]["OnCalendar"])
    assert done.returncode == 0 and "04:30:00" in done.stdout
    assert (service["Type"], service["IOSchedulingClass"]) == ("oneshot", "idle")
    assert int(service["Nice"]) > 0 and "Restart" not in service


def test_the_report_comes_every_morning() -> None:
    timer, service = Unit(UNITS / "hydra-report@.timer"), Unit(UNITS / "hydra-report@.service")["Service"]
    assert timer["Timer"]["Persistent"] == "true" and timer["Install"]["WantedBy"] == "timers.target"
    assert service["ExecStart"].endswith("hydra report shift --mail") and service["Type"] == "oneshot"


def test_only_the_ioc_says_when_it_is_ready() -> None:
    ioc, web = (Unit(UNITS / name)["Service"] for name in SERVICES)
    assert (ioc["Type"], ioc["NotifyAccess"], ioc["TimeoutStartSec"]) == ("notify", "main", "infinity")
    assert web["Type"] == "simple"
