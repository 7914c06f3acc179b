"""Training: right on plots it never saw, honest about few labels, resumable, the same for the same seed."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from support.lab import Lab, Watcher, draw, make_plot_type

from hydra_core.domain import ModelRecord
from hydra_core.errors import ModelError
from hydra_ml.bundle import verify
from hydra_ml.classifier import TensorFlowClassifier
from hydra_ml.evaluate import evaluate, judge, plots_of_split

NewLab = Callable[..., Lab]


def weights(lab: Lab, record: ModelRecord) -> list[np.ndarray]:
    from keras import saving

    return saving.load_model(lab.models / record.path / "model.keras").get_weights()


def test_a_model_is_right_about_runs_it_never_saw(trained: tuple[Lab, ModelRecord]) -> None:
    lab, record = trained
    card = verify(lab.models / record.path)
    assert card.metrics["test"]["balanced_accuracy"] == 1.0
    assert record.metrics["balanced_accuracy"] == 1.0
    assert {"Good", "Bad"} <= set(record.thresholds) and max(record.thresholds.values()) <= 0.99
    runs = {p.plot.uid: p.plot.run for p in lab.store.labelled("CDC_occupancy")}
    used = json.loads((lab.models / record.path / "dataset.json").read_text())
    sides = {s: {runs[uid] for uid, side in used.items() if side == s} for s in ("train", "validation", "test")}
    assert not sides["train"] & sides["test"] and not sides["train"] & sides["validation"]


def test_evaluating_the_bundle_gives_the_figures_of_its_card(trained: tuple[Lab, ModelRecord]) -> None:
    lab, record = trained
    path = lab.models / record.path
    classifier = TensorFlowClassifier.load(path)
    judged = judge(classifier, plots_of_split(path, lab.store.labelled("CDC_occupancy"), "test"), lab.archive)
    figures, card = evaluate(classifier, judged).to_dict(), verify(path).metrics["test"]
    assert figures["confusion"] == card["confusion"]
    assert figures["ece"] == pytest.approx(card["ece"], abs=1e-4)


def test_the_report_says_what_the_card_says(trained: tuple[Lab, ModelRecord]) -> None:
    lab, record = trained
    page = (lab.models / record.path / "report.html").read_text()
    assert "CDC_occupancy v1" in page and "Balanced accuracy 1.000" in page and "<polyline" in page


def test_five_labels_a_class_work_and_warn(new_lab: NewLab) -> None:
    lab = new_lab()
    lab.label({"Good": 5, "Bad": 5, "NoData": 5})
    watcher = Watcher()
    record = lab.train(watcher, epochs=4)
    assert any("too few labels to trust (Good: 5, Bad: 5, NoData: 5)" in w for w in watcher.warnings)
    assert verify(lab.models / record.path).warnings == tuple(watcher.warnings)
    assert 0.0 <= record.metrics["balanced_accuracy"] <= 1.0


def test_a_class_without_plots_is_said(new_lab: NewLab) -> None:
    lab = new_lab()
    lab.label({"Good": 6, "Bad": 6})
    watcher = Watcher()
    record = lab.train(watcher, epochs=1)
    assert any("no labelled plot of NoData: the model can never say so" in w for w in watcher.warnings)
    assert record.classes == ("Good", "Bad", "NoData")


@pytest.mark.parametrize(
    ("counts", "message"),
    [({}, "has no labelled plots"), ({"Good": 3}, "has only plots labelled Good")],
)
def test_nothing_to_learn_from_is_an_error(new_lab: NewLab, counts: dict[str, int], message: str) -> None:
    lab = new_lab()
    lab.label(counts)
    with pytest.raises(ModelError, match=message):
        lab.train()


def test_a_resumed_training_gives_what_an_uninterrupted_one_gives(new_lab: NewLab) -> None:
    whole, stopped = new_lab("whole"), new_lab("stopped")
    for lab in (whole, stopped):
        lab.label({"Good": 8, "Bad": 8, "NoData": 8})
    straight = whole.train(epochs=3)
    with pytest.raises(KeyboardInterrupt):
        stopped.train(Watcher(stop_after=2), epochs=3)
    watcher = Watcher()
    resumed = stopped.train(watcher, epochs=3, resume=True)
    assert [e.number for e in watcher.epochs] == [3]
    for a, b in zip(weights(whole, straight), weights(stopped, resumed), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def test_resuming_something_else_is_refused(new_lab: NewLab) -> None:
    lab = new_lab()
    lab.label({"Good": 8, "Bad": 8, "NoData": 8})
    with pytest.raises(ModelError, match="nothing to resume"):
        lab.train(resume=True)
    with pytest.raises(KeyboardInterrupt):
        lab.train(Watcher(stop_after=1))
    with pytest.raises(ModelError, match="other labels or options"):
        lab.train(resume=True, seed=2)
    (lab.models / "CDC_occupancy" / ".training.npz").write_bytes(b"PK damaged")
    with pytest.raises(ModelError, match="damaged"):
        lab.train(resume=True)


def test_copies_of_a_plot_never_stand_on_two_sides(new_lab: NewLab) -> None:
    lab = new_lab()
    lab.label({"Good": 10, "Bad": 10}, seed=7)
    lab.label({"Good": 10, "Bad": 10}, seed=7, again=1)
    lab.label({"Good": 10, "Bad": 10}, seed=8)
    labelled = lab.store.labelled("CDC_occupancy")
    record = lab.train(epochs=1)
    used = json.loads((lab.models / record.path / "dataset.json").read_text())
    sides: dict[str, set[str]] = {}
    for plot in labelled:
        sides.setdefault(plot.plot.sha256, set()).add(used[plot.plot.uid])
    assert len(labelled) == 60 and len(sides) == 40
    assert all(len(s - {"left out"}) == 1 for s in sides.values())


def test_versions_count_up_and_nothing_is_overwritten(new_lab: NewLab) -> None:
    lab = new_lab()
    lab.label({"Good": 6, "Bad": 6})
    first = lab.train(epochs=1)
    (lab.models / "CDC_occupancy" / "v2").mkdir()
    second = lab.train(epochs=1)
    assert (first.ref.version, second.ref.version) == (1, 3)
    assert not [p for p in (lab.models / "CDC_occupancy").iterdir() if p.name.startswith(".v")]


def test_a_plot_that_cannot_be_read_is_left_out(new_lab: NewLab) -> None:
    lab = new_lab()
    lab.label({"Good": 6, "Bad": 6})
    victim = lab.store.labelled("CDC_occupancy")[0].plot
    next(lab.archive.path.rglob(f"{victim.sha256}*")).unlink()
    watcher = Watcher()
    lab.train(watcher, epochs=1)
    assert any("left out 1 plots that cannot be read, the first is Good_0" in w for w in watcher.warnings)


def test_seven_classes(new_lab: NewLab) -> None:
    names = ("Good", "Bad", "NoData", "A", "B", "C", "D")
    lab = new_lab(plot_type=make_plot_type(classes=names))
    lab.label({"Good": 6, "Bad": 6, "D": 4})
    assert lab.train(epochs=1).classes == names


def test_the_drawings_differ_from_each_other() -> None:
    rng = np.random.default_rng(0)
    assert len({draw("Good", rng).tobytes() for _ in range(5)}) == 5
