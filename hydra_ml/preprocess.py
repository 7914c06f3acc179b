"""Turn a decoded plot into what a model sees: the one function for training and serving.

A head trained on area-resized plots loses a third of its accuracy when served with another resize, so the
function has a version, which stands in every model card; a bundle of another version is refused.
"""

import numpy as np

from hydra_core.ports import RGB

PREPROCESS_VERSION = "area-1"

Crop = tuple[float, float, float, float]
"""Fractions cut off at the left, top, right and bottom."""

NO_CROP: Crop = (0.0, 0.0, 0.0, 0.0)


def prepare(rgb: RGB, size: tuple[int, int], crop: Crop = NO_CROP) -> RGB:
    """Crop and resize a plot, antialiased, to uint8 (height, width, 3).

    `rgb` is uint8 (h, w, 3) of any size, `size` is (height, width). An axis that shrinks is averaged by area,
    one that grows is interpolated, so a plot drawn at any resolution gives nearly the same array.
    Raises ValueError for arrays of another shape or type and for a crop that leaves nothing.
    """
    import cv2

    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f"a plot must be uint8 (h, w, 3), got {rgb.dtype} {rgb.shape}")
    cut = _cut(rgb, check_crop(crop))
    height, width = size
    low = (min(height, cut.shape[0]), min(width, cut.shape[1]))
    out = np.ascontiguousarray(cut)
    if low != out.shape[:2]:
        out = cv2.resize(out, (low[1], low[0]), interpolation=cv2.INTER_AREA)
    if low != (height, width):
        out = cv2.resize(out, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(out, np.uint8)


def check_crop(crop: Crop) -> Crop:
    """Return the crop if at least a tenth of each side is left; raises ValueError otherwise."""
    left, top, right, bottom = crop
    if not all(0.0 <= c < 1.0 for c in crop) or left + right > 0.9 or top + bottom > 0.9:
        raise ValueError(f"crop must be four fractions (left, top, right, bottom) that leave something, got {crop}")
    return crop


def _cut(rgb: RGB, crop: Crop) -> RGB:
    left, top, right, bottom = crop
    height, width = rgb.shape[:2]
    rows = slice(round(top * height), max(round(top * height) + 1, height - round(bottom * height)))
    columns = slice(round(left * width), max(round(left * width) + 1, width - round(right * width)))
    return rgb[rows, columns]
