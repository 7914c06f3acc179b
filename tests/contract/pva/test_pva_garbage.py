"""Bytes that are no PVAccess: only who sends them is hurt, for the server is C++ in our process."""

import random
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from support.ca import CaClient
from support.pva import pva_client

HEAD = struct.Struct("<BBBBI")
MAGIC, VERSION, LITTLE = 0xCA, 2, 0x00
COMMANDS = range(0, 23)


def sane(chance: random.Random, name: str) -> bytes:
    """Return a message with a true head and, often, a body that could be one: an answer to validation, a search."""
    body = chance.choice(
        [
            struct.pack("<IHH", 87040, 32767, 0) + b"\x02ca\xff",
            struct.pack("<I", 1) + b"\x01" + bytes([len(name)]) + name.encode(),
            struct.pack("<HI", 1, 7) + bytes([len(name)]) + name.encode(),
            chance.randbytes(chance.randrange(64)),
        ]
    )
    return HEAD.pack(MAGIC, VERSION, LITTLE, chance.choice(COMMANDS), len(body)) + body


def damaged(chance: random.Random, good: bytes) -> bytes:
    data = bytearray(good)
    for _ in range(chance.randint(1, 5)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data[: chance.randrange(1, len(data) + 1)]) if chance.random() < 0.3 else bytes(data)


def test_garbage_on_the_pva_port_hurts_only_who_sends_it(serve: Callable[..., Any]) -> None:
    both, chance = serve(1), random.Random(20261124)
    name = both.name("P0", "SCORE")
    sent = 0
    while sent < 4_000:
        with suppress(OSError), socket.create_connection(("127.0.0.1", both.pva.port), 5.0) as sock:
            batch = [sane(chance, name) for _ in range(chance.randint(0, 3))]
            batch += [damaged(chance, sane(chance, name)) for _ in range(10)]
            sent += len(batch)
            sock.sendall(b"".join(batch))
    both.post("P0", "SCORE", 0.25)
    with pva_client(both.pva.port) as pva, CaClient(both.port) as ca:
        assert pva.get(name)["value"] == 0.25
        assert ca.value(name) == 0.25
