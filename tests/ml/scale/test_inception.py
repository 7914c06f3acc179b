"""InceptionV3 at 299 through the commands: its head on a given body first, then its last blocks; it serves."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hydra_ml.architectures import FROZEN_UP_TO, build

NewHall = Callable[..., Any]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights file as a site may have one: InceptionV3 without its top."""
    import keras

    path = tmp_path_factory.mktemp("weights") / "body.weights.h5"
    keras.utils.set_random_seed(1)
    keras.applications.InceptionV3(include_top=False, weights=None, input_shape=(299, 299, 3)).save_weights(path)
    return path


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_it_trains_and_serves_by_the_commands(new_hall: NewHall, weights: Path) -> None:
    hydra = new_hall(per_class=10)
    words = ("train", "CDC_occupancy", "--architecture", "inception_v3", "--batch", "2", "--no-promote")
    record = hydra.json(*words, "--weights", str(weights), "--epochs", "1")
    card = json.loads((hydra.models / record["path"] / "card.json").read_text())
    assert (card["input_size"], card["architecture"]) == (299, "inception_v3")
    assert card["training"]["epochs_run"] == 1 and card["training"]["plots_per_second"] > 0
    model = f"CDC_occupancy:{record['version']}"
    said = hydra.json("classify", "plots/Good_0001.png", "--plot", "CDC_occupancy", "--model", model)
    assert sum(said["scores"].values()) == pytest.approx(1, abs=1e-5) and said["class"] in said["scores"]


def test_only_the_last_blocks_of_given_weights_are_tuned_and_no_statistics(weights: Path) -> None:
    import keras

    given = build("inception_v3", 299, 3, weights)
    names = [layer.name for layer in given.layers]
    learning = {layer.name for layer in given.layers if layer.trainable and layer.weights}
    assert learning and all(names.index(name) > names.index(FROZEN_UP_TO) for name in learning)
    norms = [layer for layer in given.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(norms) == 94 and not any(layer.trainable for layer in norms)
    fresh = build("inception_v3", 299, 3)
    assert all(layer.trainable for layer in fresh.layers)
    body = keras.applications.InceptionV3(include_top=False, weights=None, input_shape=(299, 299, 3))
    body.load_weights(weights)
    for loaded, expected in zip(given.get_weights(), body.get_weights(), strict=False):
        np.testing.assert_array_equal(loaded, expected)
