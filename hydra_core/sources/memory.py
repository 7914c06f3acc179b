"""Remembers which versions of which files have been dealt with, in bounded memory."""

import os
from dataclasses import dataclass
from typing import NamedTuple


class Signature(NamedTuple):
    """What tells one version of a file from the next without reading it (times in ns, size in bytes)."""

    mtime_ns: int
    ctime_ns: int
    size: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Signature":
        """Return the signature in a stat result."""
        return cls(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)

    def newest_ns(self) -> int:
        """Return when the file was last touched; a producer can forge mtime, but not ctime as well."""
        return max(self.mtime_ns, self.ctime_ns)


@dataclass(frozen=True, slots=True)
class _Remembered:
    signature: int
    uid: str | None
    newest_ns: int


class FileMemory:
    """The versions of files that need no second look.

    At most `limit` files are remembered. When it is full the older half is forgotten, and from then on every
    file that is as old as those counts as known, so that forgetting never brings an old plot back.
    """

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self._files: dict[int, _Remembered] = {}
        self._floor_ns = -1

    def __len__(self) -> int:
        return len(self._files)

    def knows(self, path: str, signature: Signature) -> bool:
        """Say whether this version of the file has been dealt with."""
        known = self._files.get(hash(path))
        if known is None:
            return signature.newest_ns() <= self._floor_ns
        return known.signature == hash(signature)

    def uid(self, path: str) -> str | None:
        """Return the identity of the last arrival from this path."""
        known = self._files.get(hash(path))
        return known.uid if known else None

    def remember(self, path: str, signature: Signature, uid: str | None = None) -> None:
        """Note that this version is done; `uid` if it became an arrival (None keeps the one before)."""
        self._files[hash(path)] = _Remembered(hash(signature), uid or self.uid(path), signature.newest_ns())
        if len(self._files) > self._limit:
            self._forget_older_half()

    def _forget_older_half(self) -> None:
        oldest = sorted(self._files, key=lambda key: self._files[key].newest_ns)[: len(self._files) // 2]
        for key in oldest:
            self._floor_ns = max(self._floor_ns, self._files.pop(key).newest_ns)
