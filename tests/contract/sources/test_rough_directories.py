"""The directory source when the directory itself misbehaves: storms, no directory at all, no inotify, no answer."""

import asyncio
import errno
import os
import resource
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from support.bad_images import picture, saved
from support.watched import PLOTS, Start, uid_of

from hydra_core.errors import StoreError
from hydra_core.sources import DirectorySource
from hydra_core.sources import directory as directory_module

PNG = saved(picture(32, 24), "PNG")
MODES = pytest.mark.parametrize("polling", [None, 0.1], ids=["inotify", "polling"])
RUNS = "Run{run:d}/{plot}_{chunk:d}.png"


@pytest.mark.slow
async def test_storm_of_ten_thousand_files_with_a_slow_consumer(tmp_path: Path, start: Start) -> None:
    running = await start(tmp_path, pause=0.01, settle=0.5, reconcile=2)
    whole, cut = 9_500, 500

    def storm() -> None:
        for number in range(whole + cut):
            data = PNG if number % 20 else PNG[:-8]
            (tmp_path / f"CDC_occupancy_{number:05d}.png").write_bytes(data)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await asyncio.to_thread(storm)
    await running.until(lambda: len(running.arrivals) + running.source.rejects >= whole + cut, 120)
    assert {arrival.chunk for arrival in running.arrivals} == {n for n in range(whole + cut) if n % 20}
    assert len(running.arrivals) == whole
    assert (running.source.rejects, len(running.rejected)) == (cut, cut)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 80 * 1024


@pytest.mark.slow
async def test_kernel_queue_overflow_loses_nothing(tmp_path: Path, start: Start) -> None:
    """The event loop stands still while more files come than the kernel's queue holds."""
    running = await start(tmp_path, reconcile=3600)
    (tmp_path / "FCAL_occupancy_0000.png").write_bytes(PNG)
    await running.until(lambda: running.arrivals)
    os.link(tmp_path / "FCAL_occupancy_0000.png", tmp_path / "tmp_canvas_1.png")
    count = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text()) + 500
    for number in range(count):
        (tmp_path / "tmp_canvas_1.png").rename(tmp_path / f"Trigger-Bits_{number:05d}.png")
        os.link(tmp_path / "FCAL_occupancy_0000.png", tmp_path / "tmp_canvas_1.png")
    await running.until(lambda: len(running.arrivals) >= count + 1, 120)
    assert {arrival.chunk for arrival in running.arrivals if arrival.plot_type == "Trigger-Bits"} == set(range(count))
    assert running.rejected == []


@MODES
@pytest.mark.parametrize("moved", [False, True], ids=["made in place", "moved in"])
async def test_new_run_directory_with_files_in_it_at_once(
    tmp_path: Path, start: Start, polling: float | None, moved: bool
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    running = await start(root, RUNS, polling=polling)
    for run in range(1, 31):
        made = tmp_path / "aside" / f"Run{run}" if moved else root / f"Run{run}"
        made.mkdir(parents=True)
        for chunk in range(5):
            (made / f"CDC_occupancy_{chunk}.png").write_bytes(PNG)
        if moved:
            made.rename(root / f"Run{run}")
    await running.until(lambda: len(running.arrivals) >= 150)
    await running.until(lambda: running.source._candidates.next_due() is None)
    assert {(a.run, a.chunk) for a in running.arrivals} == {(run, c) for run in range(1, 31) for c in range(5)}
    assert len({uid_of(arrival) for arrival in running.arrivals}) == len(running.arrivals)


async def test_directories_any_number_deep_and_only_so_deep(tmp_path: Path, start: Start) -> None:
    deep = await start(tmp_path, "**/" + RUNS)
    flat = await start(tmp_path)
    runs = tmp_path / "RunPeriod-2026-01" / "more" / "Run17"
    runs.mkdir(parents=True)
    (runs / "CDC_occupancy_0001.png").write_bytes(PNG)
    (runs / ".hidden").mkdir()
    (runs / ".hidden" / "CDC_occupancy_0002.png").write_bytes(PNG)
    await deep.until(lambda: deep.arrivals)
    await deep.scanned()
    assert [(a.run, a.source) for a in deep.arrivals] == [(17, "RunPeriod-2026-01/more/Run17/CDC_occupancy_0001.png")]
    assert flat.arrivals == []


@MODES
async def test_directory_removed_and_made_again(tmp_path: Path, start: Start, polling: float | None) -> None:
    root = tmp_path / "root"
    root.mkdir()
    running = await start(root, RUNS, polling=polling)
    for number in range(3):
        (root / "Run1").mkdir()
        (root / "Run1" / f"CDC_occupancy_{number}.png").write_bytes(PNG)
        await running.until(lambda number=number: len(running.arrivals) == number + 1)
        (root / "Run1" / f"CDC_occupancy_{number}.png").unlink()
        (root / "Run1").rmdir()
        root.rmdir()
        await running.until(lambda: running.source.trouble)
        assert str(root) in str(running.source.trouble)
        assert "No such file" in str(running.source.trouble)
        root.mkdir()
        await running.until(lambda: running.source.trouble is None)
    assert running.rejected == []


@MODES
async def test_directory_missing_at_start(
    tmp_path: Path, start: Start, polling: float | None, caplog: pytest.LogCaptureFixture
) -> None:
    running = await start(tmp_path / "root", polling=polling)
    await running.until(lambda: running.source.trouble)
    await asyncio.sleep(0.3)
    assert sum("trouble" in record.message for record in caplog.records) == 1, "say it once, not every time"
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "CDC_occupancy_0001.png").write_bytes(PNG)
    await running.until(lambda: running.arrivals)
    assert running.source.trouble is None


async def test_place_of_the_directory_is_a_file(tmp_path: Path, start: Start) -> None:
    (tmp_path / "root").write_bytes(b"")
    running = await start(tmp_path / "root")
    await running.until(lambda: running.source.trouble)
    assert "Not a directory" in str(running.source.trouble)


async def test_run_directory_that_may_not_be_read(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One locked directory is said, and the others go on. (Root may read all, so the refusal is made here.)"""
    real = os.scandir
    locked = {"Run1"}

    def scandir(path: Any) -> Any:
        if Path(path).name in locked:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    for run in (1, 2):
        (tmp_path / f"Run{run}").mkdir()
        (tmp_path / f"Run{run}" / "CDC_occupancy_0001.png").write_bytes(PNG)
    running = await start(tmp_path, RUNS)
    await running.until(lambda: running.arrivals)
    assert [arrival.run for arrival in running.arrivals] == [2]
    assert "Run1 cannot be read: Permission denied" in str(running.source.trouble)
    locked.clear()
    await running.until(lambda: len(running.arrivals) == 2)
    await running.until(lambda: running.source.trouble is None)


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENOSPC], ids=["no instance left", "no watch left"])
async def test_without_inotify_it_polls(
    tmp_path: Path, start: Start, code: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import inotify_simple

    def refuse(*_: object, **__: object) -> int:
        raise OSError(code, os.strerror(code))

    if code == errno.EMFILE:
        monkeypatch.setattr(inotify_simple, "INotify", refuse)
    else:
        monkeypatch.setattr(inotify_simple.INotify, "add_watch", refuse)
    (tmp_path / "CDC_occupancy_0001.png").write_bytes(PNG)
    running = await start(tmp_path, polling=0.05)
    source = DirectorySource(
        tmp_path, "{plot}_{chunk:d}.png", PLOTS, polling=None, seen=lambda _: False, on_reject=print, reconcile=0.1
    )
    stream = source.arrivals()
    assert (await anext(stream)).chunk == 1
    (tmp_path / "CDC_occupancy_0002.png").write_bytes(PNG)
    assert (await anext(stream)).chunk == 2
    await stream.aclose()
    assert not source.watching
    assert sum("polling" in record.message for record in caplog.records) == 1
    await running.until(lambda: len(running.arrivals) == 2)


async def test_store_that_is_away_costs_no_plot(tmp_path: Path, start: Start, caplog: pytest.LogCaptureFixture) -> None:
    def away(uid: str) -> bool:
        raise StoreError("the database is away")

    running = await start(tmp_path, seen=away)
    for number in range(5):
        (tmp_path / f"CDC_occupancy_{number}.png").write_bytes(PNG)
    await running.until(lambda: len(running.arrivals) == 5)
    assert sum("store does not answer" in record.message for record in caplog.records) == 1


async def test_file_server_that_hangs_is_said_and_the_loop_lives(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_module, "HUNG_AFTER", 0.2)
    hang = threading.Event()
    real = os.scandir

    def scandir(path: Any) -> Any:
        hang.wait(60)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (tmp_path / "CDC_occupancy_0001.png").write_bytes(PNG)
    running = await start(tmp_path)
    began = time.monotonic()
    await running.until(lambda: running.source.trouble)
    assert "has not answered" in str(running.source.trouble)
    assert time.monotonic() - began < 30
    hang.set()
    await running.until(lambda: running.arrivals and running.source.trouble is None)


async def test_stopping_leaves_no_thread_and_no_descriptor(tmp_path: Path) -> None:
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        source = DirectorySource(
            tmp_path, "{plot}_{chunk:d}.png", PLOTS, polling=None, seen=lambda _: False, on_reject=print
        )
        (tmp_path / "CDC_occupancy_0001.png").write_bytes(PNG)
        stream = source.arrivals()
        await anext(stream)
        await stream.aclose()
    while any(thread.name.startswith("source") for thread in threading.enumerate()):
        await asyncio.sleep(0.01)
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
