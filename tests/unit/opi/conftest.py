"""The example hall, and what is generated for it in a directory of its own."""

from pathlib import Path

import pytest

from hydra_core import opi
from hydra_core.config import HallConfig, load_config

ROOT = Path(__file__).parents[3]
INSTALLED = "/opt/hydra/opi/hall-d"


@pytest.fixture(scope="session")
def hall() -> HallConfig:
    return load_config(ROOT / "config" / "hall-d.example.yaml", {})


@pytest.fixture(scope="session")
def generated(hall: HallConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is generated for the example hall."""
    directory = tmp_path_factory.mktemp("generated")
    opi.write(opi.build(hall, INSTALLED), directory)
    return directory
