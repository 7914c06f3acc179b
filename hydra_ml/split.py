"""Divide labelled plots into train, validation and test so that no run, group or copy stands on two sides.

Pure: works on keys, never on pictures. A given split holds; the rest is divided by group, else by run, else
plot by plot; classes keep their shares as far as whole groups allow. What stood on a side in the last training stays
there, so that new labels do not move old plots: what a model was tested on is never learnt by the next one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

SPLITS = ("train", "validation", "test")
SHARES: Mapping[str, float] = {"train": 0.7, "validation": 0.15, "test": 0.15}
_TRUST = ("test", "validation", "train")

Block = tuple[int, ...]
"""Indexes of items that must stay together."""


@dataclass(frozen=True, slots=True)
class Item:
    """What splitting needs to know of a plot: class index, a given split, group, run (0: unknown), set of copies.

    `last` is the side on which it stood before.
    """

    class_index: int
    split: str | None = None
    group: str | None = None
    run: int = 0
    copies: int | None = None
    last: str | None = None


@dataclass(frozen=True, slots=True)
class Division:
    """The split of each item (None: left out so that nothing leaks), and what the person should know."""

    splits: tuple[str | None, ...]
    warnings: tuple[str, ...] = ()


def divide(items: Sequence[Item], seed: int) -> Division:
    """Divide items; the same items and seed always give the same division, and so does what came of it before."""
    warnings: list[str] = []
    splits: list[str | None] = [item.split for item in items]
    given = {s for s in splits if s is not None}
    open_splits = [s for s in SPLITS if s == "train" or s not in given]
    blocks = _blocks(items, by_group=True)
    free = [b for b in blocks if not any(splits[i] for i in b)]
    if 0 < len(free) < len(open_splits) and sum(map(len, free)) > len(free):
        warnings.append("too few runs or groups to divide by; divided plot by plot, so the figures are optimistic")
        blocks = _blocks(items, by_group=False)
        free = [b for b in blocks if not any(splits[i] for i in b)]
    train_blocks = _follow_given(blocks, splits, warnings)
    if "validation" in given:
        train_blocks = []
    blocks_to_place = [(b, open_splits) for b in free] + [(b, ["train", "validation"]) for b in train_blocks]
    _assign(items, blocks_to_place, splits, seed)
    _keep_copies_on_one_side(items, splits, warnings)
    return Division(tuple(splits), tuple(warnings))


def join(pairs: Iterable[tuple[int, int]], count: int) -> list[int]:
    """Return for each of `count` items the smallest index of those it is joined with, directly or through others."""
    parent = list(range(count))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return [root(i) for i in range(count)]


def _blocks(items: Sequence[Item], by_group: bool) -> list[Block]:
    """Put together what must stay together: a group, a run, or the copies of a picture without either.

    Copies in several runs do not join these: one empty picture that comes in every run would join them all.
    """
    members: dict[tuple[str, object], list[int]] = defaultdict(list)
    for index, item in enumerate(items):
        if by_group and item.group:
            members["group", item.group].append(index)
        elif by_group and item.run:
            members["run", item.run].append(index)
        elif item.copies is not None:
            members["copies", item.copies].append(index)
        else:
            members["itself", index].append(index)
    return [tuple(m) for m in members.values()]


def _follow_given(blocks: list[Block], splits: list[str | None], warnings: list[str]) -> list[Block]:
    """Let plots follow the given split of their block; return the blocks that stand wholly in train."""
    train_blocks, mixed = [], 0
    for block in blocks:
        sides = {splits[i] for i in block} - {None}
        if len(sides) == 1:
            side = sides.pop()
            for i in block:
                splits[i] = side
            if side == "train":
                train_blocks.append(block)
        mixed += len(sides) > 1
    if mixed:
        warnings.append(f"the given split puts plots of {mixed} runs, groups or copies on several sides; it is kept")
    return train_blocks


def _keep_copies_on_one_side(items: Sequence[Item], splits: list[str | None], warnings: list[str]) -> None:
    """Leave out copies until each picture stands on one side: test if it can, else validation, else train.

    A class that would lose most of its training plots keeps them instead, and is tested on the few that differ.
    """
    sets: dict[int, list[int]] = defaultdict(list)
    for index, item in enumerate(items):
        if item.copies is not None and splits[index] is not None:
            sets[item.copies].append(index)
    torn = [m for m in sets.values() if len({splits[i] for i in m}) > 1]
    train = Counter(items[i].class_index for i, s in enumerate(splits) if s == "train")
    lost = Counter(items[i].class_index for m in torn for i in m if splits[i] == "train")
    before = sum(s is not None for s in splits)
    for members in torn:
        sides = [splits[i] for i in members]
        needed = any(2 * lost[items[i].class_index] > train[items[i].class_index] for i in members)
        kept = next(s for s in (_TRUST[::-1] if needed else _TRUST) if s in sides)
        for i in members:
            splits[i] = kept if splits[i] == kept else None
    left_out = before - sum(s is not None for s in splits)
    if left_out:
        warnings.append(f"left out {left_out} plots that are copies of one on another side")


def _assign(items: Sequence[Item], blocks: list[tuple[Block, list[str]]], splits: list[str | None], seed: int) -> None:
    """Give each block to the side where it was; others to the allowed side that lacks their classes most.

    The rarest class and the largest block come first.
    """
    if not blocks:
        return
    classes = 1 + max(item.class_index for item in items)
    counts = np.array([np.bincount([items[i].class_index for i in b], minlength=classes) for b, _ in blocks])
    total = counts.sum(axis=0)
    sides = [s for s in SPLITS if any(s in allowed for _, allowed in blocks)]
    share = np.array([SHARES[s] for s in sides])
    lack = np.outer(share / share.sum(), total)
    rarity = np.array([total[row > 0].min() for row in counts])
    noise = np.random.default_rng(seed).permutation(len(blocks))
    before = [_last_side(items, block, allowed) for block, allowed in blocks]
    fresh = np.array([side is None for side in before])
    for b in np.lexsort((noise, -counts.sum(axis=1), rarity, fresh)):
        block, allowed = blocks[b]
        # A rare class weighs as much as a common one: lack and gain are fractions of the class.
        gain = lack @ (counts[b] / np.maximum(total, 1) ** 2)
        best = max((k for k, s in enumerate(sides) if s in allowed), key=lambda k: gain[k])
        if (side := before[b]) is not None:
            best = sides.index(side)
        lack[best] -= counts[b]
        for i in block:
            splits[i] = sides[best]


def _last_side(items: Sequence[Item], block: Block, allowed: Sequence[str]) -> str | None:
    """Return the one side on which the plots of a block stood, None if there is no such or it is not allowed."""
    last = {items[i].last for i in block} - {None}
    side = last.pop() if len(last) == 1 else None
    return side if side in allowed else None
