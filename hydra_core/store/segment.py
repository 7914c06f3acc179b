"""The bytes of a spool file: records with a length and a checksum, and how to read them when some are damaged.

A record is the magic ``HYD1``, the length of the body and its CRC-32 (both 4 bytes, little endian), then the body.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"HYD1"
_HEADER = struct.Struct("<4sII")
_LONGEST = 64 << 20


def pack(body: bytes) -> bytes:
    """Return the record of a body."""
    return _HEADER.pack(MAGIC, len(body), _crc(body)) + body


@dataclass(frozen=True, slots=True)
class Contents:
    """What a spool file holds: its good bodies in order, and whether other bytes stand between or after them.

    `torn` is the number of bytes at the end that are the beginning of one unfinished record: an append that never
    returned. `damaged` is True for any other bytes that are no record.
    """

    bodies: tuple[bytes, ...]
    torn: int
    damaged: bool


def read(path: Path) -> Contents:
    """Return what a spool file holds. Raises OSError."""
    data = path.read_bytes()
    bodies, damaged, position = [], False, 0
    while position < len(data):
        body = _body_at(data, position)
        if body is not None:
            bodies.append(body)
            position += _HEADER.size + len(body)
            continue
        following = next(_candidates(data, position + 1), None)
        if following is None:
            torn = _is_unfinished(data, position)
            return Contents(tuple(bodies), len(data) - position if torn else 0, damaged or not torn)
        damaged, position = True, following
    return Contents(tuple(bodies), 0, damaged)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes, however many calls it takes. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_directory(folder: Path) -> None:
    """Make the names in a directory durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _crc(body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(struct.pack("<I", len(body))))


def _body_at(data: bytes, position: int) -> bytes | None:
    if position + _HEADER.size > len(data):
        return None
    magic, length, crc = _HEADER.unpack_from(data, position)
    start = position + _HEADER.size
    if magic != MAGIC or length > _LONGEST or start + length > len(data):
        return None
    body = data[start : start + length]
    return body if _crc(body) == crc else None


def _candidates(data: bytes, position: int) -> Iterator[int]:
    """Yield where whole records begin, from a position on."""
    found = data.find(MAGIC, position)
    while found >= 0:
        if _body_at(data, found) is not None:
            yield found
        found = data.find(MAGIC, found + 1)


def _is_unfinished(data: bytes, position: int) -> bool:
    """Say whether the bytes from a position to the end are the first part of a record."""
    rest = data[position:]
    if len(rest) < _HEADER.size:
        return rest[: len(MAGIC)] == MAGIC[: len(rest)]
    magic, length, _ = _HEADER.unpack_from(rest)
    return bool(magic == MAGIC and length <= _LONGEST and len(rest) < _HEADER.size + length)
