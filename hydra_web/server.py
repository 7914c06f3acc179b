"""Runs the web service: one process, one event loop, stopped by SIGTERM or Ctrl-C with every stream ended."""

import logging
import signal
import socket
from pathlib import Path

import uvicorn
from fastapi import FastAPI

logger = logging.getLogger(__name__)

STOP_WITHIN = 5
"""Seconds that open requests get to finish."""


class WebServer(uvicorn.Server):
    """uvicorn, which by itself would wait at its end for streams that never end."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._app = app
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,  # whom to believe is in the configuration, see `people/asking.py`
                timeout_graceful_shutdown=STOP_WITHIN,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then stop as usual."""
        self._app.state.parts.feed.close()
        await super().shutdown(sockets)


def run(config_path: Path) -> None:
    """Serve the hall of a configuration file until SIGTERM or SIGINT.

    Raises ConfigError for a wrong file, SchemaError for a database of another version. A database that is merely
    away is no reason not to start: the wall says so and fills itself when it is back.
    """
    from hydra_core.archive import FileArchive
    from hydra_core.config import load_config
    from hydra_core.errors import SchemaError, StoreError
    from hydra_core.store import open_store
    from hydra_web.app import create_app

    config = load_config(config_path)
    store = open_store(config.database_url())
    try:
        store.check_schema()
    except SchemaError:
        raise
    except StoreError as error:
        logger.warning("database away at start why=%s", error)
    app = create_app(config, store, FileArchive(config.archive.path))
    logger.info("web service starts url=http://%s:%s", config.web.host, config.web.port)
    # uvicorn raises the signal anew when it has stopped; to have been asked to stop is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    WebServer(app, config.web.host, config.web.port).run()
    store.close()
