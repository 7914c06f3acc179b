"""The live feed: whole files only, the truth about each, faults by schedule and by command."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from inotify_simple import INotify, flags
from PIL import Image

from hydra_core.errors import UsageError
from hydra_ml.simulate import FaultTimes, Feed, Style, faults
from hydra_ml.simulate.schedule import Commands

NEVER = FaultTimes(every=0)
TYPES = ("ST_occupancy", "Trigger-Bits")


def feed(out: Path, *, times: FaultTimes = NEVER, types: tuple[str, ...] = TYPES, **more: object) -> Feed:
    return Feed(out, types, seed=2, period=0.0, faults=times, style=Style(size=(320, 240)), **more)  # type: ignore[arg-type]


def truths(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "truth.jsonl").read_text().splitlines()]


def test_types_take_turns_and_runs_follow_each_other(tmp_path: Path) -> None:
    sent = feed(tmp_path, chunks_per_run=2, first_run=500)
    for _ in range(8):
        sent.step()
    names = [truth["file"] for truth in truths(tmp_path)]
    assert names == [f"Run{run:06d}/{plot}_{chunk:04d}.png" for run in (500, 501) for chunk in (1, 2) for plot in TYPES]
    assert all((tmp_path / str(name)).exists() for name in names)
    assert not list(tmp_path.rglob("tmp_canvas_*"))


def test_a_new_feed_in_the_same_directory_starts_the_next_run(tmp_path: Path) -> None:
    first = feed(tmp_path, first_run=500).step()
    second = feed(tmp_path, first_run=500).step()
    assert first and second and (first.run, second.run, second.chunk) == (500, 501, 1)


def test_same_seed_feeds_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        one = feed(tmp_path / name, times=FaultTimes(4, 2, 0.2))
        for _ in range(12):
            one.step()
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.png"))
    assert len(files) == 12
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)


def test_a_watcher_never_sees_a_partial_file_under_its_final_name(tmp_path: Path) -> None:
    sent = feed(tmp_path, first_run=500)
    run = tmp_path / "Run000500"
    run.mkdir()
    with INotify() as watch:
        watch.add_watch(run, flags.CREATE | flags.MOVED_TO | flags.MODIFY | flags.CLOSE_WRITE)
        stop = threading.Event()
        worker = threading.Thread(target=sent.run, args=(stop,))
        worker.start()
        try:
            _check_events(watch, tmp_path, wanted=30)
        finally:
            stop.set()
            worker.join()


def _check_events(watch: INotify, out: Path, wanted: int) -> None:
    """Every final name comes by a rename alone, is complete then, and its truth is known already."""
    seen = 0
    while seen < wanted:
        events = watch.read(timeout=20_000)
        assert events, "the feed fell silent"
        for event in events:
            if event.name.startswith("tmp_canvas_"):
                continue
            assert event.mask & flags.MOVED_TO, event
            data = (out / "Run000500" / event.name).read_bytes()
            Image.open(io.BytesIO(data)).load()
            assert data.endswith(b"IEND\xaeB`\x82")
            assert any(t["file"] == f"Run000500/{event.name}" for t in truths(out))
            seen += 1


def test_a_fault_lasts_several_plots_in_one_place_and_heals() -> None:
    times = FaultTimes(every=10, length=4, seed=1)
    states = [times.due("CDC_occupancy", index) for index in range(100)]
    assert states[0] is None
    for block in range(10):
        ten = states[10 * block : 10 * block + 10]
        faulty = [index for index, due in enumerate(ten) if due]
        assert faulty == list(range(faulty[0], faulty[0] + 4))
        assert len({ten[index] for index in faulty}) == 1
    assert len({due for due in states if due}) == 10


def test_without_faults_every_plot_is_good_and_glitches_last_one_plot(tmp_path: Path) -> None:
    assert not any(NEVER.due("ST_occupancy", index) for index in range(500))
    glitches = FaultTimes(every=0, glitch=0.1)
    due = [glitches.due("ST_occupancy", index) for index in range(500)]
    assert 25 < sum(d is not None for d in due) < 85
    sent = feed(tmp_path)
    assert {truth.label for truth in (sent.step() for _ in range(10)) if truth} == {"Good"}


def test_the_command_file_rules(tmp_path: Path) -> None:
    commands = tmp_path / "commands"
    sent = feed(tmp_path, command_file=commands)

    def turn(*lines: str) -> list[str]:
        with commands.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)
        return [f"{t.plot} {t.label} {t.fault}".strip() for t in (sent.step() for _ in TYPES) if t]

    assert turn() == ["ST_occupancy Good", "Trigger-Bits Good"]
    assert turn("bad ST_occupancy") == ["ST_occupancy Bad missing_group", "Trigger-Bits Good"]
    assert turn("silent Trigger-Bits") == ["ST_occupancy Bad missing_group"]
    assert turn("bad ST_occupancy no_data") == ["ST_occupancy NoData no_data"]
    assert turn("good ST_occupancy", "resume Trigger-Bits") == ["ST_occupancy Good", "Trigger-Bits Good"]
    chunks = [t["chunk"] for t in truths(tmp_path) if t["plot"] == "Trigger-Bits"]
    assert chunks == [1, 2, 3]


def test_an_unfinished_line_waits_and_nonsense_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "commands"
    commands = Commands(path)
    commands.poll()
    path.write_text("bad CDC_occu")
    commands.poll()
    assert commands.due("CDC_occupancy", None) is None
    path.write_text("bad CDC_occupancy\nbad NoSuch\nbad CDC_occupancy nothing\nsing\n")
    commands.poll()
    due = commands.due("CDC_occupancy", None)
    assert due and due.fault == faults("CDC_occupancy")[0].name
    assert [record.message for record in caplog.records] == ["command refused"] * 2 + ["command not understood"]
    with path.open("a") as file:
        file.write("auto CDC_occupancy\n")
    commands.poll()
    assert commands.due("CDC_occupancy", None) is None


def test_good_overrules_the_schedule(tmp_path: Path) -> None:
    commands = tmp_path / "commands"
    commands.write_text("good ST_occupancy\n")
    sent = feed(tmp_path, times=FaultTimes(2, 1), types=("ST_occupancy",), command_file=commands)
    assert {truth.label for truth in (sent.step() for _ in range(6)) if truth} == {"Good"}
    free = feed(tmp_path / "free", times=FaultTimes(2, 1), types=("ST_occupancy",))
    assert {truth.label for truth in (free.step() for _ in range(6)) if truth} > {"Good"}


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot simulate"):
        feed(tmp_path, types=("CDC",))
    with pytest.raises(UsageError, match="at least one plot type"):
        feed(tmp_path, types=())
    with pytest.raises(UsageError, match="heal before the next"):
        FaultTimes(every=6, length=6)
    with pytest.raises(UsageError, match="fraction"):
        FaultTimes(glitch=2)


def test_the_command_feeds_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hydra_cli.main", "simulate", "ST_occupancy", "--feed", str(tmp_path)]
    process = subprocess.Popen([*command, "--period", "50ms"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        with INotify() as watch:
            watch.add_watch(tmp_path, flags.CREATE)
            if not (tmp_path / "truth.jsonl").exists():
                assert watch.read(timeout=60_000)
        os.kill(process.pid, signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert out.strip().endswith(f"{len(list(tmp_path.rglob('*.png')))} plots sent")
    assert not list(tmp_path.rglob("tmp_canvas_*"))
