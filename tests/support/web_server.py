"""A hall's web service for tests: real uvicorn on a free port over a real SQLite store, filled by a `Shift`."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from hydra_core.archive import FileArchive
from hydra_core.store import SqlStore
from hydra_web.app import create_app
from hydra_web.events import WallFeed
from hydra_web.server import WebServer
from support.wall import HALL, Shift, hall

PATIENCE = 15.0


@dataclass
class Hall:
    """A running web service and what is behind it."""

    url: str
    store: SqlStore
    archive: FileArchive
    shift: Shift
    feed: WallFeed
    server: WebServer
    models: Path = Path()

    def stop(self) -> None:
        """Ask the server to stop, as SIGTERM does."""
        self.server.should_exit = True

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds; fail when it does not."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.02)

    def caught_up(self) -> None:
        """Wait until the web process has seen all that was recorded."""
        last = self.store.last_change_id()
        self.until(lambda: self.feed.cursor >= last)


@contextmanager
def running_hall(directory: Path, text: str = HALL, web: str = "") -> Iterator[Hall]:
    """Serve a hall with an empty database below `directory` until the block ends; `web`: more keys of that section."""
    config = hall(directory, text=text, web=web)
    store = SqlStore(f"sqlite:///{directory / 'hydra.sqlite3'}")
    store.upgrade()
    store.sync_plot_types(config.plot_types())
    archive = FileArchive(directory / "images")
    shift = Shift(config, store.record, archive)
    shift.open()
    app = create_app(config, store, archive)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = WebServer(app, "127.0.0.1", listener.getsockname()[1])
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="web")
        thread.start()
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            made = Hall(url, store, archive, shift, app.state.parts.feed, server, config.models.path)
            made.until(lambda: server.started)
            yield made
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            store.close()
            assert not thread.is_alive(), "the server does not stop"


Message = tuple[str, str, dict]


def messages(response: httpx.Response) -> Iterator[Message]:
    """Yield (event, id, data) of a stream of server-sent events."""
    name = number = ""
    for line in response.iter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "id":
            number = value
        elif field == "data":
            yield name, number, json.loads(value)
            name = number = ""
