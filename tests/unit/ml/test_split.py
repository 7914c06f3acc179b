"""Dividing plots: nothing leaks between sides, given splits hold, classes keep their shares."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hydra_ml.split import SPLITS, Item, divide

items = st.lists(
    st.builds(
        Item,
        class_index=st.integers(0, 3),
        split=st.sampled_from([None, None, None, *SPLITS]),
        group=st.sampled_from([None, None, "a", "b", "c", "d"]),
        run=st.integers(0, 8),
        copies=st.one_of(st.none(), st.integers(0, 6)),
    ),
    max_size=60,
)
free_items = st.lists(
    st.builds(Item, class_index=st.integers(0, 3), group=st.sampled_from([None, "a", "b", "c", "d", "e"]),
              run=st.integers(0, 8), copies=st.one_of(st.none(), st.integers(0, 6))),
    max_size=60,
)  # fmt: skip


def sides(plots: list[Item], splits: tuple[str | None, ...], key: str) -> dict[object, set[str]]:
    found: dict[object, set[str]] = {}
    for item, split in zip(plots, splits, strict=True):
        value = getattr(item, key)
        if value not in (None, 0) and split is not None:
            found.setdefault(value, set()).add(split)
    return found


@given(items, st.integers(0, 99))
def test_copies_never_stand_on_two_sides(plots: list[Item], seed: int) -> None:
    copies = sides(plots, divide(plots, seed).splits, "copies")
    assert all(len(s) == 1 for s in copies.values())


@given(free_items, st.integers(0, 99))
def test_groups_never_stand_on_two_sides_unless_there_are_too_few(plots: list[Item], seed: int) -> None:
    division = divide(plots, seed)
    assert all(s or p.copies is not None for p, s in zip(plots, division.splits, strict=True))
    if not any("optimistic" in w for w in division.warnings):
        assert all(len(s) == 1 for s in sides(plots, division.splits, "group").values())
        without_group = [(i, s) for i, s in zip(plots, division.splits, strict=True) if not i.group]
        runs = sides([i for i, _ in without_group], tuple(s for _, s in without_group), "run")
        assert all(len(s) == 1 for s in runs.values())


@given(items, st.integers(0, 99))
def test_a_given_test_or_validation_plot_stays_or_is_left_out(plots: list[Item], seed: int) -> None:
    has_validation = any(p.split == "validation" for p in plots)
    for plot, split in zip(plots, divide(plots, seed).splits, strict=True):
        if plot.split == "train" and not has_validation:
            assert split in ("train", "validation", None)
        elif plot.split is not None:
            assert split in (plot.split, None)


@given(items, st.integers(0, 99))
def test_the_same_seed_gives_the_same_division(plots: list[Item], seed: int) -> None:
    assert divide(plots, seed) == divide(plots, seed)


def test_given_test_plots_are_never_trained_on_and_validation_is_carved_from_train() -> None:
    plots = [Item(i % 2, split="test" if i % 4 == 0 else "train") for i in range(80)]
    splits = divide(plots, 1).splits
    assert [s == "test" for s in splits] == [p.split == "test" for p in plots]
    assert 8 <= Counter(splits)["validation"] <= 13


def test_classes_keep_their_shares_when_runs_allow() -> None:
    plots = [Item(0 if n % 10 else 1, run=1 + n // 5) for n in range(500)]
    division = divide(plots, 3)
    table = Counter((p.class_index, s) for p, s in zip(plots, division.splits, strict=True))
    assert not division.warnings
    for class_index, total in ((0, 450), (1, 50)):
        assert abs(table[class_index, "train"] / total - 0.7) < 0.1
        assert table[class_index, "validation"] and table[class_index, "test"]


def test_five_labels_a_class_reach_every_side() -> None:
    splits = divide([Item(n // 5) for n in range(15)], 0).splits
    assert Counter(splits) == {"train": 9, "validation": 3, "test": 3}


def test_one_run_only_is_divided_by_plot_and_says_so() -> None:
    division = divide([Item(n % 2, run=7, copies=n // 2 if n < 10 else None) for n in range(40)], 0)
    assert "optimistic" in division.warnings[0]
    assert set(division.splits) == set(SPLITS)
    assert all(division.splits[n] == division.splits[n + 1] for n in range(0, 10, 2))


def test_a_copy_of_a_test_plot_is_left_out_of_training() -> None:
    plots = [Item(0, "test", copies=1), Item(0, "train", copies=1), *[Item(0, "train")] * 8, Item(1, "train")]
    division = divide(plots, 0)
    assert division.splits[:2] == ("test", None)
    assert "left out 1 plots" in division.warnings[-1]


def test_a_class_that_looks_the_same_in_every_run_is_trained_on() -> None:
    plots = [Item(0, run=1 + n % 10) for n in range(50)] + [Item(1, run=1 + n % 10, copies=1) for n in range(20)]
    division = divide(plots, 0)
    empty = division.splits[50:]
    assert set(empty) == {"train", None} and Counter(empty)["train"] >= 10
    assert set(division.splits[:50]) == set(SPLITS)


def test_an_unsplit_plot_follows_its_group() -> None:
    plots = [Item(0, "test", group="r1"), Item(0, None, group="r1"), Item(0, "train", group="r2")]
    assert divide(plots, 0).splits[:2] == ("test", "test")


def test_nothing_to_divide() -> None:
    assert divide([], 0).splits == ()


@given(free_items, free_items, st.integers(0, 99))
def test_new_plots_move_no_old_ones(old: list[Item], new: list[Item], seed: int) -> None:
    first = divide(old, seed).splits
    known = [replace(item, last=side) for item, side in zip(old, first, strict=True)]
    again = divide([*known, *new], seed).splits[: len(old)]
    together: dict[object, set[str]] = {}
    for item, side in zip(old, first, strict=True):
        together.setdefault(item.group or item.run, set()).add(side or "left out")
    for item, was, now in zip(old, first, again, strict=True):
        if None not in (was, now) and len(together[item.group or item.run]) == 1 and (item.group or item.run):
            assert was == now


def test_what_comes_later_fills_the_side_that_lacks_it() -> None:
    old = [Item(0, run=run, last="train") for run in range(1, 9) for _ in range(4)]
    new = [Item(0, run=run) for run in range(20, 24) for _ in range(4)]
    later = divide([*old, *new], 3).splits
    assert set(later[: len(old)]) == {"train"} and set(later[len(old) :]) >= {"validation", "test"}
