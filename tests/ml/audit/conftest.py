"""A hall that audits look at, and the frozen backbone, once for all of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy, copytree

import numpy as np
import pytest
from support.lab import Lab, draw, png

from hydra_core.archive import FileArchive
from hydra_core.domain import ModelRecord
from hydra_core.store import SqlStore
from hydra_ml.audit.features import LightFeatures


@pytest.fixture(scope="session")
def backbone() -> LightFeatures:
    return LightFeatures()


@pytest.fixture
def lab(trained: tuple[Lab, ModelRecord], tmp_path: Path) -> Iterator[Lab]:
    """A copy of the trained hall that a test may fill."""
    home = trained[0].models.parent
    for name in ("images", "models"):
        copytree(home / name, tmp_path / name)
    for file in home.glob("hydra.sqlite3*"):
        copy(file, tmp_path / file.name)
    store = SqlStore(f"sqlite:///{tmp_path / 'hydra.sqlite3'}")
    yield Lab(store, FileArchive(tmp_path / "images"), tmp_path / "models", trained[0].plot_type)
    store.close()


@pytest.fixture
def recent() -> tuple[list[tuple[bytes, int]], datetime]:
    """Usual plots of eight runs (PNG, run), and when the first was judged: a day ago."""
    rng = np.random.default_rng(9)
    drawn = [(png(draw("Good", rng)), 700 + run) for run in range(8) for _ in range(3)]
    return drawn, datetime.now(UTC) - timedelta(days=1)
