"""Nothing that was put into the spool is lost, doubled or reordered, whatever is done to it."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.outcomes import Life, incident, plot, prediction

from hydra_core.domain import Outcome
from hydra_core.errors import SchemaError, StoreDownError, StoreError
from hydra_core.store import Spool, SqlStore, decode_outcome, encode_outcome
from hydra_core.store.segment import pack, read

WRITER = """
import sys
sys.path.insert(0, "tests")
from pathlib import Path
from hydra_core.store import Spool
from support.outcomes import Life
spool, life = Spool(Path(sys.argv[1])), Life()
for number in range(100000):
    spool.append(life.judge(number))
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


class Listener:
    """Takes outcomes like a store; refuses some."""

    def __init__(self) -> None:
        self.taken: list[Outcome] = []
        self.refuse: dict[int, StoreError] = {}

    def record(self, outcome: Outcome) -> None:
        error = self.refuse.pop(len(self.taken), None)
        if error is not None:
            raise error
        self.taken.append(outcome)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(folder: Path) -> Iterator[Spool]:
    opened = Spool(folder)
    yield opened
    opened.close()


def records(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


def test_what_goes_in_comes_out_in_order(spool: Spool) -> None:
    outcomes = incident()
    for outcome in outcomes:
        spool.append(outcome)
    assert spool.depth() == len(outcomes)
    listener = Listener()
    assert spool.drain(listener) == len(outcomes)
    assert listener.taken == outcomes
    assert spool.depth() == 0
    assert spool.drain(listener) == 0


def test_the_next_process_finds_what_waits(spool: Spool, folder: Path) -> None:
    outcomes = incident()
    spool.append_all(outcomes[:5])
    spool.close()
    again = Spool(folder)
    assert again.depth() == 5
    again.append_all(outcomes[5:])
    listener = Listener()
    again.drain(listener)
    assert listener.taken == outcomes
    again.close()


def test_replayed_twice_gives_the_same_rows(spool: Spool, folder: Path, store: SqlStore) -> None:
    outcomes = incident()
    spool.append_all(outcomes)
    (file,) = records(folder)
    kept = file.read_bytes()
    spool.drain(store)
    before, wall = store.status()["rows"], store.wall()
    file.write_bytes(kept)
    again = Spool(folder)
    assert again.drain(store) == len(outcomes)
    assert (store.status()["rows"], store.wall()) == (before, wall)
    assert before["change"] == len(outcomes)


def test_a_store_that_is_down_loses_nothing(spool: Spool) -> None:
    outcomes = incident()
    spool.append_all(outcomes)
    listener = Listener()
    listener.refuse = {4: StoreDownError("away"), 9: SchemaError("old")}
    for error in (StoreDownError, SchemaError):
        with pytest.raises(error):
            spool.drain(listener)
        assert spool.depth() == len(outcomes) - len(listener.taken)
    assert spool.drain(listener) == len(outcomes) - 9
    assert listener.taken == outcomes
    assert spool.dead_letters() == 0


def test_a_poison_record_is_set_aside_and_the_others_flow(spool: Spool, folder: Path) -> None:
    outcomes = incident()
    spool.append_all(outcomes)
    listener = Listener()
    listener.refuse = {3: StoreError("refuses this: too long")}
    assert spool.drain(listener) == len(outcomes)
    assert listener.taken == outcomes[:3] + outcomes[4:]
    assert spool.dead_letters() == 1
    letter = json.loads((folder / "dead-letter.jsonl").read_text())
    assert letter["error"] == "refuses this: too long"
    assert decode_outcome(letter["body"].encode()) == outcomes[3]


def test_a_poison_record_that_the_real_database_refuses(spool: Spool, store: SqlStore) -> None:
    life = Life()
    good = [life.judge(number) for number in range(5)]
    # SQLite takes a text of any length, but neither engine has so large a number.
    item = replace(plot(99), run=1 << 70)
    poison = replace(good[2], plot=item, prediction=prediction(item))
    spool.append_all([*good[:3], poison, *good[3:]])
    assert spool.drain(store) == 6
    assert spool.dead_letters() == 1
    assert store.status()["rows"]["inference"] == 5


def test_drain_in_small_steps(spool: Spool) -> None:
    outcomes = incident()
    spool.append_all(outcomes)
    listener = Listener()
    for step in range(3):
        assert spool.drain(listener, limit=4) == 4
        assert len(listener.taken) == 4 * (step + 1)
        assert spool.depth() == len(outcomes) - 4 * (step + 1)
    spool.drain(listener)
    assert listener.taken == outcomes


def test_appends_during_a_drain_come_after_it(spool: Spool) -> None:
    life = Life()
    first, later = [life.judge(n) for n in range(20)], [life.judge(n) for n in range(20, 40)]
    spool.append_all(first)

    class Busy(Listener):
        def record(self, outcome: Outcome) -> None:
            super().record(outcome)
            if len(self.taken) <= 20:
                spool.append(later[len(self.taken) - 1])

    busy = Busy()
    assert spool.drain(busy) == 40
    assert busy.taken == first + later


def test_appends_from_another_thread_during_drains(spool: Spool) -> None:
    life, listener = Life(), Listener()
    outcomes = [life.judge(number) for number in range(150)]
    writer = threading.Thread(target=lambda: [spool.append(outcome) for outcome in outcomes])
    writer.start()
    while writer.is_alive():
        spool.drain(listener)
    writer.join()
    spool.drain(listener)
    assert listener.taken == outcomes
    assert spool.depth() == 0


def test_many_threads_append(spool: Spool) -> None:
    lives = [[Life().judge(n + 100 * k) for n in range(20)] for k in range(4)]
    threads = [threading.Thread(target=lambda mine=mine: [spool.append(o) for o in mine]) for mine in lives]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    listener = Listener()
    spool.drain(listener)
    assert len(listener.taken) == 80
    for mine in lives:
        assert [o for o in listener.taken if o in mine] == mine


def test_files_are_of_bounded_size(folder: Path) -> None:
    spool, life = Spool(folder, file_bytes=4000), Life()
    outcomes = [life.judge(number) for number in range(20)]
    for outcome in outcomes:
        spool.append(outcome)
    assert len(records(folder)) > 3
    listener = Listener()
    spool.drain(listener)
    assert listener.taken == outcomes
    assert [file.stat().st_size for file in records(folder)] == [0]
    spool.close()
    assert records(folder) == []


def test_one_file_is_used_again_and_again(spool: Spool, folder: Path) -> None:
    life, listener = Life(), Listener()
    for number in range(20):
        spool.append(life.judge(number))
        if number % 3 == 0:
            assert spool.drain(listener, limit=2) > 0
    spool.drain(listener)
    assert [o.plot.chunk for o in listener.taken if o.plot is not None] == list(range(20))
    assert [file.name for file in records(folder)] == ["0000000001.spool"]


def test_cut_at_every_byte(tmp_path: Path) -> None:
    outcomes = [outcome for outcome in incident() if outcome.plot is None][:3]
    bodies = [encode_outcome(outcome) for outcome in outcomes]
    whole = b"".join(map(pack, bodies))
    ends = [sum(len(pack(body)) for body in bodies[: n + 1]) for n in range(len(bodies))]
    for length in range(len(whole) + 1):
        folder = tmp_path / str(length)
        folder.mkdir()
        (folder / "0000000001.spool").write_bytes(whole[:length])
        spool, listener = Spool(folder), Listener()
        complete = sum(end <= length for end in ends)
        assert spool.depth() == complete
        spool.append(outcomes[-1])
        assert spool.drain(listener) == complete + 1
        assert listener.taken == [*outcomes[:complete], outcomes[-1]]
        spool.close()
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize("where", [0, 5, 9, 40, -40])
def test_flipped_bytes_cost_one_record_and_the_file_is_kept(folder: Path, spool: Spool, where: int) -> None:
    outcomes = [outcome for outcome in incident() if outcome.plot is None][:4]
    for outcome in outcomes:
        spool.append(outcome)
    spool.close()
    (file,) = records(folder)
    data = bytearray(file.read_bytes())
    first = len(pack(encode_outcome(outcomes[0])))
    data[first + where] ^= 0x10
    file.write_bytes(data)
    again, listener = Spool(folder), Listener()
    assert again.drain(listener) == 3
    lost = 1 if where >= 0 else 0
    assert listener.taken == outcomes[:lost] + outcomes[lost + 1 :]
    (kept,) = folder.glob("spool.bad-*")
    assert kept.read_bytes() == data
    assert again.depth() == 0


def test_a_file_of_another_kind_is_moved_aside(folder: Path) -> None:
    folder.mkdir()
    (folder / "0000000001.spool").write_bytes(b"HYD9" + bytes(1000))
    spool, listener = Spool(folder), Listener()
    assert spool.drain(listener) == 0
    assert len(list(folder.glob("spool.bad-*"))) == 1
    outcome = Life().judge(1)
    spool.append(outcome)
    spool.drain(listener)
    assert listener.taken == [outcome]
    spool.close()


def test_a_full_spool_says_so_and_keeps_what_it_has(folder: Path) -> None:
    spool, life = Spool(folder, max_bytes=6000), Life()
    kept: list[Outcome] = []
    with pytest.raises(StoreError, match="is full"):
        for number in range(100):
            kept.append(life.judge(number))
            spool.append(kept[-1])
    kept.pop()
    assert kept
    listener = Listener()
    spool.drain(listener)
    assert listener.taken == kept
    spool.append(kept[0])
    assert spool.depth() == 1
    spool.close()


def test_a_full_disk_is_an_error_and_leaves_no_half_record(folder: Path) -> None:
    spool, life = Spool(folder), Life()
    outcomes = [life.judge(number) for number in range(3)]
    spool.append(outcomes[0])
    (file,) = records(folder)
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 100, limits[1]))
    try:
        with pytest.raises(StoreError, match="free space"):
            spool.append(outcomes[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert spool.depth() == 1
    spool.append(outcomes[2])
    listener = Listener()
    Spool(folder).drain(listener)
    assert listener.taken == [outcomes[0], outcomes[2]]
    spool.close()


def test_a_flush_that_fails_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool, life = Spool(folder), Life()
    spool.append(life.judge(1))

    def fail(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(StoreError, match="Input/output error"):
            spool.append(life.judge(2))
    assert spool.depth() == 1
    spool.append(life.judge(3))
    listener = Listener()
    assert Spool(folder).drain(listener) == 2
    spool.close()


def test_a_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        Spool(tmp_path / "spool")


@pytest.mark.parametrize("rounds", [1, 7, 23])
def test_kill_9_keeps_what_was_promised(folder: Path, rounds: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    promised = -1
    for _ in range(rounds):
        promised = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    spool, listener, life = Spool(folder), Listener(), Life()
    spool.drain(listener)
    expected = [life.judge(number) for number in range(len(listener.taken))]
    assert len(listener.taken) > promised
    assert listener.taken == expected
    assert records(folder) == []


def test_a_kill_during_the_drain_doubles_nothing(folder: Path, store: SqlStore) -> None:
    outcomes = incident()
    spool = Spool(folder)
    spool.append_all(outcomes)

    class DiedError(Exception):
        pass

    class Dies:
        left = 7

        def record(self, outcome: Outcome) -> None:
            store.record(outcome)
            self.left -= 1
            if self.left == 0:
                raise DiedError

    with pytest.raises(DiedError):
        spool.drain(Dies())
    assert Spool(folder).drain(store) == len(outcomes)
    assert store.status()["rows"]["change"] == len(outcomes)
    assert [o.verdict for o in outcomes if o.state is not None] == [v for _, _, v in store.history(Life().kind)]


def test_reading_a_segment_tells_torn_from_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x"
    record = pack(b"{}")
    for data, torn, damaged in [
        (b"", 0, False),
        (record, 0, False),
        (record + record[:5], 5, False),
        (record + b"\0\0\0\0", 0, True),
        (b"junk" + record, 0, True),
        (record[:-1] + b"!" + record, 0, True),
    ]:
        path.write_bytes(data)
        contents = read(path)
        assert (contents.torn, contents.damaged) == (torn, damaged)
