"""Writing a labelled training set: `Run<run>/<plot>_<chunk>.png` and `labels.csv`, split by run."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hydra_core.errors import UsageError
from hydra_ml.simulate.boards import sample_with_own_board
from hydra_ml.simulate.content import LABELS
from hydra_ml.simulate.drawing import Renderer, draw, png
from hydra_ml.simulate.run import RunConditions
from hydra_ml.simulate.sampling import faults, labels
from hydra_ml.simulate.style import Drawn

COLUMNS = ("filename", "plot", "label", "run", "chunk", "split", "group", "fault", "severity", "boxes")
FIRST_RUN = 120001
RUN_STEP = 137
"""Runs stand this far apart, so that a set reaches over several run periods."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Planned:
    plot_type: str
    label: str
    fault: str | None
    run: int


def write_training_set(
    out: Path,
    plot_types: Sequence[str],
    per_class: int,
    seed: int,
    runs: int = 12,
    progress: Progress | None = None,
    classes: tuple[str, ...] = LABELS,
    severity: tuple[float, float] | None = None,
    renderer: Renderer | None = None,
) -> Path:
    """Draw `per_class` plots of every class of every plot type and return the path of `labels.csv`.

    The classes' faults take turns; the plots are spread over `runs` runs, each of which stands in one split
    (train, validation, test as 70 : 15 : 15). `progress` is called with plots done and plots in all. Each fault's
    severity is by chance between the two of `severity` (0 subtle … 1 obvious), or left to the fault's own chance;
    `renderer` draws instead of Matplotlib. A board fails in one run only, so the run, which is also written as the
    `group`, keeps the plots of a failed board together.
    Raises UsageError for an unknown plot type, too few plots or runs, or a directory that has a set already.
    """
    _refuse(out, per_class, runs)
    rng = np.random.default_rng(seed)
    numbers = [FIRST_RUN + RUN_STEP * index for index in range(runs)]
    splits = _splits(numbers, rng)
    plan = [item for plot_type in plot_types for item in _plan(plot_type, per_class, numbers, rng, classes)]
    chunks: Counter[tuple[str, int]] = Counter()
    pen = _Pen(out, seed, classes, severity, renderer, splits)
    rows = []
    for done, item in enumerate(plan, start=1):
        chunks[item.plot_type, item.run] += 1
        rows.append(pen.write(item, chunks[item.plot_type, item.run], rng.spawn(1)[0]))
        if progress:
            progress(done, len(plan))
    return _write_labels(out / "labels.csv", rows)


def _refuse(out: Path, per_class: int, runs: int) -> None:
    if per_class < 1 or runs < 3:
        raise UsageError(f"need at least 1 plot a class and 3 runs (one a split), got {per_class} and {runs}")
    if (out / "labels.csv").exists():
        raise UsageError(f"{out} already holds a training set; choose another directory or remove it first")


def _splits(runs: list[int], rng: np.random.Generator) -> dict[int, str]:
    """Return each run's split; every split has at least one run."""
    few = max(1, round(0.15 * len(runs)))
    names = ["test"] * few + ["validation"] * few + ["train"] * (len(runs) - 2 * few)
    return {int(run): name for run, name in zip(rng.permutation(runs), names, strict=True)}


def _plan(
    plot_type: str, per_class: int, runs: list[int], rng: np.random.Generator, classes: tuple[str, ...]
) -> list[_Planned]:
    """Return what to draw of one plot type, shuffled, so that a chunk number says nothing about the label."""
    plan = []
    for label in labels(plot_type, classes):
        names: list[str | None] = [fault.name for fault in faults(plot_type) if fault.label_among(classes) == label]
        turns = _turns(names or [None], per_class, rng)
        plan += [_Planned(plot_type, label, fault, runs[i % len(runs)]) for i, fault in enumerate(turns)]
    return [plan[i] for i in rng.permutation(len(plan))]


def _turns(names: Sequence[str | None], count: int, rng: np.random.Generator) -> Iterator[str | None]:
    """Yield `count` names; every name comes once before any comes again."""
    for start in range(0, count, len(names)):
        for index in rng.permutation(len(names))[: count - start]:
            yield names[index]


@dataclass(frozen=True, slots=True)
class _Pen:
    """Writes single plots as the whole set is to be."""

    out: Path
    seed: int
    classes: tuple[str, ...]
    severity: tuple[float, float] | None
    renderer: Renderer | None
    splits: Mapping[int, str]

    def write(self, item: _Planned, chunk: int, rng: np.random.Generator) -> dict[str, object]:
        """Draw one plot into its file and return its row of labels.csv."""
        run, split = RunConditions(item.run, self.seed), self.splits[item.run]
        severity = float(rng.uniform(*self.severity)) if self.severity and item.fault else None
        mates = [number for number, name in self.splits.items() if name == split]
        runs = sorted(self.splits)
        about_fault = (item.label, item.fault, self.classes, severity)
        content = sample_with_own_board(item.plot_type, rng, run, runs, mates, *about_fault)
        style = run.style()
        drawn = self.renderer.draw(content, style, style.size) if self.renderer else draw(content, style)
        name = f"Run{item.run:06d}/{item.plot_type}_{chunk:04d}.png"
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(drawn))
        about = (name, item.plot_type, content.label, item.run, chunk, split, item.run, content.fault)
        asked = "" if severity is None else f"{severity:.3f}"
        return dict(zip(COLUMNS, (*about, asked, boxes_json(drawn)), strict=True))


def boxes_json(drawn: Drawn) -> str:
    """Return the fault boxes as a JSON list of [x0, y0, x1, y1] in 0…1."""
    return json.dumps([[round(value, 4) for value in box] for box in drawn.fault_boxes])


def _write_labels(path: Path, rows: list[dict[str, object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path
