"""Drift of a judged hall: usual runs are none, another look is; what to label comes along, and old bundles work."""

from datetime import UTC, datetime

import numpy as np
from support.judged import Predict, feed
from support.lab import Lab, draw, png

from hydra_core.domain import ModelRecord, Prediction
from hydra_ml.audit.drift import NO_DRIFT, RETRAIN, TOO_LITTLE, DriftAudit
from hydra_ml.audit.every import audit_active, reference_of
from hydra_ml.audit.features import LightFeatures, backbone_digest
from hydra_ml.audit.reference import REFERENCE_FILE, read_reference

START = datetime(2026, 11, 20, tzinfo=UTC)


def saying(lab: Lab, scores: tuple[float, float, float] = (0.98, 0.01, 0.01), novelty: float = 0.2) -> Predict:
    """Return what gives every plot these scores, as the active model."""
    record = lab.store.active_model(lab.plot_type.name)
    assert record is not None
    return lambda plots: [Prediction(p, record.ref, record.classes, scores, novelty=novelty) for p, _ in plots]


def pictures(seed: int, runs: int, per_run: int = 4, strange: bool = False) -> list[tuple[bytes, int]]:
    rng = np.random.default_rng(seed)
    drawn = [(draw("Good", rng), 500 + run) for run in range(runs) for _ in range(per_run)]
    return [(png(rgb[:, :, ::-1] // 2 if strange else rgb), run) for rgb, run in drawn]


def audit(lab: Lab, most: int = 5) -> DriftAudit:
    (found,) = audit_active([lab.plot_type], lab.store, lab.archive, lab.models, START, most)
    return found


def test_runs_as_usual_are_no_drift(lab: Lab) -> None:
    uids = feed(lab.store, lab.archive, lab.plot_type, saying(lab), pictures(1, 8), START)
    found = audit(lab)
    assert found.verdict == NO_DRIFT, [(f.text, f.probability) for f in found.findings]
    assert (found.plots, found.runs) == (32, 8)
    assert {f.name for f in found.findings} >= {"features Good"}
    first = [f.plot.uid for f in found.label_first]
    assert 1 <= len(first) <= 5 and len(set(first)) == len(first) and set(first) <= set(uids)


def test_another_look_calls_for_a_new_model_and_labels(lab: Lab) -> None:
    usual = feed(lab.store, lab.archive, lab.plot_type, saying(lab), pictures(2, 2), START)
    strange = feed(lab.store, lab.archive, lab.plot_type, saying(lab), pictures(3, 8, strange=True), START)
    found = audit(lab)
    looks = next(f for f in found.findings if f.name == "features Good")
    assert found.verdict == RETRAIN and looks.probability <= 0.05, found
    assert found.label_first[0].plot.uid in strange and usual[0] not in strange
    assert found.label_first[0].why == "unlike the labelled"


def test_unsure_and_novel_scores_are_seen(lab: Lab) -> None:
    feed(lab.store, lab.archive, lab.plot_type, saying(lab, (0.6, 0.3, 0.1), 0.99), pictures(4, 12, 2), START)
    found = audit(lab)
    weights = {f.name: f.weight for f in found.findings}
    assert found.verdict == RETRAIN and weights["novelty"] == RETRAIN and weights["features Good"] == NO_DRIFT
    assert "novel" in found.label_first[0].why


def test_few_plots_or_no_model_are_too_little_to_tell(lab: Lab) -> None:
    feed(lab.store, lab.archive, lab.plot_type, saying(lab), pictures(5, 2), START)
    found = audit(lab)
    assert (found.verdict, found.plots) == (TOO_LITTLE, 8) and "20 plots are needed" in found.notes[0]
    (bare,) = audit_active(
        [type(lab.plot_type)("other", "other", "", "O", lab.plot_type.classes, lab.plot_type.policy)],
        lab.store, lab.archive, lab.models, START,
    )  # fmt: skip
    assert bare.verdict == TOO_LITTLE and "hydra train other" in bare.notes[0]


def test_a_bundle_remembers_its_training_set(trained: tuple[Lab, ModelRecord]) -> None:
    lab, record = trained
    path = lab.models / record.path
    known = read_reference(path)
    assert known is not None and known.backbone == backbone_digest()
    assert known.vectors.shape == (len(known.labels), 448) and len(known.labels) >= 40
    assert len(np.unique(known.blocks)) == 8 and len(known.scores) == len(known.score_blocks) > 0
    assert (path / REFERENCE_FILE).stat().st_size < 3_000_000


def test_features_of_another_backbone_or_none_are_made_anew(lab: Lab, backbone: LightFeatures) -> None:
    record = lab.store.active_model(lab.plot_type.name)
    assert record is not None
    path = lab.models / record.path / REFERENCE_FILE
    known = read_reference(path.parent)
    path.unlink()
    made = reference_of(record, lab.plot_type, lab.store, lab.archive, lab.models, backbone)
    assert known is not None and len(made.vectors) >= len(known.vectors) and len(made.scores) == 0
    assert np.abs(made.vectors.mean(axis=0) - known.vectors.mean(axis=0)).mean() < 0.3


def test_pictures_that_were_purged_are_counted(lab: Lab) -> None:
    feed(lab.store, lab.archive, lab.plot_type, saying(lab), pictures(6, 8), START)
    for picture in sorted((lab.models.parent / "images").rglob("*.png"))[-200:]:
        picture.unlink()
    assert any("not in the archive" in note for note in audit(lab).notes)
