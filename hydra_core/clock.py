"""What time it is: the computer's clock, never backwards."""

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        """Return the current time, aware, UTC."""
        return datetime.now(UTC)


class SteadyClock:
    """The computer's clock that goes on at its old pace when the computer's clock is set back.

    Verdicts, the database and the archiver all rely on times that increase; a step forward is followed
    at once, a step back is waited out (`ahead` says how far there is to go).
    """

    def __init__(self) -> None:
        self._base = datetime.now(UTC)
        self._started = time.monotonic()

    @property
    def ahead(self) -> float:
        """Seconds that this clock is ahead of the computer's, 0 normally."""
        return max(0.0, (self._steady() - datetime.now(UTC)).total_seconds())

    def now(self) -> datetime:
        """Return the current time, aware, UTC, never earlier than before."""
        steady, wall = self._steady(), datetime.now(UTC)
        if wall <= steady:
            return steady
        self._base, self._started = wall, time.monotonic()
        return wall

    def _steady(self) -> datetime:
        return self._base + timedelta(seconds=time.monotonic() - self._started)
