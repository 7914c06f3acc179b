"""Draws a stored Grad-CAM map as a small transparent PNG that lies over the plot in the browser."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from hydra_core.images import viridis

SIDE = 320
"""Pixels of the longer side: small to send, and smooth once the browser scales it."""

_LEVELS = 32
_DARK, _LIGHT = 254, 255
_CONTOUR_AT = 128


def heatmap_png(cam: npt.NDArray[np.uint8]) -> bytes:
    """Return an RGBA-like (palette with alpha) PNG of a uint8 map of shape (h, w).

    Viridis, which colour-blind people read as well; the colder, the more transparent. Detector plots often
    use the same colours, so the half-height line is drawn as a contour, dark outside and light inside.
    """
    large = _enlarged(cam)
    index = (large // (256 // _LEVELS)).astype(np.uint8)
    hot = large >= _CONTOUR_AT
    if hot.any():
        index[_grown(_grown(hot)) & ~hot] = _DARK
        index[hot & _grown(_grown(~hot))] = _LIGHT
    picture = Image.fromarray(index, mode=None).convert("P")
    picture.putpalette(_palette())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=_alphas(), optimize=True)
    return buffer.getvalue()


def _enlarged(cam: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    height, width = cam.shape
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(cam).resize(size, Image.Resampling.BICUBIC))


def _grown(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the mask with every pixel's four neighbours added."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown


def _palette() -> bytes:
    colours = np.zeros((256, 3), dtype=np.uint8)
    colours[:_LEVELS] = viridis()[np.linspace(0, 255, _LEVELS).round().astype(int)]
    colours[_DARK] = (16, 20, 24)
    colours[_LIGHT] = (255, 255, 255)
    return colours.tobytes()


def _alphas() -> bytes:
    alphas = np.full(256, 255, dtype=np.uint8)
    alphas[:_LEVELS] = (np.clip((np.arange(_LEVELS) / (_LEVELS - 1) - 0.12) / 0.5, 0, 1) * 255).round()
    return alphas.tobytes()
