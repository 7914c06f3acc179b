"""The directory source with real files: each complete version is one arrival, whatever its writer does."""

import asyncio
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.bad_images import picture, saved
from support.watched import Start, uid_of

PNG = saved(picture(), "PNG")
JPEG = saved(picture(), "JPEG")
MODES = pytest.mark.parametrize("polling", [None, 0.1], ids=["inotify", "polling"])


def versions(count: int) -> list[bytes]:
    return [saved(picture(32, 24, seed), "PNG") for seed in range(count)]


@MODES
async def test_a_file_becomes_an_arrival(tmp_path: Path, start: Start, polling: float | None) -> None:
    running = await start(tmp_path, "Run{run:d}/{plot}_{chunk:d}.png", polling=polling)
    (tmp_path / "Run000042").mkdir()
    file = tmp_path / "Run000042" / "Trigger-Bits_0007.png"
    file.write_bytes(PNG)
    await running.until(lambda: running.arrivals)
    arrival = running.arrivals[0]
    assert (arrival.plot_type, arrival.run, arrival.chunk) == ("Trigger-Bits", 42, 7)
    assert (arrival.source, arrival.data) == ("Run000042/Trigger-Bits_0007.png", PNG)
    assert abs(arrival.taken_at.timestamp() - file.stat().st_mtime) < 1e-5
    assert datetime.now(UTC) - arrival.received_at < timedelta(minutes=1)
    assert running.source.last_arrival == arrival.received_at
    assert (running.source.rejects, running.source.trouble) == (0, None)


async def test_inotify_needs_no_scan(tmp_path: Path, start: Start) -> None:
    running = await start(tmp_path, reconcile=3600)
    await running.until(lambda: running.source._next_scan > 0)
    (tmp_path / "CDC_occupancy_0001.png").write_bytes(PNG)
    hidden = tmp_path / "tmp_canvas_77.png"
    hidden.write_bytes(JPEG)
    hidden.rename(tmp_path / "CDC_occupancy_0002.png")
    await running.until(lambda: len(running.arrivals) == 2)
    assert [arrival.data for arrival in running.arrivals] == [PNG, JPEG]


@MODES
async def test_half_written_file_is_one_arrival_with_all_of_it(
    tmp_path: Path, start: Start, polling: float | None
) -> None:
    running = await start(tmp_path, polling=polling)
    third = len(PNG) // 3
    with (tmp_path / "CDC_occupancy_0001.png").open("wb", buffering=0) as file:
        for begin in (0, third, 2 * third):
            file.write(PNG[begin : begin + third] if begin < 2 * third else PNG[begin:])
            await asyncio.sleep(0.8)
            assert begin == 2 * third or not running.arrivals
    await running.until(lambda: running.arrivals)
    await running.scanned()
    assert [arrival.data for arrival in running.arrivals] == [PNG]
    assert "CDC" not in str(running.rejected)


async def test_writer_that_closes_half_way_and_goes_on_later(tmp_path: Path, start: Start) -> None:
    running = await start(tmp_path)
    file = tmp_path / "CDC_occupancy_0001.png"
    for begin in range(0, len(PNG), len(PNG) // 4 + 1):
        with file.open("ab") as half:
            half.write(PNG[begin : begin + len(PNG) // 4 + 1])
        await asyncio.sleep(0.1)
    await running.until(lambda: running.arrivals)
    assert [arrival.data for arrival in running.arrivals] == [PNG]
    assert running.rejected == []


@MODES
@pytest.mark.parametrize(
    ("data", "reason"),
    [(PNG[:-12], "TRUNCATED"), (JPEG[:-2], "TRUNCATED"), (b"", "EMPTY"), (PNG[:100], "TRUNCATED"), (b"\xff", "TRUNC")],
    ids=["no IEND", "no EOI", "empty", "cut", "one byte"],
)
async def test_file_that_never_completes_is_rejected_once(
    tmp_path: Path, start: Start, polling: float | None, data: bytes, reason: str
) -> None:
    running = await start(tmp_path, polling=polling, settle=0.6)
    (tmp_path / "CDC_occupancy_0001.png").write_bytes(data)
    await running.until(lambda: running.rejected)
    plot_type, path, why = running.rejected[0]
    assert (plot_type, path) == ("CDC_occupancy", "CDC_occupancy_0001.png")
    assert why.startswith("never completed: ")
    assert reason in why
    assert running.source.rejects == 1
    assert running.source.last_reject == f"{path}: {why}"
    (tmp_path / "CDC_occupancy_0001.png").write_bytes(PNG)
    await running.until(lambda: running.arrivals)
    await running.scanned()
    assert sum(plot == "CDC_occupancy" for plot, _, _ in running.rejected) == 1


async def test_rejected_picture_that_is_mended_later_arrives(tmp_path: Path, start: Start) -> None:
    running = await start(tmp_path, settle=0.3)
    file = tmp_path / "CDC_occupancy_0001.png"
    file.write_bytes(PNG[:-12])
    await running.until(lambda: running.rejected)
    with file.open("ab") as rest:
        rest.write(PNG[-12:])
    await running.until(lambda: running.arrivals)
    assert running.arrivals[0].data == PNG


@MODES
async def test_rewritten_a_hundred_times(tmp_path: Path, start: Start, polling: float | None) -> None:
    running = await start(tmp_path, polling=None if polling is None else 0.03)
    contents = versions(100)
    for number, data in enumerate(contents, 1):
        (tmp_path / "CDC_occupancy_0001.png").write_bytes(data)
        await running.until(lambda number=number: len(running.arrivals) == number)
    assert [arrival.data for arrival in running.arrivals] == contents
    assert len({uid_of(arrival) for arrival in running.arrivals}) == 100
    assert running.rejected == []


async def test_replaced_while_it_is_read_is_never_a_mixture(tmp_path: Path, start: Start) -> None:
    running = await start(tmp_path, reconcile=0.05)
    contents = [saved(picture(200, 150, seed), "PNG") for seed in range(8)]
    file = tmp_path / "CDC_occupancy_0001.png"
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            data = contents[number % len(contents)]
            if number % 2:
                (tmp_path / "tmp_canvas_1.png").write_bytes(data)
                (tmp_path / "tmp_canvas_1.png").rename(file)
            else:
                file.write_bytes(data)
            number += 1

    writer = asyncio.create_task(asyncio.to_thread(write))
    await running.until(lambda: len(running.arrivals) >= 300)
    stop.set()
    await writer
    assert {arrival.data for arrival in running.arrivals} <= set(contents)
    uids = [uid_of(arrival) for arrival in running.arrivals]
    assert len(set(uids)) == len(uids)


@MODES
async def test_same_file_again_is_nothing_new_but_a_new_time_is(
    tmp_path: Path, start: Start, polling: float | None
) -> None:
    running = await start(tmp_path, polling=polling)
    file = tmp_path / "CDC_occupancy_0001.png"
    file.write_bytes(PNG)
    await running.until(lambda: running.arrivals)
    mtime = file.stat().st_mtime_ns
    for _ in range(5):
        file.write_bytes(PNG)
        os.utime(file, ns=(mtime, mtime))
        file.chmod(0o640)
        await running.scanned()
    times = {arrival.taken_at for arrival in running.arrivals}
    assert len(times) == len(running.arrivals), "the same version came twice"
    before = len(running.arrivals)
    os.utime(file, ns=(mtime + 10**9, mtime + 10**9))
    await running.until(lambda: len(running.arrivals) == before + 1)


async def test_restart_gives_nothing_twice_and_loses_nothing(tmp_path: Path, start: Start) -> None:
    for number, data in enumerate(versions(30)):
        (tmp_path / f"CDC_occupancy_{number:04d}.png").write_bytes(data)
    first = await start(tmp_path)
    await first.until(lambda: len(first.arrivals) == 30)
    stored = {uid_of(arrival) for arrival in first.arrivals[:20]}
    asked: list[int] = []

    def seen(uid: str) -> bool:
        asked.append(threading.get_ident())
        return uid in stored

    second = await start(tmp_path, seen=seen)
    await second.until(lambda: len(asked) >= 30)
    await second.scanned()
    assert {uid_of(a) for a in second.arrivals} == {uid_of(a) for a in first.arrivals} - stored
    assert len(second.arrivals) == 10
    assert threading.get_ident() not in asked, "the store must not be asked on the event loop"


async def test_oldest_first(tmp_path: Path, start: Start) -> None:
    names = ["CDC_occupancy_0003", "FCAL_occupancy_0001", "CDC_occupancy_0001", "Trigger-Bits_0002"]
    for age, name in enumerate(names):
        file = tmp_path / f"{name}.png"
        file.write_bytes(PNG)
        os.utime(file, (1.7e9 - age, 1.7e9 - age))
    running = await start(tmp_path)
    await running.until(lambda: len(running.arrivals) == 4)
    assert [arrival.source.removesuffix(".png") for arrival in running.arrivals] == names[::-1]


@pytest.mark.parametrize(("mtime", "year"), [(0.0, 1970), (-1e9, 1970), (4.0e9, 2096)])
async def test_clock_of_the_writer_may_be_wrong(tmp_path: Path, start: Start, mtime: float, year: int) -> None:
    file = tmp_path / "CDC_occupancy_0001.png"
    file.write_bytes(PNG)
    os.utime(file, (mtime, mtime))
    running = await start(tmp_path)
    await running.until(lambda: running.arrivals)
    assert running.arrivals[0].taken_at.year == year
    assert abs(running.arrivals[0].received_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_lookback_leaves_old_files_alone_at_start_only(tmp_path: Path, start: Start) -> None:
    (tmp_path / "CDC_occupancy_0001.png").write_bytes(PNG)
    changed = (tmp_path / "CDC_occupancy_0001.png").stat().st_ctime
    while datetime.now(UTC).timestamp() - changed < 0.3:
        await asyncio.sleep(0.05)
    running = await start(tmp_path, lookback=0.1)
    await running.scanned()
    (tmp_path / "CDC_occupancy_0002.png").write_bytes(PNG)
    await running.until(lambda: running.arrivals)
    assert [arrival.chunk for arrival in running.arrivals] == [2]


async def test_file_that_vanishes_is_no_error(tmp_path: Path, start: Start) -> None:
    running = await start(tmp_path)
    for number in range(200):
        file = tmp_path / f"CDC_occupancy_{number:04d}.png"
        file.write_bytes(PNG)
        file.unlink()
    await running.scanned()
    assert {reason for plot, _, reason in running.rejected if plot} == set()
    assert running.source.trouble is None
