"""How often somebody may try a password: counted per address and per account, in this process."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock

WINDOW = 300.0
"""Seconds after which a failure is forgotten."""

PER_ACCOUNT, PER_ADDRESS = 8, 30
"""Failures within the window; a control room's machines may share an address."""

MOST_KEPT = 10_000


class LoginLimits:
    """Failed attempts to sign in. May be used from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, address: str, name: str) -> float:
        """Return the seconds until this address may try this account again; 0: it may now."""
        with self._lock:
            return max(self._left(key, most) for key, most in _keys(address, name))

    def failed(self, address: str, name: str) -> None:
        """Count a wrong name or password."""
        with self._lock:
            for key, _ in _keys(address, name):
                self._failures.setdefault(key, deque(maxlen=PER_ADDRESS)).append(self._clock())
                self._failures.move_to_end(key)
            while len(self._failures) > MOST_KEPT:
                self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Forget the failures of an account; those of the address stay, or one known password would open the rest."""
        with self._lock:
            self._failures.pop(("account", name.casefold()), None)

    def _left(self, key: tuple[str, str], most: int) -> float:
        times = self._failures.get(key)
        if times is None:
            return 0.0
        now = self._clock()
        while times and times[0] <= now - WINDOW:
            times.popleft()
        return times[-most] + WINDOW - now if len(times) >= most else 0.0


def _keys(address: str, name: str) -> tuple[tuple[tuple[str, str], int], ...]:
    return (("address", address), PER_ADDRESS), (("account", name.casefold()), PER_ACCOUNT)
