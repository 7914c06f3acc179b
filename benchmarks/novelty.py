"""Novelty scorers beside each other: `python benchmarks/novelty.py` prints AUROC and share found for each.

Each scorer sees only good plots, and is asked to tell faults, from subtle to obvious, from good plots of runs that it
has not seen. Pictures are drawn once into --folder; features are made anew each time, so that a new backbone shows.
"""

import argparse
import csv
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import numpy.typing as npt

TYPES = ("CDC_occupancy", "FCAL_occupancy", "BCAL_occupancy", "ST_occupancy", "TOF_occupancy", "Trigger-Bits")
REAL = Path(__file__).parents[2] / "shared/data/gravityspy_mini"
SIDE = 192
FIRST_RUN, TRAIN_RUNS, TEST_RUNS, STEP = 120_001, 12, 48, 31
"""Training and test runs take turns, so that both come from the same run periods."""
TRAIN, GOOD, FAULTY = 60, 192, 12
"""Good plots to train on and to test on, and faulty ones of each kind of fault."""
SUBTLE, OBVIOUS = 0.2, 1.0
SEED = 5

Floats = npt.NDArray[np.float32]
Seen = dict[str, Floats]
Scorer = Callable[[Seen, npt.NDArray[np.int64]], Callable[[Seen], Floats]]
"""Good plots by view and their runs → a function from plots by view to scores, the higher the odder."""


@dataclass(frozen=True, slots=True)
class Sets:
    """Pictures uint8 (n, side, side, 3): good ones to train on with their runs, good and faulty ones to test with."""

    train: npt.NDArray[np.uint8]
    runs: npt.NDArray[np.int64]
    good: npt.NDArray[np.uint8]
    faulty: npt.NDArray[np.uint8]


def drawn(task: tuple[str, bool, Path]) -> Path:
    """Draw one plot type's sets, all in ROOT's default looks or each run in its own, unless they are there."""
    from hydra_ml.simulate import faults

    name, varied, folder = task
    path = folder / f"{name}-{'varied' if varied else 'same'}.npz"
    if path.exists():
        return path
    every = [FIRST_RUN + STEP * index for index in range(TRAIN_RUNS + TEST_RUNS)]
    known = every[:: (TRAIN_RUNS + TEST_RUNS) // TRAIN_RUNS]
    new = [run for run in every if run not in known]
    rng = np.random.default_rng(SEED)
    runs = [known[i % len(known)] for i in range(TRAIN)]
    train = [_picture(name, run, number, varied) for number, run in enumerate(runs)]
    good = [_picture(name, new[i % len(new)], 1000 + i, varied) for i in range(GOOD)]
    kinds = [fault.name for fault in faults(name)] * FAULTY
    broken = [
        _picture(name, int(rng.choice(new)), 5000 + i, varied, kind, float(rng.uniform(SUBTLE, OBVIOUS)))
        for i, kind in enumerate(kinds)
    ]
    np.savez(path, train=np.stack(train), runs=runs, good=np.stack(good), faulty=np.stack(broken))
    return path


def _picture(
    name: str, run: int, number: int, varied: bool, fault: str | None = None, severity: float | None = None
) -> npt.NDArray[np.uint8]:
    from hydra_ml.preprocess import prepare
    from hydra_ml.simulate import RunConditions, Style, draw, sample

    conditions = RunConditions(run, SEED)
    rng = np.random.default_rng([SEED, run, number])
    label = None if fault else "Good"
    content = sample(name, rng, run=conditions, label=label, fault=fault, severity=severity)
    return prepare(draw(content, conditions.style() if varied else Style()).rgb, (SIDE, SIDE))


def real_sets() -> Iterator[tuple[str, Sets]]:
    """Yield real plots, the title cut off, with each class in turn as the good one; half of it is trained on."""
    from hydra_core import images
    from hydra_ml.preprocess import prepare

    with (REAL / "labels.csv").open(newline="") as file:
        rows = [(row["label"], REAL / row["filename"]) for row in csv.DictReader(file)]
    seen = {path: prepare(images.decode(path.read_bytes()), (SIDE, SIDE), (0, 0.1, 0, 0)) for _, path in rows}
    for known in ("Blip", "Whistle"):
        good = np.stack([seen[path] for label, path in rows if label == known])
        others = np.stack([seen[path] for label, path in rows if label != known])
        yield f"real: {known}", Sets(good[::2], np.arange(len(good[::2])), good[1::2], others)


class Backbone:
    """The light backbone as it is shipped."""

    def __init__(self) -> None:
        import keras

        from hydra_ml.architectures import build
        from hydra_ml.engines.folding import fold
        from hydra_ml.engines.tensorflow import TensorFlowEngine

        model = build("light", SIDE, 2)
        stages = [layer.output for layer in model.layers if layer.name in ("light2", "light3", "light4")]
        self._engine = TensorFlowEngine(fold(keras.Model(model.inputs, stages[::-1])), "light")

    def look(self, pictures: npt.NDArray[np.uint8]) -> Seen:
        """Return pixels at 48x48 and three stages of feature maps."""
        from hydra_ml.novelty import views_of

        parts = []
        for start in range(0, len(pictures), 32):
            some = pictures[start : start + 32]
            maps = self._engine(some)
            parts.append(views_of(some, maps))
        return {view: np.concatenate([p[view] for p in parts]) for view in parts[0]}


def top(oddness: Floats, share: float) -> Floats:
    """Return the mean of the oddest places of each map."""
    flat = oddness.reshape(len(oddness), -1)
    most = max(1, round(share * flat.shape[1]))
    return np.asarray(np.partition(flat, -most, axis=1)[:, -most:].mean(axis=1), np.float32)


def spread(seen: Floats) -> Floats:
    """Return the standard deviation at each place, never far below the usual one."""
    return np.asarray(np.sqrt(seen.var(axis=0) + 0.04 * seen.var(axis=0).mean() + 1e-8), np.float32)


def gaussian(view: str, share: float) -> Scorer:
    """A Gaussian for each place and channel."""

    def fit(seen: Seen, _: Any) -> Callable[[Seen], Floats]:
        mean, width = seen[view].mean(axis=0), spread(seen[view])
        return lambda new: top((((new[view] - mean) / width) ** 2).mean(axis=-1), share)

    return fit


def covariance(view: str, share: float) -> Scorer:
    """A Gaussian for each place with the covariance of its channels, shrunk, as PaDiM has it."""

    def fit(seen: Seen, _: Any) -> Callable[[Seen], Floats]:
        count, height, width, channels = seen[view].shape
        mean = seen[view].mean(axis=0)
        apart = (seen[view] - mean).reshape(count, height * width, channels)
        found = np.einsum("npc,npd->pcd", apart, apart) / count
        usual = np.trace(found, axis1=1, axis2=2) / channels
        round_ = usual[:, None, None] * np.eye(channels)
        whole = 0.7 * found + 0.15 * found.mean(axis=0) + 0.15 * round_ + 0.01 * usual.mean() * np.eye(channels)
        inverse = np.linalg.inv(whole).astype(np.float32)

        def score(new: Seen) -> Floats:
            flat = (new[view] - mean).reshape(len(new[view]), height * width, channels)
            return top(np.stack([np.einsum("pc,pcd,pd->p", a, inverse, a, optimize=True) for a in flat]), share)

        return score

    return fit


def references(view: str, share: float) -> Scorer:
    """A comparison with the most similar good plot at each place: what a Siamese net does with fixed features."""

    def fit(seen: Seen, _: Any) -> Callable[[Seen], Floats]:
        width = spread(seen[view])
        known = seen[view] / width

        def score(new: Seen) -> Floats:
            return top(np.stack([((known - one / width) ** 2).mean(axis=-1).min(axis=0) for one in new[view]]), share)

        return score

    return fit


def cosine(view: str) -> Scorer:
    """The mean angle of the embedding to the three most similar good ones."""

    def fit(seen: Seen, _: Any) -> Callable[[Seen], Floats]:
        def unit(x: Floats) -> Floats:
            pooled = x.mean(axis=(1, 2))
            return np.asarray(pooled / np.linalg.norm(pooled, axis=1, keepdims=True), np.float32)

        known = unit(seen[view])
        return lambda new: np.asarray(np.sort(1 - unit(new[view]) @ known.T, axis=1)[:, :3].mean(axis=1), np.float32)

    return fit


def mahalanobis(view: str) -> Scorer:
    """The Mahalanobis distance of the embedding with Ledoit and Wolf's covariance."""

    def fit(seen: Seen, _: Any) -> Callable[[Seen], Floats]:
        from sklearn.covariance import LedoitWolf

        found = LedoitWolf().fit(seen[view].mean(axis=(1, 2)))
        return lambda new: np.asarray(found.mahalanobis(new[view].mean(axis=(1, 2))), np.float32)

    return fit


def ours(*left_out: str) -> Scorer:
    """What Hydra does: the most surprised of the views, each measured by its held-out good plots."""

    def fit(seen: Seen, runs: npt.NDArray[np.int64]) -> Callable[[Seen], Floats]:
        from hydra_ml.novelty_fit import assemble

        kept = {view: maps for view, maps in seen.items() if view not in left_out}
        pooled = seen["last"].mean(axis=(1, 2))
        novelty = assemble(["Good"], kept, runs, np.zeros(len(runs), bool), pooled, {})
        return lambda new: novelty.of_good(new)[0]

    return fit


SCORERS: dict[str, Scorer] = {
    "pixels 48x48, Gaussian": gaussian("pixels", 0.02),
    "fine maps, Gaussian": gaussian("fine", 0.005),
    "middle maps, Gaussian": gaussian("middle", 0.01),
    "last maps, Gaussian": gaussian("last", 0.02),
    "middle maps, covariance": covariance("middle", 0.02),
    "last maps, covariance": covariance("last", 0.02),
    "middle maps, nearest reference": references("middle", 0.02),
    "last maps, nearest reference": references("last", 0.02),
    "embedding, cosine to 3 nearest": cosine("last"),
    "embedding, Ledoit-Wolf": mahalanobis("last"),
    "middle embedding, Ledoit-Wolf": mahalanobis("middle"),
    "pixels + last": ours("fine", "middle"),
    "pixels + middle + last": ours("fine"),
    "Hydra: pixels and all maps": ours(),
}
HYDRA = list(SCORERS)[-1]


def auroc(good: Floats, faulty: Floats) -> float:
    """Return the chance that a faulty plot scores higher than a good one."""
    return float((faulty[:, None] > good).mean() + (faulty[:, None] == good).mean() / 2)


def found(good: Floats, faulty: Floats) -> float:
    """Return the share of faulty plots beyond what 5 % of the good ones reach."""
    return float((faulty > np.quantile(good, 0.95)).mean())


def measure(sets: Sets, backbone: Backbone) -> dict[str, tuple[float, ...]]:
    """Return for each scorer AUROC, share found and ms a plot; for ours also good and faulty ones at 0.95 and 0.99."""
    train, good, faulty = (backbone.look(pictures) for pictures in (sets.train, sets.good, sets.faulty))
    rows: dict[str, tuple[float, ...]] = {}
    for name, fit in SCORERS.items():
        score = fit(train, sets.runs)
        started = time.perf_counter()
        a, b = score(good), score(faulty)
        took = (time.perf_counter() - started) * 1000 / (len(a) + len(b))
        rows[name] = (auroc(a, b), found(a, b), took)
        if name == HYDRA:
            rows[name] += tuple(float((x >= level).mean()) for level in (0.95, 0.99) for x in (a, b))
    return rows


def show(title: str, columns: dict[str, dict[str, tuple[float, ...]]]) -> None:
    """Print one table."""
    print(f"\n{title}: AUROC, found at 5 % false alarms")
    print(f"{'':<32}" + "".join(f"{name[:13]:>14}" for name in columns) + f"{'mean':>14}{'ms':>7}")
    for scorer in SCORERS:
        cells = [rows[scorer] for rows in columns.values()]
        means = np.mean([cell[:3] for cell in cells], axis=0)
        line = "".join(f"{cell[0]:>9.3f} {cell[1]:.2f}" for cell in cells)
        print(f"{scorer:<32}{line}{means[0]:>9.3f} {means[1]:.2f}{means[2]:>7.2f}")
    calibrated = np.mean([rows[HYDRA][3:] for rows in columns.values()], axis=0)
    print("Hydra's calibration: of good and faulty plots have a novelty of at least")
    print("  0.95: {:.1%} and {:.1%}; 0.99: {:.1%} and {:.1%}".format(*calibrated), flush=True)


def main() -> None:
    """Draw what is missing, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/hydra-novelty"), help="where pictures are kept")
    parser.add_argument("--types", nargs="+", default=TYPES, help="plot types")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    tasks = [(name, varied, options.folder) for varied in (False, True) for name in options.types]
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        paths = dict(zip([task[:2] for task in tasks], pool.map(drawn, tasks), strict=True))
    backbone = Backbone()
    for varied, looks in ((False, "looks as in training"), (True, "looks vary between runs")):
        columns = {n: measure(Sets(**np.load(paths[n, varied])), backbone) for n in options.types}
        show(f"{TRAIN} good plots, unseen runs, {looks}", columns)
    show("real plots, other classes left out", {n: measure(s, backbone) for n, s in real_sets()})


if __name__ == "__main__":
    main()
