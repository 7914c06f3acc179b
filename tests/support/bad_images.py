"""Makes pictures that are truly bad: none of them may ever decode to pixels.

All made in code and seeded, so that every run has the same ones.
"""

import io
import random
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"

Chunks = list[tuple[bytes, bytes]]


def picture(width: int = 160, height: int = 120, seed: int = 5) -> Image.Image:
    """Return a picture with edges and noise, much like a plot."""
    rng = np.random.default_rng(seed)
    pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    pixels[height // 4 : height // 2, width // 5 : width // 2] = (40, 90, 200)
    pixels[height // 2 :, width // 3 :] = rng.integers(0, 255, (height - height // 2, width - width // 3, 3))
    return Image.fromarray(pixels)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return the picture as a file of some format."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return one PNG chunk with its right checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def split(png: bytes) -> Chunks:
    """Return kind and body of every chunk."""
    chunks, position = [], 8
    while position < len(png):
        length, kind = struct.unpack_from(">I4s", png, position)
        chunks.append((kind, png[position + 8 : position + 8 + length]))
        position += 12 + length
    return chunks


def joined(chunks: Chunks) -> bytes:
    """Return the PNG of these chunks."""
    return SIGNATURE + b"".join(chunk(kind, body) for kind, body in chunks)


def header(
    width: int, height: int, depth: int = 8, colour: int = 2, method: int = 0, filtering: int = 0, interlace: int = 0
) -> bytes:
    """Return the body of an IHDR chunk."""
    return struct.pack(">IIBBBBB", width, height, depth, colour, method, filtering, interlace)


def with_header(body: bytes) -> bytes:
    """Return the sample PNG with another header."""
    return joined([(b"IHDR", body), *split(saved(picture(), "PNG"))[1:]])


def with_extra(*extra: tuple[bytes, bytes]) -> bytes:
    """Return the sample PNG with more chunks after its header."""
    chunks = split(saved(picture(), "PNG"))
    return joined([chunks[0], *extra, *chunks[1:]])


def interlaced(image: Image.Image, passes: int = 7) -> bytes:
    """Return an RGB picture as an Adam7 PNG, which Pillow cannot write, with only its first passes."""
    pixels = np.asarray(image)
    grids = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = [row.tobytes() for x, y, dx, dy in grids[:passes] for row in pixels[y::dy, x::dx]]
    packed = zlib.compress(b"".join(b"\0" + row for row in rows))
    return joined([(b"IHDR", header(*image.size, interlace=1)), (b"IDAT", packed), (b"IEND", b"")])


def bad_images() -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every bad picture; all names and all contents are different."""
    seen: set[bytes] = set()
    for maker in (_cuts, _flips, _wrong_formats, _bombs, _lies, _missing, _animations, _broken_jpegs, _noise):
        for name, data in maker():
            if data not in seen:
                seen.add(data)
                yield name, data


def _cuts() -> Iterator[tuple[str, bytes]]:
    files = {
        "png": saved(picture(), "PNG"),
        "jpeg": saved(picture(), "JPEG"),
        "progressive": saved(picture(), "JPEG", progressive=True),
    }
    for kind, data in files.items():
        for part in range(64):
            yield f"{kind} cut at {part}/64", data[: len(data) * part // 64]
        for missing in (1, 2, 12):
            end = -missing if kind == "png" else -min(missing, 2)
            yield f"{kind} without its last {missing} bytes", data[:end]


def _flips() -> Iterator[tuple[str, bytes]]:
    """A flipped bit in a PNG is always wrong: a checksum covers all but the signature and the lengths."""
    rng = random.Random(11)
    data = saved(picture(), "PNG")
    positions = [*range(0, 45, 3), *(rng.randrange(len(data)) for _ in range(60))]
    for position in positions:
        bit = rng.randrange(8)
        flipped = bytearray(data)
        flipped[position] ^= 1 << bit
        yield f"png with bit {bit} of byte {position} flipped", bytes(flipped)


def _wrong_formats() -> Iterator[tuple[str, bytes]]:
    for kind in ("GIF", "BMP", "TIFF", "WEBP", "PPM", "ICO", "TGA", "PCX", "EPS", "PDF", "JPEG2000", "AVIF"):
        yield kind, saved(picture(), kind)
    frames = [picture(seed=seed) for seed in range(3)]
    yield "animated GIF", saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    yield "multi-page TIFF", saved(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    yield "float TIFF", saved(Image.fromarray(np.ones((32, 32), dtype=np.float32)), "TIFF")
    yield "HTML", b"<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>"
    yield "SVG", b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64"/></svg>'
    yield "EPS program", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n(%pipe%touch /tmp/owned) (w) file\n"
    yield "zip", b"PK\x03\x04" + bytes(60)
    yield "gzip", zlib.compress(bytes(5000), wbits=31)
    yield "script", b"#!/bin/sh\nrm -rf /\n"
    yield "text", b"run 12345 chunk 7\n" * 20
    yield "ROOT file", b"root\x00\x00\xf5\x8d" + bytes(200)
    yield "PNG after a newline", b"\n" + saved(picture(), "PNG")
    yield "PNG after a BOM", b"\xef\xbb\xbf" + saved(picture(), "PNG")
    yield "PNG in text mode", saved(picture(), "PNG").replace(b"\r\n", b"\n")


def _bombs() -> Iterator[tuple[str, bytes]]:
    for side in (5_001, 12_000, 20_000, 2**31 - 1):
        rows = zlib.compress(bytes(100_000), 9)
        yield f"bomb of {side} pixels squared", joined([(b"IHDR", header(side, side)), (b"IDAT", rows), (b"IEND", b"")])
    text = zlib.compress(bytes(80_000_000), 9)
    yield "zTXt bomb", with_extra((b"zTXt", b"Comment\0\0" + text))
    yield "iTXt bomb", with_extra((b"iTXt", b"Comment\0\x01\0en\0Kommentar\0" + text))
    yield "iCCP bomb", with_extra((b"iCCP", b"profile\0\0" + text))
    small = zlib.compress(bytes(1_500_000), 9)
    yield "many small zTXt bombs", with_extra(*[(b"zTXt", b"k\0\0" + small)] * 8)
    yield "five megabytes of text", with_extra((b"tEXt", b"k\0" + b"x" * 5_000_000))
    yield "a hundred thousand chunks", with_extra(*[(b"tEXt", b"k\0")] * 100_000)
    yield "more bytes than allowed", with_extra((b"tEXt", b"k\0" + bytes(33 * 1024 * 1024)))
    jpeg = bytearray(saved(picture(), "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 65_000, 65_000)
    yield "JPEG bomb", bytes(jpeg)
    progressive = saved(picture(64, 64), "JPEG", progressive=True)
    scan = progressive[progressive.index(b"\xff\xda") : -2]
    yield "JPEG of very many scans", progressive[:-2] + scan * 50 + b"\xff\xd9"
    for width, height in ((1, 1), (15, 400), (1, 30_000), (30_000, 1), (16, 321), (4_000, 40), (0, 5), (5, 0), (0, 0)):
        yield f"PNG of {width}x{height}", with_header(header(width, height))
    for width, height in ((1, 1), (8, 8), (1, 30_000), (2_000, 50)):
        yield f"JPEG of {width}x{height}", saved(picture(40, 40).resize((width, height)), "JPEG")


def _lies() -> Iterator[tuple[str, bytes]]:
    for width, height in ((160, 121), (161, 120), (320, 240), (2_000, 2_000)):
        yield f"header lies: {width}x{height}", with_header(header(width, height))
    for depth, colour in ((16, 2), (8, 6), (16, 6), (3, 0), (16, 3), (1, 2), (8, 1), (8, 5), (8, 7), (0, 0), (32, 2)):
        yield f"header lies: depth {depth}, colour {colour}", with_header(header(160, 120, depth, colour))
    yield "unknown compression", with_header(header(160, 120, method=1))
    yield "unknown filter", with_header(header(160, 120, filtering=1))
    yield "unknown interlacing", with_header(header(160, 120, interlace=2))
    yield "header too long", with_header(header(160, 120) + b"\0")
    yield "header too short", with_header(header(160, 120)[:-1])
    yield "huge chunk", SIGNATURE + struct.pack(">I", 2**32 - 1) + b"IHDR" + header(160, 120)
    yield "unknown critical chunk", with_extra((b"ABCD", b"x"))
    yield "chunk name that is none", with_extra((b"a1!b", b"x"))


def _missing() -> Iterator[tuple[str, bytes]]:
    chunks = split(saved(picture(), "PNG"))
    for kind in (b"IHDR", b"IDAT", b"IEND"):
        yield f"PNG without {kind.decode()}", joined([entry for entry in chunks if entry[0] != kind])
    yield "PNG with an empty IDAT", joined([chunks[0], (b"IDAT", b""), (b"IEND", b"")])
    yield "PNG with two headers", joined([chunks[0], *chunks])
    yield "PNG header last", joined([*chunks[1:], chunks[0]])
    yield "signature alone", SIGNATURE
    body = b"".join(body for kind, body in chunks if kind == b"IDAT")
    rows = zlib.decompress(body)
    halves = [(b"IDAT", body[: len(body) // 2]), (b"tEXt", b"k\0v"), (b"IDAT", body[len(body) // 2 :])]
    yield "IDAT in two places", joined([chunks[0], *halves, (b"IEND", b"")])
    for share in (0.1, 0.5, 0.9, 0.99):
        short = zlib.compress(rows[: int(len(rows) * share)])
        yield f"only {share:.0%} of the rows", joined([chunks[0], (b"IDAT", short), (b"IEND", b"")])
        torn = body[: int(len(body) * share)]
        yield f"IDAT torn after {share:.0%}", joined([chunks[0], (b"IDAT", torn), (b"IEND", b"")])
    for passes in range(1, 7):
        yield f"interlaced with only {passes} passes", interlaced(picture(), passes)
    yield "IDAT is no zlib", joined([chunks[0], (b"IDAT", bytes(range(256)) * 4), (b"IEND", b"")])
    yield "filter byte that is none", joined([chunks[0], (b"IDAT", zlib.compress(b"\x09" + rows[1:])), (b"IEND", b"")])
    palette = split(saved(picture().convert("P"), "PNG"))
    yield "palette missing", joined([entry for entry in palette if entry[0] != b"PLTE"])
    grey16 = split(saved(Image.fromarray(np.full((32, 32), 700, dtype=np.uint16)), "PNG"))
    yield "16-bit transparent colour", joined([grey16[0], (b"tRNS", b"\x02\xbc"), *grey16[1:]])


def _animations() -> Iterator[tuple[str, bytes]]:
    frames = [picture(seed=seed) for seed in range(3)]
    yield "APNG", saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    yield "APNG of one frame", with_extra((b"acTL", struct.pack(">II", 1, 0)))


def _broken_jpegs() -> Iterator[tuple[str, bytes]]:
    data = saved(picture(), "JPEG")
    frame, scan, tables = data.index(b"\xff\xc0"), data.index(b"\xff\xda"), data.index(b"\xff\xdb")

    def patched(position: int, new: bytes) -> bytes:
        return data[:position] + new + data[position + len(new) :]

    yield "JPEG without frame header", data[:frame] + data[frame + 19 :]
    yield "JPEG with two frame headers", data[:frame] + data[frame : frame + 19] * 2 + data[frame + 19 :]
    yield "JPEG without picture data", data[:scan] + b"\xff\xd9"
    yield "JPEG start and end", b"\xff\xd8\xff\xd9"
    yield "JPEG without quantisation", data[:tables] + data[frame:]
    yield "JPEG height of nothing", patched(frame + 5, b"\0\0")
    yield "JPEG of twelve bits", patched(frame + 4, b"\x0c")
    yield "JPEG of two components", patched(frame + 9, b"\x02")
    for kind in (3, 5, 6, 7, 9, 10, 11, 13, 14, 15):
        yield f"JPEG of kind SOF{kind}", patched(frame + 1, bytes([0xC0 + kind]))
    yield "JPEG segment of length nought", patched(tables + 2, b"\0\0")
    yield "JPEG segment longer than the file", patched(tables + 2, b"\xff\xff")
    yield "JPEG with rubbish between segments", data[:tables] + b"rubbish" + data[tables:]
    yield "JPEG in a JPEG", data[:tables] + data + data[tables:]
    yield "JPEG scan of unknown component", patched(scan + 5, b"\x63")


def _noise() -> Iterator[tuple[str, bytes]]:
    rng = random.Random(3)
    for size in (1, 2, 7, 8, 9, 33, 1000, 100_000):
        yield f"{size} bytes of noise", rng.randbytes(size)
        yield f"{size} zero bytes", bytes(size)
        yield f"PNG signature and {size} bytes of noise", SIGNATURE + rng.randbytes(size)
        yield f"JPEG start, {size} bytes of noise and end", b"\xff\xd8\xff" + rng.randbytes(size) + b"\xff\xd9"
