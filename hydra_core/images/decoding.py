"""Turns the bytes of a PNG or JPEG into pixels, or says with a stable code why not."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image as PilImage
from PIL import ImageChops

from hydra_core.errors import ImageError
from hydra_core.images import jpeg, png
from hydra_core.images.limits import DEFAULT_LIMITS, Header, Limits
from hydra_core.ports import RGB

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: PilImage.Transpose.FLIP_LEFT_RIGHT,
    3: PilImage.Transpose.ROTATE_180,
    4: PilImage.Transpose.FLIP_TOP_BOTTOM,
    5: PilImage.Transpose.TRANSPOSE,
    6: PilImage.Transpose.ROTATE_270,
    7: PilImage.Transpose.TRANSVERSE,
    8: PilImage.Transpose.ROTATE_90,
}


def inspect(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Header:
    """Return what a complete PNG or JPEG promises, without decoding it.

    Raises ImageError with one of the codes EMPTY, TOO_BIG, FORMAT, TRUNCATED (may still become complete),
    DECODE, MODE, SHAPE. What the file is, its first bytes say, never its name.
    """
    if not data:
        raise ImageError("EMPTY", "the file is empty")
    if len(data) > limits.max_bytes:
        raise ImageError("TOO_BIG", f"{len(data)} bytes are more than the {limits.max_bytes} allowed")
    if data.startswith(png.SIGNATURE):
        return png.inspect_png(data, limits)
    if data.startswith(jpeg.SIGNATURE):
        return jpeg.inspect_jpeg(data, limits)
    if png.SIGNATURE.startswith(data) or jpeg.SIGNATURE.startswith(data):
        raise ImageError("TRUNCATED", f"the picture stops after {len(data)} bytes")
    raise ImageError("FORMAT", f"neither PNG nor JPEG: it begins with {data[:8]!a}; save the plot as PNG")


def decode(data: bytes, limits: Limits = DEFAULT_LIMITS) -> RGB:
    """Return the picture upright as RGB: uint8, (height, width, 3), contiguous and writable.

    Whatever has transparency is laid on white. 16-bit grey is scaled by v/257 (rounded), 16-bit colour by its
    high byte, which is the same within one level; nothing is clipped. CMYK is converted without a profile,
    inverted only if Adobe's marker says so. An animated PNG is refused (MODE), for it has no one picture.
    Raises ImageError with the codes of `inspect`; whatever the decoder itself finds wrong is DECODE.
    """
    header = inspect(data, limits)
    is_png = header.media_type == "image/png"
    try:
        with PilImage.open(io.BytesIO(png.essential(data) if is_png else data), formats=["PNG", "JPEG"]) as picture:
            if picture.size != (header.width, header.height):
                raise ImageError("DECODE", f"two headers disagree: {header.width}x{header.height} and {picture.size}")
            picture.load()
            if is_png and _may_lack_rows(picture) and not png.has_all_rows(data):
                raise ImageError("DECODE", "broken PNG: its picture data ends early; write the picture again")
            return _pixels(picture)
    except ImageError:
        raise
    except Exception as error:
        # Pillow raises nearly anything on hostile bytes (struct.error, SyntaxError, ValueError, OSError, ...),
        # and one bad file must never be more than one bad file.
        raise ImageError("DECODE", f"the picture cannot be decoded: {error}; write it again") from error


def _may_lack_rows(picture: PilImage.Image) -> bool:
    """Say whether rows may be missing at the end, which Pillow leaves zero and does not report.

    Only then is it worth unpacking everything a second time to know.
    """
    last_row = picture.crop((0, picture.height - 1, picture.width, picture.height))
    return bool(picture.info.get("interlace")) or last_row.getbbox(alpha_only=False) is None


def _pixels(picture: PilImage.Image) -> RGB:
    turn = _UPRIGHT.get(picture.getexif().get(_ORIENTATION, 1))
    if picture.mode.startswith("I;16"):
        grey = _scale_16_bit(np.asarray(picture))
        flat = PilImage.fromarray(grey)
    else:
        flat = _flatten(picture)
    if turn is not None:
        flat = flat.transpose(turn)
    # Of a picture that is RGB already, `convert` would only be a copy: megabytes of fresh pages.
    return np.array(flat if flat.mode == "RGB" else flat.convert("RGB"), dtype=np.uint8, order="C")


def _scale_16_bit(values: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    wide = values.astype(np.uint32)
    scaled: npt.NDArray[np.uint8] = ((wide + 128) // 257).astype(np.uint8)
    return scaled


def _flatten(picture: PilImage.Image) -> PilImage.Image:
    """Return the picture in RGB or L, opaque."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        return _on_white(picture.convert("RGBA"))
    if picture.mode == "CMYK":
        # Pillow takes every CMYK JPEG for an inverted one, as Adobe writes them.
        honest = picture if "adobe" in picture.info else ImageChops.invert(picture)
        return honest.convert("RGB")
    if picture.mode in ("RGB", "L"):
        return picture
    if picture.mode in ("1", "P", "YCbCr"):
        return picture.convert("RGB")
    raise ImageError("MODE", f"pictures of mode {picture.mode} are not supported; save the plot as 8-bit RGB")


def _on_white(picture: PilImage.Image) -> PilImage.Image:
    alpha = picture.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return picture.convert("RGB")
    paper = PilImage.new("RGB", picture.size, (255, 255, 255))
    paper.paste(picture, mask=alpha)
    return paper
