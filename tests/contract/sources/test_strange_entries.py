"""What else lies in a watched directory: things that are no files, no pictures, or have no proper name."""

import os
import socket
from pathlib import Path

import pytest
from support.bad_images import picture, saved
from support.watched import Start

PNG = saved(picture(32, 24), "PNG")
MODES = pytest.mark.parametrize("polling", [None, 0.1], ids=["inotify", "polling"])


@MODES
async def test_what_is_no_file_is_counted_and_hangs_nothing(
    tmp_path: Path, start: Start, polling: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere.dat"
    elsewhere.write_bytes(PNG)
    root = tmp_path / "root"
    root.mkdir()
    os.mkfifo(root / "CDC_occupancy_0001.png")
    (root / "CDC_occupancy_0002.png").symlink_to(elsewhere)
    (root / "CDC_occupancy_0003.png").mkdir()
    (root / "CDC_occupancy_0003.png" / "CDC_occupancy_0004.png").write_bytes(PNG)
    monkeypatch.chdir(root)  # a socket's path may have 108 bytes only
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("CDC_occupancy_0005.png")
        running = await start(root, polling=polling)
        (root / "CDC_occupancy_0006.png").write_bytes(PNG)
        await running.until(lambda: running.arrivals and len(running.rejected) >= 4)
        await running.scanned()
    kinds = {path: reason for _, path, reason in running.rejected if "_9" not in path}
    assert {path: reason.split(",")[0] for path, reason in kinds.items()} == {
        "CDC_occupancy_0001.png": "NOTREG: a FIFO",
        "CDC_occupancy_0002.png": "NOTREG: a symbolic link",
        "CDC_occupancy_0003.png": "NOTREG: a directory",
        "CDC_occupancy_0005.png": "NOTREG: a socket",
    }
    assert [arrival.chunk for arrival in running.arrivals] == [6]


async def test_fifo_moved_in_after_the_scan(tmp_path: Path, start: Start) -> None:
    root = tmp_path / "root"
    root.mkdir()
    running = await start(root, reconcile=3600)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "fifo").rename(root / "CDC_occupancy_0001.png")
    (root / "CDC_occupancy_0002.png").write_bytes(PNG)
    await running.until(lambda: running.arrivals and running.rejected)
    assert running.rejected[0][2].startswith("NOTREG: a FIFO")


@MODES
async def test_what_is_no_picture_is_rejected_with_its_plot_type(
    tmp_path: Path, start: Start, polling: float | None
) -> None:
    running = await start(tmp_path, polling=polling, settle=0.4)
    (tmp_path / "CDC_occupancy_0001.png").write_bytes(b"<html><h1>502 Bad Gateway</h1></html>")
    await running.until(lambda: running.rejected)
    plot_type, _, reason = running.rejected[0]
    assert plot_type == "CDC_occupancy"
    assert "FORMAT: neither PNG nor JPEG" in reason


@MODES
async def test_broken_picture_is_handed_on_to_be_an_error(tmp_path: Path, start: Start, polling: float | None) -> None:
    """It ends as it should, so somebody must be told that this plot cannot be judged."""
    running = await start(tmp_path, polling=polling, settle=0.4)
    broken = PNG[:60] + bytes([PNG[60] ^ 8]) + PNG[61:]
    (tmp_path / "CDC_occupancy_0001.png").write_bytes(broken)
    await running.until(lambda: running.arrivals)
    assert running.arrivals[0].data == broken


async def test_huge_file_is_never_read(tmp_path: Path, start: Start) -> None:
    running = await start(tmp_path)
    with (tmp_path / "CDC_occupancy_0001.png").open("wb") as file:
        file.truncate(2**40)
    await running.until(lambda: running.rejected)
    assert running.rejected[0][2].startswith("TOO_BIG: 1099511627776 bytes")


async def test_unknown_plot_type_is_said_once(tmp_path: Path, start: Start) -> None:
    running = await start(tmp_path)
    for number in range(50):
        (tmp_path / f"CDC_ocupancy_{number:04d}.png").write_bytes(PNG)
        (tmp_path / f"Weather_{number:04d}.png").write_bytes(PNG)
    await running.until(lambda: len(running.rejected) >= 2)
    await running.scanned()
    unknown = sorted(reason for reason in running.reasons() if "unknown" in reason)
    assert len(unknown) == 2
    assert "unknown plot type CDC_ocupancy; did you mean CDC_occupancy?" in unknown[0]
    assert "unknown plot type Weather" in unknown[1]
    assert running.arrivals == []


async def test_pads_by_number_and_by_name(tmp_path: Path, start: Start) -> None:
    running = await start(tmp_path)
    names = ("CDC_occupancy-01", "RF_TPOL_occupancy-02", "Kinematics-PSEnergy")
    for name in names:
        (tmp_path / f"{name}_0001.PNG").write_bytes(PNG)
    await running.until(lambda: len(running.arrivals) == 3)
    assert {a.plot_type for a in running.arrivals} == {"CDC_occupancy", "RF_TPOL_occupancy-02", "Kinematics-PSEnergy"}


NASTY = [
    *(f"CDC{mark}_occupancy_0001.png".encode() for mark in "\n\r\t\x01\x07\x08\x1b\x7f;|&$`'\"\\<>*?[]{}!#%^=,: "),
    *(
        f"CDC_occupancy_0001{mark}.png".encode()
        for mark in ("\n", "\x00a"[1:], ".", " ", "\u202e", "é", "٣", "-1", "_")
    ),
    b"CDC_occupancy_0001.png\n",
    b"CDC_occupancy_\xff\xfe.png",
    b"\xc3\x28_0001.png",
    "\N{FIRE}_0001.png".encode(),
    "\u202egnp.1000_CDC.png".encode(),
    b"<script>alert(1)<_script>_0001.png",
    b"; rm -rf ~_0001.png",
    b"$(touch owned)_0001.png",
    b"-rf_0001.png",
    b"--help_0001.png",
    b"..png",
    b"...png",
    b"...._0001.png",
    b" .png",
    b"_.png",
    b"_0001.png",
    b"%2e%2e%2fpasswd_0001.png",
    b"..%c0%af_0001.png",
    b"C:\\CDC_0001.png",
    b"CON_0001.png",
    b"nul_0001.png",
    b"{plot}_{chunk:d}.png",
    b"CDC_occupancy_99999999999999999999.png",
    b"x" * 246 + b"_0001.png",
    "é".encode() * 123 + b"_0001.png",
    b"CDC_occupancy_0001.png.png",
]


async def test_nasty_names_do_nothing_but_be_counted(
    tmp_path: Path, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(set(NASTY)) >= 60
    root = os.fsencode(tmp_path)
    running = await start(tmp_path)
    for name in NASTY:
        with open(os.path.join(root, name), "wb") as file:  # noqa: PTH118, PTH123 - pathlib knows no bytes
            file.write(PNG)
    (tmp_path / "CDC_occupancy_0042.png").write_bytes(PNG)
    await running.until(lambda: running.arrivals)
    await running.scanned()
    assert [arrival.source for arrival in running.arrivals] == ["CDC_occupancy_0042.png"]
    assert running.source.rejects >= 55
    for _, path, _ in running.rejected:
        assert path.isascii()
        assert path.isprintable()
    assert running.source.last_reject.isascii()
    assert all(record.getMessage().isprintable() for record in caplog.records), "log injection"
