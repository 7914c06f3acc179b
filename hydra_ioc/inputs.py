"""The machine's own PVs that Hydra reads through pyepics: run number and beam current."""

import asyncio
import logging
from typing import Any

logger = logging.getLogger(__name__)


class Inputs:
    """Follows named PVs; `value(name)` is None while a PV is not connected or holds no number.

    pyepics calls back from libca's thread; values are handed to the event loop, which alone reads them.
    """

    def __init__(self, names: dict[str, str | None]) -> None:
        self._names = {role: pv for role, pv in names.items() if pv}
        self._values: dict[str, float | None] = {}
        self._pvs: list[Any] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def __bool__(self) -> bool:
        return bool(self._names)

    def configured(self, role: str) -> bool:
        """Return whether the hall has such an input."""
        return role in self._names

    def value(self, role: str) -> float | None:
        """Return the last value of "run" or "beam"."""
        return self._values.get(role)

    def start(self) -> None:
        """Connect in the background; libca is loaded only when there is something to read."""
        if not self._names:
            return
        import epics

        self._loop = asyncio.get_running_loop()
        for role, name in self._names.items():
            self._pvs.append(
                epics.PV(
                    name,
                    form="time",
                    auto_monitor=True,
                    callback=lambda role=role, value=None, **_: self._hand_over(role, value),
                    connection_callback=lambda role=role, conn=False, **_: self._connection(role, conn),
                )
            )

    def stop(self) -> None:
        """Let go of the PVs."""
        for pv in self._pvs:
            pv.disconnect()
        self._pvs.clear()

    def _connection(self, role: str, connected: bool) -> None:
        logger.log(
            logging.INFO if connected else logging.WARNING, "input pv=%s connected=%s", self._names[role], connected
        )
        if not connected:
            self._hand_over(role, None)

    def _hand_over(self, role: str, value: object) -> None:
        number = float(value) if isinstance(value, int | float) and value == value else None
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._values.__setitem__, role, number)
