"""What a record's owner is told of a client's put and how it says no, and what the server asks about rights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from hydra_core.errors import HydraError


class PutRefused(HydraError):  # noqa: N818  (reads as what it is in `raise PutRefused(why)`)
    """A client's put is not accepted; the text is the reason."""


@dataclass(frozen=True, slots=True)
class PutContext:
    """Who puts: user and host as the client claims them, and the address it comes from, ``ip:port``."""

    user: str
    host: str
    peer: str

    @property
    def ip(self) -> str:
        """The address without the port."""
        return self.peer.rpartition(":")[0]


PutHook = Callable[[object, PutContext], object]
"""Returns, at once or awaited, the value to keep (None: the record is left as it is), or raises `PutRefused`."""


class Rights(NamedTuple):
    """What a client may do with a channel; `trapped`: its puts are told to the server's `on_put`."""

    read: bool = True
    write: bool = True
    trapped: bool = True


FULL = Rights()


class Access(Protocol):
    """Who may do what. When an answer changes the owner calls `CaServer.access_changed`."""

    def rights(self, group: str, level: int, who: PutContext) -> Rights:
        """Return what a client may do with fields of access level 0 or 1 of the PVs of a group."""
        ...


class OpenAccess:
    """Everybody may do what the records allow."""

    def rights(self, group: str, level: int, who: PutContext) -> Rights:
        """Return all rights."""
        return FULL


@dataclass(frozen=True, slots=True)
class PutDone:
    """A put that was kept: the channel's name, the record's value before, what the client put, who, POSIX seconds."""

    pv: str
    old: object
    new: object
    who: PutContext
    at: float
