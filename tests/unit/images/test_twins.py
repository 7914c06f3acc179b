"""Every kind of picture that is taken must look like its plain RGB twin."""

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageOps
from support.bad_images import chunk, header, interlaced, joined, picture, saved, split, zlib

from hydra_core.images import decode, inspect

Pixels = npt.NDArray[np.uint8]


def ramp(width: int = 256, height: int = 32) -> Pixels:
    return np.tile(np.arange(width, dtype=np.uint8), (height, 1))


def furthest(a: Pixels, b: Pixels) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def on_white(colour: Pixels, alpha: Pixels) -> Pixels:
    share = alpha[..., np.newaxis] / 255
    return np.rint(colour * share + 255 * (1 - share)).astype(np.uint8)


def test_plain_png_is_exact_contiguous_and_writable() -> None:
    image = picture()
    rgb = decode(saved(image, "PNG"))
    assert rgb.dtype == np.uint8
    assert rgb.shape == (120, 160, 3)
    assert rgb.flags.c_contiguous
    assert rgb.flags.writeable
    assert np.array_equal(rgb, np.asarray(image))


def test_sixteen_bit_grey_equals_its_twin() -> None:
    grey = ramp()
    data = saved(Image.fromarray(grey.astype(np.uint16) * 257), "PNG")
    assert inspect(data).media_type == "image/png"
    assert np.array_equal(decode(data), np.stack([grey] * 3, axis=-1))


@pytest.mark.parametrize("value", [0, 1, 128, 129, 255, 256, 700, 32_767, 65_406, 65_407, 65_535])
def test_sixteen_bit_grey_is_rounded_never_clipped(value: int) -> None:
    data = saved(Image.fromarray(np.full((20, 20), value, dtype=np.uint16)), "PNG")
    assert decode(data)[0, 0].tolist() == [round(value / 257)] * 3


@pytest.mark.parametrize(("colour", "channels"), [(2, 3), (4, 2), (6, 4)])
def test_sixteen_bit_colour_equals_its_twin(colour: int, channels: int) -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 65_536, (24, 24, channels), dtype=np.uint16)
    if channels != 3:
        values[..., -1] = 65_535
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    body = header(24, 24, 16, colour)
    rgb = decode(joined([(b"IHDR", body), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]))
    twin = np.rint(values / 257).astype(np.uint8)
    assert furthest(rgb, twin[..., :3] if channels > 2 else twin[..., :1].repeat(3, axis=2)) <= 1


def test_palette() -> None:
    image = picture().quantize(64)
    assert np.array_equal(decode(saved(image, "PNG")), np.asarray(image.convert("RGB")))


def test_palette_with_alpha_lies_on_white() -> None:
    image = picture().quantize(16)
    alphas = bytes(range(0, 256, 16))
    rgba = np.asarray(Image.open(io.BytesIO(saved(image, "PNG", transparency=alphas))).convert("RGBA"))
    rgb = decode(saved(image, "PNG", transparency=alphas))
    assert furthest(rgb, on_white(rgba[..., :3], rgba[..., 3])) <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_lies_on_white(mode: str) -> None:
    image = picture().convert(mode)
    alpha = ramp(160, 120)
    image.putalpha(Image.fromarray(alpha))
    rgb = decode(saved(image, "PNG"))
    assert furthest(rgb, on_white(np.asarray(image.convert("RGB")), alpha)) <= 1


def test_opaque_alpha_changes_nothing() -> None:
    assert np.array_equal(decode(saved(picture().convert("RGBA"), "PNG")), np.asarray(picture()))


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_one_transparent_colour_becomes_white(mode: str) -> None:
    pixels = np.zeros((20, 20, 3) if mode == "RGB" else (20, 20), dtype=np.uint8)
    pixels[:10] = 77
    data = saved(Image.fromarray(pixels), "PNG", transparency=(77, 77, 77) if mode == "RGB" else 77)
    rgb = decode(data)
    assert (rgb[:10] == 255).all()
    assert (rgb[10:] == 0).all()


def test_one_bit() -> None:
    image = picture().convert("1")
    assert np.array_equal(decode(saved(image, "PNG")), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_few_bits_of_grey(depth: int) -> None:
    levels = 2**depth
    values = np.tile(np.arange(32) % levels, (32, 1)).astype(np.uint8)
    bits = np.unpackbits(values[..., np.newaxis], axis=-1)[..., 8 - depth :].reshape(32, -1)
    rows = b"".join(b"\0" + np.packbits(row).tobytes() for row in bits)
    rgb = decode(joined([(b"IHDR", header(32, 32, depth, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]))
    assert np.array_equal(rgb[..., 0], values * (255 // (levels - 1)))


def test_interlaced() -> None:
    assert np.array_equal(decode(interlaced(picture())), np.asarray(picture()))


def test_all_black_is_a_picture_too() -> None:
    assert not decode(saved(Image.new("RGB", (64, 48)), "PNG")).any()


def test_many_small_idat_chunks() -> None:
    parts: list[tuple[bytes, bytes]] = []
    for kind, body in split(saved(picture(), "PNG")):
        step = 100 if kind == b"IDAT" else max(1, len(body))
        parts += [(kind, body[at : at + step]) for at in range(0, max(1, len(body)), step)]
    assert np.array_equal(decode(joined(parts)), np.asarray(picture()))


def test_text_and_profiles_do_no_harm() -> None:
    chunks = split(saved(picture(), "PNG"))
    extra = [(b"tEXt", b"Title\0CDC"), (b"iCCP", b"broken\0\0rubbish"), (b"eXIf", b""), (b"vpAg", bytes(9))]
    assert np.array_equal(decode(joined([chunks[0], *extra, *chunks[1:]])), np.asarray(picture()))


def test_bytes_after_the_end_belong_to_nobody() -> None:
    assert np.array_equal(decode(saved(picture(), "PNG") + b"\0" * 4096), np.asarray(picture()))
    jpeg = saved(picture(), "JPEG")
    assert np.array_equal(decode(jpeg + b"\0" * 4096), decode(jpeg))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 1}])
def test_jpeg(options: dict[str, int]) -> None:
    smooth = Image.fromarray(np.stack([ramp(), ramp()[:, ::-1], ramp() // 2], axis=-1))
    assert furthest(decode(saved(smooth, "JPEG", quality=95, **options)), np.asarray(smooth)) <= 12


def test_grey_jpeg() -> None:
    rgb = decode(saved(Image.fromarray(ramp()), "JPEG", quality=95))
    assert furthest(rgb, np.stack([ramp()] * 3, axis=-1)) <= 3


def test_adobe_cmyk_jpeg_is_not_inverted() -> None:
    smooth = Image.fromarray(np.stack([ramp(), ramp()[:, ::-1], ramp() // 2], axis=-1))
    rgb = decode(saved(smooth.convert("CMYK"), "JPEG", quality=95))
    assert furthest(rgb, np.asarray(smooth)) <= 12


def test_plain_cmyk_jpeg_is_not_inverted_either() -> None:
    """Without Adobe's marker the numbers mean ink as they stand."""
    smooth = Image.fromarray(np.stack([ramp(), ramp()[:, ::-1], ramp() // 2], axis=-1))
    inverted = Image.fromarray(255 - np.asarray(smooth.convert("CMYK")), "CMYK")
    data = saved(inverted, "JPEG", quality=95)
    marker = data.index(b"\xff\xee")
    length = int.from_bytes(data[marker + 2 : marker + 4])
    rgb = decode(data[:marker] + data[marker + 2 + length :])
    assert furthest(rgb, np.asarray(smooth)) <= 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(picture(160, 96), kind, exif=exif)
    twin = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    rgb = decode(data)
    assert rgb.shape == ((160, 96, 3) if orientation >= 5 else (96, 160, 3))
    assert np.array_equal(rgb, np.asarray(twin.convert("RGB")))


def test_sixteen_bit_grey_is_turned_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(Image.fromarray(ramp().astype(np.uint16) * 257), "PNG", exif=exif)
    assert np.array_equal(decode(data)[..., 0], np.rot90(ramp(), -1))


def test_chunk_helper_makes_the_checksums_of_the_standard() -> None:
    assert chunk(b"IEND", b"").hex() == "0000000049454e44ae426082"
