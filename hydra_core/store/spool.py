"""The spool: results on local disk while the database is away, written to it in order and once when it is back.

The directory holds files of records (see `segment`), numbered in order; appends go to the newest. A file is removed
(the newest only emptied, which spares the next append two flushes) when all of its records are in the database. A
crash in between repeats some of them, which changes nothing because
`SqlStore.record` is idempotent. Records that the database refuses for good go to ``dead-letter.jsonl``; files
with damaged bytes are kept as ``spool.bad-<time>`` after their good records were read.
"""

import contextlib
import json
import logging
import os
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from hydra_core.domain import Outcome
from hydra_core.errors import SchemaError, StoreDownError, StoreError
from hydra_core.store.codec import decode_outcome, encode_outcome
from hydra_core.store.segment import Contents, pack, read, sync_directory, write_all

logger = logging.getLogger(__name__)

DEAD_LETTERS = "dead-letter.jsonl"
_SUFFIX = ".spool"


class Recorder(Protocol):
    """Where spooled outcomes go."""

    def record(self, outcome: Outcome) -> None:
        """Write one outcome; a second time changes nothing."""
        ...


class Spool:
    """Outcomes waiting on disk. `append` and `drain` may be called from different threads."""

    def __init__(self, directory: Path, max_bytes: int = 2 << 30, file_bytes: int = 4 << 20) -> None:
        """Open a spool and count what waits in it. Raises StoreError when the directory cannot be used."""
        self._directory = directory
        self._max_bytes = max_bytes
        self._file_bytes = file_bytes
        self._lock = threading.Lock()
        self._draining = threading.Lock()
        self._descriptor: int | None = None
        self._written = 0
        self._counts: dict[Path, int] = {}
        self._sizes: dict[Path, int] = {}
        self._replayed: dict[Path, int] = {}
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._open_existing()
        except OSError as error:
            raise self._failed(error) from error

    def depth(self) -> int:
        """Return how many outcomes wait."""
        with self._lock:
            return max(0, sum(self._counts.values()) - sum(self._replayed.values()))

    def dead_letters(self) -> int:
        """Return how many outcomes the database has refused for good."""
        try:
            with (self._directory / DEAD_LETTERS).open("rb") as file:
                return sum(1 for _ in file)
        except FileNotFoundError:
            return 0

    def append(self, outcome: Outcome) -> None:
        """Put an outcome on disk, durably. Raises StoreError when it could not be (the caller counts it as lost)."""
        self.append_all((outcome,))

    def append_all(self, outcomes: Iterable[Outcome]) -> None:
        """Put several outcomes on disk with one flush: all of them, or (raising StoreError) none."""
        bodies = [encode_outcome(outcome) for outcome in outcomes]
        data = b"".join(map(pack, bodies))
        with self._lock:
            if sum(self._sizes.values()) + len(data) > self._max_bytes:
                raise StoreError(
                    f"the spool {self._directory} is full ({self._max_bytes >> 20} MiB): bring the database back"
                )
            try:
                path = self._current_file()
                self._write(path, data)
            except OSError as error:
                raise self._failed(error) from error
            self._counts[path] += len(bodies)
            self._sizes[path] += len(data)

    def drain(self, store: Recorder, limit: int | None = None) -> int:
        """Write what waits (at most `limit` outcomes) to the store, in order, and return how many were taken.

        Raises StoreDownError or SchemaError when the store cannot take them now; nothing is lost then.
        """
        done = 0
        with self._draining:
            while limit is None or done < limit:
                path = self._oldest_file()
                if path is None:
                    break
                done += self._drain_file(path, store, None if limit is None else limit - done)
        return done

    def close(self) -> None:
        """Close the file that is being written; one that holds nothing is removed."""
        with self._lock:
            newest = max(self._counts, default=None)
            if self._descriptor is not None and newest is not None and self._sizes[newest] == 0:
                newest.unlink(missing_ok=True)
                self._forget(newest)
            self._close_file()

    def _open_existing(self) -> None:
        for path in sorted(self._directory.glob(f"[0-9]*{_SUFFIX}")):
            contents = read(path)
            if contents.torn and not contents.damaged:
                logger.info("spool: unfinished record dropped file=%s bytes=%d", path, contents.torn)
                os.truncate(path, path.stat().st_size - contents.torn)
            self._counts[path] = len(contents.bodies)
            self._sizes[path] = path.stat().st_size

    def _current_file(self) -> Path:
        """Return the file to append to, open; a new one after a restart, a failure, or 4 MiB."""
        newest = max(self._counts, default=None)
        if self._descriptor is not None and newest is not None and self._written < self._file_bytes:
            return newest
        self._close_file()
        number = int(newest.stem) + 1 if newest is not None else 1
        path = self._directory / f"{number:010d}{_SUFFIX}"
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o640)
        self._written = 0
        self._counts[path] = self._sizes[path] = 0
        sync_directory(self._directory)
        return path

    def _write(self, path: Path, data: bytes) -> None:
        if self._descriptor is None:
            raise OSError(f"spool file {path} is not open")
        try:
            write_all(self._descriptor, data)
            os.fsync(self._descriptor)
        except OSError:
            # What was not flushed must not be replayed as if it had been promised; go on in a new file.
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._written)
            self._close_file()
            raise
        self._written += len(data)

    def _close_file(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _oldest_file(self) -> Path | None:
        """Return the first file with something to do: to replay, or (when it is not the open one) to remove."""
        with self._lock:
            path = min(self._counts, default=None)
            if path is None or (self._is_open(path) and self._counts[path] == self._replayed.get(path, 0)):
                return None
            return path

    def _is_open(self, path: Path) -> bool:
        return self._descriptor is not None and path == max(self._counts)

    def _drain_file(self, path: Path, store: Recorder, limit: int | None) -> int:
        """Replay one file from where the last attempt ended; finish it when nothing of it is left."""
        try:
            contents = read(path)
            first = self._replayed.get(path, 0)
            waiting = contents.bodies[first:] if limit is None else contents.bodies[first : first + limit]
            for position, body in enumerate(waiting, first + 1):
                self._replay(body, store)
                with self._lock:
                    self._replayed[path] = position
            if first + len(waiting) >= len(contents.bodies):
                self._finish(path, contents)
        except OSError as error:
            raise self._failed(error) from error
        return len(waiting)

    def _replay(self, body: bytes, store: Recorder) -> None:
        try:
            store.record(decode_outcome(body))
        except (StoreDownError, SchemaError):
            raise
        except StoreError as error:
            self._bury(body, error)

    def _bury(self, body: bytes, error: StoreError) -> None:
        logger.error("spool: result refused for good, kept in %s error=%s", self._directory / DEAD_LETTERS, error)
        letter = {"at": datetime.now(UTC).isoformat(), "error": str(error), "body": body.decode(errors="replace")}
        with (self._directory / DEAD_LETTERS).open("ab") as file:
            file.write(json.dumps(letter).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _finish(self, path: Path, contents: Contents) -> None:
        with self._lock:
            if self._is_open(path):
                if self._counts[path] > len(contents.bodies):
                    # More came while we replayed.
                    return
                if self._descriptor is not None and not contents.damaged:
                    os.ftruncate(self._descriptor, 0)
                    self._written = self._counts[path] = self._sizes[path] = self._replayed[path] = 0
                    return
                self._close_file()
            self._remove(path, contents)

    def _remove(self, path: Path, contents: Contents) -> None:
        if contents.damaged:
            kept = self._directory / f"spool.bad-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
            logger.error("spool: damaged file moved aside file=%s kept=%s", path, kept)
            path.rename(kept)
        else:
            path.unlink()
        sync_directory(self._directory)
        self._forget(path)

    def _forget(self, path: Path) -> None:
        for table in (self._counts, self._sizes, self._replayed):
            table.pop(path, None)

    def _failed(self, error: OSError) -> StoreError:
        return StoreError(f"the spool {self._directory} cannot be used: {error}; free space or mend its permissions")
