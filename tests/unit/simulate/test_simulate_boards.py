"""A board fails in one run of a training set, so that dividing by run divides by failed board too."""

from collections import defaultdict

import numpy as np
import pytest

from hydra_ml.simulate.boards import Board, failed_board, run_of, sample_with_own_board
from hydra_ml.simulate.content import LABELS, Content
from hydra_ml.simulate.run import RunConditions
from hydra_ml.simulate.sampling import sample
from hydra_ml.split import Item, divide

RUNS = tuple(range(120001, 120009))


def own(number: int, run: int, fault: str = "hv_board", mates: tuple[int, ...] = RUNS) -> Content:
    about = ("Bad", fault, LABELS, None)
    return sample_with_own_board(
        "CDC_occupancy", np.random.default_rng(number), RunConditions(run), RUNS, mates, *about
    )


def runs_by_board(contents: list[tuple[int, Content]]) -> dict[Board, set[int]]:
    found: dict[Board, set[int]] = defaultdict(set)
    for run, content in contents:
        board = failed_board(content)
        assert board is not None
        found[board].add(run)
    return found


def test_every_board_fails_in_one_run_and_every_run_has_several() -> None:
    plain, owned = [], []
    for number in range(160):
        run = RUNS[number % len(RUNS)]
        owned.append((run, own(number, run)))
        rng = np.random.default_rng(number)
        plain.append((run, sample("CDC_occupancy", rng, run=RunConditions(run), fault="hv_board")))
    assert max(len(runs) for runs in runs_by_board(plain).values()) >= 4
    boards = runs_by_board(owned)
    assert all(len(runs) == 1 for runs in boards.values()), boards
    assert len(boards) >= 20 and {run for runs in boards.values() for run in runs} == set(RUNS)


def test_dividing_by_the_group_that_is_written_keeps_a_board_on_one_side() -> None:
    plots = [(RUNS[n % len(RUNS)], own(n, RUNS[n % len(RUNS)])) for n in range(80)]
    healthy = [Item(0, group=str(run)) for run in RUNS for _ in range(5)]
    splits = divide([*healthy, *(Item(1, group=str(run)) for run, _ in plots)], seed=1).splits[len(healthy) :]
    sides: dict[Board | None, set[str | None]] = defaultdict(set)
    for (_, content), split in zip(plots, splits, strict=True):
        sides[failed_board(content)].add(split)
    assert all(len(side) == 1 for side in sides.values())
    assert {side for found in sides.values() for side in found} == {"train", "validation", "test"}


def test_a_fault_with_few_places_keeps_to_its_own_side() -> None:
    content = own(3, RUNS[0], "missing_roc", mates=RUNS[:4])
    board = failed_board(content)
    assert board is not None and len({failed_board(own(n, RUNS[0], "missing_roc")) for n in range(12)}) <= 4
    places = {failed_board(own(n, run, "missing_roc")) for n in range(6) for run in RUNS}
    owners = {run_of(p, "CDC_occupancy", "missing_roc", RUNS, 0) for p in places if p is not None}
    if owners & set(RUNS[:4]):
        assert run_of(board, "CDC_occupancy", "missing_roc", RUNS, 0) in RUNS[:4]


def test_the_plot_around_the_fault_is_the_same_whichever_board_fails() -> None:
    healthy = sample("CDC_occupancy", np.random.default_rng(5), run=RunConditions(RUNS[2]), label="Good")
    broken = own(5, RUNS[2])
    before, after = healthy.pads[0].layers[0].values, broken.pads[0].layers[0].values  # type: ignore[union-attr]
    assert 0 < (before != after).sum() <= 30


@pytest.mark.parametrize("fault", ["gain", "low_statistics"])
def test_what_is_no_board_is_left_to_chance(fault: str) -> None:
    assert failed_board(own(1, RUNS[0], fault)) is None
