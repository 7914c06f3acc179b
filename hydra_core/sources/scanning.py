"""Walks a source's directory tree in a worker thread and lists the pictures that are new there."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from hydra_core.sources.grammar import NamePattern, ParsedName, is_ignored, looks_like_picture
from hydra_core.sources.memory import FileMemory, Signature
from hydra_core.sources.reading import what_it_is

DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Found:
    """A file with a picture's name; `name` is None if it does not fit the pattern, `oddity` set if it is no file."""

    path: str
    signature: Signature
    name: ParsedName | None
    oddity: str = ""


@dataclass(slots=True)
class Scan:
    """What one walk found, oldest first.

    `more` if there was no room for all, `trouble` what could not be read, `rootless` if that is the whole tree.
    """

    found: list[Found] = field(default_factory=list)
    more: bool = False
    trouble: str | None = None
    rootless: bool = False


class TreeScanner:
    """Finds files below `root` that fit `pattern` in depth and that `memory` does not know yet.

    Files last touched before `oldest_ns` (since 1970) are left alone.
    """

    def __init__(self, root: Path, pattern: NamePattern, memory: FileMemory, oldest_ns: int) -> None:
        self.root = root
        self._pattern = pattern
        self._memory = memory
        self._oldest_ns = oldest_ns
        self._depth = DEEPEST if pattern.depth is None else pattern.depth

    def scan(
        self,
        start: str,
        known: frozenset[str],
        room: int,
        watch: Callable[[str, bool], None] | None,
    ) -> Scan:
        """Walk the tree from the directory `start` ("" for all of it), no link followed.

        `watch` is called for every directory (path, whether it may hold directories) before it is read, so that
        nothing falls between the list and the first event. At most `room` files are returned, the oldest ones.
        """
        scan = Scan()
        directories = [start] if _level(start) <= self._depth else []
        while directories:
            directory = directories.pop()
            inner = _level(directory) < self._depth
            if watch is not None:
                watch(directory, inner)
            try:
                with os.scandir(self.root / directory) as entries:
                    for entry in entries:
                        self._note(entry, directory, inner, directories, scan.found)
            except OSError as error:
                self._note_trouble(scan, directory, error)
        scan.found.sort(key=lambda found: (found.signature.mtime_ns, found.path))
        scan.more = len(scan.found) > room
        scan.found = [self._parse(found, known) for found in scan.found[:room]]
        return scan

    def _note(
        self,
        entry: "os.DirEntry[str]",
        directory: str,
        inner: bool,
        directories: list[str],
        found: list[Found],
    ) -> None:
        if is_ignored(entry.name):
            return
        path = f"{directory}/{entry.name}" if directory else entry.name
        picture = looks_like_picture(entry.name)
        if not picture:
            if inner and entry.is_dir(follow_symlinks=False):
                directories.append(path)
            return
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            return
        signature = Signature.of(status)
        oddity = "" if stat.S_ISREG(status.st_mode) else what_it_is(status.st_mode)
        if signature.newest_ns() >= self._oldest_ns and not self._memory.knows(path, signature):
            found.append(Found(path, signature, None, oddity))

    def _note_trouble(self, scan: Scan, directory: str, error: OSError) -> None:
        if directory == "":
            scan.rootless = True
        elif isinstance(error, FileNotFoundError):
            return
        scan.trouble = scan.trouble or _trouble(self.root / directory, error)

    def _parse(self, found: Found, known: frozenset[str]) -> Found:
        return found if found.oddity else replace(found, name=self._pattern.match(found.path, known))


def _level(directory: str) -> int:
    return directory.count("/") + 1 if directory else 0


def _trouble(path: Path, error: OSError) -> str:
    return f"{path} cannot be read: {error.strerror}; check that it exists, is mounted and may be read by this user"
