"""What is remembered of a picture: its hash, its size, and a small hash that near-duplicates share."""

import hashlib

import numpy as np
from PIL import Image as PilImage

from hydra_core.domain import Image
from hydra_core.images import png
from hydra_core.ports import RGB

_64_BITS = (1 << 64) - 1


def describe(data: bytes, rgb: RGB) -> Image:
    """Describe picture bytes and the pixels `decode` made of them."""
    return Image(
        sha256=hashlib.sha256(data).hexdigest(),
        media_type="image/png" if data.startswith(png.SIGNATURE) else "image/jpeg",
        width=rgb.shape[1],
        height=rgb.shape[0],
        size=len(data),
        dhash=difference_hash(rgb),
    )


def difference_hash(rgb: RGB) -> int:
    """Return 64 bits, one per pair of neighbours in a 9x8 grey picture, set where the left one is brighter.

    It is a signed number (-2**63 ... 2**63 - 1), so that it fits a BIGINT column.
    """
    grey = PilImage.fromarray(rgb).convert("L").resize((9, 8), PilImage.Resampling.BOX)
    small = np.asarray(grey)
    bits = np.packbits(small[:, :-1] > small[:, 1:])
    return int.from_bytes(bits.tobytes(), signed=True)


def hamming(a: int, b: int) -> int:
    """Return in how many of their 64 bits two difference hashes differ; up to about 6 means near-duplicates."""
    return ((a ^ b) & _64_BITS).bit_count()
