"""The head's arithmetic, held against the same written out slowly in float64."""

import numpy as np
import pytest

from hydra_ml.engines.port import Maps
from hydra_ml.head import Head

RNG = np.random.default_rng(7)
MAPS = RNG.normal(0.3, 1.0, (5, 4, 6, 8)).astype(np.float32)


def make(channels: int, temperature: float = 1.0) -> Head:
    rng = np.random.default_rng(channels)
    return Head(rng.normal(0, 1, (channels, 3)).astype(np.float32), rng.normal(0, 1, 3).astype(np.float32), temperature)


def slowly(head: Head, maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    logits = maps.astype(np.float64).mean(axis=(1, 2)) @ head.kernel + head.bias
    powers = np.exp(logits / head.temperature)
    cams = np.stack([np.tensordot(m, head.kernel[:, i], axes=1) for m, i in zip(maps, logits.argmax(1), strict=True)])
    return powers / powers.sum(axis=1, keepdims=True), np.maximum(cams, 0)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_scores_maps_and_embedding_are_those_of_pooling_and_softmax(temperature: float) -> None:
    head = make(8, temperature)
    scores, cams, embedding = head(Maps(MAPS))
    expected, heat = slowly(head, MAPS)
    np.testing.assert_allclose(scores, expected, atol=1e-6)
    np.testing.assert_allclose(cams / 255, heat / heat.max(axis=(1, 2), keepdims=True), atol=0.5 / 255 + 1e-5)
    np.testing.assert_allclose(embedding, MAPS.mean(axis=(1, 2)), atol=1e-6)
    assert cams.dtype == np.uint8 and scores.dtype == np.float32 and embedding.dtype == np.float32


def test_nothing_that_speaks_for_the_class_is_a_cold_map() -> None:
    head = Head(np.array([[-1.0, -2.0]], np.float32), np.zeros(2, np.float32))
    _, cams, _ = head(Maps(np.ones((1, 3, 3, 1), np.float32)))
    assert cams.shape == (1, 3, 3) and not cams.any()


def test_very_sure_logits_stay_numbers() -> None:
    head = Head(np.array([[900.0, -900.0]], np.float32), np.zeros(2, np.float32), 0.5)
    scores, _, _ = head(Maps(np.ones((1, 2, 2, 1), np.float32)))
    assert scores.tolist() == [[1.0, 0.0]]
