"""Holds the files that may become arrivals, and says which of them to look at next."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hydra_core.sources.grammar import ParsedName
from hydra_core.sources.memory import Signature


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one file.

    `closed`: its writer has just closed or renamed it; otherwise `signature` is what the look before saw and must
    still hold. `since` is when (s, monotonic) it was first seen so; `problem` what was found then; `last` that
    nothing will be waited for any longer.
    """

    path: str
    name: ParsedName
    closed: bool
    signature: Signature | None
    since: float
    problem: str = ""
    last: bool = False


class Candidates:
    """Files to look at: those just closed at once, before all others; the rest every `recheck` seconds.

    A file that stays incomplete for `settle` seconds without a change gets its last look. At most `limit` files
    are held of either kind.
    """

    def __init__(self, recheck: float, settle: float, limit: int = 20_000) -> None:
        self._recheck = recheck
        self._settle = settle
        self._limit = limit
        self._closed: dict[str, Look] = {}
        # In the order of their next look, which is the order they came in, since all wait equally long.
        self._waiting: dict[str, tuple[float, Look]] = {}

    def __len__(self) -> int:
        return len(self._closed) + len(self._waiting)

    def room(self) -> int:
        """Return how many more files a scan may add."""
        return max(0, self._limit - len(self._waiting))

    def add_closed(self, path: str, name: ParsedName, now: float) -> bool:
        """Take a file that its writer has finished; False if there are too many already."""
        if len(self._closed) >= self._limit and path not in self._closed:
            return False
        self._waiting.pop(path, None)
        self._closed.setdefault(path, Look(path, name, True, None, now))
        return True

    def add_found(self, path: str, name: ParsedName, signature: Signature, now: float) -> None:
        """Take a file that a scan has found; it is looked at again before it is believed to be complete."""
        if path not in self._closed and path not in self._waiting:
            self._waiting[path] = (now + self._recheck, Look(path, name, False, signature, now))

    def wait(self, look: Look, signature: Signature, problem: str, now: float) -> None:
        """Look at a changing or incomplete file again later."""
        if look.path in self._closed:
            return
        since = look.since if signature == look.signature else now
        again = replace(look, closed=False, signature=signature, since=since, problem=problem, last=False)
        self._waiting.pop(look.path, None)
        self._waiting[look.path] = (now + self._recheck, again)

    def put_back(self, looks: list[Look], now: float) -> None:
        """Take back looks that were handed out and not made; they come first again."""
        if not looks:
            return
        self._closed = {look.path: look for look in looks if look.closed} | self._closed
        early = {look.path: (now, look) for look in looks if not look.closed and look.path not in self._closed}
        self._waiting = early | {path: entry for path, entry in self._waiting.items() if path not in early}

    def due(self, now: float, count: int) -> list[Look]:
        """Hand out up to `count` looks that are to be made now."""
        return list(self._take(now, count))

    def _take(self, now: float, count: int) -> Iterator[Look]:
        while count and self._closed:
            path = next(iter(self._closed))
            yield self._closed.pop(path)
            count -= 1
        while count and self._waiting:
            path, (when, look) = next(iter(self._waiting.items()))
            if when > now:
                return
            del self._waiting[path]
            yield replace(look, last=now - look.since >= self._settle)
            count -= 1

    def next_due(self) -> float | None:
        """Return when (s, monotonic) the next look is due; None: there is nothing to look at."""
        if self._closed:
            return 0.0
        return next(iter(self._waiting.values()))[0] if self._waiting else None
