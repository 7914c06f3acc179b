"""What a small install and a quick start rest on: heavy libraries are imported only by what needs them."""

import json
import subprocess
import sys

import pytest
from support.hall import quiet

HEAVY = ("tensorflow", "keras", "fastapi", "starlette", "uvicorn", "matplotlib", "cv2")
PROGRAM = """
import json, sys
from hydra_cli.main import build
try:
    {action}
except SystemExit as end:
    assert not end.code, end.code
print("\\n" + json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def imported(action: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has imported after an action."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(action=action)], capture_output=True, text=True, env=quiet(), timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "action",
    [
        "import hydra_ioc.service",
        "build()(['--help'])",
        "build()(['ioc', 'run', '--help'])",
        "build()(['train', '--help'])",
        "build()(['demo', '--help'])",
        "build()(['config', 'check', '-c', 'config/hall-d.example.yaml'])",
    ],
)
def test_nothing_heavy_is_imported(action: str) -> None:
    assert imported(action) & set(HEAVY) == set()


def test_the_web_service_imports_neither_tensorflow_nor_the_ioc() -> None:
    found = imported("import hydra_web.app, hydra_web.server")
    assert "fastapi" in found
    assert found & {"tensorflow", "keras", "cv2", "matplotlib", "caproto", "epics", "hydra_ioc", "hydra_ml"} == set()


def test_the_probe_sees_what_is_imported() -> None:
    assert "cv2" in imported("import cv2")
