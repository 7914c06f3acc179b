"""A model's report filled with drawn numbers: every part of it has something to show."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from hydra_core.domain import LabelledPlot, Plot
from hydra_ml.card import MODEL_FILE, Card
from hydra_ml.compare import Pairs, compare
from hydra_ml.confusion import confusion_matrix
from hydra_ml.learning_curve import CurvePoint, LearningCurve, draw_learning_curve
from hydra_ml.metrics import evaluate_scores
from hydra_ml.mistakes import mistakes_among, show
from hydra_ml.preprocess import NO_CROP
from hydra_ml.progress import Epoch
from hydra_ml.report import Report
from hydra_ml.thresholds import Wish, choose_all, scan
from support.lab import draw, png

CLASSES = ("Good", "Bad", "NoData")
WHEN = datetime(2026, 11, 24, 12, tzinfo=UTC)


class DrawnArchive:
    """Gives for every hash a small plot that its label fits."""

    def get(self, sha256: str) -> bytes:
        """Return a PNG."""
        label = CLASSES[int(sha256[:2], 16) % 3]
        return png(draw(label, np.random.default_rng(int(sha256[:8], 16))))


def example_card(**changes: Any) -> Card:
    """Return a card without a bundle."""
    values: dict[str, Any] = {
        "plot_type": "CDC_occupancy",
        "version": 2,
        "classes": CLASSES,
        "architecture": "light",
        "input_size": 192,
        "crop": NO_CROP,
        "preprocess": "1",
        "dataset": "d" * 64,
        "split": {"train": 300, "validation": 60, "test": 240},
        "metrics": {},
        "thresholds": {"Good": 0.5, "Bad": 0.62},
        "threshold_method": "max_f1",
        "temperature": 1.2,
        "training": {},
        "warnings": ("too few labels to trust (NoData: 8); 20 or more a class are needed",),
        "versions": {},
        "created_at": WHEN,
        "created_by": "test",
        "files": {MODEL_FILE: "e" * 64},
    }
    return Card(**{**values, **changes})


def example_scores(plots: int, seed: int, skill: float = 3.0) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Return scores (n, 3), truth and runs of a fairly good model; the same seed gives the same truth."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, plots, p=(0.6, 0.25, 0.15))
    logits = rng.normal(0, 1.2, (plots, 3))
    logits[np.arange(plots), truth] += 1 + skill * rng.gamma(2, 0.5, plots)
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True), truth, rng.integers(0, 14, plots).tolist()


def example_report(**changes: Any) -> Report:
    """Return a report with every part filled."""
    scores, truth, runs = example_scores(240, seed=1)
    before, _, _ = example_scores(240, seed=1, skill=2.0)
    before[0] = np.eye(3)[truth[0]]
    scores[0] = np.roll(before[0], 1)
    held, held_truth, held_runs = example_scores(150, seed=2)
    uids = [f"{i:032x}" for i in range(240)]
    sources = [f"Run{121000 + r}/CDC_occupancy_{i:04d}.png" for i, r in enumerate(runs)]
    plots = [
        LabelledPlot(Plot(u, "CDC_occupancy", 121000 + r, 1, WHEN, WHEN, s, f"{i:064x}"[::-1]), CLASSES[t])
        for i, (u, s, r, t) in enumerate(zip(uids, sources, runs, truth, strict=True))
    ]
    mistakes, _ = mistakes_among(CLASSES, plots, scores)
    cam = (np.mgrid[0:8, 0:8].sum(axis=0) * 18).astype(np.uint8)
    seen = [type(m)(m.plot, m.said, m.score, m.label_score, cam) for m in mistakes[:6]]
    pairs = Pairs(CLASSES, truth, scores.argmax(axis=1), before.argmax(axis=1), uids, sources, runs)
    points = tuple(CurvePoint(n, 3 * n, 1 - 0.4 / n**0.5, 1 - 0.55 / n**0.5, 1 - 0.3 / n**0.5) for n in (5, 10, 40))
    curve = LearningCurve(points)
    scans = scan(CLASSES, held, held_truth)
    values: dict[str, Any] = {
        "card": example_card(thresholds=choose_all(scans, Wish())),
        "sides": {
            "test": evaluate_scores(CLASSES, scores, truth, runs),
            "validation": evaluate_scores(CLASSES, held, held_truth, held_runs),
        },
        "matrices": {"test": confusion_matrix(CLASSES, scores, truth, uids)},
        "scans": scans,
        "calibrated_on": "150 plots out of fold",
        "history": [Epoch(i, 9, 1 / i, 1 - 0.5 / i, 1.2 / i, 0.97 - 0.5 / i, 1.0) for i in range(1, 10)],
        "mistakes": len(mistakes),
        "shown": show(seen, DrawnArchive(), NO_CROP),  # type: ignore[arg-type]
        "comparison": compare("the new model", "CDC_occupancy v1", pairs, excluded=31),
        "extra": [("With more labels", curve.advice(), draw_learning_curve(curve))],
    }
    return Report(**{**values, **changes})
