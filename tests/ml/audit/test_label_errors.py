"""Wrong labels, planted among right ones, are found; right ones are left alone; little to go on is said."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from support.lab import Lab, make_plot_type

from hydra_core.domain import LabelledPlot
from hydra_core.errors import ModelError
from hydra_ml.audit.features import LightFeatures
from hydra_ml.audit.labels import LabelAudit, audit_labels, merge, out_of_fold, outvoted, suspects


def audit(lab: Lab, plots: list[LabelledPlot], backbone: LightFeatures) -> LabelAudit:
    return audit_labels(plots, lab.plot_type, lab.archive, lab.store.stored_hashes(lab.plot_type.name), backbone)


def flip(plots: list[LabelledPlot], rows: list[int]) -> set[str]:
    other = {"Good": "Bad", "Bad": "NoData", "NoData": "Good"}
    for row in rows:
        plots[row] = replace(plots[row], class_name=other[plots[row].class_name])
    return {plots[row].plot.uid for row in rows}


def test_planted_errors_are_found_first(trained: tuple[Lab, object], backbone: LightFeatures) -> None:
    lab, _ = trained
    plots = lab.store.labelled(lab.plot_type.name)
    right = {p.plot.uid: p.class_name for p in plots}
    wrong = flip(plots, [3, 21, 40, 66])
    found = audit(lab, plots, backbone)
    listed = {e.plot.plot.uid: e for e in found.errors}
    assert wrong <= set(listed) and len(listed) <= 7, [(e.plot.plot.source, e.score) for e in found.errors]
    assert {e.plot.plot.uid for e in found.errors[: len(wrong) + 1]} >= wrong
    assert all(listed[uid].suggested == right[uid] for uid in wrong)
    assert found.judged == 72 and found.agreement > 0.85


def test_right_labels_give_next_to_no_errors(trained: tuple[Lab, object], backbone: LightFeatures) -> None:
    lab, _ = trained
    found = audit(lab, lab.store.labelled(lab.plot_type.name), backbone)
    assert len(found.errors) <= 2 and found.agreement > 0.95


def test_classes_that_cannot_be_judged_and_lost_pictures_are_named(
    new_lab: Callable[..., Lab], backbone: LightFeatures
) -> None:
    lab = new_lab()
    lab.label({"Good": 6, "Bad": 6, "NoData": 1})
    plots = lab.store.labelled(lab.plot_type.name)
    plots[0] = replace(plots[0], plot=replace(plots[0].plot, sha256="cd" * 32))
    found = audit(lab, plots, backbone)
    assert found.judged == 11
    assert "NoData: 1" in found.warnings[0]
    assert any(f"{plots[0].plot.source} cannot be read" in w for w in found.warnings)


def test_one_class_is_too_little(new_lab: Callable[..., Lab], backbone: LightFeatures) -> None:
    lab = new_lab(plot_type=make_plot_type())
    lab.label({"Good": 3, "Bad": 1})
    with pytest.raises(ModelError, match=r"needs two classes with 2 labels each, there are Good: 3, Bad: 1"):
        audit(lab, lab.store.labelled(lab.plot_type.name), backbone)


def test_a_fold_never_sees_its_own_runs() -> None:
    rng = np.random.default_rng(1)
    blocks = np.repeat(np.arange(10), 8)
    truth = rng.integers(0, 2, 80)
    mark = rng.normal(0, 1, (10, 20))[blocks]  # tells the run exactly, and nothing of the class
    chances = out_of_fold(np.hstack([mark, rng.normal(0, 1, (80, 3))]).astype(np.float32), truth, blocks)
    assert abs((chances.argmax(axis=1) == truth).mean() - 0.5) < 0.2
    assert chances.sum(axis=1) == pytest.approx(np.ones(80))


def test_copies_outvote_a_single_other_label() -> None:
    truth = np.array([0, 0, 0, 1, 0, 1, 1])
    copies = [0, 0, 0, 0, 4, 4, None]
    assert outvoted(truth, copies) == [(3, 0, 0.75)]
    assert merge([(3, 0, 0.75)], [(6, 0, 0.9), (3, 1, 0.99)]) == [(6, 0, 0.9), (3, 0, 0.75)]


def test_only_a_firm_other_answer_is_an_error() -> None:
    truth = np.repeat([0, 1], 20)
    chances = np.where(truth[:, None] == [0, 1], 0.9, 0.1)
    chances[2] = (0.05, 0.95)
    chances[3] = (0.55, 0.45)
    assert suspects(truth, chances) == [(2, 1, pytest.approx(0.95))]
