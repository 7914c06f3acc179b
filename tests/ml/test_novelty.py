"""Novelty in trained models: what was never seen is told, what was seen is not, and only good plots are needed."""

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from support.lab import SIDE, Lab, Watcher, draw, make_plot_type
from support.plots import T0, policy

from hydra_core.decide import decide
from hydra_core.domain import ModelRecord, Plot, PlotState, Prediction, Status
from hydra_core.errors import ModelError
from hydra_core.ports import RGB
from hydra_ml.bundle import verify, write_bundle
from hydra_ml.classifier import TensorFlowClassifier
from hydra_ml.novelty import NOVELTY_FILE, Novelty

NewLab = Callable[..., Lab]
PLOT = Plot("0" * 32, "CDC_occupancy", 1, 1, T0, T0, "", "")


def judged(classifier: TensorFlowClassifier, *pictures: RGB) -> list[Prediction]:
    return classifier.predict([(PLOT, picture) for picture in pictures])


def bars() -> RGB:
    """Return a plot of another type: a frame with bars."""
    rgb = np.full((SIDE, SIDE, 3), 255, np.uint8)
    for column in range(12, 84, 9):
        rgb[20 + column % 30 : 88, column : column + 6] = (200, 30, 30)
    return rgb


def spotted(rng: np.random.Generator) -> RGB:
    """Return a good plot with a fault that nobody has labelled: a hot spot."""
    rgb = draw("Good", rng)
    rgb[30:40, 50:60] = (255, 230, 0)
    return rgb


@pytest.fixture(scope="module")
def classifier(trained: tuple[Lab, ModelRecord]) -> TensorFlowClassifier:
    lab, record = trained
    return TensorFlowClassifier.load(lab.models / record.path)


def test_plots_like_those_it_was_trained_on_are_not_novel(classifier: TensorFlowClassifier) -> None:
    rng = np.random.default_rng(77)
    for label in ("Good", "Bad", "NoData"):
        found = judged(classifier, *(draw(label, rng) for _ in range(20)))
        assert sum(p.top()[0] == label for p in found) >= 19
        assert sum(p.novelty >= 0.99 for p in found) <= 2, label


def test_another_plot_is_novel_and_an_unknown_fault_is_never_taken_for_good(classifier: TensorFlowClassifier) -> None:
    rng = np.random.default_rng(78)
    *faulty, other = judged(classifier, *(spotted(rng) for _ in range(10)), bars())
    assert other.novelty >= 0.99 and other.top()[1] > 0.9
    assert all(p.novelty >= 0.99 or p.top()[0] != "Good" for p in faulty)


def test_a_novel_plot_confirms_neither_good_nor_bad(classifier: TensorFlowClassifier) -> None:
    rules, state = policy(novelty=0.99), PlotState(active_since=T0)
    shown = []
    for prediction in judged(classifier, *[bars()] * 4):
        state, verdict = decide(state, prediction, rules, T0)
        assert verdict is not None
        shown.append(verdict)
    assert [v.status for v in shown] == [Status.SUSPECT] * 4
    assert "plots it was trained on (novelty 1.00)" in shown[0].reason


def rewritten(lab: Lab, record: ModelRecord, change: Callable[[dict[str, np.ndarray]], None]) -> str:
    """Copy a bundle as another version with a changed novelty, hashes and all; return its path."""
    from keras import saving

    path = lab.models / record.path
    arrays = dict(np.load(path / NOVELTY_FILE))
    change(arrays)
    out = io.BytesIO()
    np.savez(out, **arrays)  # type: ignore[arg-type]
    card = verify(path).model_copy(update={"version": len(list(path.parent.iterdir())) + 1})
    write_bundle(lab.models, card, saving.load_model(path / "model.keras"), {NOVELTY_FILE: out.getvalue()})
    return f"CDC_occupancy/v{card.version}"


def test_a_novelty_that_does_not_fit_is_refused(new_lab: NewLab) -> None:
    lab = new_lab()
    lab.label({"Good": 16, "Bad": 12}, runs=4)
    record = lab.train(epochs=1)
    torn = rewritten(lab, record, lambda arrays: arrays.pop("tail"))
    with pytest.raises(ModelError, match=r"novelty\.npz cannot be understood"):
        TensorFlowClassifier.load(lab.models / torn)

    def narrow(arrays: dict[str, np.ndarray]) -> None:
        arrays["look/last/mean"] = arrays["look/last/mean"][:, :, 1:]
        arrays["look/last/spread"] = arrays["look/last/spread"][:, :, 1:]

    with pytest.raises(ModelError, match="made for another network"):
        TensorFlowClassifier.load(lab.models / rewritten(lab, record, narrow))


def test_a_model_without_novelty_says_nothing_of_it(new_lab: NewLab) -> None:
    lab, watcher = new_lab(), Watcher()
    lab.label({"Good": 6, "Bad": 6})
    record = lab.train(watcher, epochs=1)
    assert any("good plots to compare with: novelty stays 0 until 10 are labelled" in w for w in watcher.warnings)
    assert NOVELTY_FILE not in verify(lab.models / record.path).files
    classifier = TensorFlowClassifier.load(lab.models / record.path)
    assert judged(classifier, bars())[0].novelty == 0


def test_good_plots_alone_make_a_model_that_tells_what_is_not_like_them(new_lab: NewLab) -> None:
    lab, watcher = new_lab(), Watcher()
    lab.label({"Good": 40}, runs=8)
    record = lab.train(watcher, input_size=None)
    card = verify(lab.models / record.path)
    assert card.warnings[0] == "knows only good plots; it can say SUSPECT, never BAD"
    assert card.architecture == "light" and watcher.epochs == []
    classifier, rng = TensorFlowClassifier.load(lab.models / record.path), np.random.default_rng(5)
    good = judged(classifier, *(draw("Good", rng) for _ in range(20)))
    faulty = judged(classifier, *(draw("Bad", rng) for _ in range(10)), draw("NoData", rng), bars())
    assert all(p.top() == ("Good", pytest.approx(1.0)) for p in (*good, *faulty))
    assert sum(p.novelty >= 0.99 for p in good) <= 1
    assert all(p.novelty >= 0.99 for p in faulty)
    for prediction in judged(classifier, *(spotted(rng) for _ in range(5))):
        assert prediction.novelty >= 0.99 and prediction.cam is not None
        height, width = prediction.cam.shape
        row, column = divmod(int(prediction.cam.argmax()), width)
        # The spot is at rows 30 to 40 and columns 50 to 60 of 96; the heat map shows where the plot is odd.
        assert abs((row + 0.5) / height - 35 / 96) < 0.12 and abs((column + 0.5) / width - 55 / 96) < 0.12


@pytest.mark.parametrize("counts", [{"Good": 19}, {"Bad": 40}])
def test_too_few_good_plots_or_only_bad_ones_make_no_model(new_lab: NewLab, counts: dict[str, int]) -> None:
    lab = new_lab()
    lab.label(counts)
    with pytest.raises(ModelError, match="needs two classes, or 20 good plots"):
        lab.train()


def test_every_class_without_alarm_counts_as_good(new_lab: NewLab) -> None:
    kind = make_plot_type(classes=("Good", "Bad", "Cosmic"))
    mild = tuple(replace(c, severity=kind.classes[0].severity) if c.name == "Cosmic" else c for c in kind.classes)
    lab = new_lab(plot_type=replace(kind, classes=mild))
    lab.label({"Good": 14, "Bad": 12}, runs=4)
    record = lab.train(epochs=1)
    data = (lab.models / record.path / NOVELTY_FILE).read_bytes()
    novelty = Novelty.from_bytes(data, NOVELTY_FILE)
    assert novelty.good == ("Good", "Cosmic") and set(novelty.kin) == {"Bad"}
