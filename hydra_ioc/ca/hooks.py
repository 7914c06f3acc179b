"""What a record's owner is told of a client's put, and how it says no."""

from collections.abc import Callable
from dataclasses import dataclass

from hydra_core.errors import HydraError


class PutRefused(HydraError):  # noqa: N818  (reads as what it is in `raise PutRefused(why)`)
    """A client's put is not accepted; the text is the reason."""


@dataclass(frozen=True, slots=True)
class PutContext:
    """Who puts: user and host as the client claims them, and the address it comes from, ``ip:port``."""

    user: str
    host: str
    peer: str


PutHook = Callable[[object, PutContext], object]
"""Returns, at once or awaited, the value to keep (None: the record is left as it is), or raises `PutRefused`."""
