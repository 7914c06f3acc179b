"""Walks the markers of a JPEG: is it whole, of a kind we take, and cheap to decode? Nothing is decoded here.

JPEG has no checksums: unlike in a PNG, damage inside the picture data itself cannot be found.
"""

import re

from hydra_core.errors import ImageError
from hydra_core.images.limits import Header, Limits, check_size

SIGNATURE = b"\xff\xd8\xff"

_MAX_SCANS = 40
_MAX_SEGMENTS = 4096
_SOF = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_SOF_TAKEN = {0xC0, 0xC1, 0xC2}
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_MARKER_IN_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


def inspect_jpeg(data: bytes, limits: Limits) -> Header:
    """Return the header of a complete JPEG (data starts with `SIGNATURE`).

    Raises ImageError: TRUNCATED without EOI, TOO_BIG, SHAPE, MODE for kinds other than 8-bit baseline,
    extended and progressive Huffman JPEG, DECODE for anything broken. Bytes after EOI are ignored.
    """
    position, scans = 2, 0
    header: Header | None = None
    for _ in range(_MAX_SEGMENTS):
        position, marker = _next_marker(data, position)
        if marker == _EOI:
            if header is None or not scans:
                raise _broken("it ends before any picture data")
            return header
        if marker in _STANDALONE:
            continue
        start, position = position, _segment_end(data, position, marker)
        if marker in _SOF:
            if header is not None:
                raise _broken("a second frame header")
            header = _read_frame(data[start:position], marker, limits)
        elif marker == _SOS:
            scans += 1
            position = _scan_end(data, position, scans)
    raise _broken(f"more than {_MAX_SEGMENTS} segments")


def _next_marker(data: bytes, position: int) -> tuple[int, int]:
    """Return the marker at `position` and where its contents begin."""
    while position + 1 < len(data):
        if data[position] != 0xFF:
            raise _broken(f"no marker at byte {position}")
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        return position + 2, marker
    raise _truncated(data)


def _segment_end(data: bytes, position: int, marker: int) -> int:
    if marker in (0, _SOI):
        raise _broken(f"marker {marker:#04x} at byte {position}")
    if position + 2 > len(data):
        raise _truncated(data)
    length = int.from_bytes(data[position : position + 2])
    if length < 2:
        raise _broken(f"a segment of length {length} at byte {position}")
    if position + length > len(data):
        raise _truncated(data)
    return position + length


def _read_frame(segment: bytes, marker: int, limits: Limits) -> Header:
    """Read precision, size and components from a frame header (which begins with its two length bytes)."""
    if len(segment) < 8 or len(segment) != 8 + 3 * segment[7]:
        raise _broken("a frame header of the wrong length")
    if marker not in _SOF_TAKEN or segment[2] != 8:
        raise ImageError("MODE", f"JPEG of kind SOF{marker - 0xC0} with {segment[2]} bits is not supported")
    if segment[7] not in (1, 3, 4):
        raise ImageError("MODE", f"JPEG with {segment[7]} colour components is not supported")
    height, width = int.from_bytes(segment[3:5]), int.from_bytes(segment[5:7])
    check_size(width, height, limits)
    return Header("image/jpeg", width, height)


def _scan_end(data: bytes, position: int, scans: int) -> int:
    """Return where the entropy-coded data after a scan header ends."""
    if scans > _MAX_SCANS:
        raise ImageError("TOO_BIG", f"a JPEG of more than {_MAX_SCANS} scans takes too long to decode")
    found = _MARKER_IN_SCAN.search(data, position)
    if found is None:
        raise _truncated(data)
    return found.start()


def _truncated(data: bytes) -> ImageError:
    return ImageError("TRUNCATED", f"the JPEG stops after {len(data)} bytes, before its end marker (EOI)")


def _broken(what: str) -> ImageError:
    return ImageError("DECODE", f"broken JPEG: {what}; write the picture again")
