"""Does a model learn plots or a renderer? `python benchmarks/honesty.py [PLOT ...] [--json]` prints a table.

For each plot type the same plots are drawn twice, by Matplotlib and by CERN's ROOT (needs the extra `[render]`). A head
on the light backbone is fitted to the plots of the one and judged on the other's, and on its own renderer's; the test
plots come from other runs than the training's. Faults are of every kind, from hardly visible to plain.
"""

import argparse
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np
import numpy.typing as npt

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

PLOTS = (
    "CDC_occupancy",
    "FCAL_occupancy",
    "BCAL_occupancy",
    "ST_occupancy",
    "TOF_occupancy",
    "DIRC_occupancy",
    "clas12_DC_occupancy",
    "clas12_BST_occupancy",
)
RENDERERS = ("matplotlib", "root")
SIDE = 192
TRAIN_RUNS, TEST_RUNS = range(120_100, 120_108), range(120_150, 120_158)
GOOD = 0
"""Class index of what other plots are compared with."""
FAINTEST = 0.15
"""Least severity of a fault: hardly visible."""

Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Plots:
    """One side of a plot type: prepared pictures of both renderers in the same order, class indexes and runs."""

    pictures: dict[str, Pictures]
    truth: npt.NDArray[np.int64]
    runs: tuple[int, ...]


def draw_side(plot: str, runs: range, per_class: int, seed: int) -> Plots:
    """Draw `per_class` plots of every class with both renderers."""
    from hydra_ml.preprocess import prepare
    from hydra_ml.simulate import RunConditions, draw, labels, sample
    from hydra_ml.simulate.root_renderer import RootRenderer

    root = RootRenderer()
    pictures: dict[str, list[Any]] = {name: [] for name in RENDERERS}
    truth, seen = [], []
    for number, label in enumerate(labels(plot) * per_class):
        rng = np.random.default_rng([seed, runs.start, number])
        run = RunConditions(runs[int(rng.integers(len(runs)))], seed)
        severity = None if label == "Good" else float(rng.uniform(FAINTEST, 1))
        content, style = sample(plot, rng, run=run, label=label, severity=severity), run.style()
        for name, drawn in (("matplotlib", draw(content, style)), ("root", root.draw(content, style, style.size))):
            pictures[name].append(prepare(drawn.rgb, (SIDE, SIDE)))
        truth.append(number % len(labels(plot)))
        seen.append(run.run)
    return Plots({name: np.stack(some) for name, some in pictures.items()}, np.array(truth), tuple(seen))


def both_sides(work: tuple[str, int, int, int]) -> tuple[Plots, Plots]:
    """Draw training and test plots of a plot type."""
    plot, labelled, test, seed = work
    return draw_side(plot, TRAIN_RUNS, labelled, seed), draw_side(plot, TEST_RUNS, test, seed)


def judge(train: Plots, teacher: str, test: Plots) -> dict[str, Any]:
    """Fit a head to one renderer's plots and return the scores (n, classes) of each one's test plots."""
    from hydra_ml.architectures import build
    from hydra_ml.fitting import inference, scores_of
    from hydra_ml.transfer import HeadPlots, fit_head

    classes = int(train.truth.max()) + 1
    model = build("light", SIDE, classes)
    fit_head(model, HeadPlots(train.pictures[teacher], train.truth, train.runs, frozenset({GOOD})))
    forward = inference(model)
    return {name: scores_of(forward, pictures, classes) for name, pictures in test.pictures.items()}


def balanced(scores: Any, truth: npt.NDArray[np.int64]) -> float:
    """Return the mean of the classes' recalls."""
    right = scores.argmax(axis=1) == truth
    return float(np.mean([right[truth == label].mean() for label in np.unique(truth)]))


def measure(train: Plots, test: Plots) -> dict[str, float]:
    """Return the balanced accuracy for each pair of renderers, "trained on > judged on"."""
    found = {}
    for teacher in RENDERERS:
        scores = judge(train.pictures[teacher], train.truth, test.pictures)
        found |= {f"{teacher} > {name}": balanced(scores[name], test.truth) for name in RENDERERS}
    return found


def main() -> None:
    """Draw, fit, judge, print."""
    parser = argparse.ArgumentParser(description="Judge plots of one renderer with a model of the other's.")
    parser.add_argument("plots", nargs="*", default=list(PLOTS))
    parser.add_argument("--labels", type=int, default=30, help="labels a class")
    parser.add_argument("--test", type=int, default=30, help="test plots a class")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    started = time.monotonic()
    work = [(plot, options.labels, options.test, options.seed) for plot in options.plots]
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        drawn = list(pool.map(both_sides, work))
    table = {plot: measure(*sides) for plot, sides in zip(options.plots, drawn, strict=True)}
    table["mean"] = {pair: float(np.mean([row[pair] for row in table.values()])) for pair in next(iter(table.values()))}
    if options.json:
        json.dump(table, sys.stdout, indent=1)
        return
    pairs = list(table["mean"])
    print(f"balanced accuracy, {options.labels} labels a class, unseen runs, {time.monotonic() - started:.0f} s")
    print(f"{'plot type':24s}" + "".join(f"{pair:>26s}" for pair in pairs))
    for plot, row in table.items():
        print(f"{plot:24s}" + "".join(f"{row[pair]:26.3f}" for pair in pairs))


if __name__ == "__main__":
    main()
