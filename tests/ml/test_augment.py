"""Varied plots: seeded, in range, white stays white enough, titles and boxes get hidden, nothing is turned over."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hydra_ml.augment import MILD, STRONG, Strength, augment

NOTHING = Strength(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
SIDE = 64


def varied(images: npt.NDArray[np.uint8], strength: Strength, seed: int = 1) -> npt.NDArray[np.float32]:
    import tensorflow as tf

    result: npt.NDArray[np.float32] = augment(tf.constant(images), tf.constant([seed, 2]), strength).numpy()
    return result


def plots(count: int = 24) -> npt.NDArray[np.uint8]:
    """White pictures with a red square at the lower left and a grey one in the middle."""
    images = np.full((count, SIDE, SIDE, 3), 255, np.uint8)
    images[:, 40:56, 8:20] = (220, 40, 30)
    images[:, 28:36, 28:36] = 128
    return images


def test_no_strength_changes_nothing() -> None:
    np.testing.assert_allclose(varied(plots(), NOTHING), plots(), atol=0.01)


def test_the_same_seed_varies_in_the_same_way_and_every_picture_differently() -> None:
    for strength in (MILD, STRONG):
        first, again, other = (varied(plots(), strength, seed) for seed in (1, 1, 2))
        np.testing.assert_array_equal(first, again)
        assert (first != other).mean() > 0.1 and 0 <= first.min() and first.max() <= 255
        assert min(np.abs(first[0] - image).mean() for image in first[1:]) > 0.5


def test_hues_turn_but_greys_stay() -> None:
    turned = varied(plots(), replace(NOTHING, hue=0.5))
    np.testing.assert_allclose(turned[:, 30, 30], 128, atol=0.6)
    np.testing.assert_allclose(turned[:, 5, 5], 255, atol=0.6)
    assert len({int(image[48, 12].argmax()) for image in turned}) == 3


def test_titles_and_boxes_are_hidden_now_and_then_and_nothing_else() -> None:
    dark = np.zeros((64, SIDE, SIDE, 3), np.uint8)
    hidden = varied(dark, replace(NOTHING, mask=0.5)).max(axis=3) > 0
    assert 0.15 < hidden[:, 1, 5].mean() < 0.6, "grey strips over the title; some have the dark background's colour"
    assert 0.3 < hidden[:, 8, 56].mean() < 0.7
    assert not hidden[:, 20:].any() and not hidden[:, 8:, :44].any()


def test_nothing_is_turned_over_and_the_square_stays_near_its_place() -> None:
    for strength in (MILD, STRONG):
        for image in varied(plots(), strength):
            marked = np.argwhere(np.ptp(image, axis=2) > 60)
            if len(marked):
                row, column = np.median(marked, axis=0)
                assert row > 38 and column < 26


def test_lines_become_thicker_and_thinner() -> None:
    images = np.full((24, SIDE, SIDE, 3), 255, np.uint8)
    images[:, :, 20] = 0
    beside = varied(images, replace(NOTHING, lines=0.5))[:, 30, 19:22, 0]
    assert beside[:, 1].min() < 20 < 80 < beside[:, 1].max(), "thinner lines are paler"
    assert beside[:, 0].min() < 200 and beside[:, 0].max() > 254, "thicker ones reach over their neighbours"
