"""The shipped backbone: it loads, it is small, and its head is what the regression says."""

import json
from pathlib import Path

import numpy as np
import pytest

from hydra_core.errors import ModelError
from hydra_ml import light
from hydra_ml.architectures import build
from hydra_ml.fitting import Part, inference, scores_of
from hydra_ml.transfer import HeadPlots, fit_head

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
    assert "CDC_occupancy/healthy" in card["classes"]
    assert card["held_out"]["accuracy"] > 0.5 and card["held_out"]["located_light2"] > 0.75


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


def few(part: Part, groups: int = 8) -> HeadPlots:
    runs = tuple(int(i) // 2 % groups for i in range(len(part.truth)))
    return HeadPlots(part.images, part.truth, runs, frozenset({0}))


def test_the_head_learns_from_few_plots(parts: tuple[Part, Part]) -> None:
    train, unseen = parts
    model = build("light", SIDE, 2)
    before = model.get_layer("light1a_conv").get_weights()[0]
    fitted = fit_head(model, few(train))
    scores = scores_of(inference(model), unseen.images, 2)
    assert (scores.argmax(axis=1) == unseen.truth).mean() >= 0.9
    assert fitted.held.all() and (fitted.scores.argmax(axis=1) == train.truth).mean() >= 0.9
    right = fitted.scores[np.arange(len(train.truth)), train.truth]
    assert fitted.loss == pytest.approx(float(-np.log(right).mean()), abs=1e-4)
    np.testing.assert_array_equal(before, model.get_layer("light1a_conv").get_weights()[0])


def test_plots_of_one_group_are_held_out_one_by_one(parts: tuple[Part, Part]) -> None:
    fitted = fit_head(build("light", SIDE, 2), few(parts[0], groups=1))
    assert fitted.held.all() and np.isfinite(fitted.loss)


def test_a_class_that_only_one_run_has_is_not_held_out(parts: tuple[Part, Part]) -> None:
    train = parts[0]
    runs = tuple("odd" if label == 1 else i for i, label in enumerate(train.truth.tolist()))
    fitted = fit_head(build("light", SIDE, 2), HeadPlots(train.images, train.truth, runs, frozenset({0})))
    assert not fitted.held[train.truth == 1].any()


def test_a_missing_or_foreign_file_is_said(tmp_path: Path) -> None:
    model = build("compact", SIDE, 2)
    with pytest.raises(ModelError, match="install Hydra anew"):
        light.load_weights(model, tmp_path / "none.npz")
