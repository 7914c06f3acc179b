"""Walks the chunks of a PNG to tell whether it is whole, honest and cheap to decode.

Nothing is decoded here. Every checksum is verified, so that one flipped bit anywhere is an error, and a file
that is still being written is told from a broken one.
"""

import struct
import zlib
from collections.abc import Iterator

from hydra_core.errors import ImageError
from hydra_core.images.limits import Header, Limits, check_size

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_MAX_CHUNKS = 65_536
_MAX_ANCILLARY = 4 * 1024 * 1024
_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_NEEDED = _CRITICAL | {b"tRNS", b"eXIf"}
_ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PALETTE = 3
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_PIECE = 1024 * 1024

Chunk = tuple[bytes, int, int]
"""Kind, and where the whole chunk begins and ends in the file."""


def inspect_png(data: bytes, limits: Limits) -> Header:
    """Return the header of a complete PNG (data starts with `SIGNATURE`).

    Raises ImageError: TRUNCATED without IEND, TOO_BIG, SHAPE, MODE for animations, DECODE for anything broken.
    Bytes after IEND belong to nobody and are ignored.
    """
    chunks = list(_chunks(data))
    header, depth, colour = _read_ihdr(data, chunks[0], limits)
    kinds = [kind for kind, _, _ in chunks]
    if kinds.count(b"IHDR") > 1 or kinds.count(b"PLTE") > 1:
        raise _broken("a header chunk stands twice")
    if _ANIMATION & set(kinds):
        raise ImageError("MODE", "an animated PNG shows no one picture; write a plain PNG")
    if not any(end - start > 12 for kind, start, end in chunks if kind == b"IDAT"):
        raise _broken("no picture data (IDAT)")
    if colour == _PALETTE and b"PLTE" not in kinds[: kinds.index(b"IDAT")]:
        raise _broken("a palette picture without its palette (PLTE)")
    if b"tRNS" in kinds and colour != _PALETTE and depth != 8:
        raise ImageError("MODE", f"a transparent colour in a {depth}-bit PNG is not supported; use 8 bits")
    _check_ancillary(data, chunks)
    return header


def essential(data: bytes) -> bytes:
    """Return the PNG without the chunks that do not change its pixels, so that no decoder ever reads those."""
    return SIGNATURE + b"".join(data[start:end] for kind, start, end in _chunks(data) if kind in _NEEDED)


def has_all_rows(data: bytes) -> bool:
    """Unpack the picture data of an inspected PNG and say whether there is as much as its header promises."""
    missing = _unpacked_rows(data)
    unpacker = zlib.decompressobj()
    for kind, start, end in _chunks(data):
        packed = data[start + 8 : end - 4] if kind == b"IDAT" else b""
        while packed and missing > 0:
            missing -= len(unpacker.decompress(packed, _PIECE))
            packed = unpacker.unconsumed_tail
    return missing - len(unpacker.flush()) <= 0


def _unpacked_rows(data: bytes) -> int:
    """Return how many bytes the picture data unpacks to: every row has one byte more than its pixels."""
    width, height, depth, colour, _, _, interlace = struct.unpack_from(">IIBBBBB", data, len(SIGNATURE) + 8)
    passes = _ADAM7 if interlace else ((0, 0, 1, 1),)
    total = 0
    for left, top, step_x, step_y in passes:
        columns, rows = -(-(width - left) // step_x), -(-(height - top) // step_y)
        total += rows * (1 + (columns * depth * _CHANNELS[colour] + 7) // 8) if columns > 0 and rows > 0 else 0
    return total


def _chunks(data: bytes) -> Iterator[Chunk]:
    """Yield every chunk up to and with IEND, checked for its place, its length and its checksum."""
    view = memoryview(data)
    position = len(SIGNATURE)
    previous, idat_over = b"", False
    for _ in range(_MAX_CHUNKS):
        if position + 12 > len(data):
            raise ImageError("TRUNCATED", f"the PNG stops after {len(data)} bytes, before its IEND chunk")
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        _check_kind(kind, length, previous, idat_over)
        if end > len(data):
            raise ImageError("TRUNCATED", f"the PNG stops after {len(data)} bytes, inside a {kind.decode()} chunk")
        if zlib.crc32(view[position + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]):
            raise _broken(f"wrong checksum of the {kind.decode()} chunk at byte {position}")
        yield kind, position, end
        if kind == b"IEND":
            return
        idat_over = idat_over or (previous == b"IDAT" and kind != b"IDAT")
        previous, position = kind, end
    raise _broken(f"more than {_MAX_CHUNKS} chunks")


def _check_kind(kind: bytes, length: int, previous: bytes, idat_over: bool) -> None:
    if not kind.isalpha() or length > 0x7FFFFFFF:
        raise _broken(f"no chunk where one should begin, but {kind!r}")
    if not previous and (kind != b"IHDR" or length != 13):
        raise _broken("it does not begin with a header (IHDR)")
    if kind[:1].isupper() and kind not in _CRITICAL:
        raise _broken(f"unknown critical chunk {kind.decode()}")
    if kind == b"IDAT" and idat_over:
        raise _broken("picture data (IDAT) in more than one place")


def _read_ihdr(data: bytes, chunk: Chunk, limits: Limits) -> tuple[Header, int, int]:
    width, height, depth, colour, method, filtering, interlace = struct.unpack_from(">IIBBBBB", data, chunk[1] + 8)
    if depth not in _DEPTHS.get(colour, ()) or method or filtering or interlace > 1:
        raise _broken(f"the header asks for colour type {colour} of {depth} bits, which PNG does not have")
    check_size(width, height, limits)
    return Header("image/png", width, height), depth, colour


def _check_ancillary(data: bytes, chunks: list[Chunk]) -> None:
    """Refuse text and profiles that are large, or that would be large once unpacked."""
    total = 0
    for kind, start, end in chunks:
        if kind in _NEEDED - {b"eXIf"}:
            continue
        total += end - start
        if total <= _MAX_ANCILLARY and kind in (b"zTXt", b"iTXt", b"iCCP"):
            total += _unpacked_size(kind, data[start + 8 : end - 4])
        if total > _MAX_ANCILLARY:
            raise ImageError("TOO_BIG", f"text and profiles in the PNG unpack to more than {_MAX_ANCILLARY} bytes")


def _unpacked_size(kind: bytes, body: bytes) -> int:
    """Return how many bytes the compressed part of a chunk unpacks to, at most one more than is allowed."""
    _, _, rest = body.partition(b"\0")
    if kind == b"iTXt":
        if rest[:1] != b"\x01":
            return 0
        packed = rest[2:].split(b"\0", 2)[-1]
    else:
        packed = rest[1:]
    try:
        return len(zlib.decompressobj().decompress(packed, _MAX_ANCILLARY + 1))
    except zlib.error:
        return 0


def _broken(what: str) -> ImageError:
    return ImageError("DECODE", f"broken PNG: {what}; write the picture again")
