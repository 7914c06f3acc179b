"""Honesty: a model learnt from Matplotlib's plots judges ROOT's as well; it has learnt plots, not pens.

ROOT's plots lie in `tests/data/root_plots`, so this runs without ROOT. `benchmarks/honesty.py` prints the whole table.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from support.heads import SIDE, LightHead
from support.root_plots import LABELS, PLOTS, RUNS, contents, path_of

from hydra_core.images import decode
from hydra_ml.preprocess import prepare
from hydra_ml.simulate import draw

TRAIN_RUNS = range(140_101, 140_109)
TRAIN_LABELS = (0, 1) * 30 + (2,) * 10

Pictures = npt.NDArray[np.uint8]

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True, slots=True)
class Figures:
    """Balanced accuracy of one plot type's head, fitted to one renderer's plots, on each renderer's."""

    own: float
    other: float
    missed_no_data: int


@pytest.fixture(scope="module")
def head() -> LightHead:
    return LightHead()


def by_matplotlib(plot: str, labels: tuple[int, ...], runs: range) -> tuple[Pictures, list[int]]:
    """Return prepared plots and their runs."""
    some = list(contents(plot, labels, runs))
    drawn = [draw(content, style).rgb for content, style, _ in some]
    return np.stack([prepare(rgb, (SIDE, SIDE)) for rgb in drawn]), [run for _, _, run in some]


def by_root(plot: str) -> Pictures:
    files = (path_of(plot, number).read_bytes() for number in range(len(LABELS)))
    return np.stack([prepare(decode(file), (SIDE, SIDE)) for file in files])


def balanced(scores: npt.NDArray[np.float32], truth: npt.NDArray[np.int64]) -> float:
    right = scores.argmax(axis=1) == truth
    return float(np.mean([right[truth == label].mean() for label in np.unique(truth)]))


@pytest.fixture(scope="module")
def figures(head: LightHead) -> dict[str, Figures]:
    """Learn from Matplotlib's plots, judge the same test plots as each renderer drew them."""
    found = {}
    truth = np.array(LABELS)
    for plot in PLOTS:
        pictures, runs = by_matplotlib(plot, TRAIN_LABELS, TRAIN_RUNS)
        head.fit(pictures, np.array(TRAIN_LABELS), runs)
        own = head.scores(by_matplotlib(plot, LABELS, RUNS)[0])
        other = head.scores(by_root(plot))
        missed = int((other[truth == 2].argmax(axis=1) != 2).sum())
        found[plot] = Figures(balanced(own, truth), balanced(other, truth), missed)
    return found


def test_roots_plots_are_judged_as_well_as_matplotlibs(figures: dict[str, Figures]) -> None:
    own = float(np.mean([f.own for f in figures.values()]))
    other = float(np.mean([f.other for f in figures.values()]))
    assert own > 0.8 and other > own - 0.05, figures


def test_an_empty_plot_is_seen_whoever_drew_it(figures: dict[str, Figures]) -> None:
    assert {plot: f.missed_no_data for plot, f in figures.items()} == dict.fromkeys(PLOTS, 0)
