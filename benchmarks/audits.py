"""What the audits find: `python benchmarks/audits.py` prints two tables (about ten minutes on two cores).

Labels: of synthetic sets with five labels in a hundred wrong, how many are found, and how many of those listed are.
Drift: how often ten recent runs are called changed, healthy ones first, so that the false alarms are known.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from hydra_core.archive import FileArchive
from hydra_core.domain import LabelledPlot, Plot
from hydra_ml.audit.choose import share_outside, standardised
from hydra_ml.audit.drift import MANY_OUTSIDE
from hydra_ml.audit.duplicates import find_copies
from hydra_ml.audit.features import LightFeatures, archived
from hydra_ml.audit.labels import merge, out_of_fold, outvoted, suspects
from hydra_ml.audit.reference import block_numbers
from hydra_ml.audit.shift import embedding_shift
from hydra_ml.simulate import RunConditions, Style, draw, labels, png, sample

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TRAINED_RUNS, RECENT_RUNS, PLOTS, WINDOWS = 20, 10, 5, 40
WRONG = 0.05
STRANGE = Style(palette="cool", title="left", stats=True, grid=True, text_scale=1.2)
BOARDS = {"CDC_occupancy": "hv_board", "FCAL_occupancy": "dead_board"}


class Hotter(RunConditions):
    """Runs with another gain than usual."""

    factor = 1.0

    def level(self, plot_type: str) -> float:
        """Return the run's level, changed."""
        return super().level(plot_type) * type(self).factor


@dataclass(frozen=True)
class Way:
    """How recent runs differ: gain, looks, or a fault that stays in its place."""

    name: str
    gain: float = 1.0
    style: Style | None = None
    fault: str | None = None
    severity: float | None = None
    first_run: int = 120_050


def draw_plots(archive: FileArchive, name: str, way: Way, runs: Sequence[int], each: int) -> list[LabelledPlot]:
    """Draw so many good plots (or plots of the way's fault) of each run."""
    Hotter.factor = way.gain
    found = []
    for run in runs:
        conditions = Hotter(run, 5)
        for chunk in range(each):
            rng = np.random.default_rng([len(way.name), run, chunk])
            label = None if way.fault else "Good"
            place = np.random.default_rng(77) if way.fault else None
            content = sample(
                name, rng, run=conditions, label=label, fault=way.fault, fault_rng=place, severity=way.severity
            )
            found.append(keep(archive, name, png(draw(content, way.style or conditions.style())), run, chunk, "Good"))
    return found


def keep(archive: FileArchive, name: str, data: bytes, run: int, chunk: int, label: str) -> LabelledPlot:
    """Archive a picture and return its plot."""
    plot = Plot(f"{run:016x}{chunk:016x}", name, run, chunk, NOW, NOW, f"{run}_{chunk}", archive.put(data))
    return LabelledPlot(plot, label)


def draw_classes(archive: FileArchive, name: str, each: int) -> list[LabelledPlot]:
    """Draw a training set: so many plots of every class, in 20 runs, faults as a person sees them at once."""
    found: list[LabelledPlot] = []
    for kind in labels(name):
        for number in range(each):
            run = 120_001 + 137 * (number % TRAINED_RUNS)
            conditions = RunConditions(run, 5)
            content = sample(name, np.random.default_rng([1, number, len(kind)]), run=conditions, label=kind)
            found.append(keep(archive, name, png(draw(content, conditions.style())), run, len(found), kind))
    return found


def audit_planted(name: str, archive: FileArchive, backbone: LightFeatures, each: int, seeds: int) -> None:
    """Print how well planted label errors are found."""
    plots = draw_classes(archive, name, each)
    names = labels(name)
    truth, blocks = np.array([names.index(p.class_name) for p in plots]), block_numbers(plots)
    copies = find_copies([p.plot for p in plots], archive, {})
    listed = found = planted = first = 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        rows = rng.choice(len(plots), round(WRONG * len(plots)), replace=False)
        given = truth.copy()
        given[rows] = (given[rows] + rng.integers(1, len(names), len(rows))) % len(names)
        batches = archived([p.plot for p in plots], archive)
        vectors = backbone.known(batches, blocks, np.flatnonzero(given == names.index("Good"))).features.vectors
        errors = [i for i, _, _ in merge(outvoted(given, copies), suspects(given, out_of_fold(vectors, given, blocks)))]
        hits = set(errors) & set(rows.tolist())
        listed, found, planted = listed + len(errors), found + len(hits), planted + len(rows)
        first += len(set(errors[: len(rows)]) & set(rows.tolist()))
    print(
        f"{name:<16} {len(plots):>5} plots {planted:>4} wrong {listed:>5} listed   precision {found / listed:.2f}   "
        f"recall {found / planted:.2f}   right among the first {planted}: {first / planted:.2f}",
        flush=True,
    )


def audit_changed(name: str, archive: FileArchive, backbone: LightFeatures) -> None:
    """Print how often healthy and changed runs are called changed."""
    trained = [120_001 + 137 * n for n in range(TRAINED_RUNS)]
    before = draw_plots(archive, name, Way("healthy"), trained, PLOTS)
    blocks = block_numbers(before)
    known = backbone.known(archived([p.plot for p in before], archive), blocks, np.arange(len(before)))
    good = standardised(known.features.vectors, known.features.vectors)
    recent = [run + 49 for run in trained] + [run + 60 for run in trained]
    ways = (
        Way("healthy runs, as trained"),
        Way("healthy, a new run period", first_run=125_000),
        Way("gain +10 %", gain=1.10),
        Way("gain +25 %", gain=1.25),
        Way("another style", style=STRANGE),
        Way("a new dead board", fault=BOARDS[name], severity=0.5),
        Way("a new weak group", fault="weak_group", severity=0.3),
    )
    for way in ways:
        healthy = way == ways[0]
        runs = recent if healthy else [way.first_run + (n if way.first_run > 122_999 else 137 * n) for n in range(12)]
        plots = [p.plot for p in draw_plots(archive, name, way, runs, PLOTS)]
        numbers = np.array([p.run for p in plots])
        vectors = backbone.of(archived(plots, archive), numbers, known.typical).vectors
        rng = np.random.default_rng(1)
        rows = []
        for _ in range(WINDOWS if healthy else 8):
            chosen = np.isin(numbers, rng.choice(runs, RECENT_RUNS, replace=False))
            chance = embedding_shift(known.features.vectors, blocks, vectors[chosen], numbers[chosen])
            outside, _ = share_outside(standardised(vectors[chosen], known.features.vectors), good, blocks)
            rows.append((chance <= 0.05, chance <= 0.05 and outside >= MANY_OUTSIDE, outside))
        changed, retrain, outside = np.mean(np.array(rows, float), axis=0)
        print(
            f"{name:<16} {way.name:<26} watch or retrain {changed:>5.0%}   retrain {retrain:>5.0%}   "
            f"outside of the training set {outside:>4.0%}",
            flush=True,
        )


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-class", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--plots", nargs="*", default=list(BOARDS))
    options = parser.parse_args()
    backbone = LightFeatures()
    with tempfile.TemporaryDirectory() as folder:
        archive = FileArchive(Path(folder))
        print(f"label errors, {WRONG:.0%} of the labels wrong:")
        for name in options.plots:
            audit_planted(name, archive, backbone, options.per_class, options.seeds)
        print(f"drift, {TRAINED_RUNS} runs trained on, {RECENT_RUNS} recent ones, {PLOTS} plots each:")
        for name in options.plots:
            audit_changed(name, archive, backbone)


if __name__ == "__main__":
    main()
