"""Comparing with good plots: what Keras trains with is what NumPy serves, and the heat map divides up the score."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from hydra_ml.architectures import build
from hydra_ml.contrast import Contrast, Tally
from hydra_ml.engines.port import Maps
from hydra_ml.engines.split import body_and_head
from hydra_ml.features import VARIANTS, HeadPlots, head_features
from hydra_ml.keras_file import check_head, check_keras
from hydra_ml.transfer import fit_head

SIDE = 64


def plots(count: int, seed: int = 1) -> HeadPlots:
    """Grey noise; every second plot has a dark spot."""
    rng = np.random.default_rng(seed)
    pictures = rng.integers(190, 255, (count, SIDE, SIDE, 3)).astype(np.uint8)
    truth = np.arange(count) % 2
    pictures[truth == 1, 20:32, 40:52] = 20
    return HeadPlots(pictures, truth, tuple(i // 2 for i in range(count)), frozenset({0}))


@pytest.fixture(scope="module")
def fitted() -> keras.Model:
    model = build("light", SIDE, 2)
    fit_head(model, plots(24))
    return model


def maps_of(body: keras.Model, pictures: np.ndarray) -> Maps:
    return Maps(*(maps.numpy() for maps in body(tf.cast(pictures, tf.float32), training=False)))


def test_the_head_in_numpy_says_what_keras_says(fitted: keras.Model) -> None:
    body, head = body_and_head(fitted)
    fresh = plots(6, seed=2).pictures
    scores, cams, embedding = head(maps_of(body, fresh))
    np.testing.assert_allclose(scores, fitted(fresh.astype(np.float32), training=False), atol=1e-4)
    assert cams.shape == (6, 8, 8) and embedding.shape == (6, 2 * (48 + 96) + 160)


def test_the_heat_map_is_gradient_times_distance(fitted: keras.Model) -> None:
    """By a tape, with the softmax taken off, so that nothing of the closed form is used."""
    body, head = body_and_head(fitted)
    maps = maps_of(body, plots(5, seed=3).pictures)
    _, cams, embedding = head(maps)
    order = np.argsort(embedding @ head.kernel + head.bias, axis=1)
    apart = [tf.constant(z) for z in head.distances(maps)]
    last = tf.constant(maps.last)
    with tf.GradientTape() as tape:
        tape.watch([*apart, last])
        pooled = [(tf.reduce_mean(z**4, axis=(1, 2)) + 1e-12) ** 0.25 for z in apart]
        logits = tf.concat([*pooled, tf.reduce_mean(last, axis=(1, 2))], axis=1) @ head.kernel
        top, second = (tf.gather(logits, order[:, rank], axis=1, batch_dims=1) for rank in (-1, -2))
        lead = tf.reduce_sum(top - second)
    found = [
        tf.reduce_sum(g * z, axis=-1).numpy()
        for g, z in zip(tape.gradient(lead, [*apart, last]), [*apart, last], strict=True)
    ]
    fine = found[0].reshape(5, 8, 2, 8, 2).sum(axis=(2, 4))
    coarse = np.repeat(np.repeat(found[2], 2, axis=1), 2, axis=2) / 4
    heat = np.maximum(fine + found[1] + coarse, 0)
    np.testing.assert_allclose(cams / 255, heat / heat.max(axis=(1, 2), keepdims=True), atol=1.5 / 255)


def test_the_heat_map_is_hottest_at_the_fault(fitted: keras.Model) -> None:
    body, head = body_and_head(fitted)
    cams = head(maps_of(body, plots(8, seed=4).pictures[1::2]))[1]
    for cam in cams:
        row, column = np.unravel_index(cam.argmax(), cam.shape)
        assert 2 <= row <= 4 and 4 <= column <= 6, cam


def test_a_saved_model_passes_the_check_and_comes_back(fitted: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    fitted.save(path)
    check_head(check_keras(path.read_bytes(), "model"), 2, SIDE, "model")
    back = keras.saving.load_model(path, safe_mode=True, compile=False)
    some = plots(3).pictures.astype(np.float32)
    np.testing.assert_allclose(back(some), fitted(some), atol=1e-6)
    assert isinstance(back.layers[-2], Contrast)


def test_good_plots_are_compared_with_those_of_other_runs() -> None:
    """Noise among its own references looks nearer to them than noise that was left out."""
    model, few = build("light", SIDE, 2), plots(20)
    features = head_features(model, few)
    layer = model.get_layer("embedding")
    body = keras.Model(model.input, layer.output)
    among = body(few.pictures.astype(np.float32), training=False).numpy()
    good, bad = few.truth == 0, few.truth == 1
    width = 2 * (48 + 96)
    assert features[good, 0, :width].mean() > 1.02 * among[good, :width].mean()
    np.testing.assert_allclose(features[bad, 0], among[bad], rtol=2e-3, atol=2e-3)


def test_features_are_kept_by_picture(tmp_path: Path) -> None:
    cache, few = tmp_path / "features.npz", plots(20)
    first = head_features(build("light", SIDE, 2), few, cache)
    assert first.shape[:2] == (20, 1 + VARIANTS)
    with np.load(cache) as file:
        arrays = dict(file)
    arrays["features"] = arrays["features"] + 1
    np.savez(cache, **arrays)
    again = build("light", SIDE, 2)
    more = plots(24)
    kept = head_features(again, more, cache)
    np.testing.assert_allclose(kept[:20], first + 1, atol=1e-5, err_msg="known pictures come from the file")
    references = again.get_layer("embedding").references()
    many = plots(40)
    renewed = head_features(again, many, cache)
    assert not np.allclose(again.get_layer("embedding").references()[0].mean, references[0].mean)
    np.testing.assert_allclose(renewed, head_features(build("light", SIDE, 2), many), atol=1e-3)


def test_references_never_hold_a_picture_that_was_taken_out(tmp_path: Path) -> None:
    cache, few = tmp_path / "features.npz", plots(20)
    head_features(build("light", SIDE, 2), few, cache)
    rows = np.arange(2, 20)
    fewer = HeadPlots(few.pictures[rows], few.truth[rows], tuple(few.groups[i] for i in rows), few.good)
    found = head_features(build("light", SIDE, 2), fewer, cache)
    np.testing.assert_allclose(found, head_features(build("light", SIDE, 2), fewer), atol=1e-3)


def test_a_damaged_file_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = tmp_path / "features.npz"
    cache.write_bytes(b"PK\x03\x04 not at all")
    head_features(build("light", SIDE, 2), plots(8), cache)
    assert "made anew" in caplog.text
    with np.load(cache) as file:
        assert len(file["keys"]) == 8


def test_a_tally_takes_plots_out_again() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(5, 3, 3, 2)), rng.normal(size=(7, 3, 3, 2))
    one, both = Tally(), Tally()
    one.add([first])
    both.add([first])
    both.add([second])
    only = Tally()
    only.add([second])
    np.testing.assert_allclose(both.without(one).references()[0].mean, second.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(one.together(only).references()[0].scale, both.references()[0].scale, rtol=1e-5)
    assert both.without(one).count == 7
    with pytest.raises(ValueError, match="no plots"):
        Tally().references()
