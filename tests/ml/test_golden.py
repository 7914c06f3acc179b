"""Golden pictures: an engine judges only after it has said of them what Keras said when the model was made."""

import hashlib
import io
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from support import bundles

from hydra_core.errors import ModelError
from hydra_ml.card import Card
from hydra_ml.classifier import TensorFlowClassifier
from hydra_ml.dataset import Dataset
from hydra_ml.engines import folding
from hydra_ml.engines.shelf import Shelf
from hydra_ml.golden import CLEAR, GOLDEN_FILE, Golden, choose_golden

CARD = bundles.card()


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return bundles.network(CARD)


@pytest.fixture(scope="module")
def golden(model: keras.Model) -> Golden:
    return bundles.golden_of(CARD, model)


def served(model: keras.Model, golden: Golden | None, shelf: Shelf, card: Card = CARD) -> TensorFlowClassifier:
    return TensorFlowClassifier.of(card, model, shelf, golden=golden)


def said(classifier: TensorFlowClassifier, golden: Golden) -> np.ndarray:
    return np.array(classifier.head(classifier.engine(golden.pictures))[0])


def test_bfloat16_is_used_where_it_gives_the_same_verdicts(model: keras.Model, golden: Golden) -> None:
    classifier = served(model, golden, Shelf("auto", bfloat16=True))
    assert classifier.engine.name == "TensorFlow bfloat16"
    assert 0 < golden.difference(said(classifier, golden)) < 0.1


def test_a_processor_without_bfloat16_computes_in_float32(model: keras.Model, golden: Golden) -> None:
    classifier = served(model, golden, Shelf("auto", bfloat16=False))
    assert classifier.engine.name == "TensorFlow float32"
    assert golden.difference(said(classifier, golden)) < 1e-5


def test_another_verdict_in_bfloat16_means_float32_and_is_said(
    model: keras.Model, golden: Golden, caplog: pytest.LogCaptureFixture
) -> None:
    """A threshold between what the two say of a picture: the plot alarms in one and not in the other."""
    short = said(served(model, golden, Shelf("auto", bfloat16=True)), golden)
    row = int(np.abs(short - golden.scores).max(axis=1).argmax())
    top = int(golden.scores[row].argmax())
    between = float((short[row, top] + golden.scores[row, top]) / 2)
    card = CARD.model_copy(update={"thresholds": {CARD.classes[top]: between}})
    classifier = served(model, golden, Shelf("auto", bfloat16=True), card)
    assert classifier.engine.name == "TensorFlow float32"
    assert "engine not used engine=TensorFlow bfloat16" in caplog.text
    assert "golden pictures judged otherwise" in caplog.text


def test_a_novelty_that_differs_is_another_verdict(golden: Golden) -> None:
    thresholds = [0.9] * 3
    assert golden.disagreement(golden.scores, golden.novelty, thresholds) == ""
    odd = golden.novelty.copy()
    odd[2] = 0.995
    assert golden.disagreement(golden.scores, odd, thresholds).startswith("1 of 6 golden pictures")
    nothing = np.full_like(golden.scores, np.nan)
    assert golden.disagreement(nothing, golden.novelty, thresholds).startswith("6 of 6")


def test_a_folding_that_is_wrong_is_found_and_not_used(
    model: keras.Model, golden: Golden, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    right = folding.fold

    def wrong(body: keras.Model, dtype: str = "float32") -> keras.Model:
        folded = right(body, dtype)
        layer = folded.get_layer("conv3")
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel * 1.2, bias])
        return folded

    monkeypatch.setattr(folding, "fold", wrong)
    for pictures in (golden, None):
        caplog.clear()
        classifier = served(model, pictures, Shelf("float32"))
        assert classifier.engine.name == "TensorFlow float32, not folded"
        assert golden.difference(said(classifier, golden)) < 1e-5
        assert "engine not used engine=TensorFlow float32 model=CDC_occupancy v1" in caplog.text


def test_a_model_that_says_something_else_than_when_it_was_made_is_refused(model: keras.Model, golden: Golden) -> None:
    other = replace(golden, scores=np.roll(golden.scores, 1, axis=1))
    with pytest.raises(ModelError, match="is not what it was when it was made: 6 of 6 golden pictures"):
        served(model, other, Shelf("float32"))


def test_without_golden_pictures_only_float32_is_proven(
    model: keras.Model, golden: Golden, caplog: pytest.LogCaptureFixture
) -> None:
    assert served(model, None, Shelf("auto", bfloat16=True)).engine.name == "TensorFlow float32"
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING and r.name.startswith("hydra")]
    served(model, None, Shelf("bfloat16", bfloat16=True))
    assert "the bundle has no golden pictures" in caplog.text
    served(model, golden, Shelf("bfloat16", bfloat16=False))
    assert "the processor has no bfloat16" in caplog.text


@pytest.mark.parametrize("bfloat16", [False, True])
def test_openvino_runs_the_same_bundle(model: keras.Model, golden: Golden, bfloat16: bool) -> None:
    classifier = served(model, golden, Shelf("openvino", bfloat16))
    assert classifier.engine.name == f"OpenVINO {'bfloat16' if bfloat16 else 'float32'}"
    assert golden.difference(said(classifier, golden)) < (0.1 if bfloat16 else 1e-4)
    first, again = classifier.engine(golden.pictures[:3]), classifier.engine(golden.pictures[3:])
    # What a pass returns stays as it is when the engine runs again.
    np.testing.assert_array_equal(first.last, classifier.engine(golden.pictures[:3]).last)
    assert np.abs(first.last - again.last).max() > 0


def test_openvino_gives_the_middle_maps_too() -> None:
    card = bundles.card(architecture="light", input_size=64)
    model = bundles.network(card)
    pictures = bundles.pictures(3, 64)
    one, two = (TensorFlowClassifier.of(card, model, Shelf(kind)).engine for kind in ("float32", "openvino"))  # type: ignore[arg-type]
    first, second = one(pictures), two(pictures)
    for a, b in ((first.last, second.last), (first.middle, second.middle)):
        assert a is not None and b is not None and a.shape == b.shape
        np.testing.assert_allclose(a, b, atol=1e-4 * float(np.abs(a).max()))


def test_where_openvino_is_not_installed_tensorflow_runs_and_it_is_said(
    model: keras.Model, golden: Golden, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("hydra_ml.engines.shelf.find_spec", lambda name: None)
    assert served(model, golden, Shelf("openvino", bfloat16=False)).engine.name == "TensorFlow float32"
    assert "not installed: pip install 'hydra-monitoring[openvino]'" in caplog.text


def test_a_bundle_keeps_its_golden_pictures(model: keras.Model, golden: Golden, tmp_path: Path) -> None:
    path = bundles.write(tmp_path, CARD, model, golden)
    classifier = TensorFlowClassifier.load(path, shelf=Shelf("auto", bfloat16=True))
    assert classifier.engine.name == "TensorFlow bfloat16"
    assert classifier.card.files[GOLDEN_FILE] == hashlib.sha256((path / GOLDEN_FILE).read_bytes()).hexdigest()


def _zeros(**arrays: Any) -> bytes:
    out = io.BytesIO()
    usual = {"pictures": np.zeros((2, 48, 48, 3), np.uint8), "scores": np.zeros((2, 3)), "novelty": np.zeros(2)}
    np.savez_compressed(out, **{**usual, **arrays})
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"nothing", "cannot be read"),
        (_zeros(scores=np.zeros((2, 4))), "does not fit its card"),
        (_zeros(pictures=np.zeros((2, 32, 32, 3), np.uint8)), "does not fit its card"),
        (_zeros(novelty=np.zeros(3)), "does not fit its card"),
        (_zeros(pictures=np.zeros((2, 48, 48, 3))), "does not fit its card"),
        (_zeros(scores=np.array([["a", "b", "c"]] * 2, object)), "cannot be read"),
        (_zeros(more=np.zeros(70_000_000, np.uint8)), "would unpack to"),
    ],
)
def test_golden_pictures_that_are_none_are_refused(
    model: keras.Model, tmp_path: Path, data: bytes, message: str
) -> None:
    path = bundles.write(tmp_path, CARD, model, bundles.golden_of(CARD, model, 2))
    (path / GOLDEN_FILE).write_bytes(data)
    card = json.loads((path / "card.json").read_text())
    card["files"][GOLDEN_FILE] = hashlib.sha256(data).hexdigest()
    (path / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match=message):
        TensorFlowClassifier.load(path)


def test_every_class_has_golden_pictures_none_of_them_on_the_edge(model: keras.Model) -> None:
    pictures = bundles.pictures(60, 48, seed=4)
    raw = model(pictures.astype(np.float32), training=False).numpy()
    truth = raw.argmax(axis=1)
    sides = tuple(("train", "validation", "test", None)[i % 4] for i in range(60))
    dataset = Dataset(CARD.classes, (), pictures, truth, sides, "", ())
    golden = choose_golden(model, CARD, dataset, None)
    assert golden is not None and len(golden.pictures) <= 12
    assert set(golden.scores.argmax(axis=1)) == set(truth)
    best = np.sort(golden.scores, axis=1)
    assert (best[:, -1] - best[:, -2] > CLEAR).all() and (np.abs(best[:, -1] - 0.9) > CLEAR).all()
    left_out = [pictures[i].tobytes() for i in range(60) if sides[i] is None]
    assert not {p.tobytes() for p in golden.pictures} & set(left_out)


def test_a_model_that_is_sure_of_nothing_has_no_golden_pictures() -> None:
    model = bundles.network(CARD)
    model.layers[-1].set_weights([w * 0 for w in model.layers[-1].get_weights()])
    dataset = Dataset(CARD.classes, (), bundles.pictures(6, 48), np.zeros(6, np.int64), ("train",) * 6, "", ())
    assert choose_golden(model, CARD, dataset, None) is None
