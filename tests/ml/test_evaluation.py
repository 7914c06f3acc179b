"""What a bundle keeps of its evaluation, where a model looked when it was wrong, and the comparison with another."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from keras import saving
from PIL import Image as PilImage
from support.lab import Lab, Watcher, draw

from hydra_core.domain import ModelRecord
from hydra_core.errors import ModelError
from hydra_ml import evaluate as measuring
from hydra_ml.bundle import verify
from hydra_ml.calibrate import HeldOut
from hydra_ml.classifier import TensorFlowClassifier
from hydra_ml.measure import measure
from hydra_ml.mistakes import heat_maps, mistakes_among, show
from hydra_ml.packing import TrainingOptions
from hydra_ml.preprocess import prepare
from hydra_ml.thresholds import read_scans
from hydra_ml.training import labelled_dataset

NewLab = Callable[..., Lab]


def test_every_test_plot_is_in_one_cell_and_the_pictures_are_there(trained: tuple[Lab, ModelRecord]) -> None:
    lab, record = trained
    path = lab.models / record.path
    sides = json.loads((path / "dataset.json").read_text())
    cells = json.loads((path / "confusion.json").read_text())["test"]["cells"]
    uids = [uid for cell in cells for uid, _ in cell["plots"]]
    assert sorted(uids) == sorted(uid for uid, side in sides.items() if side == "test")
    labels = {p.plot.uid: p.class_name for p in lab.store.labelled("CDC_occupancy")}
    assert all(labels[uid] == cell["label"] for cell in cells for uid, _ in cell["plots"])
    assert {"confusion.png", "confusion-dark.png", "reliability.png", "loss.png"} <= set(verify(path).files)
    with PilImage.open(path / "confusion.png") as picture:
        assert picture.width > 400
    figures = verify(path).metrics["test"]
    low, high = figures["balanced_accuracy_interval"]
    assert low < figures["balanced_accuracy"] <= high + 1e-9 and figures["classes"]["Bad"]["recall_interval"][0] < 1


def test_the_scans_are_of_plots_that_the_fit_has_not_seen(trained: tuple[Lab, ModelRecord]) -> None:
    lab, record = trained
    origin, scans = read_scans(lab.models / record.path)
    card = verify(lab.models / record.path)
    assert "plots" in origin and [s.class_name for s in scans] == list(card.classes)
    assert all(s.plots <= card.split["train"] + card.split["validation"] for s in scans)
    with pytest.raises(ModelError, match="train it again"):
        read_scans(lab.models)


def test_where_it_looked_is_the_same_as_in_service(trained: tuple[Lab, ModelRecord]) -> None:
    lab, record = trained
    path = lab.models / record.path
    classifier = TensorFlowClassifier.load(path)
    plots = lab.store.labelled("CDC_occupancy")[:6]
    pictures = [draw(p.class_name, np.random.default_rng(i)) for i, p in enumerate(plots)]
    # Novelty would show where a plot is odd instead.
    plain = TensorFlowClassifier(classifier.card, classifier.head, classifier.engine)
    served = plain.predict([(p.plot, rgb) for p, rgb in zip(plots, pictures, strict=True)])
    size = (classifier.card.input_size,) * 2
    model = saving.load_model(path / "model.keras", compile=False)
    maps = heat_maps(model, np.stack([prepare(rgb, size) for rgb in pictures]))
    for prediction, cam in zip(served, maps, strict=True):
        assert prediction.cam is not None
        np.testing.assert_allclose(prediction.cam.astype(int), cam.astype(int), atol=2)


def test_held_out_scores_decide_temperature_and_thresholds(trained: tuple[Lab, ModelRecord]) -> None:
    lab, record = trained
    options = TrainingOptions(architecture="compact", input_size=48, threads=2)
    dataset = labelled_dataset(lab.plot_type, lab.store.labelled("CDC_occupancy"), lab.archive, options, Watcher())
    model = saving.load_model(lab.models / record.path / "model.keras", compile=False)
    truth, rows = dataset.truth[:60], np.arange(60)
    unsure = np.full((60, 3), 0.01) + 0.97 * np.eye(3)[np.where(rows % 3 == 0, (truth + 1) % 3, truth)]
    held = HeldOut(unsure, truth, tuple(range(60)), rows, "out of fold")
    softer, usual = measure(model, dataset, held), measure(model, dataset)
    assert softer.temperature > 1.5 > usual.temperature
    assert softer.calibrated_on == "60 plots out of fold" and "validation" in usual.calibrated_on
    assert softer.scans[0].plots == len(softer.judged["validation"].plots) == 60
    assert softer.sides["validation"].accuracy == pytest.approx(2 / 3), "what is measured is what was held out"
    assert softer.judged["test"].said().tolist() == usual.judged["test"].said().tolist()


def test_a_mistake_is_shown_with_its_picture_and_one_that_is_lost_with_words(trained: tuple[Lab, ModelRecord]) -> None:
    lab, _ = trained
    plots = lab.store.labelled("CDC_occupancy")[:2]
    scores = np.array([np.roll(np.eye(3)[lab.plot_type.class_names().index(p.class_name)], 1) for p in plots])
    found, rows = mistakes_among(lab.plot_type.class_names(), plots, scores)
    assert rows == [0, 1] and found[0].score == 1.0 and found[0].label_score == 0.0
    assert f"labelled {plots[0].class_name}, judged {found[0].said} (1.000)" in found[0].sentence()
    lost = replace(found[1], plot=replace(plots[1], plot=replace(plots[1].plot, sha256="0" * 64)))
    seen = show([replace(found[0], cam=np.zeros((4, 4), np.uint8)), lost], lab.archive, (0.0, 0.5, 0.0, 0.0))
    assert seen[0].picture is not None and seen[0].heatmap is not None and (seen[0].width, seen[0].height) == (288, 144)
    assert seen[1].picture is None


def test_plots_that_the_other_model_knows_are_left_out(new_lab: NewLab) -> None:
    lab = new_lab()
    lab.label({"Good": 18, "Bad": 18}, runs=6)
    old = lab.train(epochs=1)
    lab.store.promote("CDC_occupancy", old.ref.version, "test")
    lab.label({"Good": 12, "Bad": 12}, seed=1, runs=0)
    new = lab.train(epochs=1)
    path = lab.models / new.path
    found = json.loads((path / "comparison.json").read_text())
    assert found["against"] == "CDC_occupancy v1" and found["plots"] + found["excluded"] == verify(path).split["test"]
    labelled = lab.store.labelled("CDC_occupancy")
    sides = measuring.sides_at_training(lab.models / old.path)
    known = measuring.known_to(sides, labelled)
    assert {uid for uid, side in sides.items() if side != "test"} <= known
    assert not known & {p.plot.uid for p in labelled if p.plot.uid not in sides}
    tested = {uid for uid, side in measuring.sides_at_training(path).items() if side == "test"}
    assert found["excluded"] == len(tested & known)
    assert f"Against {found['against']}" in (path / "report.html").read_text()


def test_a_model_of_other_classes_is_not_compared(trained: tuple[Lab, ModelRecord]) -> None:
    lab, record = trained
    classifier = TensorFlowClassifier.load(lab.models / record.path)
    opinion = measuring.Opinion("x", ("Good", "Bad"), (), np.zeros(0, int))
    with pytest.raises(ModelError, match="cannot be compared"):
        measuring.compare_with(opinion, classifier, set(), lab.archive)


def test_a_bundle_that_does_not_say_what_it_was_trained_on_is_refused(trained: tuple[Lab, ModelRecord]) -> None:
    lab, _ = trained
    with pytest.raises(ModelError, match="does not say which plots"):
        measuring.sides_at_training(lab.models)
