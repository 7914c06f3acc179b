"""What a source remembers of its files, and in which order it looks at them."""

import pytest

from hydra_core.sources import ParsedName
from hydra_core.sources.candidates import Candidates, Look
from hydra_core.sources.memory import FileMemory, Signature

NAME = ParsedName("CDC", 1, 1)


def signature(time: int, size: int = 10) -> Signature:
    return Signature(time, time, size, 1)


def paths(looks: list[Look]) -> list[str]:
    return [look.path for look in looks]


def test_memory_knows_versions_not_only_files() -> None:
    memory = FileMemory()
    assert not memory.knows("a.png", signature(1))
    memory.remember("a.png", signature(1), "uid")
    assert memory.knows("a.png", signature(1))
    assert not memory.knows("a.png", signature(2))
    assert not memory.knows("a.png", signature(1, size=11))
    assert not memory.knows("b.png", signature(1))
    memory.remember("a.png", signature(2))
    assert memory.uid("a.png") == "uid"


def test_memory_stays_small_and_forgetting_brings_nothing_back() -> None:
    memory = FileMemory(limit=100)
    for time in range(10_000):
        memory.remember(f"{time}.png", signature(time))
        assert len(memory) <= 100
    assert all(memory.knows(f"{time}.png", signature(time)) for time in range(10_000))
    assert not memory.knows("new.png", signature(10_000))
    assert memory.knows("older than all that was forgotten.png", signature(5))


def test_a_forged_mtime_does_not_make_a_new_file_old() -> None:
    memory = FileMemory(limit=10)
    for time in range(100, 200):
        memory.remember(f"{time}.png", signature(time))
    assert not memory.knows("new.png", Signature(mtime_ns=0, ctime_ns=500, size=1, inode=1))


def test_closed_files_come_before_found_ones_and_at_once() -> None:
    candidates = Candidates(recheck=0.5, settle=30)
    candidates.add_found("found.png", NAME, signature(1), now=0)
    candidates.add_closed("closed.png", NAME, now=0)
    assert paths(candidates.due(0, 10)) == ["closed.png"]
    assert candidates.next_due() == 0.5
    assert candidates.due(0.4, 10) == []
    assert paths(candidates.due(0.5, 10)) == ["found.png"]
    assert candidates.next_due() is None


def test_close_overtakes_waiting_and_waiting_never_hides_a_close() -> None:
    candidates = Candidates(recheck=0.5, settle=30)
    candidates.add_found("a.png", NAME, signature(1), now=0)
    candidates.add_closed("a.png", NAME, now=0)
    candidates.add_found("a.png", NAME, signature(1), now=0)
    (look,) = candidates.due(9, 10)
    assert look.closed
    candidates.add_closed("a.png", NAME, now=1)
    candidates.wait(look, signature(1), "half", now=1)
    (again,) = candidates.due(9, 10)
    assert again.closed


def test_last_look_comes_after_settle_without_a_change() -> None:
    candidates = Candidates(recheck=1, settle=3)
    candidates.add_found("a.png", NAME, signature(1), now=0)
    lasts = []
    for now in (1, 2, 3):
        (look,) = candidates.due(now, 1)
        lasts.append(look.last)
        candidates.wait(look, signature(1), "half", now)
    assert lasts == [False, False, True]
    (look,) = candidates.due(4, 1)
    candidates.wait(look, signature(2), "", 4)
    (look,) = candidates.due(5, 1)
    assert not look.last, "it grew, so it is waited for anew"


def test_looks_not_made_are_first_again() -> None:
    candidates = Candidates(recheck=1, settle=3)
    for path in ("a", "b", "c", "d"):
        candidates.add_found(path, NAME, signature(1), now=0)
    candidates.add_closed("x", NAME, now=0)
    looks = candidates.due(1, 4)
    candidates.put_back(looks[1:], now=1)
    candidates.add_closed("y", NAME, now=1)
    assert paths(candidates.due(1, 10)) == ["y", "a", "b", "c", "d"]


@pytest.mark.parametrize("limit", [1, 5])
def test_number_of_candidates_is_bounded(limit: int) -> None:
    candidates = Candidates(recheck=1, settle=3, limit=limit)
    taken = [candidates.add_closed(f"{number}", NAME, now=0) for number in range(10)]
    assert taken == [True] * limit + [False] * (10 - limit)
    assert candidates.add_closed("0", NAME, now=0), "known already"
    candidates.add_found("f", NAME, signature(1), now=0)
    assert candidates.room() == limit - 1
    assert len(candidates) == limit + 1
