"""The inbox: plots that were pushed in, as files that appear whole, until the IOC has taken them."""

import contextlib
import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hydra_core.config.sections import INBOX_LOOKBACK
from hydra_core.errors import StoreError
from hydra_core.images import png
from hydra_core.sources.identity import arrival_uid

logger = logging.getLogger(__name__)

MOST_WAITING = 20_000
"""Files; when so many wait nobody takes them, and the disk must not fill."""

FORGOTTEN_AFTER = timedelta(seconds=2 * INBOX_LOOKBACK)
"""What no IOC has taken by then is taken by none."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A plot in the inbox; `uid` is the one that it has in the database once it has been judged."""

    uid: str
    name: str
    taken_at: datetime
    is_new: bool


class Inbox:
    """A directory of the hall that the web service writes and the IOC watches. Raises StoreError when it cannot."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def push(self, plot_type: str, run: int, chunk: int, data: bytes, taken_at: datetime | None) -> Pushed:
        """Put a plot in. The same picture for the same run and chunk is the same plot, unless its time differs.

        `taken_at` None: now, or when it was put in first. Times count to the microsecond.
        """
        name = file_name(plot_type, run, chunk, data)
        sha256 = hashlib.sha256(data).hexdigest()
        place = self.path / name
        try:
            waiting = _time_of(place) if _holds(place, data) else None
            when = taken_at or waiting or datetime.now(UTC)
            pushed = Pushed(arrival_uid(plot_type, name, when, sha256), name, when, waiting != when)
            if pushed.is_new:
                _write(place, data, when)
        except OSError as error:
            raise StoreError(f"the inbox {self.path} cannot be written: {error.strerror}") from error
        return pushed

    def waiting(self) -> int:
        """Return how many plots the IOC has not taken yet, or has taken since the last `sweep`."""
        return sum(1 for _ in self._files())

    def sweep(self, known: Callable[[datetime], Collection[str]]) -> int:
        """Remove what is in the database (`known` gives uids since a time), and what was forgotten; return how many.

        Whatever is younger than a minute stays, since its sender may send it again.
        """
        now, gone = datetime.now(UTC), 0
        stored = known(now - FORGOTTEN_AFTER) if any(self._files()) else ()
        for place in self._files():
            with contextlib.suppress(OSError):
                when = _time_of(place)
                aged = now.timestamp() - place.stat().st_ctime > 60.0
                if aged and (when < now - FORGOTTEN_AFTER or self._uid(place, when) in stored):
                    place.unlink()
                    gone += 1
        return gone

    def _uid(self, place: Path, when: datetime) -> str:
        sha256 = hashlib.sha256(place.read_bytes()).hexdigest()
        plot_type = place.stem.rpartition("_")[0]
        return arrival_uid(plot_type, place.relative_to(self.path).as_posix(), when, sha256)

    def _files(self) -> Iterator[Path]:
        return self.path.glob("Run*/*_*.*")


def file_name(plot_type: str, run: int, chunk: int, data: bytes) -> str:
    """Return the file's path below the inbox, as `INBOX_PATTERN` reads it back."""
    return f"Run{run}/{plot_type}_{chunk:04d}{'.png' if data.startswith(png.SIGNATURE) else '.jpg'}"


def _holds(place: Path, data: bytes) -> bool:
    try:
        return place.stat().st_size == len(data) and place.read_bytes() == data
    except FileNotFoundError:
        return False


def _time_of(place: Path) -> datetime:
    microseconds = place.stat().st_mtime_ns // 1000
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def _write(place: Path, data: bytes, when: datetime) -> None:
    """Let the file appear whole, with the plot's own time: by its time the IOC knows one version from another."""
    place.parent.mkdir(parents=True, exist_ok=True)
    stamp = (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    handle, unfinished = tempfile.mkstemp(prefix=".", suffix=".part", dir=place.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.utime(unfinished, ns=(stamp, stamp))
        Path(unfinished).chmod(0o644)
        Path(unfinished).replace(place)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
