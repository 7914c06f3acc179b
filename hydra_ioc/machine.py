"""What Linux says of this process and of the computer: processor time, memory and open files."""

import os
import resource
import time
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


class CpuLoad:
    """Processor load since the last look, in per cent of all processors."""

    def __init__(self) -> None:
        self._before = _times()

    def percent(self) -> tuple[float, float] | None:
        """Return the load of the computer and of this process; None when there was no time between two looks."""
        before, self._before = self._before, _times()
        elapsed, busy, own = (new - old for new, old in zip(self._before, before, strict=True))
        if elapsed <= 0:
            return None
        most = elapsed * (os.cpu_count() or 1)
        return tuple(min(100.0, max(0.0, 100 * used / most)) for used in (busy, own))  # type: ignore[return-value]


def _times() -> tuple[float, float, float]:
    """Return the time, and the processor seconds used by the computer and by this process."""
    try:
        first = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        ticks = [int(word) for word in first]
        busy = (sum(ticks[:8]) - ticks[3] - ticks[4]) / _TICKS
    except (OSError, ValueError, IndexError):
        busy = 0.0
    return time.monotonic(), busy, time.process_time()


def descriptors() -> tuple[int, int]:
    """Return how many file descriptors are open, and how many may be."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sum(1 for _ in Path("/proc/self/fd").iterdir()), most if most != resource.RLIM_INFINITY else 1 << 20


def memory() -> tuple[int, int, int]:
    """Return bytes that this process holds, that are free on the computer, and that it has."""
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
    found = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    free, most = (int(found[name].split()[0]) * 1024 for name in ("MemAvailable", "MemTotal"))
    return resident, free, most
