"""Draws what operators see of a plot: the thumbnail and the heat map over it, both of an exact size."""

from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image as PilImage

from hydra_core.ports import RGB

_VIRIDIS = (
    (68, 1, 84),
    (71, 44, 122),
    (59, 81, 139),
    (44, 113, 142),
    (33, 144, 141),
    (39, 173, 129),
    (92, 200, 99),
    (170, 220, 50),
    (253, 231, 37),
)
"""Control points of a colour map that rises evenly in brightness, also for the colour-blind."""

_MOST_COLOUR = 0.75


def thumbnail(rgb: RGB, size: tuple[int, int]) -> RGB:
    """Return the plot antialiased and letterboxed on white to exactly `size` (width, height), aspect kept."""
    left, top, width, height = _fit((rgb.shape[1], rgb.shape[0]), size)
    small = PilImage.fromarray(rgb).resize((width, height), PilImage.Resampling.HAMMING, reducing_gap=1.0)
    canvas = np.full((size[1], size[0], 3), 255, dtype=np.uint8)
    canvas[top : top + height, left : left + width] = np.asarray(small)
    return canvas


def heatmap_rgb(cam: npt.NDArray[np.uint8], rgb: RGB | None, size: tuple[int, int]) -> RGB:
    """Return a map (h, w), 0 cold to 255 hot, in colour and blended over the letterboxed plot of `size` (w, h).

    The hotter, the more colour; where it is cold the plot is seen as it is. Without a plot: the colours alone.
    """
    if rgb is None:
        colour: RGB = viridis()[_spread(cam, size)]
        return colour
    return heat_over(thumbnail(rgb, size), cam, (rgb.shape[1], rgb.shape[0]))


def heat_over(small: RGB, cam: npt.NDArray[np.uint8], of: tuple[int, int]) -> RGB:
    """Return a map (h, w) in colour, blended over a thumbnail of a plot that was `of` pixels (width, height)."""
    left, top, width, height = _fit(of, (small.shape[1], small.shape[0]))
    heat = _spread(cam, (width, height))
    canvas = small.copy()
    area = canvas[top : top + height, left : left + width]
    # Fixed point: 8 bits of share, and a half added so that the shift rounds.
    share = _shares()[heat][..., np.newaxis]
    area[...] = (area * (256 - share) + viridis()[heat] * share + 128) >> 8
    return canvas


def _spread(cam: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    return np.asarray(PilImage.fromarray(cam).resize(size, PilImage.Resampling.BICUBIC))


@cache
def _shares() -> npt.NDArray[np.uint16]:
    """Return how much colour each degree of heat gets, in 1/256."""
    shares: npt.NDArray[np.uint16] = np.rint(np.arange(256) * (_MOST_COLOUR * 256 / 255)).astype(np.uint16)
    shares.flags.writeable = False
    return shares


@cache
def viridis() -> RGB:
    """Return the colour map of heat maps as a table of 256 colours (256, 3), cold to hot."""
    points = np.linspace(0, 255, len(_VIRIDIS))
    channels = [np.interp(np.arange(256), points, [colour[i] for colour in _VIRIDIS]) for i in range(3)]
    table: RGB = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    table.flags.writeable = False
    return table


def _fit(of: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, width and height of a plot of `of` pixels (width, height) inside a canvas of `size`."""
    width, height = of
    scale = min(size[0] / width, size[1] / height)
    fitted_width, fitted_height = max(1, round(width * scale)), max(1, round(height * scale))
    return (size[0] - fitted_width) // 2, (size[1] - fitted_height) // 2, fitted_width, fitted_height
