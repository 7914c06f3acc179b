"""The archive on a real disk, with other processes at the same time."""

import contextlib
import hashlib
import multiprocessing
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.bad_images import picture, saved

from hydra_core.archive import FileArchive
from hydra_core.errors import ImageError, StoreError

PNG = saved(picture(800, 600), "PNG")
JPEG = saved(picture(), "JPEG")
SHA256 = hashlib.sha256(PNG).hexdigest()


def files_in(path: Path) -> list[Path]:
    return sorted(file.relative_to(path) for file in path.rglob("*") if file.is_file())


def test_named_after_the_content(tmp_path: Path) -> None:
    archive = FileArchive(tmp_path / "images")
    assert archive.put(PNG) == SHA256
    jpeg = archive.put(JPEG)
    expected = {Path(s[:2]) / s[2:4] / f"{s}{suffix}" for s, suffix in ((SHA256, ".png"), (jpeg, ".jpg"))}
    assert set(files_in(archive.path)) == expected
    assert archive.get(SHA256) == PNG
    assert archive.get(jpeg) == JPEG
    assert (archive.path / SHA256[:2] / SHA256[2:4] / f"{SHA256}.png").stat().st_mode & 0o777 == 0o644


def test_second_put_is_no_work(tmp_path: Path) -> None:
    archive = FileArchive(tmp_path)
    archive.put(PNG)
    file = tmp_path / files_in(tmp_path)[0]
    before = file.stat()
    archive.put(PNG)
    assert (file.stat().st_ino, file.stat().st_ctime_ns) == (before.st_ino, before.st_ctime_ns)


def test_put_mends_a_file_that_lost_its_end(tmp_path: Path) -> None:
    archive = FileArchive(tmp_path)
    archive.put(PNG)
    os.truncate(tmp_path / files_in(tmp_path)[0], 100)
    with pytest.raises(StoreError, match="damaged"):
        archive.get(SHA256)
    archive.put(PNG)
    assert archive.get(SHA256) == PNG


def test_get_finds_one_flipped_bit(tmp_path: Path) -> None:
    archive = FileArchive(tmp_path)
    archive.put(PNG)
    file = tmp_path / files_in(tmp_path)[0]
    file.write_bytes(PNG[:-1] + bytes([PNG[-1] ^ 1]))
    with pytest.raises(StoreError, match=f"{SHA256} is damaged"):
        archive.get(SHA256)


@pytest.mark.parametrize(
    "name",
    ["", "abc", "../../etc/passwd", "/" * 64, "A" * 64, "g" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n", "." * 64],
)
def test_a_hash_is_never_a_path(tmp_path: Path, name: str) -> None:
    archive = FileArchive(tmp_path)
    for method in (archive.get, archive.thumbnail):
        with pytest.raises(StoreError, match="not a sha256"):
            method(name)


def test_missing_says_so(tmp_path: Path) -> None:
    for method in (FileArchive(tmp_path).get, FileArchive(tmp_path).thumbnail):
        with pytest.raises(StoreError, match="missing"):
            method("0" * 64)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<html>", b"\x89PN"])
def test_only_pictures_are_archived(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        FileArchive(tmp_path).put(data)
    assert caught.value.code == "FORMAT"
    assert files_in(tmp_path) == []


def test_thumbnail_is_webp_320_wide_and_made_once(tmp_path: Path) -> None:
    archive = FileArchive(tmp_path)
    path = archive.thumbnail(archive.put(PNG))
    with Image.open(path) as small:
        assert (small.format, small.size) == ("WEBP", (320, 240))
        original = np.asarray(picture(800, 600).resize((320, 240), Image.Resampling.BOX), dtype=float)
        assert np.abs(np.asarray(small.convert("RGB")) - original).mean() < 25
    made = path.stat().st_ino
    assert archive.thumbnail(SHA256).stat().st_ino == made


def test_thumbnail_of_a_small_picture_is_not_blown_up(tmp_path: Path) -> None:
    archive = FileArchive(tmp_path)
    with Image.open(archive.thumbnail(archive.put(JPEG))) as small:
        assert small.size == (160, 120)


def test_thumbnail_of_a_picture_that_does_not_decode(tmp_path: Path) -> None:
    archive = FileArchive(tmp_path)
    sha256 = archive.put(PNG[:-12])
    with pytest.raises(ImageError):
        archive.thumbnail(sha256)
    assert [file.suffix for file in files_in(tmp_path)] == [".png"]


def put_and_draw(path: Path, barrier: "multiprocessing.synchronize.Barrier", count: int) -> None:
    archive = FileArchive(path)
    for seed in range(count):
        data = saved(picture(64, 48, seed), "PNG")
        barrier.wait(60)
        sha256 = archive.put(data)
        if archive.get(sha256) != data:
            raise AssertionError("read back something else")
        with Image.open(archive.thumbnail(sha256)) as small:
            small.load()


def test_two_processes_put_and_draw_the_same_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    workers = [context.Process(target=put_and_draw, args=(tmp_path, barrier, 20)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    suffixes = [file.suffix for file in files_in(tmp_path)]
    assert (suffixes.count(".png"), suffixes.count(".webp"), len(suffixes)) == (20, 20, 40)


def test_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    archive = FileArchive(tmp_path)
    target = tmp_path / SHA256[:2] / SHA256[2:4] / f"{SHA256}.png"
    sizes: set[int] = set()
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            with contextlib.suppress(FileNotFoundError):
                sizes.add(len(target.read_bytes()))

    thread = threading.Thread(target=watch)
    thread.start()
    puts = 0
    while puts < 50 or not sizes:
        archive.put(PNG)
        target.rename(tmp_path / "aside")
        puts += 1
    stop.set()
    thread.join()
    assert sizes == {len(PNG)}


def test_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = FileArchive(tmp_path)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device"):
        archive.put(PNG)
    assert files_in(tmp_path) == []


def test_leftovers_of_killed_processes_are_swept(tmp_path: Path) -> None:
    archive = FileArchive(tmp_path)
    incoming = next(path for path in archive.path.iterdir() if path.is_dir())
    old, young = incoming / "old.tmp", incoming / "young.tmp"
    for file in (old, young):
        file.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    FileArchive(tmp_path)
    assert (old.exists(), young.exists()) == (False, True)


def test_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="cannot be made"):
        FileArchive(tmp_path / "file" / "images")


def test_free_percent(tmp_path: Path) -> None:
    archive = FileArchive(tmp_path / "images")
    disk = os.statvfs(tmp_path)
    assert archive.free_percent() == pytest.approx(100 * disk.f_bavail / disk.f_blocks, abs=1.0)
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="free space"):
        archive.free_percent()
