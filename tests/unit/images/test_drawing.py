"""Thumbnails, heat maps and fingerprints."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.bad_images import picture, saved

from hydra_core.images import describe, difference_hash, hamming, heatmap_rgb, thumbnail

RGB_PICTURE = np.asarray(picture())


@given(width=st.integers(16, 400), height=st.integers(16, 400), to=st.tuples(st.integers(1, 400), st.integers(1, 400)))
def test_thumbnail_has_exactly_the_size_asked_for(width: int, height: int, to: tuple[int, int]) -> None:
    small = thumbnail(np.zeros((height, width, 3), dtype=np.uint8), to)
    assert small.shape == (to[1], to[0], 3)
    assert small.dtype == np.uint8


def test_thumbnail_is_letterboxed_on_white_in_the_middle() -> None:
    small = thumbnail(np.zeros((100, 200, 3), dtype=np.uint8), (80, 80))
    assert (small[:20] == 255).all()
    assert (small[20:60] == 0).all()
    assert (small[60:] == 255).all()


def test_thumbnail_is_antialiased() -> None:
    stripes = np.zeros((200, 200, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    small = thumbnail(stripes, (50, 50))
    assert 110 < small[5:-5, 5:-5].mean() < 145
    assert small[5:-5, 5:-5].std() < 12


def test_heat_map_shows_the_plot_where_it_is_cold_and_colour_where_it_is_hot() -> None:
    cam = np.zeros((8, 8), dtype=np.uint8)
    cam[:, 6:] = 255
    heat = heatmap_rgb(cam, RGB_PICTURE, (80, 60))
    plain = thumbnail(RGB_PICTURE, (80, 60))
    assert heat.shape == (60, 80, 3)
    assert np.array_equal(heat[:, :40], plain[:, :40])
    assert np.abs(heat[:, 70:].astype(int) - plain[:, 70:]).mean() > 40
    assert heat[5, 75].argmin() == 2, "the hottest colour is yellow"


def test_heat_map_leaves_the_letterbox_white() -> None:
    heat = heatmap_rgb(np.full((4, 4), 255, dtype=np.uint8), RGB_PICTURE, (160, 200))
    assert (heat[:40] == 255).all()
    assert (heat[40:160] != 255).any()


def test_colours_alone_rise_in_brightness() -> None:
    cam = np.tile(np.linspace(0, 255, 256).astype(np.uint8), (4, 1))
    colours = heatmap_rgb(cam, None, (256, 4))[0].astype(float)
    brightness = colours @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(brightness) > -1).all()
    assert brightness[-1] - brightness[0] > 150
    assert len({tuple(colour) for colour in colours}) > 200


def test_description() -> None:
    data = saved(picture(), "PNG")
    image = describe(data, RGB_PICTURE)
    assert image.sha256 == hashlib.sha256(data).hexdigest()
    assert (image.media_type, image.width, image.height, image.size) == ("image/png", 160, 120, len(data))
    assert image.dhash == difference_hash(RGB_PICTURE)
    assert describe(saved(picture(), "JPEG"), RGB_PICTURE).media_type == "image/jpeg"


def test_difference_hash_sees_which_side_is_brighter() -> None:
    falling = np.repeat(np.linspace(250, 10, 90).astype(np.uint8)[np.newaxis, :, np.newaxis], 64, axis=0).repeat(3, 2)
    assert difference_hash(falling) == -1
    assert difference_hash(falling[:, ::-1].copy()) == 0
    assert hamming(-1, 0) == 64


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_hamming_counts_bits(a: int, b: int) -> None:
    assert hamming(a, b) == hamming(b, a) == bin((a % 2**64) ^ (b % 2**64)).count("1")
    assert hamming(a, a) == 0


@pytest.mark.parametrize("seed", range(20))
def test_difference_hash_fits_a_signed_bigint(seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    assert -(2**63) <= difference_hash(noise) < 2**63


def test_near_duplicates_are_near_and_others_are_not() -> None:
    noisy = np.clip(RGB_PICTURE.astype(int) + np.random.default_rng(2).integers(-6, 6, RGB_PICTURE.shape), 0, 255)
    assert hamming(difference_hash(RGB_PICTURE), difference_hash(noisy.astype(np.uint8))) <= 6
    upside_down = RGB_PICTURE[::-1].copy()
    assert hamming(difference_hash(RGB_PICTURE), difference_hash(upside_down)) > 10
