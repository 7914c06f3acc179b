"""A lab for each test, and one with a model trained once for all tests here."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.lab import Lab, open_lab

from hydra_core.domain import ModelRecord, PlotType


@pytest.fixture
def new_lab(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    labs: list[Lab] = []

    def make(name: str = "lab", plot_type: PlotType | None = None) -> Lab:
        labs.append(open_lab(tmp_path / name, plot_type))
        return labs[-1]

    yield make
    for lab in labs:
        lab.store.close()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, ModelRecord]]:
    """A lab with 24 plots a class in runs and a model trained on them; tests must not change it."""
    lab = open_lab(tmp_path_factory.mktemp("trained"))
    lab.label({"Good": 24, "Bad": 24, "NoData": 24}, runs=8)
    record = lab.train(epochs=14)
    lab.store.promote(lab.plot_type.name, record.ref.version, "test")
    yield lab, record
    lab.store.close()
