"""Looks at single files in a worker thread and finds out whether they are whole, unchanged while read, and new.

Nothing here can hang on a FIFO, follow a symbolic link, or return half of one version and half of another.
"""

import errno
import hashlib
import logging
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from pathlib import Path

from hydra_core.errors import ImageError, StoreError
from hydra_core.images import Limits, inspect
from hydra_core.sources.candidates import Look
from hydra_core.sources.identity import arrival_uid
from hydra_core.sources.memory import Signature

logger = logging.getLogger(__name__)

BATCH_BYTES = 16 * 1024 * 1024

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253_402_300_799
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_VANISHED = {errno.ENOENT, errno.ENOTDIR, errno.ESTALE}
_TRIES = 3
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class State(Enum):
    """What a look has found."""

    GONE = auto()
    CHANGING = auto()
    INCOMPLETE = auto()
    REFUSED = auto()
    KNOWN = auto()
    COMPLETE = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to a look. `data`, `uid` and `taken_at` are there if COMPLETE, `reason` if INCOMPLETE or REFUSED."""

    look: Look
    state: State
    signature: Signature | None = None
    reason: str = ""
    data: bytes = b""
    uid: str = ""
    taken_at: datetime = _EPOCH


class FileReader:
    """Reads files below `root`; `seen` says of an arrival's uid whether it is stored already."""

    def __init__(self, root: Path, limits: Limits, seen: Callable[[str], bool]) -> None:
        self._root = root
        self._limits = limits
        self._seen = seen
        self._store_down = False

    def look_at_all(self, looks: list[Look]) -> list[Finding]:
        """Make looks in their order, but stop early once many bytes have been read: memory stays flat."""
        findings: list[Finding] = []
        size = 0
        for look in looks:
            finding = self.look_at(look)
            findings.append(finding)
            size += len(finding.data)
            if size >= BATCH_BYTES:
                break
        return findings

    def look_at(self, look: Look) -> Finding:
        """Make one look. Whatever the file system answers becomes a finding; nothing is raised."""
        path = self._root / look.path
        signature = look.signature
        try:
            status = path.lstat()
            signature = Signature.of(status)
            if not stat.S_ISREG(status.st_mode):
                return Finding(look, State.REFUSED, signature, what_it_is(status.st_mode))
            if not look.closed and signature != look.signature:
                return Finding(look, State.CHANGING, signature)
            if look.problem and not look.last:
                return Finding(look, State.INCOMPLETE, signature, look.problem)
            if signature.size > self._limits.max_bytes:
                reason = f"TOO_BIG: {signature.size} bytes are more than the {self._limits.max_bytes} allowed"
                return Finding(look, State.REFUSED, signature, reason)
            data, signature = self._read(path)
        except OSError as error:
            return _unreadable(look, signature, error)
        if data is None:
            return Finding(look, State.CHANGING, signature)
        return self._judge(look, signature, data)

    def _read(self, path: Path) -> tuple[bytes | None, Signature]:
        """Return the bytes and the signature they belong to; None if the file would not hold still."""
        handle = os.open(path, _FLAGS)
        with os.fdopen(handle, "rb", buffering=0) as file:
            for _ in range(_TRIES):
                before = os.fstat(handle)
                if not stat.S_ISREG(before.st_mode):
                    raise OSError(errno.ELOOP, what_it_is(before.st_mode))
                file.seek(0)
                data = _read_up_to(handle, min(before.st_size, self._limits.max_bytes) + 1)
                after = Signature.of(os.fstat(handle))
                if after == Signature.of(before) and len(data) == after.size:
                    return data, after
        return None, after

    def _judge(self, look: Look, signature: Signature, data: bytes) -> Finding:
        waiting_helps = not look.last
        try:
            inspect(data, self._limits)
        except ImageError as error:
            reason = f"{error.code}: {error}"
            if error.code in ("EMPTY", "TRUNCATED"):
                if waiting_helps:
                    return Finding(look, State.INCOMPLETE, signature, reason)
                return Finding(look, State.REFUSED, signature, f"never completed: {reason}")
            if error.code in ("FORMAT", "DECODE") and waiting_helps and not look.closed:
                return Finding(look, State.INCOMPLETE, signature, reason)
            if error.code == "FORMAT":
                return Finding(look, State.REFUSED, signature, reason)
        return self._identify(look, signature, data)

    def _identify(self, look: Look, signature: Signature, data: bytes) -> Finding:
        taken_at = _time_of(signature)
        uid = arrival_uid(look.name.plot, look.path, taken_at, hashlib.sha256(data).hexdigest())
        if self._is_stored(uid):
            return Finding(look, State.KNOWN, signature, uid=uid)
        return Finding(look, State.COMPLETE, signature, data=data, uid=uid, taken_at=taken_at)

    def _is_stored(self, uid: str) -> bool:
        """Ask the store; if it is away the plot is judged again rather than lost, and stored once by its uid."""
        try:
            stored = self._seen(uid)
        except StoreError as error:
            if not self._store_down:
                logger.warning("store does not answer, taking files for new path=%s error=%s", self._root, error)
            self._store_down = True
            return False
        self._store_down = False
        return stored


def what_it_is(mode: int) -> str:
    """Say what kind of thing stands where a file should be."""
    return f"NOTREG: {_KINDS.get(stat.S_IFMT(mode), 'something')}, not a regular file"


def _unreadable(look: Look, signature: Signature | None, error: OSError) -> Finding:
    if error.errno in _VANISHED or signature is None:
        return Finding(look, State.GONE)
    if error.errno in (errno.ELOOP, errno.ENXIO):
        return Finding(look, State.REFUSED, signature, "NOTREG: not a regular file")
    reason = f"UNREADABLE: {error.strerror}; check the file's permissions and the disk"
    return Finding(look, State.REFUSED if look.last else State.INCOMPLETE, signature, reason)


def _read_up_to(handle: int, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0:
        part = os.read(handle, size)
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _time_of(signature: Signature) -> datetime:
    """Return mtime as a date; a nonsense mtime (before 1970, after 9999) becomes the nearest date there is."""
    microseconds = signature.mtime_ns // 1000
    return _EPOCH + timedelta(microseconds=min(max(microseconds, 0), _LAST_SECOND * 1_000_000))
