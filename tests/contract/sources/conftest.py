"""A running directory source whose arrivals and rejects are collected."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Any

import pytest
from support.watched import PLOTS, Running, Start

from hydra_core.sources import DirectorySource


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    tasks: list[asyncio.Task[None]] = []

    async def begin(
        path: Path,
        pattern: str = "{plot}_{chunk:d}.png",
        known: Collection[str] = PLOTS,
        pause: float = 0.0,
        **options: Any,
    ) -> Running:
        rejected: list[tuple[str | None, str, str]] = []
        options = {"polling": None, "reconcile": 0.3, "seen": lambda uid: False} | options
        source = DirectorySource(path, pattern, known, on_reject=lambda *what: rejected.append(what), **options)
        running = Running(source, rejected, pause=pause)
        tasks.append(asyncio.create_task(running.consume()))
        if options["polling"] is None:
            await running.until(lambda: source.watching)
        return running

    yield begin
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
