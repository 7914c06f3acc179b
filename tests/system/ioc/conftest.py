"""One running IOC for all tests of a module, and the screen of an operator who watches it."""

from collections.abc import Iterator

import pytest
from support.hall import Hall, IocProcess, Trained
from support.screen import Screen


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory, trained: Trained) -> Iterator[Screen]:
    """A screen on a running hall; each test leaves the plot types that it used GOOD."""
    hall = Hall(tmp_path_factory.mktemp("module") / "hall")
    hall.use_models(trained)
    client = hall.client()
    with IocProcess(hall) as ioc, client:
        ioc.wait_ready()
        yield Screen(hall, client)
        assert ioc.process.poll() is None, f"the IOC died:\n{ioc.text()}"
        assert "Traceback" not in ioc.text(), ioc.text()
