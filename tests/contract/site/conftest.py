"""Receivers as sites run them, listening."""

from collections.abc import AsyncIterator

import pytest
from support.site_receivers import LogServer, RecCeiver


@pytest.fixture
async def log_server() -> AsyncIterator[LogServer]:
    """A log server that listens."""
    server = LogServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def receiver() -> AsyncIterator[RecCeiver]:
    """A RecCeiver that listens."""
    server = RecCeiver()
    await server.start()
    yield server
    await server.stop()
