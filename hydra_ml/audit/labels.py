"""Find labels that are likely wrong: those that a model of the other runs' labels firmly disagrees with (cleanlab)."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hydra_core.domain import LabelledPlot, PlotType, Severity
from hydra_core.errors import ModelError
from hydra_core.ports import Archive
from hydra_ml.audit.duplicates import find_copies

if TYPE_CHECKING:
    from hydra_ml.audit.features import LightFeatures, Seen

FOLDS = 5
FEWEST = 2
"""A class with fewer plots than this cannot be judged by the others."""
STRENGTHS = (0.01, 0.03, 0.1)
"""Inverse penalties of the regressions whose answers are averaged: none is best for all plots and all errors."""
STEADY = 0.3
"""Share of the median spread that is added to each feature's: one that hardly ever varies is noise."""
FEW_PLOTS = 20
MAJORITY = 2 / 3
"""Share of a picture's copies from which on the others' label is taken for the wrong one."""

Floats = npt.NDArray[np.float64]
Suspect = tuple[int, int, float]
"""Index of a plot, the class suggested, how sure (0…1)."""


@dataclass(frozen=True, slots=True)
class LabelError:
    """A plot whose label is likely wrong: the class it was given, the one the others suggest, and how sure (0…1)."""

    plot: LabelledPlot
    suggested: str
    score: float


@dataclass(frozen=True, slots=True)
class LabelAudit:
    """What was found: likely errors, the surest first; how many labels were judged; what to know about it.

    `agreement` is the share of all labels with which the out-of-fold judgement agrees: where it is low, the classes
    look alike or many labels are wrong, and the list is worth less.
    """

    errors: tuple[LabelError, ...]
    judged: int
    agreement: float
    warnings: tuple[str, ...]


def audit_labels(
    plots: Sequence[LabelledPlot],
    plot_type: PlotType,
    archive: Archive,
    hashes: dict[str, int],
    backbone: "LightFeatures",
    seen: "Seen | None" = None,
) -> LabelAudit:
    """Judge every label by a model that learnt from other runs or groups.

    `hashes` are known difference hashes by picture sha256. Raises ModelError when there are not two classes with two
    labels each.
    """
    known, warnings = _known(plots, plot_type)
    usable = [p for p in plots if p.class_name in known]
    vectors, kept, lost = _features(usable, plot_type, archive, backbone, seen)
    usable = [usable[i] for i in kept]
    copies = find_copies([p.plot for p in usable], archive, hashes)
    blocks, optimistic = _blocks(usable, copies)
    names = [c for c in plot_type.class_names() if any(p.class_name == c for p in usable)]
    truth = np.array([names.index(p.class_name) for p in usable])
    chances = out_of_fold(vectors, truth, blocks)
    found = merge(outvoted(truth, copies), suspects(truth, chances))
    errors = [LabelError(usable[i], names[best], score) for i, best, score in found]
    few = [f"{c}: {n}" for c, n in zip(names, np.bincount(truth), strict=True) if n < FEW_PLOTS]
    if few:
        warnings.append(f"few labels of {', '.join(few)}: errors among them, and mistaken for them, are hard to tell")
    agreement = float((chances.argmax(axis=1) == truth).mean())
    return LabelAudit(tuple(errors), len(usable), agreement, (*warnings, *lost, *optimistic))


def outvoted(truth: npt.NDArray[np.int64], copies: Sequence[int | None]) -> list[Suspect]:
    """Return (index, suggested class, score) of plots whose copies mostly have another label; score is their share."""
    members: dict[int, list[int]] = defaultdict(list)
    for index, number in enumerate(copies):
        if number is not None:
            members[number].append(index)
    found = []
    for rows in members.values():
        votes = np.bincount(truth[rows])
        best, share = int(votes.argmax()), float(votes.max() / len(rows))
        found += [(i, best, share) for i in rows if truth[i] != best and share >= MAJORITY]
    return found


def merge(*lists: Sequence[Suspect]) -> list[Suspect]:
    """Return every index once, as the first list that has it says, the highest score first."""
    known: dict[int, Suspect] = {}
    for item in (item for items in lists for item in items):
        known.setdefault(item[0], item)
    return sorted(known.values(), key=lambda s: (-s[2], s[0]))


def suspects(truth: npt.NDArray[np.int64], chances: Floats) -> list[Suspect]:
    """Return (index, suggested class, score) of likely errors, the surest first.

    `truth` are the classes given (n,), `chances` the out-of-fold probabilities (n, classes). Confident learning: the
    plot is as probable in another class as that class's own plots are, and that class is the most probable one.
    """
    try:
        from cleanlab.filter import find_label_issues
    except ImportError as error:
        raise ModelError(f"auditing labels needs cleanlab: pip install 'hydra-monitoring[audit]' ({error})") from error
    found = find_label_issues(truth, chances, filter_by="confident_learning", n_jobs=1)
    best = chances.argmax(axis=1)
    score = 1 - chances[np.arange(len(truth)), truth]
    chosen = [int(i) for i in np.flatnonzero(found) if best[i] != truth[i]]
    return sorted(((i, int(best[i]), float(score[i])) for i in chosen), key=lambda s: (-s[2], s[0]))


def out_of_fold(
    vectors: npt.NDArray[np.float32], truth: npt.NDArray[np.int64], blocks: npt.NDArray[np.int64]
) -> Floats:
    """Return probabilities (n, classes) of plots by regressions that saw no plot of the same block."""
    from sklearn.model_selection import StratifiedGroupKFold

    spread = vectors.std(axis=0)
    x = (vectors - vectors.mean(axis=0)) / (spread + STEADY * np.median(spread) + 1e-6)
    folds = min(FOLDS, min(len(np.unique(blocks[truth == c])) for c in np.unique(truth)))
    parts = list(StratifiedGroupKFold(folds, shuffle=True, random_state=0).split(x, truth, blocks))
    return np.asarray(np.mean([_probabilities(x, truth, parts, strength) for strength in STRENGTHS], axis=0))


def _probabilities(
    x: npt.NDArray[np.float32],
    truth: npt.NDArray[np.int64],
    parts: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]],
    strength: float,
) -> Floats:
    from sklearn.linear_model import LogisticRegression

    chances = np.zeros((len(truth), int(truth.max()) + 1))
    for learn, judge in parts:
        model = LogisticRegression(C=strength, max_iter=500, class_weight="balanced")
        model.fit(x[learn], truth[learn])
        chances[np.ix_(judge, model.classes_)] = model.predict_proba(x[judge])
    return chances


def _features(
    plots: Sequence[LabelledPlot],
    plot_type: PlotType,
    archive: Archive,
    backbone: "LightFeatures",
    seen: "Seen | None",
) -> tuple[npt.NDArray[np.float32], list[int], list[str]]:
    """Return the features of the plots that can be judged, their indexes, and what is left out."""
    from hydra_ml.audit.features import archived
    from hydra_ml.audit.reference import block_numbers

    healthy = {c.name for c in plot_type.classes if c.severity == Severity.NO_ALARM}
    good = [i for i, p in enumerate(plots) if p.class_name in healthy] or list(range(len(plots)))
    failed: dict[int, str] = {}
    batches = archived([p.plot for p in plots], archive, failed)
    features = backbone.known(batches, block_numbers(plots), np.array(good, np.int64), seen).features
    lost = [f"{plots[i].plot.source} cannot be read, left out: {why}" for i, why in failed.items()]
    known, more = _known([plots[i] for i in features.kept], plot_type)
    rows = [row for row, i in enumerate(features.kept) if plots[i].class_name in known]
    return features.vectors[rows], [int(features.kept[row]) for row in rows], lost + more


def _known(plots: Sequence[LabelledPlot], plot_type: PlotType) -> tuple[set[str], list[str]]:
    """Return the classes that can be judged, and what is left out. Raises ModelError when there are not two."""
    counts = Counter(p.class_name for p in plots)
    known = {c for c in plot_type.class_names() if counts[c] >= FEWEST}
    if len(known) < 2:
        have = ", ".join(f"{c}: {n}" for c, n in counts.items()) or "none"
        raise ModelError(
            f"{plot_type.name}: auditing labels needs two classes with {FEWEST} labels each, there are {have}; "
            "label or `hydra import` more"
        )
    out = ", ".join(f"{c}: {n}" for c, n in counts.items() if c not in known)
    return known, [f"not judged, too few or not configured: {out}"] if out else []


def _blocks(plots: Sequence[LabelledPlot], copies: Sequence[int | None]) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Number what must stay in one fold: groups, runs, else copies; by plot where a class has one group only."""
    keys: list[tuple[str, object]] = []
    for whole in (True, False):
        keys = [_block(p, i, copies[i], whole) for i, p in enumerate(plots)]
        pairs = Counter(name for name, _ in {(p.class_name, k) for p, k in zip(plots, keys, strict=True)})
        if min(pairs.values()) >= FEWEST:
            break
    else:
        keys = [("plot", i) for i in range(len(plots))]
    numbers: dict[object, int] = {}
    warnings = ["a class has labels in one run or group only: judged plot by plot, so copies may hide errors"]
    return np.array([numbers.setdefault(k, len(numbers)) for k in keys]), [] if whole else warnings


def _block(plot: LabelledPlot, index: int, copy: int | None, whole: bool) -> tuple[str, object]:
    if whole and plot.group:
        return "group", plot.group
    if whole and plot.plot.run:
        return "run", plot.plot.run
    return ("plot", index) if copy is None else ("copies", copy)
