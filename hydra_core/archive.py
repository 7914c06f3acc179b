"""The archive: picture bytes in files that are named after their sha256, with thumbnails beside them."""

import contextlib
import hashlib
import logging
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image as PilImage

from hydra_core import images
from hydra_core.errors import ImageError, StoreError
from hydra_core.images import jpeg, png

logger = logging.getLogger(__name__)

THUMBNAIL_WIDTH = 320

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ABANDONED_AFTER = 3600.0
UNUSED_FOR = 86400.0
"""Seconds since it was put last after which a picture may be removed."""


class FileArchive:
    """Keeps pictures under `path` as ``aa/bb/<sha256>.png`` or ``.jpg``; implements `ports.Archive`.

    A file appears under its name only when all of it is on the disk, so any number of processes may put, get and
    make thumbnails at the same time. Raises StoreError if the directory cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._incoming = self.path / "incoming"
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._failed("made", error) from error
        self._sweep()

    def put(self, data: bytes) -> str:
        """Store the bytes of a PNG or JPEG and return their sha256 hex; what is there already is no work.

        Raises StoreError when the disk fails, ImageError (FORMAT) for bytes that are no PNG or JPEG.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        target = self._place(sha256, _suffix(data))
        try:
            if _has_size(target, len(data)):
                _touch(target)
            else:
                self._write(target, data)
        except OSError as error:
            raise self._failed("written", error) from error
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return the bytes. Raises StoreError when they are missing or do not match their hash."""
        data = self._read(sha256)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError(f"archive {self.path}: {sha256} is damaged; restore it from a backup")
        return data

    def thumbnail(self, sha256: str) -> Path:
        """Return the path of the WebP thumbnail (320 pixels wide at most), made on first use.

        Raises StoreError as `get` does, ImageError when the picture cannot be decoded.
        """
        target = self._place(sha256, ".webp")
        if target.exists():
            return target
        rgb = images.decode(self.get(sha256))
        width = min(THUMBNAIL_WIDTH, rgb.shape[1])
        height = max(1, round(rgb.shape[0] * width / rgb.shape[1]))
        small = PilImage.fromarray(images.thumbnail(rgb, (width, height)))
        try:
            with self._new_file(target) as temporary:
                small.save(temporary, "WEBP", quality=82, method=4)
        except OSError as error:
            raise self._failed("written", error) from error
        return target

    def remove(self, sha256: str, unused_for: float = UNUSED_FOR) -> int | None:
        """Remove a picture and its thumbnail and return their bytes; None: it was put in the last `unused_for` s.

        What is not there counts as removed. Raises StoreError.
        """
        places = [self._place(sha256, suffix) for suffix in (".png", ".jpg", ".webp")]
        try:
            there = [(path, path.stat()) for path in places if path.exists()]
            if any(stat.st_mtime > time.time() - unused_for for path, stat in there if path.suffix != ".webp"):
                return None
            for path, _ in there:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise self._failed("cleared", error) from error
        return sum(stat.st_size for _, stat in there)

    def free_percent(self) -> float:
        """Return how much of the disk is free for us, 0...100. Raises StoreError when the disk does not answer."""
        try:
            disk = os.statvfs(self.path)
        except OSError as error:
            raise self._failed("asked for its free space", error) from error
        return 100.0 * disk.f_bavail / disk.f_blocks if disk.f_blocks else 0.0

    def _place(self, sha256: str, suffix: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise StoreError(f"archive {self.path}: {sha256[:80]!a} is not a sha256 of 64 hex digits")
        return self.path / sha256[:2] / sha256[2:4] / f"{sha256}{suffix}"

    def _read(self, sha256: str) -> bytes:
        for suffix in (".png", ".jpg"):
            try:
                return self._place(sha256, suffix).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._failed("read", error) from error
        raise StoreError(f"archive {self.path}: {sha256} is missing; it was purged or never stored")

    def _write(self, target: Path, data: bytes) -> None:
        with self._new_file(target) as temporary:
            temporary.write_bytes(data)

    @contextlib.contextmanager
    def _new_file(self, target: Path) -> Iterator[Path]:
        """Give a temporary path to fill; afterwards it is on the disk for good and named `target`, or gone."""
        made = _make_directories(target.parent)
        handle, name = tempfile.mkstemp(dir=self._incoming, suffix=".tmp")
        temporary = Path(name)
        try:
            yield temporary
            os.fchmod(handle, 0o644)
            os.fsync(handle)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        finally:
            os.close(handle)
        for directory in made:
            _sync_directory(directory)

    def _sweep(self) -> None:
        """Remove what processes that were killed while writing have left behind."""
        oldest = time.time() - _ABANDONED_AFTER
        with contextlib.suppress(OSError):
            for path in self._incoming.iterdir():
                if path.stat().st_mtime < oldest:
                    path.unlink(missing_ok=True)

    def _failed(self, what: str, error: OSError) -> StoreError:
        return StoreError(
            f"archive {self.path} cannot be {what}: {error.strerror or error}; check disk and permissions"
        )


def _suffix(data: bytes) -> str:
    if data.startswith(png.SIGNATURE):
        return ".png"
    if data.startswith(jpeg.SIGNATURE):
        return ".jpg"
    raise ImageError("FORMAT", f"only PNG and JPEG are archived, not what begins with {data[:8]!a}")


def _has_size(path: Path, size: int) -> bool:
    """Say whether the file is there, and whole: a power cut may have cost a file its end."""
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False


def _touch(path: Path) -> None:
    """Say that a picture is in use, for a purge that may be under way; one that was put lately says so already."""
    with contextlib.suppress(OSError):
        if path.stat().st_mtime < time.time() - UNUSED_FOR / 2:
            os.utime(path)


def _make_directories(path: Path) -> list[Path]:
    """Make ``aa/bb`` and return the directories whose entries must reach the disk."""
    changed = [path]
    while not changed[-1].exists():
        changed.append(changed[-1].parent)
    path.mkdir(parents=True, exist_ok=True)
    return changed


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
