"""How good is a first model? ``python benchmarks/few_labels.py`` prints balanced accuracy with few labels a class.

Each plot type's plots come from `hydra_ml.simulate`: faults of any severity from hardly visible (0.15) to plain (1),
test plots from other runs of the same run periods. The first plot types listed were left out of the light backbone's
pretraining. Beside it stand EfficientNet-Lite0 with ImageNet weights (extra `imagenet`), and `compact` and InceptionV3
from nothing. `--real` adds a directory of real plots with a labels.csv (filename, label, split), with their titles and
without.
"""

import argparse
import csv
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

CLASSES = ("Good", "Bad", "NoData")
SEEN = ("CDC_occupancy", "FCAL_occupancy", "BCAL_occupancy", "TOF_occupancy")
TRAIN_RUNS = tuple(121000 + 137 * i for i in range(10))
TEST_RUNS = tuple(121050 + 151 * i for i in range(12))
FAINTEST = 0.15
SEED = 7
SIDES = {"light": 192, "efficientnet_lite0": 224, "compact": 160, "inception_v3": 299}
TEST = 60
"""Test plots a class."""

Drawing = tuple[str, str, str | None, int, int, float | None]


@dataclass(frozen=True)
class Set:
    """Pictures, their classes and runs."""

    pictures: list[npt.NDArray[np.uint8]]
    truth: npt.NDArray[np.int64]
    runs: tuple[int, ...]
    classes: int = len(CLASSES)

    def held_runs(self) -> list[int]:
        """Return a fifth of the runs, which say when a training should stop."""
        return sorted(set(self.runs))[::5]


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


def with_weights(name: str) -> Callable[[Set, Set], npt.NDArray[np.float32]]:
    """Return a judge: a head on a body that comes with weights."""

    def judge(train: Set, test: Set) -> npt.NDArray[np.float32]:
        from hydra_ml.architectures import build
        from hydra_ml.fitting import inference, scores_of
        from hydra_ml.transfer import HeadPlots, fit_head

        model = build(name, SIDES[name], train.classes)
        fit_head(model, HeadPlots(prepared(train, SIDES[name]), train.truth, train.runs, frozenset({0})))
        return scores_of(inference(model), prepared(test, SIDES[name]), train.classes)

    return judge


def from_nothing(name: str) -> Callable[[Set, Set], npt.NDArray[np.float32]]:
    """Return a judge of that architecture, trained from nothing; a fifth of the runs says when to stop."""

    def judge(train: Set, test: Set) -> npt.NDArray[np.float32]:
        import keras

        from hydra_ml.architectures import build, find
        from hydra_ml.checkpoint import Checkpoint
        from hydra_ml.fitting import FitOptions, Part, fit, inference, scores_of
        from hydra_ml.progress import LogProgress

        keras.utils.set_random_seed(1)
        model = build(name, SIDES[name], train.classes)
        pictures, held = prepared(train, SIDES[name]), np.isin(train.runs, train.held_runs())
        parts = [Part(pictures[rows], train.truth[rows]) for rows in (~held, held)]
        options = FitOptions(learning_rate=find(name).learning_rate)
        fit(model, *parts, options, LogProgress(), Checkpoint(None))
        return scores_of(inference(model), prepared(test, SIDES[name]), train.classes)

    return judge


def balanced(scores: npt.NDArray[np.float32], truth: npt.NDArray[np.int64]) -> float:
    """Return the mean of the classes' recalls."""
    right = scores.argmax(axis=1) == truth
    return float(np.mean([right[truth == label].mean() for label in np.unique(truth)]))


JUDGES = {
    "light": with_weights("light"),
    "efficientnet_lite0": with_weights("efficientnet_lite0"),
    "compact": from_nothing("compact"),
    "inception_v3": from_nothing("inception_v3"),
}


def fewer(some: Set, count: int) -> Set:
    """Return the first `count` plots of each class."""
    rows = np.concatenate([np.flatnonzero(some.truth == label)[:count] for label in np.unique(some.truth)])
    return Set([some.pictures[i] for i in rows], some.truth[rows], tuple(some.runs[i] for i in rows), some.classes)


def real_sets(folder: Path, crop: tuple[float, float, float, float]) -> tuple[Set, Set]:
    """Return the training and test plots of a directory, cropped; each plot is a run of its own."""
    from hydra_core.images import decode
    from hydra_ml.preprocess import prepare

    rows = list(csv.DictReader((folder / "labels.csv").open()))
    names = list(dict.fromkeys(row["label"] for row in rows))
    sides = []
    for side in ("train", "test"):
        chosen = [row for row in rows if row["split"] == side]
        pictures = [prepare(decode((folder / row["filename"]).read_bytes()), (480, 640), crop) for row in chosen]
        truth = np.array([names.index(row["label"]) for row in chosen])
        sides.append(Set(pictures, truth, tuple(range(len(chosen))), len(names)))
    return sides[0], sides[1]


def row_of(judges: Sequence[str], counts: Sequence[int], most: Set, test: Set) -> list[float]:
    """Return each judge's balanced accuracy with each number of labels."""
    return [balanced(JUDGES[name](fewer(most, count), test), test.truth) for name in judges for count in counts]


def main() -> None:
    """Draw, fit, judge, print."""
    from hydra_ml.pretrain.__main__ import LEFT_OUT

    parser = argparse.ArgumentParser(description="Balanced accuracy with few labels a class.")
    parser.add_argument("--labels", type=int, nargs="+", default=[10, 30])
    parser.add_argument("--judges", nargs="+", default=list(JUDGES)[:3], choices=JUDGES, help="InceptionV3 takes long")
    parser.add_argument("--plots", nargs="*", default=[*LEFT_OUT, *SEEN])
    parser.add_argument("--real", type=Path, help="directory of real plots with a labels.csv")
    options = parser.parse_args()
    columns = [f"{name} {count}" for name in options.judges for count in options.labels]
    print(f"| plot type | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    table: list[list[float]] = []

    def tell(what: str, started: float, most: Set, test: Set) -> list[float]:
        row = row_of(options.judges, options.labels, most, test)
        figures = " | ".join(f"{value:.3f}" for value in row)
        print(f"| {what} | {figures} | {time.monotonic() - started:.0f} s", flush=True)
        return row

    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for plot in options.plots:
            started = time.monotonic()
            most = draw_set(plan(plot, max(options.labels), TRAIN_RUNS, 1), pool)
            test = draw_set(plan(plot, TEST, TEST_RUNS, 2), pool)
            where = "" if plot in LEFT_OUT else " (pretrained on)"
            table.append(tell(f"{plot}{where}", started, most, test))
    left_out = [row for row, plot in zip(table, options.plots, strict=True) if plot in LEFT_OUT]
    for name, rows in (("mean of those left out", left_out), ("mean", table)):
        if rows:
            print(f"| {name} | {' | '.join(f'{value:.3f}' for value in np.mean(rows, axis=0))} |")
    if options.real:
        for name, crop in (("with its title", (0.0, 0.0, 0.0, 0.0)), ("title cut off", (0.0, 0.12, 0.0, 0.0))):
            tell(f"{options.real.name}, {name}", time.monotonic(), *real_sets(options.real, crop))


if __name__ == "__main__":
    main()
