"""The shipped backbone: it loads, it is small, and its head is what the regression says."""

import json
from pathlib import Path

import numpy as np
import pytest

from hydra_core.errors import ModelError
from hydra_ml import light
from hydra_ml.architectures import build
from hydra_ml.fitting import Part, inference, scores_of
from hydra_ml.transfer import fit_head

SIDE = 96


@pytest.fixture(scope="module")
def parts() -> tuple[Part, Part]:
    """Plots with a bright square left (0) or right (1), in noise."""

    def draw(count: int, seed: int) -> Part:
        rng = np.random.default_rng(seed)
        pictures = rng.integers(200, 255, (count, SIDE, SIDE, 3)).astype(np.uint8)
        truth = np.arange(count) % 2
        for picture, side in zip(pictures, truth, strict=True):
            picture[30:60, (10 if side == 0 else 56) : (40 if side == 0 else 86)] = 30
        return Part(pictures, truth)

    return draw(40, 1), draw(16, 2)


def test_it_is_small_and_says_how_it_was_made() -> None:
    assert light.WEIGHTS.stat().st_size < 5_000_000
    card = json.loads(light.WEIGHTS.with_suffix(".json").read_text())
    assert card["made_by"] == "python -m hydra_ml.pretrain"
    assert "CDC_occupancy/healthy" in card["classes"] and card["held_out"]["accuracy"] > 0.8


def test_every_layer_of_the_body_gets_its_weights() -> None:
    model = build("light", SIDE, 2)
    fresh = build("light", SIDE, 2)
    with np.load(light.WEIGHTS) as file:
        names = {name.split("/")[0] for name in file.files}
    layers = {layer.name for layer in model.layers if layer.name.startswith("light") and layer.weights}
    assert layers <= names
    for layer in layers:
        for a, b in zip(model.get_layer(layer).get_weights(), fresh.get_layer(layer).get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_head_learns_from_few_plots(parts: tuple[Part, Part]) -> None:
    train, validation = parts
    model = build("light", SIDE, 2)
    before = model.get_layer("light1a_conv").get_weights()[0]
    loss = fit_head(model, train, validation, seed=1)
    scores = scores_of(inference(model), validation.images, 2)
    assert (scores.argmax(axis=1) == validation.truth).mean() >= 0.9
    right = scores[np.arange(len(scores)), validation.truth]
    assert loss == pytest.approx(float(-np.log(right).mean()), abs=1e-3), "the whitening is folded into the layer"
    np.testing.assert_array_equal(before, model.get_layer("light1a_conv").get_weights()[0])


def test_without_validation_plots_it_still_fits(parts: tuple[Part, Part]) -> None:
    model = build("light", SIDE, 2)
    empty = Part(parts[0].images[:0], parts[0].truth[:0])
    assert np.isnan(fit_head(model, parts[0], empty, seed=1))
    assert np.isfinite(model.get_layer("scores").get_weights()[0]).all()


def test_a_missing_or_foreign_file_is_said(tmp_path: Path) -> None:
    model = build("compact", SIDE, 2)
    with pytest.raises(ModelError, match="install Hydra anew"):
        light.load_weights(model, tmp_path / "none.npz")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(ModelError, match="whitening"):
        light.whitening(tmp_path / "other.npz")
