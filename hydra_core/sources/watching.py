"""Listens to inotify: which files were closed or renamed, which directories are new, was anything lost."""

import errno
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class News:
    """What has happened: files `closed`, `directories` that are new, `lost` if only a scan can tell the rest."""

    closed: list[str] = field(default_factory=list)
    directories: list[str] = field(default_factory=list)
    lost: bool = False


class DirectoryWatch:
    """Watches directories below `root`, each one after `add`.

    Only finished writes and renames are asked for, and new entries where directories may appear: with all events
    the kernel's queue overflows when many files come at once. Raises OSError or ImportError if inotify cannot be
    had at all.
    """

    def __init__(self, root: Path) -> None:
        from inotify_simple import INotify, flags  # only hosts that watch local disks need to have it

        self._root = root
        self._flags = flags
        self._inotify = INotify(nonblocking=True)
        self._paths: dict[int, str] = {}
        self.failure: OSError | None = None
        """Why a directory could not be watched (too many watches); the caller should scan often instead."""

    def fileno(self) -> int:
        """Return the file descriptor that becomes readable when there is news."""
        return int(self._inotify.fileno())

    def add(self, directory: str, inner: bool) -> None:
        """Watch a directory (again); `inner`: it may hold directories. May be called in another thread."""
        wanted = self._flags.CLOSE_WRITE | self._flags.MOVED_TO | self._flags.ONLYDIR
        if inner:
            wanted |= self._flags.CREATE
        try:
            watch = self._inotify.add_watch(self._root / directory, wanted)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
                self.failure = error
            return
        self._paths[watch] = directory

    def read(self) -> News:
        """Return what has happened since the last call; never blocks."""
        news = News()
        for watch, mask, _, name in self._inotify.read(timeout=0):
            directory = self._paths.get(watch)
            if mask & self._flags.IGNORED:
                news.lost = news.lost or self._paths.pop(watch, None) == ""
            elif mask & self._flags.Q_OVERFLOW or directory is None:
                news.lost = True
            else:
                path = f"{directory}/{name}" if directory else name
                if mask & self._flags.ISDIR:
                    news.directories.append(path)
                elif mask & (self._flags.CLOSE_WRITE | self._flags.MOVED_TO):
                    news.closed.append(path)
        return news

    def close(self) -> None:
        """Stop watching."""
        self._inotify.close()
