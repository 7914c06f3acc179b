"""Writes puts into the audit log, in the store thread; a database that is away stops nobody, the log has it then."""

import logging
from concurrent.futures import Executor

from hydra_core.errors import StoreError
from hydra_core.store import SqlStore
from hydra_ioc.ca import PutDone

logger = logging.getLogger(__name__)


class PutAudit:
    """Called with every put that is to be kept in the audit log."""

    def __init__(self, store: SqlStore, thread: Executor) -> None:
        self._store, self._thread = store, thread

    def __call__(self, done: PutDone) -> None:
        """Write it down, soon."""
        who = done.who
        logger.info("put pv=%s by=%s@%s value=%s", done.pv, who.user, who.peer, done.new)
        self._thread.submit(self._write, done)

    def _write(self, done: PutDone) -> None:
        before, after = {"value": str(done.old)}, {"value": str(done.new)}
        try:
            self._store.audit(done.who.user, "put", done.pv, before, after, done.who.peer)
        except StoreError as error:
            logger.warning("put not in the audit log error=%s", error)
