"""How good is a first model? ``python benchmarks/few_labels.py`` prints balanced accuracy with few labels a class.

Each plot type's plots come from `hydra_ml.simulate`: faults of any severity from hardly visible (0.15) to plain (1),
test plots from other runs of the same run periods. The first plot types listed were left out of the light backbone's
pretraining. Beside it: `compact` from nothing, and, if asked, InceptionV3 from nothing.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import numpy.typing as npt

CLASSES = ("Good", "Bad", "NoData")
SEEN = ("CDC_occupancy", "FCAL_occupancy", "BCAL_occupancy", "TOF_occupancy")
TRAIN_RUNS = tuple(121000 + 137 * i for i in range(10))
TEST_RUNS = tuple(121050 + 151 * i for i in range(12))
FAINTEST = 0.15
SEED = 7
SIDES = {"light": 192, "compact": 160, "inception_v3": 299}
TEST = 60
"""Test plots a class."""

Drawing = tuple[str, str, str | None, int, int, float | None]


@dataclass(frozen=True)
class Set:
    """Pictures, their classes and runs."""

    pictures: list[npt.NDArray[np.uint8]]
    truth: npt.NDArray[np.int64]
    runs: tuple[int, ...]
    boxes: list[tuple[tuple[float, float, float, float], ...]]


def plan(plot: str, count: int, runs: Sequence[int], seed: int) -> list[Drawing]:
    """Return what to draw: `count` plots of each class, the faults taking turns."""
    from hydra_ml.simulate import faults, labels

    rng = np.random.default_rng([seed, len(plot)])
    found: list[Drawing] = []
    for label in labels(plot, CLASSES):
        names = [f.name for f in faults(plot) if f.label_among(CLASSES) == label] or [None]
        for i in range(count):
            fault = names[i % len(names)]
            severity = float(rng.uniform(FAINTEST, 1)) if fault else None
            found.append((plot, label, fault, int(rng.choice(runs)), int(rng.integers(1 << 30)), severity))
    return found


def draw_one(work: Drawing) -> npt.NDArray[np.uint8]:
    """Draw one plot, 640x480 pixels of it: a whole set must fit into memory."""
    from hydra_ml.preprocess import prepare
    from hydra_ml.simulate import RunConditions, draw, sample

    plot, label, fault, run, seed, severity = work
    conditions = RunConditions(run, SEED)
    rng = np.random.default_rng([seed, run])
    content = sample(plot, rng, run=conditions, label=label, fault=fault, classes=CLASSES, severity=severity)
    drawn = draw(content, conditions.style())
    return prepare(drawn.rgb, (480, 640))


def draw_set(wanted: list[Drawing], pool: ProcessPoolExecutor) -> Set:
    """Draw a set."""
    drawn = list(pool.map(draw_one, wanted, chunksize=16))
    truth = np.array([CLASSES.index(label) for _, label, *_ in wanted])
    return Set(drawn, truth, tuple(w[3] for w in wanted))


def prepared(some: Set, side: int) -> npt.NDArray[np.uint8]:
    """Return a set's pictures as a net sees them."""
    from hydra_ml.preprocess import prepare

    return np.stack([prepare(rgb, (side, side)) for rgb in some.pictures])


def light(train: Set, test: Set) -> npt.NDArray[np.float32]:
    """Return the scores of a head on the light backbone."""
    from hydra_ml.architectures import build
    from hydra_ml.fitting import inference, scores_of
    from hydra_ml.transfer import HeadPlots, fit_head

    model = build("light", SIDES["light"], len(CLASSES))
    fit_head(model, HeadPlots(prepared(train, SIDES["light"]), train.truth, train.runs, frozenset({0})))
    return scores_of(inference(model), prepared(test, SIDES["light"]), len(CLASSES))


def from_nothing(name: str) -> Callable[[Set, Set], npt.NDArray[np.float32]]:
    """Return a judge of that architecture, trained from nothing; a fifth of the runs says when to stop."""

    def judge(train: Set, test: Set) -> npt.NDArray[np.float32]:
        import keras

        from hydra_ml.architectures import build, find
        from hydra_ml.checkpoint import Checkpoint
        from hydra_ml.fitting import FitOptions, Part, fit, inference, scores_of
        from hydra_ml.progress import LogProgress

        keras.utils.set_random_seed(1)
        model = build(name, SIDES[name], len(CLASSES))
        pictures, held = prepared(train, SIDES[name]), np.isin(train.runs, TRAIN_RUNS[::5])
        parts = [Part(pictures[rows], train.truth[rows]) for rows in (~held, held)]
        options = FitOptions(learning_rate=find(name).learning_rate)
        fit(model, *parts, options, LogProgress(), Checkpoint(None))
        return scores_of(inference(model), prepared(test, SIDES[name]), len(CLASSES))

    return judge


def balanced(scores: npt.NDArray[np.float32], truth: npt.NDArray[np.int64]) -> float:
    """Return the mean of the classes' recalls."""
    right = scores.argmax(axis=1) == truth
    return float(np.mean([right[truth == label].mean() for label in np.unique(truth)]))


def main() -> None:
    """Draw, fit, judge, print."""
    from hydra_ml.pretrain.__main__ import LEFT_OUT

    parser = argparse.ArgumentParser(description="Balanced accuracy with few labels a class.")
    parser.add_argument("--labels", type=int, nargs="+", default=[10, 30])
    parser.add_argument("--with-inception", action="store_true", help="InceptionV3 from nothing too (minutes each)")
    parser.add_argument("--plots", nargs="*", default=[*LEFT_OUT, *SEEN])
    parser.add_argument("--only-light", action="store_true")
    options = parser.parse_args()
    judges: dict[str, Callable[[Set, Set], npt.NDArray[np.float32]]] = {"light": light}
    if not options.only_light:
        judges["compact"] = from_nothing("compact")
    if options.with_inception:
        judges["inception_v3"] = from_nothing("inception_v3")
    columns = [f"{name} {count}" for name in judges for count in options.labels]
    print(f"| plot type | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    table: list[list[float]] = []
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for plot in options.plots:
            started = time.monotonic()
            most = draw_set(plan(plot, max(options.labels), TRAIN_RUNS, 1), pool)
            test = draw_set(plan(plot, TEST, TEST_RUNS, 2), pool)
            row = []
            for judge in judges.values():
                for count in options.labels:
                    rows = np.concatenate([np.flatnonzero(most.truth == c)[:count] for c in np.unique(most.truth)])
                    few = Set([most.pictures[i] for i in rows], most.truth[rows], tuple(most.runs[i] for i in rows))
                    row.append(balanced(judge(few, test), test.truth))
            table.append(row)
            where = "" if plot in LEFT_OUT else " (pretrained on)"
            figures = " | ".join(f"{value:.3f}" for value in row)
            print(f"| {plot}{where} | {figures} | {time.monotonic() - started:.0f} s", flush=True)
    left_out = [row for row, plot in zip(table, options.plots, strict=True) if plot in LEFT_OUT]
    for name, rows in (("mean of those left out", left_out), ("mean", table)):
        if rows:
            print(f"| {name} | {' | '.join(f'{value:.3f}' for value in np.mean(rows, axis=0))} |")


if __name__ == "__main__":
    main()
