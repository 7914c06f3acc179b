"""Draws what operators see of a plot: the thumbnail and the heat map over it, both of an exact size."""

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
    left, top, width, height = _fit(rgb, size)
    small = PilImage.fromarray(rgb).resize((width, height), PilImage.Resampling.HAMMING, reducing_gap=2.0)
    canvas = np.full((size[1], size[0], 3), 255, dtype=np.uint8)
    canvas[top : top + height, left : left + width] = np.asarray(small)
    return canvas


def heatmap_rgb(cam: npt.NDArray[np.uint8], rgb: RGB | None, size: tuple[int, int]) -> RGB:
    """Return a map (h, w), 0 cold to 255 hot, in colour and blended over the letterboxed plot of `size` (w, h).

    The hotter, the more colour; where it is cold the plot is seen as it is. Without a plot: the colours alone.
    """
    left, top, width, height = (0, 0, *size) if rgb is None else _fit(rgb, size)
    heat = np.asarray(PilImage.fromarray(cam).resize((width, height), PilImage.Resampling.BICUBIC))
    colour: RGB = viridis()[heat]
    if rgb is None:
        return colour
    canvas = thumbnail(rgb, size)
    area = canvas[top : top + height, left : left + width]
    share = (heat.astype(np.float32) * (_MOST_COLOUR / 255))[..., np.newaxis]
    area[...] = np.rint(area * (1 - share) + colour * share).astype(np.uint8)
    return canvas


def viridis() -> RGB:
    """Return the colour map of heat maps as a table of 256 colours (256, 3), cold to hot."""
    points = np.linspace(0, 255, len(_VIRIDIS))
    channels = [np.interp(np.arange(256), points, [colour[i] for colour in _VIRIDIS]) for i in range(3)]
    table: RGB = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    return table


def _fit(rgb: RGB, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, width and height of the plot inside a canvas of `size`."""
    height, width = rgb.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    fitted_width, fitted_height = max(1, round(width * scale)), max(1, round(height * scale))
    return (size[0] - fitted_width) // 2, (size[1] - fitted_height) // 2, fitted_width, fitted_height
