"""Judging: CAM equal to the gradient's, the same answer in any batch and form of the picture, no nonsense let out."""

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from keras import Model, saving
from PIL import Image as PilImage
from support.lab import Lab, draw, make_plot_type, png

from hydra_core import images
from hydra_core.domain import ModelRecord, Plot
from hydra_core.errors import ModelError, PredictionError
from hydra_core.ports import RGB
from hydra_ml.bundle import read_card
from hydra_ml.classifier import TensorFlowClassifier
from hydra_ml.engines.shelf import Shelf
from hydra_ml.preprocess import prepare
from hydra_ml.registry import load_active, load_record

Trained = tuple[Lab, ModelRecord]


@pytest.fixture(scope="module")
def classifier(trained: Trained) -> TensorFlowClassifier:
    lab, record = trained
    return TensorFlowClassifier.load(lab.models / record.path, shelf=Shelf("float32"))


@pytest.fixture(scope="module")
def plots(trained: Trained) -> list[tuple[Plot, RGB]]:
    lab, _ = trained
    chosen = lab.store.labelled("CDC_occupancy")[::5]
    return [(p.plot, images.decode(lab.archive.get(p.plot.sha256))) for p in chosen]


def gradient_cam(model: Model, picture: RGB) -> np.ndarray:
    """Return Grad-CAM of the top class's logit as published: gradients averaged over the map weigh its channels."""
    pool, head = model.layers[-2:]
    body = Model(model.inputs, pool.input)
    with tf.GradientTape() as tape:
        maps = body(tf.constant(picture[None], tf.float32), training=False)
        tape.watch(maps)
        logits = tf.reduce_mean(maps, axis=(1, 2)) @ head.kernel + head.bias
        top = tf.reduce_max(logits)
    weights = tf.reduce_mean(tape.gradient(top, maps), axis=(1, 2))[0]
    cam = tf.nn.relu(tf.einsum("hwk,k->hw", maps[0], weights)).numpy()
    return cam / max(cam.max(), 1e-30)


def test_the_heat_map_equals_the_gradients(
    trained: Trained, classifier: TensorFlowClassifier, plots: list[tuple[Plot, RGB]]
) -> None:
    lab, record = trained
    model = saving.load_model(lab.models / record.path / "model.keras")
    # Novelty would show where a plot is odd instead.
    plain = TensorFlowClassifier(classifier.card, classifier.head, classifier.engine)
    for (_, rgb), prediction in zip(plots, plain.predict(plots), strict=True):
        expected = gradient_cam(model, prepare(rgb, (48, 48)))
        assert prediction.cam is not None and prediction.cam.dtype == np.uint8
        assert np.abs(prediction.cam / 255.0 - expected).max() <= 0.5 / 255 + 1e-5


def test_the_scores_are_the_models_own_softened(
    trained: Trained, classifier: TensorFlowClassifier, plots: list[tuple[Plot, RGB]]
) -> None:
    lab, record = trained
    model = saving.load_model(lab.models / record.path / "model.keras")
    raw = model(np.stack([prepare(rgb, (48, 48)) for _, rgb in plots]).astype(np.float32), training=False).numpy()
    powers = np.log(np.maximum(raw, 1e-30)) / classifier.card.temperature
    expected = np.exp(powers) / np.exp(powers).sum(axis=1, keepdims=True)
    np.testing.assert_allclose([p.scores for p in classifier.predict(plots)], expected, atol=1e-5)


def test_one_by_one_and_in_batches_is_the_same(classifier: TensorFlowClassifier, plots: list[tuple[Plot, RGB]]) -> None:
    together = classifier.predict(plots)
    for pair, expected in zip(plots, together, strict=True):
        (alone,) = classifier.predict([pair])
        np.testing.assert_allclose(alone.scores, expected.scores, atol=1e-5)
        assert alone.embedding is not None and expected.embedding is not None
        np.testing.assert_allclose(alone.embedding, expected.embedding, atol=1e-4)
        assert alone.plot == pair[0] and alone.model == classifier.ref
        assert sum(alone.scores) == pytest.approx(1, abs=1e-5)


def test_no_plots_no_predictions(classifier: TensorFlowClassifier) -> None:
    assert classifier.predict([]) == []


def test_the_form_of_the_file_does_not_matter(classifier: TensorFlowClassifier, plots: list[tuple[Plot, RGB]]) -> None:
    plot = plots[0][0]
    for label in ("Good", "Bad"):
        picture = PilImage.fromarray(draw(label, np.random.default_rng(3)))
        forms = {
            "png": png(np.asarray(picture)),
            "rgba": _save(picture.convert("RGBA"), "PNG"),
            "palette": _save(picture.quantize(256), "PNG"),
            "jpeg": _save(picture, "JPEG", quality=92),
            "large": _save(picture.resize((288, 288), PilImage.Resampling.BICUBIC), "PNG"),
        }
        scores = [classifier.predict([(plot, images.decode(data))])[0].scores for data in forms.values()]
        assert np.abs(np.array(scores) - scores[0]).max() < 0.03, dict(zip(forms, scores, strict=True))


def _save(picture: PilImage.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def test_an_answer_that_is_no_number_is_an_error(trained: Trained, plots: list[tuple[Plot, RGB]]) -> None:
    lab, record = trained
    path = lab.models / record.path
    model = saving.load_model(path / "model.keras")
    healthy = TensorFlowClassifier.of(read_card(path), model)
    bias = np.array([np.nan, 0.0, 0.0], np.float32)
    broken = TensorFlowClassifier(healthy.card, replace(healthy.head, bias=bias), healthy.engine)
    with pytest.raises(PredictionError, match="not a number"):
        broken.predict(plots[:1])


def test_a_picture_that_is_none_is_an_error(classifier: TensorFlowClassifier, plots: list[tuple[Plot, RGB]]) -> None:
    with pytest.raises(PredictionError, match="must be uint8"):
        classifier.predict([(plots[0][0], np.zeros((9, 9), np.uint8))])


def test_a_cropped_models_map_lies_on_the_whole_plot(trained: Trained, tmp_path: Path) -> None:
    lab, record = trained
    path = tmp_path / "v1"
    shutil.copytree(lab.models / record.path, path)
    card = read_card(path).model_copy(update={"crop": (0.0, 0.5, 0.0, 0.0)})
    whole = TensorFlowClassifier.of(read_card(path), saving.load_model(path / "model.keras"))
    cropped = TensorFlowClassifier.of(card, saving.load_model(path / "model.keras"))
    labelled = lab.store.labelled("CDC_occupancy")[0].plot
    picture = draw("Bad", np.random.default_rng(1))
    (a,), (b,) = whole.predict([(labelled, picture)]), cropped.predict([(labelled, picture)])
    assert a.cam is not None and b.cam is not None
    assert b.cam.shape == (2 * a.cam.shape[0], a.cam.shape[1])
    assert not b.cam[: a.cam.shape[0]].any()


def test_the_active_model_is_loaded(trained: Trained) -> None:
    lab, record = trained
    assert load_active(lab.plot_type, lab.store, lab.models).ref == record.ref


def test_classes_in_another_order_are_refused(trained: Trained) -> None:
    lab, record = trained
    with pytest.raises(ModelError, match="in another order than the configuration's"):
        load_record(record, make_plot_type(classes=("Bad", "Good", "NoData")), lab.models)
    with pytest.raises(ModelError, match="other ones than the configuration's"):
        load_record(record, make_plot_type(classes=("Good", "Bad")), lab.models)


def test_no_active_model_is_said(trained: Trained) -> None:
    lab, _ = trained
    with pytest.raises(ModelError, match="has no active model"):
        load_active(make_plot_type("FCAL_occupancy"), lab.store, lab.models)


def test_another_model_in_the_librarys_place_is_refused(trained: Trained, tmp_path: Path) -> None:
    lab, record = trained
    shutil.copytree(lab.models / record.path, tmp_path / record.path)
    card = tmp_path / record.path / "card.json"
    card.write_text(card.read_text().replace('"version": 1,', '"version": 2,'))
    with pytest.raises(ModelError, match="the library expects CDC_occupancy v1"):
        load_record(record, lab.plot_type, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_inception_v3_at_299_trains_a_step_and_serves_through_the_same_code(
    new_lab: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hydra_ml.fitting.FEWEST_STEPS", 1)
    lab = new_lab()
    lab.label({"Good": 4, "Bad": 4})
    record = lab.train(architecture="inception_v3", input_size=None, epochs=1, batch=2)
    served = TensorFlowClassifier.load(lab.models / record.path)
    plot = lab.store.labelled("CDC_occupancy")[0].plot
    (prediction,) = served.predict([(plot, images.decode(lab.archive.get(plot.sha256)))])
    assert served.card.input_size == 299
    assert prediction.cam is not None and prediction.cam.shape == (8, 8)
    assert prediction.embedding is not None and prediction.embedding.shape == (2048,)
    assert sum(prediction.scores) == pytest.approx(1, abs=1e-4)
