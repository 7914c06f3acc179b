"""Heat maps: transparent where cold, opaque where hot, with a line at half the peak."""

import io

import numpy as np
import pytest
from PIL import Image
from support.wall import hot_spot

from hydra_web.heatmap import SIDE, heatmap_png


def drawn(cam: np.ndarray) -> np.ndarray:
    with Image.open(io.BytesIO(heatmap_png(cam))) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGBA"))


def test_cold_is_clear_and_hot_is_yellow():
    picture = drawn(hot_spot(0.75, 0.25, (12, 12)))
    hottest = picture[SIDE // 4, SIDE * 3 // 4]
    assert picture[-1, 0, 3] == 0
    assert hottest[3] == 255
    assert hottest[0] > 200
    assert hottest[1] > 200
    assert hottest[2] < 80


def test_contour_is_dark_outside_and_light_inside():
    row = drawn(hot_spot(0.5, 0.5, (13, 13)))[SIDE // 2]
    dark = [x for x in range(SIDE // 2) if tuple(row[x]) == (16, 20, 24, 255)]
    light = [x for x in range(SIDE // 2) if tuple(row[x]) == (255, 255, 255, 255)]
    assert dark
    assert light
    assert max(dark) + 1 == min(light)


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (9, 12), (30, 2), (299, 299)])
def test_any_shape_keeps_its_aspect(shape):
    height, width, _ = drawn(np.zeros(shape, np.uint8)).shape
    assert max(height, width) == SIDE
    assert height / width == pytest.approx(shape[0] / shape[1], rel=0.05)


def test_nothing_seen_is_nothing_drawn_and_all_hot_has_no_edge():
    assert drawn(np.zeros((8, 8), np.uint8))[..., 3].max() == 0
    assert len(np.unique(drawn(np.full((8, 8), 255, np.uint8)).reshape(-1, 4), axis=0)) == 1


def test_small_enough_for_a_wall_of_a_hundred():
    assert len(heatmap_png(hot_spot())) < 8_000
