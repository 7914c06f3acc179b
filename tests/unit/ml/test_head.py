"""The head's arithmetic, held against the same written out slowly in float64."""

import numpy as np
import pytest

from hydra_ml.head import Head

RNG = np.random.default_rng(7)
MAPS = RNG.normal(0.3, 1.0, (5, 4, 6, 8)).astype(np.float32)


def make(channels: int, temperature: float = 1.0, comparison: bool = False) -> Head:
    rng = np.random.default_rng(channels)
    kernel = rng.normal(0, 1, (channels, 3)).astype(np.float32)
    bias = rng.normal(0, 1, 3).astype(np.float32)
    if not comparison:
        return Head(kernel, bias, temperature)
    mean, scale = rng.normal(0, 1, MAPS.shape[1:]), rng.uniform(0.1, 2, MAPS.shape[1:])
    return Head(kernel, bias, temperature, mean.astype(np.float32), scale.astype(np.float32))


def slowly(head: Head, maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    logits = maps.astype(np.float64).mean(axis=(1, 2)) @ head.kernel + head.bias
    powers = np.exp(logits / head.temperature)
    cams = np.stack([np.tensordot(m, head.kernel[:, i], axes=1) for m, i in zip(maps, logits.argmax(1), strict=True)])
    return powers / powers.sum(axis=1, keepdims=True), np.maximum(cams, 0)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_scores_maps_and_embedding_are_those_of_pooling_and_softmax(temperature: float) -> None:
    head = make(8, temperature)
    scores, cams, embedding = head(MAPS)
    expected, heat = slowly(head, MAPS)
    np.testing.assert_allclose(scores, expected, atol=1e-6)
    np.testing.assert_allclose(cams / 255, heat / heat.max(axis=(1, 2), keepdims=True), atol=0.5 / 255 + 1e-5)
    np.testing.assert_allclose(embedding, MAPS.mean(axis=(1, 2)), atol=1e-6)
    assert cams.dtype == np.uint8 and scores.dtype == np.float32 and embedding.dtype == np.float32


def test_a_comparison_is_judged_beside_the_maps() -> None:
    head = make(16, 2.0, comparison=True)
    assert head.mean is not None and head.scale is not None
    both = np.concatenate([MAPS, np.abs(MAPS - head.mean) * head.scale], axis=-1)
    scores, cams, embedding = head(MAPS)
    expected, heat = slowly(head, both)
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    np.testing.assert_allclose(cams / 255, heat / heat.max(axis=(1, 2), keepdims=True), atol=0.5 / 255 + 1e-5)
    assert embedding.shape == (5, 16)


def test_nothing_that_speaks_for_the_class_is_a_cold_map() -> None:
    head = Head(np.array([[-1.0, -2.0]], np.float32), np.zeros(2, np.float32))
    _, cams, _ = head(np.ones((1, 3, 3, 1), np.float32))
    assert cams.shape == (1, 3, 3) and not cams.any()


def test_very_sure_logits_stay_numbers() -> None:
    head = Head(np.array([[900.0, -900.0]], np.float32), np.zeros(2, np.float32), 0.5)
    scores, _, _ = head(np.ones((1, 2, 2, 1), np.float32))
    assert scores.tolist() == [[1.0, 0.0]]
