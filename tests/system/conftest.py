"""What system tests share: models trained once, and halls with a running IOC."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.ca import CaClient
from support.hall import Hall, IocProcess, Trained
from support.mariadb import MariaDb, running_mariadb


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Real models of two plot types, and pictures; kept in $HYDRA_TEST_MODELS from run to run if that is set."""
    kept = os.environ.get("HYDRA_TEST_MODELS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("trained") / "models"
    return Trained.made_in(folder)


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    with running_mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture
def hall(tmp_path: Path, trained: Trained) -> Hall:
    """A hall on SQLite with active models; nothing runs yet."""
    made = Hall(tmp_path / "hall")
    made.use_models(trained)
    return made


@pytest.fixture
def start() -> Iterator[Callable[..., IocProcess]]:
    """Start IOCs; all are ended with the test."""
    running: list[IocProcess] = []

    def begin(hall: Hall, **environment: str) -> IocProcess:
        running.append(IocProcess(hall, **environment))
        return running[-1]

    yield begin
    for ioc in running:
        ioc.kill()


@pytest.fixture
def client() -> Iterator[Callable[[Hall], CaClient]]:
    """Start libca clients of a hall; all are ended with the test."""
    running: list[CaClient] = []

    def begin(hall: Hall) -> CaClient:
        running.append(hall.client())
        return running[-1]

    yield begin
    for one in running:
        one.close()
