"""What a picture may cost at most, and what its header says before anything is decoded."""

from dataclasses import dataclass

from PIL import Image as PilImage

from hydra_core.errors import ImageError

MIN_SIDE = 16
MAX_ASPECT = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on the size of a file (`max_bytes`) and of a picture (`max_pixels`).

    Raises ValueError for a pixel cap above the one at which Pillow itself begins to warn: with the cap below
    it, a decompression bomb is always refused from its header, as an error and never as a warning.
    """

    max_bytes: int = 32 * 1024 * 1024
    max_pixels: int = 25_000_000

    def __post_init__(self) -> None:
        if self.max_bytes < 1 or self.max_pixels < 1:
            raise ValueError("max_bytes and max_pixels must be positive")
        if PilImage.MAX_IMAGE_PIXELS is not None and self.max_pixels > PilImage.MAX_IMAGE_PIXELS:
            raise ValueError(f"max_pixels must be at most {PilImage.MAX_IMAGE_PIXELS}, got {self.max_pixels}")


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of a complete picture promises: `media_type`, and width and height in pixels."""

    media_type: str
    width: int
    height: int


def check_size(width: int, height: int, limits: Limits) -> None:
    """Refuse impossible (DECODE), too large (TOO_BIG) and extreme (SHAPE) pictures by their header alone."""
    if width < 1 or height < 1:
        raise ImageError("DECODE", f"the header says {width}x{height} pixels; write the picture again")
    if width * height > limits.max_pixels:
        raise ImageError("TOO_BIG", f"{width}x{height} pixels are more than the {limits.max_pixels} allowed")
    short, long = sorted((width, height))
    if short < MIN_SIDE or long > MAX_ASPECT * short:
        raise ImageError(
            "SHAPE", f"{width}x{height} is no plot: a side under {MIN_SIDE} pixels or longer than {MAX_ASPECT}:1"
        )
