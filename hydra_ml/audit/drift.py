"""Audit drift: whether recent plots, and what the model says of them, still are like what it was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hydra_core.domain import ModelRecord, Plot, PlotType, Severity
from hydra_core.ports import Archive
from hydra_core.store.judgements import Judgements
from hydra_ml.audit.choose import most_of, share_outside, spread_out, standardised
from hydra_ml.audit.features import archived
from hydra_ml.audit.reference import Reference, spread
from hydra_ml.audit.shift import embedding_shift, holm, rate_excess, rate_shift, score_shift

if TYPE_CHECKING:
    from hydra_core.store import SqlStore
    from hydra_ml.audit.features import LightFeatures

NO_DRIFT, WATCH, RETRAIN, TOO_LITTLE = "no drift", "watch", "retrain suggested", "too little to tell"
LEVEL = 0.05
"""Chance of a false alarm of one audit, over everything that it tests."""
FEWEST_RECENT, FEWEST_KNOWN = 20, 10
"""Plots of a class that a test needs."""
MOST_SEEN = 400
"""Recent pictures that are looked at, an even share of each class and run."""
MOST_CANDIDATES = 150
"""Plots that are looked at as candidates for labelling, for each reason."""
HISTORY = timedelta(days=30)
"""Time before the recent plots in which class rates are what they should be."""
FEWEST_EARLIER, EARLIER_RUNS = 100, 5
STABLE, ANOTHER = 0.2, 0.5
"""Stability index from which on scores have changed, and from which on they are of another population."""
NOVEL, EXPECTED_NOVEL = 0.95, 0.05
RATE_RATIO, CLASS_RATIO = 2.0, 3.0
MANY_OUTSIDE, MOSTLY_OUTSIDE = 0.4, 0.5
FEWEST_RUNS = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tested: what was seen, the probability of it by chance (corrected), and what it means.

    `weight` is the verdict that it alone gives.
    """

    name: str
    text: str
    probability: float
    weight: str


@dataclass(frozen=True, slots=True)
class LabelFirst:
    """A plot to label: how much it would teach (0…1), and why."""

    plot: Plot
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class DriftAudit:
    """The verdict on one plot type's model, what it stands on, and the plots to label first."""

    plot_type: str
    model: str
    verdict: str
    plots: int
    runs: int
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    label_first: tuple[LabelFirst, ...] = ()


@dataclass
class _Tests:
    """Tests as they are made; Holm's correction needs all of them."""

    rows: list[tuple[str, str, float, str]] = field(default_factory=list)

    def add(self, name: str, text: str, probability: float, weight: str) -> None:
        """Add a test; `weight` is the verdict if chance does not explain it."""
        self.rows.append((name, text, probability, weight))

    def findings(self) -> list[Finding]:
        """Return all of them, corrected; those that chance explains have the weight "no drift"."""
        adjusted = holm([row[2] for row in self.rows])
        return [
            Finding(name, text, p, weight if p <= LEVEL else NO_DRIFT)
            for (name, text, _, weight), p in zip(self.rows, adjusted, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Seen:
    """Recent plots that were looked at: rows of the judgements, features (n, d), and whether drawn evenly (n,).

    Those that were looked at because they are odd must not be taken for usual ones.
    """

    rows: npt.NDArray[np.int64]
    even: npt.NDArray[np.bool_]
    vectors: npt.NDArray[np.float32]
    plots: tuple[Plot, ...]


def audit_drift(
    plot_type: PlotType,
    record: ModelRecord,
    reference: Reference,
    store: "SqlStore",
    archive: Archive,
    backbone: "LightFeatures",
    since: datetime,
    most: int = 20,
) -> DriftAudit:
    """Compare what `record`'s model judged since a time with its training set. Raises StoreError.

    However many judgements there are, at most 700 pictures are read.
    """
    recent = store.judgements(record.ref, record.classes, since)
    earlier = store.judgements(record.ref, record.classes, since - HISTORY, since)
    runs = len(np.unique(recent.blocks))
    if len(recent) < FEWEST_RECENT:
        note = f"{FEWEST_RECENT} plots are needed; take a longer time (--days) or wait"
        return DriftAudit(plot_type.name, str(record.ref), TOO_LITTLE, len(recent), runs, notes=(note,))
    tests, notes = _Tests(), _run_notes(reference, runs)
    compare_scores(tests, plot_type, reference, recent)
    compare_novelty(tests, recent)
    compare_class_rates(tests, plot_type, earlier, recent)
    seen, missing = _look(store, archive, backbone, reference, recent)
    if missing:
        notes.append(f"{missing} pictures are not in the archive any more, or cannot be read")
    outside = compare_features(tests, plot_type, reference, recent, seen)
    findings = tests.findings()
    if outside >= MOSTLY_OUTSIDE and not any(f.weight != NO_DRIFT and f.name.startswith("features") for f in findings):
        text = f"{outside:.0%} of the plots lie outside of the training set (5% are expected), in few runs"
        findings.append(Finding("outside", text, 1.0, WATCH))
    weights = {f.weight for f in findings}
    verdict = next((w for w in (RETRAIN, WATCH) if w in weights), NO_DRIFT)
    first = choose_first(reference, recent, seen, most)
    return DriftAudit(
        plot_type.name, str(record.ref), verdict, len(recent), runs, tuple(findings), tuple(notes), tuple(first)
    )


def compare_scores(tests: _Tests, plot_type: PlotType, reference: Reference, recent: Judgements) -> None:
    """Compare top scores, class by class, with those of plots held out of training; the mix of classes is no matter."""
    held_top, top = reference.scores.argmax(axis=1), recent.scores.argmax(axis=1)
    for index, name in enumerate(recent.classes):
        old, new = held_top == index, top == index
        if old.sum() < FEWEST_KNOWN or new.sum() < FEWEST_RECENT:
            continue
        before, after = reference.scores[old, index], recent.scores[new, index]
        blocks = reference.score_blocks[old], recent.blocks[new]
        psi, chance = score_shift(before, blocks[0], after, blocks[1])
        text = f"confidence in {name}: mean {after.mean():.3f}, held-out plots {before.mean():.3f}; PSI {psi:.2f}"
        falls = after.mean() < before.mean()
        weight = NO_DRIFT if psi < STABLE or not falls else RETRAIN if psi >= ANOTHER else WATCH
        tests.add(f"scores {name}", text, chance, weight)
        limit = plot_type.policy.thresholds.get(name, 0.9)
        rate, usual = (after < limit).mean(), (before < limit).mean()
        chance = rate_shift(before < limit, blocks[0], after < limit, blocks[1])
        grown = rate >= RATE_RATIO * max(usual, 1 / len(before))
        text = f"unsure of {name} (below {limit:.2f}): {rate:.1%}, held-out plots {usual:.1%}"
        tests.add(f"unsure {name}", text, chance, RETRAIN if grown and rate >= 0.2 else WATCH if grown else NO_DRIFT)


def compare_novelty(tests: _Tests, recent: Judgements) -> None:
    """Compare the rate of novel plots with what the calibration of the novelty promises."""
    if not recent.novelty.any():
        return
    novel = recent.novelty >= NOVEL
    rate = float(novel.mean())
    weight = RETRAIN if rate >= 0.25 else WATCH if rate >= RATE_RATIO * EXPECTED_NOVEL else NO_DRIFT
    text = f"novel (≥ {NOVEL}): {rate:.1%} of the plots, {EXPECTED_NOVEL:.0%} expected"
    tests.add("novelty", text, rate_excess(novel, recent.blocks, EXPECTED_NOVEL), weight)


def compare_class_rates(tests: _Tests, plot_type: PlotType, earlier: Judgements, recent: Judgements) -> None:
    """Compare how often the model says each faulty class with the month before: a real fault shows as well."""
    if len(earlier) < FEWEST_EARLIER or len(np.unique(earlier.blocks)) < EARLIER_RUNS:
        return
    was, said = earlier.scores.argmax(axis=1), recent.scores.argmax(axis=1)
    for index, name in enumerate(recent.classes):
        if plot_type.policy.severities.get(name, Severity.NO_ALARM) == Severity.NO_ALARM:
            continue
        before, now = float((was == index).mean()), float((said == index).mean())
        chance = rate_shift(was == index, earlier.blocks, said == index, recent.blocks)
        grown = now >= CLASS_RATIO * max(before, 1 / len(earlier))
        text = f"called {name}: {now:.1%}, {before:.1%} in the {HISTORY.days} days before"
        tests.add(f"rate {name}", text, chance, WATCH if grown else NO_DRIFT)


def compare_features(tests: _Tests, plot_type: PlotType, reference: Reference, recent: Judgements, seen: Seen) -> float:
    """Compare features of plots called a class with the training plots of it; return the share outside of good ones.

    A fault that looks unlike those labelled is to be watched; good plots that look unlike the good ones call for
    a new model.
    """
    rows, vectors = seen.rows[seen.even], seen.vectors[seen.even]
    said, worst = recent.scores[rows].argmax(axis=1), 0.0
    for index, name in enumerate(recent.classes):
        old, new = reference.labels == index, said == index
        if old.sum() < FEWEST_KNOWN or new.sum() < FEWEST_RECENT:
            continue
        known, blocks = reference.vectors[old], reference.blocks[old]
        chance = embedding_shift(known, blocks, vectors[new], recent.blocks[rows[new]])
        share, _ = share_outside(standardised(vectors[new], known), standardised(known, known), blocks)
        good = plot_type.policy.severities.get(name) == Severity.NO_ALARM
        text = f"looks of {name}: {share:.0%} of the plots lie outside of the training set, 5% are expected"
        tests.add(f"features {name}", text, chance, RETRAIN if good and share >= MANY_OUTSIDE else WATCH)
        worst = max(worst, share)
    return worst


def choose_first(reference: Reference, recent: Judgements, seen: Seen, most: int) -> list[LabelFirst]:
    """Return the plots that nobody has labelled yet and that would teach most, in the order to label them."""
    if not len(seen.rows):
        return []
    ordered = np.sort(recent.scores[seen.rows], axis=1)
    unsure = 1 - (ordered[:, -1] - ordered[:, -2]) if ordered.shape[1] > 1 else 1 - ordered[:, -1]
    novelty = recent.novelty[seen.rows]
    vectors = standardised(seen.vectors, reference.vectors)
    known = standardised(reference.vectors, reference.vectors)
    _, outside = share_outside(vectors, known, reference.blocks)
    urgency = np.maximum(np.maximum(unsure, novelty), 0.9 * outside).astype(np.float32)
    free = np.flatnonzero(~recent.labelled[seen.rows])
    found = []
    for row in (int(free[i]) for i in spread_out(vectors[free], known, urgency[free], most)):
        reasons = {"unsure": unsure[row] >= 0.5, "novel": novelty[row] >= NOVEL, "unlike the labelled": outside[row]}
        why = ", ".join(name for name, holds in reasons.items() if holds) or "adds variety"
        found.append(LabelFirst(seen.plots[row], round(float(urgency[row]), 4), why))
    return found


def _look(
    store: "SqlStore", archive: Archive, backbone: "LightFeatures", reference: Reference, recent: Judgements
) -> tuple[Seen, int]:
    """Look at an even sample of the recent plots, and at the most unsure and most novel ones."""
    keys = list(zip(recent.scores.argmax(axis=1).tolist(), recent.blocks.tolist(), strict=True))
    even = spread(keys, MOST_SEEN)
    rows = _with_odd_ones(recent, even)
    known = store.plots_by_id([int(i) for i in recent.plot_ids[rows]])
    there = [row for row in rows if int(recent.plot_ids[row]) in known]
    plots = [known[int(recent.plot_ids[row])] for row in there]
    features = backbone.of(archived(plots, archive), recent.blocks[there], reference.typical)
    kept = np.array(there, np.int64)[features.kept]
    plots = [plots[i] for i in features.kept]
    return Seen(kept, np.isin(kept, even), features.vectors, tuple(plots)), len(rows) - len(kept)


def _with_odd_ones(recent: Judgements, even: Sequence[int]) -> list[int]:
    ordered = np.sort(recent.scores, axis=1)
    margin = ordered[:, -1] - ordered[:, -2] if ordered.shape[1] > 1 else ordered[:, -1]
    free = ~recent.labelled
    unsure = most_of(-margin, free, MOST_CANDIDATES)
    novel = most_of(recent.novelty, free & (recent.novelty >= NOVEL), MOST_CANDIDATES)
    return sorted({*even, *unsure, *novel})


def _run_notes(reference: Reference, runs: int) -> list[str]:
    notes = []
    if runs < FEWEST_RUNS:
        notes.append(f"{runs} run(s) only: a change cannot be told from the usual differences between runs")
    if len(np.unique(reference.blocks)) == len(reference.blocks):
        notes.append("the training plots have no runs or one each: what differs between runs may look like drift")
    return notes
