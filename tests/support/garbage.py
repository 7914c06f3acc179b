"""Channel Access frames as a client sends them, and damaged ones, for tests and `benchmarks/garbage.py`."""

import random
import struct

from support.ca import frame

TIME_DOUBLE = 20


def sane(name: str) -> list[bytes]:
    """Return one of every request that a client sends about a PV."""
    text, mask = name.encode() + b"\0", struct.pack(">fffHxx", 0, 0, 0, 5)
    return [
        frame(0, 0, 13), frame(20, payload=b"user\0"), frame(21, payload=b"host\0"), frame(18, 0, 0, 1, 13, text),
        frame(1, TIME_DOUBLE, 1, 1, 1, mask), frame(15, TIME_DOUBLE, 1, 1, 2), frame(3, 6, 1, 1, 3),
        frame(4, 6, 1, 1, 4, struct.pack(">d", 1.0)), frame(19, 6, 1, 1, 5, struct.pack(">d", 2.0)),
        frame(19, 36, 1, 1, 6, b"\0\2"), frame(6, 10, 13, 1, 1, text), frame(2, TIME_DOUBLE, 1, 1, 1),
        frame(8), frame(9), frame(10), frame(23), frame(12, 0, 0, 1, 1),
        struct.pack(">HHHHIIII", 19, 0xFFFF, 6, 0, 1, 7, 16, 2) + bytes(16),
    ]  # fmt: skip


def mutated(chance: random.Random, good: bytes) -> bytes:
    """Return a frame with bytes changed, cut, doubled, or its size, command, type or count made to lie."""
    data = bytearray(good)
    for _ in range(chance.randint(0, 3)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    kind = chance.randrange(8)
    if kind == 0:
        return bytes(data[: chance.randrange(len(data))])
    if kind == 1:
        return bytes(data) * 2
    if kind in (2, 3, 4, 5):
        at = (2, 0, 4, 6)[kind - 2]
        choices = ([0, 1, 7, 0xFFFF, 0x7FF8, 40], range(64), range(40), [0, 1, 2, 0xFFFF])[kind - 2]
        data[at : at + 2] = struct.pack(">H", chance.choice(choices))
    return bytes(data)
