"""Pictures: checked before they are decoded, decoded on purpose, described and drawn small.

Every refusal is an `ImageError` with one of these stable codes:

EMPTY      no bytes
TOO_BIG    more bytes, pixels, scans or unpacked text than allowed
FORMAT     neither PNG nor JPEG by its content
TRUNCATED  the end is missing; it may still be being written
DECODE     broken
MODE       a kind of picture that is not taken (animation, 12-bit or arithmetic JPEG, ...)
SHAPE      a side under 16 pixels, or longer than 20 times the other
"""

from hydra_core.images.decoding import decode, inspect
from hydra_core.images.drawing import heat_over, heatmap_rgb, thumbnail, viridis
from hydra_core.images.fingerprint import describe, difference_hash, hamming
from hydra_core.images.limits import DEFAULT_LIMITS, Header, Limits

__all__ = [
    "DEFAULT_LIMITS",
    "Header",
    "Limits",
    "decode",
    "describe",
    "difference_hash",
    "hamming",
    "heat_over",
    "heatmap_rgb",
    "inspect",
    "thumbnail",
    "viridis",
]
