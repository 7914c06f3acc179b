"""A running hall for each test."""

import httpx
import pytest
from support.web_server import running_hall


@pytest.fixture
def running(tmp_path):
    with running_hall(tmp_path) as made:
        yield made


@pytest.fixture
def client(running):
    with httpx.Client(base_url=running.url, headers={"Origin": running.url}, timeout=20) as made:
        yield made
